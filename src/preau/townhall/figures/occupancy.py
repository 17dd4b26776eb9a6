"""Places offered and taken, and children come."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.reporting import occupancy as places
from preau.townhall.access import agent_required
from preau.townhall.figures.forms import SpanForm
from preau.townhall.figures.shared import (
    Col,
    asked_span,
    count_col,
    scope,
    share,
    sites,
    table_page,
    today,
)
from preau.ui.bars import Bar, bars

OCCUPANCY_BY = [
    ("site", gettext_lazy("site")),
    ("activity", gettext_lazy("activité")),
    ("month", gettext_lazy("mois")),
    ("weekday", gettext_lazy("jour de la semaine")),
    ("day", gettext_lazy("jour")),
]
OCCUPANCY = [
    Col(gettext_lazy("Ligne"), "label", css=""),
    count_col(gettext_lazy("Jours ouverts"), "days"),
    count_col(gettext_lazy("Séances"), "sessions"),
    count_col(gettext_lazy("Places"), "places"),
    count_col(gettext_lazy("Places prises"), "taken"),
    Col(gettext_lazy("Taux, %"), "taken_rate", show=lambda row: share(row.taken_rate)),
    count_col(gettext_lazy("Présences"), "present"),
    count_col(gettext_lazy("Absences"), "absent"),
    count_col(gettext_lazy("Sans réservation"), "unbooked"),
    Col(
        gettext_lazy("Venus parmi les attendus, %"),
        "present_rate",
        show=lambda row: share(row.present_rate),
    ),
]


@require_safe
@agent_required(Permission.SEE_FIGURES)
def occupancy(request: HttpRequest) -> HttpResponseBase:
    """Places offered, taken, and children come."""
    ids = scope(request)
    last = today()
    form = SpanForm(
        request.GET,
        first=last.replace(day=1),
        last=last,
        sites=sites(ids),
        activities=places.activities(),
        by=OCCUPANCY_BY,
    )
    span = asked_span(form, ids)
    rows = places.occupancy(span, by=form.chosen("par"))
    return table_page(
        request,
        title=_("Occupation"),
        lead=_("Places des séances ouvertes, places prises, enfants venus."),
        name="occupation",
        form=form,
        columns=OCCUPANCY,
        rows=rows,
        chart=bars(
            [Bar(row.label, row.taken_rate or 0, share(row.taken_rate)) for row in rows],
            title=_("Places prises, pour cent places"),
            most=100,
        ),
        notes=[
            _(
                "Une place vaut pour une séance d’un jour. Des formules qui partagent leurs places "
                "(journée, matin, après-midi) les comptent une fois : leur taux peut passer 100."
            )
        ],
        tab="occupancy",
    )
