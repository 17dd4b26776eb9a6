"""`/mairie/finances/`: issued, collected, late, on line; by means, activity and account."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from preau.accounts.enums import Permission
from preau.billing.queries import cash_offices
from preau.cashdesk.state import alerts
from preau.kernel.clock import utc_now
from preau.kernel.french import MONTHS_SHORT
from preau.kernel.money import euros
from preau.reporting.money import AGES, GOAL_ONLINE, MEANS, Money, get_money
from preau.townhall.access import agent_required
from preau.townhall.reporting.forms import MoneyForm
from preau.ui.charts import columns, shares
from preau.ui.exports import FORMATS, Cents, Column, export_table

TABLES: dict[str, tuple[str, Any, tuple[Column, ...]]] = {
    "mois": (
        "argent-par-mois",
        lambda money: money.months,
        (
            Column("Mois", lambda row: f"{row.month:%Y-%m}"),
            Column("Émis", lambda row: Cents(row.issued_cents)),
            Column("Avoirs", lambda row: Cents(row.credited_cents)),
            Column("Encaissé", lambda row: Cents(row.collected_cents)),
            Column("Part en ligne, %", "online_share"),
        ),
    ),
    "moyens": (
        "argent-par-moyen",
        lambda money: money.means,
        (
            Column("Mois", lambda row: f"{row.month:%Y-%m}"),
            Column("Moyen", lambda row: str(MEANS[row.account])),
            Column("Encaissé", lambda row: Cents(row.cents)),
        ),
    ),
    "restes": (
        "restes-a-recouvrer",
        lambda money: money.ages,
        (
            Column("Âge", lambda row: str(AGES[row.bucket])),
            Column("Factures", "invoices"),
            Column("Reste", lambda row: Cents(row.cents)),
        ),
    ),
    "activites": (
        "argent-par-activite",
        lambda money: money.activities,
        (
            Column("Régie", "office"),
            Column("Activité", "activity"),
            Column("Compte", "accounting_code"),
            Column("Fonction", "function_code"),
            Column("Émis", lambda row: Cents(row.issued_cents)),
            Column("Encaissé", lambda row: Cents(row.collected_cents)),
        ),
    ),
}


def _asked(request: HttpRequest) -> tuple[MoneyForm, Money]:
    form = MoneyForm(request.GET or None, offices=cash_offices())
    wanted = form.cleaned_data if form.is_valid() else {}
    return form, get_money(
        now=utc_now(),
        office_code=wanted.get("office", ""),
        first=wanted.get("first"),
        last=wanted.get("last"),
    )


def _short(cents: int) -> str:
    """An amount that fits above a column: «12,4 k€»."""
    if abs(cents) < 100_000:
        return f"{cents // 100}\u202f€"
    return f"{cents / 100_000:.1f}\u202fk€".replace(".", ",")


def _month(row: Any) -> str:
    return f"{MONTHS_SHORT[row.month.month - 1]} {row.month:%y}"


@agent_required(Permission.SEE_FIGURES)
@require_GET
def money(request: HttpRequest) -> HttpResponse:
    """The board; each chart has its table."""
    form, board = _asked(request)
    ordered = list(reversed(board.months))
    return render(
        request,
        "townhall/reporting/money.html",
        {
            "section": "townhall:dashboard",
            "form": form,
            "board": board,
            "ages": [(AGES[age.bucket], age) for age in board.ages],
            "goal": GOAL_ONLINE,
            "collected_chart": columns(
                _("Encaissé par mois"),
                [(_month(m), m.collected_cents, _short(m.collected_cents)) for m in ordered],
            ),
            "online_chart": columns(
                _("Part des paiements faits en ligne, par mois"),
                [(_month(m), m.online_share, f"{m.online_share}\u202f%") for m in ordered],
                goal=GOAL_ONLINE,
                goal_words=_("Le trait : %d %% le premier mois.") % GOAL_ONLINE,
                top=100,
            ),
            "ages_chart": columns(
                _("Reste à recouvrer, par âge"),
                [
                    (label, age.cents, _short(age.cents))
                    for label, age in zip(
                        (_("à échoir"), _("0–30 j"), _("31–60 j"), _("61–90 j"), _("> 90 j")),
                        board.ages,
                        strict=True,
                    )
                ],
            ),
            "means": shares((name, cents, euros(cents)) for name, cents in board.means_totals),
            "formats": FORMATS,
            "alerts": alerts(now=utc_now())
            if request.permissions & {Permission.TAKE_PAYMENTS, Permission.BILL}
            else [],
        },
    )


@agent_required(Permission.SEE_FIGURES)
@require_GET
def export(request: HttpRequest, table: str, form: str) -> HttpResponseBase:
    """One of the tables, with the same filters."""
    if table not in TABLES:
        raise Http404
    name, rows, cells = TABLES[table]
    _filters, board = _asked(request)
    return export_table(form, name, cells, rows(board))
