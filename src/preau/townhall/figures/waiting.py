"""Who waits for a place: activities by the day, and the crèches."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.childcare.queries.figures import waiting_by_site
from preau.kernel import french
from preau.reporting import occupancy as places
from preau.townhall.access import agent_required
from preau.townhall.figures.forms import SpanForm
from preau.townhall.figures.shared import (
    Col,
    asked_span,
    count_col,
    scope,
    sites,
    table_page,
    today,
)
from preau.ui.bars import Bar, bars

WAITING = [
    Col(gettext_lazy("Site"), "site", css=""),
    Col(gettext_lazy("Activité"), "activity", css=""),
    count_col(gettext_lazy("Jours demandés"), "waiting"),
    count_col(gettext_lazy("Enfants"), "children"),
    count_col(gettext_lazy("Places proposées"), "offered"),
    Col(gettext_lazy("Du"), "first", show=lambda row: french.day_short(row.first), css=""),
    Col(gettext_lazy("Au"), "last", show=lambda row: french.day_short(row.last), css=""),
]
CRECHE_WAITING = [
    Col(gettext_lazy("Crèche"), lambda row: row[0], css=""),
    Col(gettext_lazy("En attente"), lambda row: row[1].get("WAITING", 0)),
    Col(gettext_lazy("Pièces attendues"), lambda row: row[1].get("INCOMPLETE", 0)),
    Col(gettext_lazy("Place proposée"), lambda row: row[1].get("OFFERED", 0)),
]


@require_safe
@agent_required(Permission.SEE_FIGURES)
def waiting(request: HttpRequest) -> HttpResponseBase:
    """Waiting lists: activities by the day, and the crèches."""
    ids = scope(request)
    first = today()
    form = SpanForm(
        request.GET,
        first=first,
        last=first + timedelta(days=180),
        sites=sites(ids),
        activities=places.activities(),
    )
    span = asked_span(form, ids)
    rows = places.waiting(span)
    by_creche = waiting_by_site()
    care_rows = [
        (name, by_creche.get(pk, {})) for pk, name in sites(span.establishment_ids, "CRECHE")
    ]
    return table_page(
        request,
        title=_("Listes d’attente"),
        lead=_("Qui attend une place, aux séances de la période et en crèche."),
        name="listes-attente",
        form=form,
        columns=WAITING,
        rows=rows,
        chart=bars(
            [
                Bar(f"{row.activity}, {row.site}", row.children, french.number(row.children))
                for row in rows
            ],
            title=_("Enfants qui attendent"),
        ),
        more=[(_("En crèche, par vœu"), CRECHE_WAITING, care_rows)] if care_rows else (),
        tab="waiting",
    )
