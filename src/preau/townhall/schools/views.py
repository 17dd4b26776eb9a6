"""The school office: schools with their numbers, pupils with their class."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.catalogue.queries import active_classes, establishments, school_year_of
from preau.certificates.enums import CertificateKind
from preau.families.queries import both_must_sign, families_of_child, get_children
from preau.journeys.certificates import issue
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.schools.queries import (
    filter_pupils,
    numbers_by_school,
    pupils_of_year,
    schooling_on,
    schoolings_of,
)
from preau.schools.services import Placement, end_schooling, place_pupil
from preau.townhall.access import agent_required
from preau.townhall.schools.forms import LeavingForm, PlacementForm, PupilFilters
from preau.ui.exports import Column, export_table

PAGE = 100
SORTS = {
    "name": ("child__last_name", "child__first_name", "pk"),
    "-name": ("-child__last_name", "-child__first_name", "-pk"),
    "birth": ("child__birth_on", "pk"),
    "-birth": ("-child__birth_on", "-pk"),
    "class": ("establishment__name", "school_class__name", "child__last_name", "pk"),
    "-class": ("-establishment__name", "-school_class__name", "child__last_name", "pk"),
}
COLUMNS = [
    Column("Nom", "child.last_name"),
    Column("Nom d’usage", "child.usage_name"),
    Column("Prénom", "child.first_name"),
    Column("Né(e) le", "child.birth_on"),
    Column("École", "establishment.name"),
    Column("Classe", lambda row: row.school_class.name if row.school_class else ""),
    Column("Niveau", "level"),
    Column("Depuis le", "starts_on"),
]


@agent_required(Permission.MANAGE_SCHOOLS)
@require_GET
def schools(request: HttpRequest) -> HttpResponse:
    """Each school with its pupils by level, today."""
    day = paris_day(utc_now())
    year = school_year_of(day)
    numbers = numbers_by_school(year.pk, day) if year else []
    return render(request, "townhall/schools/schools.html", {"year": year, "numbers": numbers})


@agent_required(Permission.MANAGE_SCHOOLS)
@require_GET
def pupils(request: HttpRequest) -> HttpResponseBase:
    """The pupils of the year: searched, filtered, sorted, paged, exported."""
    day = paris_day(utc_now())
    year = school_year_of(day)
    classes = list(active_classes(year.pk)) if year else []
    form = PupilFilters(request.GET or None, schools=establishments("SCHOOL"), classes=classes)
    chosen: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    found = filter_pupils(
        pupils_of_year(year.pk if year else 0, day),
        text=chosen.get("q", ""),
        school_id=chosen.get("school"),
        class_id=chosen.get("school_class"),
        level=chosen.get("level", ""),
    ).order_by(*SORTS.get(request.GET.get("sort", ""), SORTS["name"]))
    if export := request.GET.get("export"):
        return export_table(export, "eleves", COLUMNS, found.iterator(chunk_size=2000))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(
        request, "townhall/schools/pupils.html", {"year": year, "form": form, "page": page}
    )


@agent_required(Permission.MANAGE_SCHOOLS)
@require_http_methods(["GET", "POST"])
def pupil(request: HttpRequest, child_id: int) -> HttpResponse:
    """One pupil: its schools, past and present, and a change of class."""
    child, year, day = _pupil(child_id)
    current = schooling_on([child_id], day).get(child_id)
    needs_both = _needs_both(child_id, day)
    form = PlacementForm(
        request.POST or None,
        classes=active_classes(year.pk),
        year=year,
        needs_both=needs_both,
        initial={
            "school_class": current.school_class_id if current else None,
            "level": current.level if current else None,
            "starts_on": day,
        },
    )
    families = list(families_of_child(child, day))
    if request.method == "POST" and form.is_valid():
        chosen = form.classes[form.cleaned_data["school_class"]]
        try:
            place_pupil(
                placement=Placement(
                    child_id=child_id,
                    establishment_id=chosen.establishment_id,
                    school_class_id=chosen.pk,
                    level=form.cleaned_data["level"],
                    school_year_id=year.pk,
                    starts_on=form.cleaned_data["starts_on"],
                    ends_on=year.ends_on,
                ),
                source="office",
                both_agreed=form.cleaned_data.get("both_agreed", False),
                family_id=families[0].pk if families else None,
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("%(child)s est en %(class)s.") % {"child": child, "class": chosen.name}
            )
            return redirect("townhall:pupil", child_id=child_id)
    return render(
        request,
        "townhall/schools/pupil.html",
        {
            "child": child,
            "current": current,
            "form": form,
            "leaving": LeavingForm(initial={"last_day": day}, needs_both=needs_both),
            "needs_both": needs_both,
            "schoolings": schoolings_of([child_id]),
            "families": families,
        },
    )


def _needs_both(child_id: int, day: date) -> bool:
    return bool(both_must_sign([child_id], day))


@agent_required(Permission.MANAGE_SCHOOLS)
@require_POST
def pupil_leaves(request: HttpRequest, child_id: int) -> HttpResponse:
    """The pupil leaves its school (radiation)."""
    child, _year, day = _pupil(child_id)
    form = LeavingForm(request.POST, needs_both=_needs_both(child_id, day))
    families = list(families_of_child(child, day))
    if not form.is_valid():
        messages.error(request, _("Écrivez le dernier jour, par exemple 27 11 2026."))
        return redirect("townhall:pupil", child_id=child_id)
    try:
        end_schooling(
            child_id=child_id,
            last_day=form.cleaned_data["last_day"],
            both_agreed=form.cleaned_data.get("both_agreed", False),
            family_id=families[0].pk if families else None,
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Le départ de %s est noté.") % child)
    return redirect("townhall:pupil", child_id=child_id)


@agent_required(Permission.MANAGE_SCHOOLS)
@require_POST
def leaving_certificate(request: HttpRequest, child_id: int) -> HttpResponse:
    """The certificat de radiation, numbered and archived, for the next school."""
    child, _year, day = _pupil(child_id)
    family = families_of_child(child, day).first()
    if family is None:
        messages.error(request, _("Cet enfant n’a aucun foyer dans la ville."))
        return redirect("townhall:pupil", child_id=child_id)
    try:
        made = issue(
            kind=CertificateKind.LEAVING,
            family=family,
            child=child,
            first=None,
            last=None,
            year=None,
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:pupil", child_id=child_id)
    return redirect("townhall:issued", number=made.document.number)


def _pupil(child_id: int) -> tuple[Any, Any, Any]:
    day = paris_day(utc_now())
    child = get_children([child_id]).get(child_id)
    year = school_year_of(day)
    if child is None or year is None:
        raise Http404
    return child, year, day
