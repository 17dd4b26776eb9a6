"""The year to come: roll-over of the pupils, and the forecast of numbers."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.accounts.enums import Permission
from preau.catalogue.queries import establishments, school_year_of
from preau.journeys.rollover.forecast import YEARS, forecast
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.schools import promotions
from preau.schools.enums import Outcome
from preau.townhall.access import agent_required
from preau.townhall.schools.forms import ForecastForm, PromotionFilters, PromotionForm
from preau.ui.exports import FORMATS, Column, export_table

PAGE = 100
COLUMNS = [
    Column("Nom", "child.last_name"),
    Column("Prénom", "child.first_name"),
    Column("Né(e) le", "child.birth_on"),
    Column("École", "school_from.name"),
    Column("Niveau", "level_from"),
    Column("Devenir", "get_outcome_display"),
    Column("Niveau suivant", "level_to"),
    Column("École suivante", lambda row: row.school_to.name if row.school_to else ""),
    Column("Motif", "reason"),
]
BAR = 120


@agent_required(Permission.MANAGE_SCHOOLS)
@require_http_methods(["GET", "POST"])
def roll_overs(request: HttpRequest) -> HttpResponse:
    """Past and present roll-overs; one is prepared from here."""
    now = utc_now()
    year = school_year_of(paris_day(now))
    if request.method == "POST":
        if year is None:
            messages.error(request, _("Aucune année scolaire ne couvre ce jour."))
            return redirect("townhall:roll-overs")
        try:
            row = promotions.prepare_roll_over(from_year=year, now=now, actor=request.actor)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("townhall:roll-overs")
        return redirect("townhall:roll-over", roll_over_id=row.pk)
    return render(
        request,
        "townhall/schools/roll_overs.html",
        {
            "rows": promotions.list_roll_overs()[:20],
            "year": year,
            "section": "townhall:schools",
        },
    )


@agent_required(Permission.MANAGE_SCHOOLS)
@require_safe
def roll_over(request: HttpRequest, roll_over_id: int) -> HttpResponseBase:
    """The preview, pupil by pupil: searched, filtered, exported, corrected."""
    row = _roll_over(roll_over_id)
    form = PromotionFilters(request.GET or None, schools=establishments("SCHOOL"))
    chosen: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    found = promotions.promotions_of(
        row,
        text=chosen.get("q", ""),
        outcome=chosen.get("outcome", ""),
        school_id=chosen.get("school"),
        level=chosen.get("level", ""),
        only=chosen.get("only", ""),
    )
    if export := request.GET.get("export"):
        name = f"passage-{row.to_year.label}"
        return export_table(export, name, COLUMNS, found.iterator(2000))
    numbers = promotions.numbers_of(row)
    return render(
        request,
        "townhall/schools/roll_over.html",
        {
            "row": row,
            "numbers": numbers,
            "outcomes": [
                (Outcome(name).label, count) for name, count in numbers.by_outcome.items()
            ],
            "form": form,
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "why_not": promotions.why_not_undo(row),
            "formats": FORMATS,
            "section": "townhall:schools",
        },
    )


@agent_required(Permission.MANAGE_SCHOOLS)
@require_http_methods(["GET", "POST"])
def promotion(request: HttpRequest, roll_over_id: int, promotion_id: int) -> HttpResponse:
    """An exception for one pupil: maintien, passage anticipé, another school, a departure."""
    found = promotions.get_promotion(promotion_id)
    if found is None or found.roll_over_id != roll_over_id:
        raise Http404
    form = PromotionForm(
        request.POST or None,
        schools=establishments("SCHOOL"),
        initial={
            "outcome": found.outcome,
            "school": found.school_to_id,
            "reason": found.reason,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            promotions.change_promotion(
                promotion_id=promotion_id,
                outcome=form.cleaned_data["outcome"],
                school_id=form.cleaned_data["school"],
                reason=form.cleaned_data["reason"],
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("C’est noté pour %s.") % found.child)
            return redirect("townhall:roll-over", roll_over_id=roll_over_id)
    return render(
        request,
        "townhall/schools/promotion.html",
        {"found": found, "form": form, "section": "townhall:schools"},
    )


@agent_required(Permission.MANAGE_SCHOOLS)
@require_POST
def roll_over_apply(request: HttpRequest, roll_over_id: int) -> HttpResponse:
    _roll_over(roll_over_id)
    try:
        count = promotions.apply_roll_over(
            roll_over_id=roll_over_id, now=utc_now(), actor=request.actor
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%s élèves ont leur école pour la rentrée.") % count)
    return redirect("townhall:roll-over", roll_over_id=roll_over_id)


@agent_required(Permission.MANAGE_SCHOOLS)
@require_POST
def roll_over_undo(request: HttpRequest, roll_over_id: int) -> HttpResponse:
    _roll_over(roll_over_id)
    try:
        promotions.undo_roll_over(roll_over_id=roll_over_id, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Passage annulé : rien n’est écrit pour la rentrée."))
    return redirect("townhall:roll-over", roll_over_id=roll_over_id)


@agent_required(Permission.MANAGE_SCHOOLS)
@require_safe
def numbers_ahead(request: HttpRequest) -> HttpResponseBase:
    """Pupils per school and level for three years, with their chart and table."""
    day = paris_day(utc_now())
    year = school_year_of(day)
    if year is None:
        return render(request, "townhall/schools/forecast.html", {"section": "townhall:schools"})
    form = ForecastForm(request.GET or None, first=year.starts_on.year - 2)
    chosen: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    found = forecast(
        year=year,
        day=day,
        stay=float(chosen.get("stay") or 100),
        given_births={y: count for y in form.years if (count := chosen.get(f"births_{y}"))},
    )
    if export := request.GET.get("export"):
        columns = [
            Column("École", "school"),
            Column("Niveau", "level"),
            Column(found.labels[0], "now"),
            *(
                Column(found.labels[n + 1], lambda line, n=n: line.next[n])  # type: ignore[misc]
                for n in range(YEARS)
            ),
        ]
        return export_table(export, "previsions", columns, found.lines)
    totals = found.totals()
    top = max(totals) or 1
    bars = [
        {
            "label": label,
            "count": count,
            "x": 20 + 110 * rank,
            "y": 20 + BAR - round(BAR * count / top),
            "height": round(BAR * count / top),
        }
        for rank, (label, count) in enumerate(zip(found.labels, totals, strict=True))
    ]
    return render(
        request,
        "townhall/schools/forecast.html",
        {
            "forecast": found,
            "bars": bars,
            "groups": list(found.by_school()),
            "form": form,
            "formats": FORMATS,
            "section": "townhall:schools",
        },
    )


def _roll_over(pk: int) -> Any:
    row = promotions.get_roll_over(pk)
    if row is None:
        raise Http404
    return row
