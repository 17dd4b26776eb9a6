"""The closing statement as PDF."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from preau.documents.once import content_of, issue_as_told
from preau.kernel.french import day, euros, number
from preau.reporting.year_end import Closing


def closing_paper(
    closing: Closing, rows: list[tuple[str, int]], counted: Any, *, now: datetime
) -> bytes:
    """A cash office's year, to be signed; kept, with the code that /verifier/ checks."""
    amount = [(_("Poste"), False), (_("Montant"), True)]
    tables = [
        _table(_("Comptes de l’année"), amount, [[name, euros(cents)] for name, cents in rows])
    ]
    if counted and counted.status == "READY":
        columns = [
            (_("Activité"), False),
            (_("Compte"), False),
            (_("Fonction"), False),
            (_("Unités"), True),
            (_("Montant"), True),
        ]
        tables.append(
            _table(
                _("Servi et non facturé au 31 décembre"),
                columns,
                [
                    [
                        row["activity"],
                        row["accounting_code"],
                        row["function_code"],
                        number(row["units"]),
                        euros(row["cents"]),
                    ]
                    for row in counted.not_invoiced
                ],
            )
        )
    title = _("Clôture de l’année %d") % closing.year
    return content_of(
        issue_as_told(
            prefix=f"CL-{closing.office.code.upper()}-{closing.year}",
            kind="STATEMENT",
            title=title,
            template="cash_report",
            data={
                "day": "",
                "facts": [
                    [_("Régie"), closing.office.name],
                    [_("Arrêté le"), day(now, year=True, weekday=False)],
                    [_("Comptes en avance"), number(len(closing.advances))],
                    [_("Comptes débiteurs"), number(len(closing.owed))],
                ],
                "tables": tables,
                "signatures": [_("Le régisseur"), _("L’ordonnateur")],
            },
            public_facts={_("Régie"): closing.office.name, _("Exercice"): str(closing.year)},
            family_id=None,
            now=now,
        )
    )


def _table(title: str, columns: list[tuple[str, bool]], rows: list[list[str]]) -> dict[str, Any]:
    return {
        "title": title,
        "columns": [{"label": name, "amount": amount} for name, amount in columns],
        "rows": rows,
        "total": "",
    }
