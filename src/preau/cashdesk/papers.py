"""The cash office's papers, as PDF: issued once with their number, or of the instant."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from preau.billing.figures_nature import collected_by_nature
from preau.billing.means import label
from preau.billing.receipts import part_words
from preau.cashdesk.models import Deposit, Handover, RefundFile, TillDay
from preau.cashdesk.queries import pieces_of
from preau.cashdesk.rules import DENOMINATIONS
from preau.cashdesk.state import OfficeState
from preau.documents.once import content_of, issue_as_told, issue_once
from preau.documents.render import render_pdf
from preau.kernel import french
from preau.kernel.clock import at_paris, paris_day
from preau.kernel.french import euros

TEMPLATE = "cash_report"


def deposit_slip(deposit: Deposit, *, now: datetime) -> Any:
    """The archived slip of a deposit: what is deposited, each cheque, two signatures."""
    lines = list(deposit.lines.order_by("pk"))
    title = _("Annulation de versement %s") if deposit.voids else _("Bordereau de versement %s")
    return _issued(
        deposit.number,
        title=title % deposit.number,
        facts={
            _("Régie"): deposit.cash_office.name,
            _("Annulé le") if deposit.voids else _("Versé le"): french.instant(
                deposit.made_at, year=True
            ),
            _("Par"): deposit.made_by,
            **(
                {
                    _("Versement annulé"): f"{deposit.voids.number}, "
                    + french.instant(deposit.voids.made_at, year=True),
                    _("Motif"): deposit.void_reason,
                }
                if deposit.voids
                else {}
            ),
            _("Total"): euros(deposit.signed_cents),
        },
        tables=[
            _table(
                _("Revenu en caisse") if deposit.voids else _("Versement"),
                [(_("Moyen"), False), (_("Pièces"), True), (_("Montant"), True)],
                [
                    [_cap(label(line.means)), str(line.pieces or ""), euros(line.amount_cents)]
                    for line in lines
                ],
                total=euros(deposit.total_cents),
            ),
            _table(
                _("Chèques et titres"),
                [(_("Pièce"), False), (_("Reçu"), False), (_("Montant"), True)],
                [
                    [
                        part_words(piece.part),
                        piece.part.payment.receipt_number,
                        euros(piece.part.amount_cents),
                    ]
                    for piece in pieces_of(deposit)
                ],
            ),
            *(
                []
                if deposit.voids
                else [_natures_table(deposit.cash_office_id, until=deposit.made_at)]
            ),
        ],
        signatures=[_("Le régisseur"), _("Le comptable public")],
        now=now,
        public={_("Total"): euros(deposit.signed_cents)},
    )


def handover_report(handover: Handover, *, now: datetime) -> Any:
    """The archived report of a handover: the count, the statement, two signatures."""
    kept = handover.statement
    return _issued(
        handover.number,
        title=_("Procès-verbal de remise de service %s") % handover.number,
        facts={
            _("Régie"): handover.cash_office.name,
            _("Le"): french.instant(handover.at, year=True),
            _("Sortant"): handover.from_name,
            _("Entrant"): handover.to_name,
            _("Fonds de caisse"): euros(kept["float_cents"]),
            _("Espèces attendues"): euros(handover.expected_cents),
            _("Espèces comptées"): euros(handover.counted_cents),
            **({_("Réserves"): handover.note} if handover.note else {}),
        },
        tables=[
            _count_table(handover.counted),
            _paper_table(kept["paper"]),
            # A handover signed before the deposits were part of its statement has none.
            _deposits_table(kept.get("deposits", [])),
            _natures_table(handover.cash_office_id, until=handover.at),
        ],
        signatures=[_("Le sortant"), _("L’entrant"), _("Le comptable public")],
        now=now,
        public={_("Le"): french.day(handover.at, year=True)},
    )


def day_report(day: TillDay, *, received: list[tuple[str, int, int]], now: datetime) -> bytes:
    """The day of a till as PDF: opened, received, counted, closed. Kept, once it is closed."""
    closed = day.closed_at is not None
    given: dict[str, Any] = {
        "title": _("Journée de caisse du %s") % french.day(day.opened_at, year=True),
        "facts": {
            _("Régie"): day.cash_office.name,
            _("Ouverte"): f"{french.instant(day.opened_at, year=True)}, {day.opened_by}",
            _("Fonds de caisse"): euros(day.float_cents),
            **(
                {
                    _("Close"): f"{french.instant(day.closed_at, year=True)}, {day.closed_by}",
                    _("Espèces attendues"): euros(day.expected_cents or 0),
                    _("Espèces comptées"): euros(day.counted_cents or 0),
                    _("Différence"): euros(day.difference_cents),
                }
                if day.closed_at
                else {}
            ),
            **({_("Motif"): day.difference_reason} if day.difference_reason else {}),
        },
        "tables": [
            _table(
                _("Encaissements"),
                [(_("Moyen"), False), (_("Pièces"), True), (_("Montant"), True)],
                [
                    [_cap(label(means)), str(count), euros(cents)]
                    for means, count, cents in received
                ],
                total=euros(sum(cents for _means, _count, cents in received)),
            ),
            *([_count_table(day.counted)] if closed else []),
        ],
        "signatures": [_("Le régisseur ou son mandataire")],
    }
    if not closed:
        return _drawn(**given)
    return _told(
        f"J-{day.cash_office.code.upper()}",
        now=now,
        public={
            _("Régie"): day.cash_office.name,
            _("Journée"): french.day(day.opened_at, year=True),
            _("Espèces comptées"): euros(day.counted_cents or 0),
        },
        **given,
    )


def statement_paper(state: OfficeState, *, now: datetime) -> bytes:
    """État de la régie at an instant, as PDF: what an inspection asks for."""
    return _told(
        "ER",
        now=now,
        public={
            _("Régie"): state.office_name,
            _("Arrêté le"): french.instant(state.at, year=True),
            _("À verser au comptable"): euros(state.held_cents),
        },
        title=_("État de la régie"),
        facts={
            _("Régie"): state.office_name,
            _("Arrêté le"): french.instant(state.at, year=True),
            _("Acte"): state.act_reference or _("aucun"),
            _("Caisse"): _("ouverte par %s") % state.opened_by if state.is_open else _("fermée"),
            _("Fonds de caisse"): euros(state.float_cents),
            _("Espèces encaissées, non versées"): euros(state.cash_cents),
            _("Espèces à trouver en caisse"): euros(state.expected_cents),
            _("À verser au comptable"): euros(state.held_cents),
            _("Dernier versement"): f"{state.last_deposit}, {french.day(state.last_deposit_on)}"
            if state.last_deposit and state.last_deposit_on
            else _("aucun"),
            _("Différences de l’année"): euros(state.differences_cents),
            **({_("Personnes nommées"): "\u202f; ".join(state.people)} if state.people else {}),
            _("Remboursements en attente"): _("%(n)s, pour %(cents)s")
            % {"n": state.refunds_count, "cents": euros(state.refunds_cents)},
        },
        tables=[
            _paper_table(state.paper),
            _deposits_table(state.deposits),
            _table(
                _("Encaissements du jour"),
                [(_("Moyen"), False), (_("Pièces"), True), (_("Montant"), True)],
                [[_cap(means), str(count), euros(cents)] for means, count, cents in state.received],
                total=euros(sum(cents for _means, _count, cents in state.received))
                if state.received
                else "",
            ),
        ],
        signatures=[_("Le régisseur"), _("Le vérificateur")],
    )


def refund_paper(file: RefundFile, lines: list[Any]) -> bytes:
    """The refund file as PDF, with its total."""
    return _drawn(
        title=_("État de remboursement %s") % file.number,
        number=file.number,
        facts={
            _("Régie"): file.cash_office.name,
            _("Le"): french.instant(file.made_at, year=True),
            _("Par"): file.made_by,
            _("Lignes"): str(file.count),
        },
        tables=[
            _table(
                _("À rembourser"),
                [
                    (_("Dossier"), False),
                    (_("Bénéficiaire"), False),
                    (_("IBAN"), False),
                    (_("Motif"), False),
                    (_("Montant"), True),
                ],
                [
                    [
                        line.family_code,
                        line.payee,
                        " ".join(line.iban[i : i + 4] for i in range(0, len(line.iban), 4)),
                        line.reason,
                        euros(line.amount_cents),
                    ]
                    for line in lines
                ],
                total=euros(file.total_cents),
            )
        ],
        signatures=[_("Le régisseur"), _("Le service finances")],
    )


def _natures_table(cash_office_id: int, *, until: datetime) -> dict[str, Any]:
    """What was received since the deposit before, whatever the means, by nature of account."""
    before = (
        Deposit.objects.filter(
            cash_office_id=cash_office_id,
            made_at__lt=until,
            voids__isnull=True,
            voided_by__isnull=True,
        )
        .order_by("-made_at")
        .first()
    )
    since = before.made_at if before else at_paris(paris_day(until).replace(month=1, day=1))
    rows, credit = collected_by_nature(cash_office_id=cash_office_id, since=since, until=until)
    return _table(
        _("Recettes depuis le %s, tous moyens, par imputation")
        % french.day(since, year=True, weekday=False),
        [(_("Compte"), False), (_("Fonction"), False), (_("Montant"), True)],
        [
            *([r.nature.code or _("sans compte"), r.nature.function, euros(r.cents)] for r in rows),
            *([[_("Crédits des familles"), "", euros(credit)]] if credit else []),
        ],
        total=euros(sum(r.cents for r in rows) + credit),
    )


def _cap(words: str) -> str:
    return words[:1].upper() + words[1:]


def _table(
    title: str, columns: list[tuple[str, bool]], rows: list[list[str]], *, total: str = ""
) -> dict[str, Any]:
    return {
        "title": title,
        "columns": [{"label": name, "amount": amount} for name, amount in columns],
        "rows": rows,
        "total": _("Total : %s") % total if total else "",
    }


def _count_table(counted: Mapping[str, int]) -> dict[str, Any]:
    rows = [
        [euros(value), str(counted[str(value)]), euros(value * counted[str(value)])]
        for value in DENOMINATIONS
        if counted.get(str(value))
    ]
    return _table(
        _("Comptage des espèces"),
        [(_("Pièce ou billet"), True), (_("Nombre"), True), (_("Montant"), True)],
        rows,
        total=euros(sum(int(value) * number for value, number in counted.items())),
    )


def _paper_table(paper: Any) -> dict[str, Any]:
    return _table(
        _("Chèques et titres en caisse"),
        [(_("Moyen"), False), (_("Pièces"), True), (_("Montant"), True)],
        [[_cap(means), str(count), euros(cents)] for means, count, cents in paper],
    )


def _deposits_table(deposits: Any) -> dict[str, Any]:
    return _table(
        _("Versements des 31 derniers jours"),
        [(_("Bordereau"), False), (_("Le"), False), (_("Motif"), False), (_("Montant"), True)],
        [
            [
                number,
                french.day(date.fromisoformat(on), year=True, weekday=False),
                why,
                euros(cents),
            ]
            for number, on, cents, why in deposits
        ],
        total=euros(sum(cents for _number, _on, cents, _why in deposits)) if deposits else "",
    )


def _data(
    *, title: str, facts: Mapping[str, str], tables: Any, signatures: list[str], day: str = ""
) -> dict[str, Any]:
    return {
        "title": title,
        "day": day,
        "facts": [[name, value] for name, value in facts.items()],
        "tables": list(tables),
        "signatures": signatures,
    }


def _drawn(*, number: str = "", **given: Any) -> bytes:
    return render_pdf(TEMPLATE, _data(**given) | {"number": number})


def _issued(number: str, *, now: datetime, public: dict[str, str], **given: Any) -> Any:
    return issue_once(
        number=number,
        kind="STATEMENT",
        title=given["title"],
        template=TEMPLATE,
        data=lambda: _data(**given),
        public_facts=public,
        family_id=None,
        now=now,
    )


def _told(prefix: str, *, now: datetime, public: dict[str, str], **given: Any) -> bytes:
    """A paper without a number of its own, kept with the code that /verifier/ checks."""
    return content_of(
        issue_as_told(
            prefix=prefix,
            kind="STATEMENT",
            title=given["title"],
            template=TEMPLATE,
            data=_data(**given),
            public_facts=public,
            family_id=None,
            now=now,
        )
    )
