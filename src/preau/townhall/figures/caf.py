"""Hours by age, for the CAF's forms."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.catalogue.enums import PeriodKind
from preau.kernel import french
from preau.reporting import caf as caf_figures
from preau.townhall.access import agent_required
from preau.townhall.figures.forms import SpanForm
from preau.townhall.figures.shared import (
    Col,
    asked_span,
    count_col,
    hours_col,
    scope,
    sites,
    table_page,
    today,
)
from preau.ui.bars import Bar, bars

CAF_FORMS = [
    ("periscolaire", gettext_lazy("Périscolaire (matin, soir, mercredi)")),
    ("extrascolaire", gettext_lazy("Extrascolaire (vacances)")),
    ("midi", gettext_lazy("Pause de midi")),
]
CAF_BY = [
    ("activity", gettext_lazy("activité")),
    ("site", gettext_lazy("site")),
    ("month", gettext_lazy("mois")),
    ("period", gettext_lazy("période")),
]


def _age(row: Any) -> str:
    return _("moins de 6 ans") if row.is_young else _("6 ans et plus")


def _caf_label(row: Any) -> str:
    if row.label in PeriodKind.values:
        return str(PeriodKind(row.label).label)
    if len(row.label) == 7 and row.label[4:5] == "-" and row.label[:4].isdigit():
        return french.month(date.fromisoformat(f"{row.label}-01"))
    return str(row.label)


CAF = [
    Col(gettext_lazy("Ligne"), _caf_label, css=""),
    Col(gettext_lazy("Âge"), _age, css=""),
    count_col(gettext_lazy("Jours d’ouverture"), "days"),
    count_col(gettext_lazy("Enfants différents"), "children"),
    count_col(gettext_lazy("Présences"), "presences"),
    hours_col(gettext_lazy("Heures réalisées"), "realised"),
    hours_col(gettext_lazy("Heures facturées"), "invoiced"),
    hours_col(gettext_lazy("Heures pointées à la minute"), "clocked"),
]


@require_safe
@agent_required(Permission.SEE_FIGURES)
def caf(request: HttpRequest) -> HttpResponseBase:
    """Hours by age for the CAF's forms."""
    ids = scope(request)
    last = today()
    form = SpanForm(
        request.GET,
        first=date(last.year, 1, 1),
        last=last,
        sites=sites(ids),
        forms_of=CAF_FORMS,
        by=CAF_BY,
    )
    span = asked_span(form, ids)
    chosen = form.chosen("formulaire")
    rows = caf_figures.hours(span, form=chosen, by=form.chosen("par"))
    sums = caf_figures.totals(rows)
    return table_page(
        request,
        title=_("Heures pour la CAF"),
        lead=str(dict(CAF_FORMS)[chosen]),
        name=f"caf-{chosen}",
        form=form,
        columns=CAF,
        rows=rows,
        chart=bars(
            [
                Bar(
                    f"{_caf_label(row)}, {'− de 6' if row.is_young else '6 et +'}",
                    row.realised // 60,
                    f"{french.number(row.realised // 60)}\u00a0h",
                    second=row.invoiced // 60,
                )
                for row in rows
            ],
            title=_("Heures réalisées (barre) et facturées (trait)"),
        ),
        more=[(_("En tout"), CAF_TOTALS, [sums[True], sums[False]])],
        notes=[
            _(
                "Les heures d’une séance sont sa durée. Facturées : réservations dues, absences "
                "justifiées exclues, et venues sans réservation. L’âge est celui du jour."
            )
        ],
        tab="caf",
    )


CAF_TOTALS = [
    Col(gettext_lazy("Âge"), _age, css=""),
    count_col(gettext_lazy("Présences"), "presences"),
    hours_col(gettext_lazy("Heures réalisées"), "realised"),
    hours_col(gettext_lazy("Heures facturées"), "invoiced"),
    hours_col(gettext_lazy("Heures pointées à la minute"), "clocked"),
]
