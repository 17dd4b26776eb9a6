"""How long requests wait for their answer, by channel, kind, month or service."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.casework.kinds import all_kinds
from preau.kernel import french
from preau.kernel.clock import at_paris
from preau.kernel.enums import Channel
from preau.reporting.requests import request_delays
from preau.townhall.access import agent_required
from preau.townhall.figures.forms import SpanForm
from preau.townhall.figures.shared import Col, asked_span, count_col, scope, table_page, today
from preau.ui.bars import Bar, bars

REQUEST_BY = [
    ("channel", gettext_lazy("canal")),
    ("kind", gettext_lazy("acte")),
    ("month", gettext_lazy("mois")),
    ("service", gettext_lazy("service")),
]


def _days(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}".replace(".", ",")


def _request_columns(by: str) -> list[Col]:
    words: dict[str, str] = {}
    if by == "channel":
        words = {str(key): str(label) for key, label in Channel.choices}
    elif by == "kind":
        words = {str(kind.kind.value): str(kind.title) for kind in all_kinds()}

    def label(row: Any) -> str:
        if by == "month":
            return french.month(date.fromisoformat(f"{row.label}-01"))
        return words.get(row.label, row.label) or _("sans service")

    return [
        Col(_("Ligne"), label, css=""),
        count_col(_("Reçues"), "received"),
        count_col(_("Décidées"), "decided"),
        count_col(_("Le jour même"), "same_day"),
        count_col(_("1 ou 2 jours"), "to_2_days"),
        count_col(_("3 à 7 jours"), "to_a_week"),
        count_col(_("8 à 15 jours"), "to_15_days"),
        count_col(_("Plus de 15 jours"), "longer"),
        count_col(_("En retard"), "late"),
        Col(_("Délai médian, jours"), lambda row: _days(row.median_days)),
        Col(_("9 sur 10 avant, jours"), lambda row: _days(row.ninth_decile_days)),
    ]


@require_safe
@agent_required(Permission.SEE_FIGURES)
def requests(request: HttpRequest) -> HttpResponseBase:
    """Requests by delay and channel; the town's own, for who sees all of it."""
    if scope(request) is not None:
        raise Http404
    last = today()
    form = SpanForm(
        request.GET, first=(last - timedelta(days=365)).replace(day=1), last=last, by=REQUEST_BY
    )
    span = asked_span(form, None)
    by = form.chosen("par")
    since: datetime = at_paris(span.first)
    rows = request_delays(
        by=by, since=since, until=at_paris(span.last + timedelta(days=1)), day=last
    )
    columns = _request_columns(by)
    return table_page(
        request,
        title=_("Demandes"),
        lead=_("Reçues dans la période, et combien de temps elles ont attendu leur réponse."),
        name=f"demandes-{by}",
        form=form,
        columns=columns,
        rows=rows,
        chart=bars(
            [
                Bar(
                    str(columns[0].of(row)),
                    row.received,
                    french.number(row.received),
                    second=row.late,
                )
                for row in rows
            ],
            title=_("Demandes reçues (barre) et en retard (trait)"),
        ),
        tab="requests",
    )
