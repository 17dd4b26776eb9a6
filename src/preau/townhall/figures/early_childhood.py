"""The crèches: hours contracted, real, invoiced, and their rates."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.kernel import french
from preau.reporting import early_childhood as care
from preau.townhall.access import agent_required
from preau.townhall.figures.forms import SpanForm
from preau.townhall.figures.shared import (
    Col,
    asked_span,
    count_col,
    hours,
    hours_col,
    percent,
    scope,
    sites,
    table_page,
    thousandths,
    today,
)
from preau.ui.bars import Bar, bars
from preau.ui.exports import Cents


def _care_hours(title: Any, name: str) -> Col:
    return Col(
        title,
        lambda row: hours(getattr(row.row, name)),
        show=lambda row: french.number(round(getattr(row.row, name) / 60)) + "\u00a0h",
    )


CARE_SITES = [
    Col(gettext_lazy("Crèche"), "site", css=""),
    count_col(gettext_lazy("Places"), "places"),
    count_col(gettext_lazy("Jours ouverts"), "open_days"),
    hours_col(gettext_lazy("Capacité théorique"), "capacity"),
    Col(gettext_lazy("Enfants"), "row.children"),
    _care_hours(gettext_lazy("Heures prévues"), "contracted"),
    _care_hours(gettext_lazy("Heures réalisées"), "real"),
    _care_hours(gettext_lazy("Heures facturées"), "invoiced"),
    Col(
        gettext_lazy("Participations des familles"),
        lambda row: Cents(row.row.cents),
        show=lambda row: french.euros(row.row.cents),
    ),
    Col(
        gettext_lazy("Occupation réelle, %"),
        lambda row: percent(row.occupancy_rate),
        show=lambda row: thousandths(row.occupancy_rate),
    ),
    Col(
        gettext_lazy("Occupation facturée, %"),
        lambda row: percent(row.financial_rate),
        show=lambda row: thousandths(row.financial_rate),
    ),
    Col(
        gettext_lazy("Facturées sur réalisées, %"),
        lambda row: percent(row.invoicing_rate),
        show=lambda row: thousandths(row.invoicing_rate),
    ),
]
CARE_GROUPS = [
    Col(gettext_lazy("Ligne"), "group", css=""),
    count_col(gettext_lazy("Enfants"), "children"),
    hours_col(gettext_lazy("Heures prévues"), "contracted"),
    hours_col(gettext_lazy("Heures réalisées"), "real"),
    hours_col(gettext_lazy("Heures facturées"), "invoiced"),
    Col(
        gettext_lazy("Participations des familles"),
        lambda row: Cents(row.cents),
        show=lambda row: french.euros(row.cents),
    ),
]
CARE_BY = [
    ("site", gettext_lazy("crèche")),
    ("month", gettext_lazy("mois")),
    ("regime", gettext_lazy("régime")),
    ("age", gettext_lazy("âge")),
]


@require_safe
@agent_required(Permission.SEE_FIGURES, Permission.MANAGE_CRECHE)
def early_childhood(request: HttpRequest) -> HttpResponseBase:
    """The CAF's yearly form for crèches: contracted, real, invoiced; by regime and age; rates."""
    ids = scope(request, Permission.SEE_FIGURES, Permission.MANAGE_CRECHE)
    last = today()
    form = SpanForm(
        request.GET,
        first=date(last.year, 1, 1),
        last=last,
        sites=sites(ids, "CRECHE"),
        by=CARE_BY,
    )
    span = asked_span(form, ids)
    by = form.chosen("par")
    columns: Sequence[Col]
    rows: Sequence[Any]
    if by == "site":
        columns, rows = CARE_SITES, care.by_site(span)
        drawn = [
            Bar(
                row.site,
                row.row.real // 60,
                f"{french.number(row.row.real // 60)}\u00a0h",
                second=row.row.invoiced // 60,
            )
            for row in rows
        ]
    else:
        columns, rows = CARE_GROUPS, care.grouped(span, by=by)
        drawn = [
            Bar(
                row.group,
                row.real // 60,
                f"{french.number(row.real // 60)}\u00a0h",
                second=row.invoiced // 60,
            )
            for row in rows
        ]
    whole = care.total(span)
    return table_page(
        request,
        title=_("Petite enfance"),
        lead=_("%(n)s enfants, %(real)s heures réalisées, %(invoiced)s facturées.")
        % {
            "n": french.number(whole.children),
            "real": french.number(whole.real // 60),
            "invoiced": french.number(whole.invoiced // 60),
        },
        name=f"eaje-{by}",
        form=form,
        columns=columns,
        rows=rows,
        chart=bars(drawn, title=_("Heures réalisées (barre) et facturées (trait)")),
        notes=[
            _(
                "Sur les relevés arrêtés des mois de la période. Capacité théorique, sur ces mêmes "
                "mois : places × amplitude d’ouverture × jours ouverts. L’âge est celui du premier "
                "jour du mois."
            )
        ],
        tab="childcare",
    )
