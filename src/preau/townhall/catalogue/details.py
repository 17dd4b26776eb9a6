"""Pages of their own: a school year, an activity with its products, an offering with its week."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from preau.accounts.enums import Permission as P
from preau.catalogue import queries, services
from preau.catalogue.enums import PeriodKind
from preau.enrolments import queries as enrolments
from preau.enrolments.services import set_required_documents
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.catalogue import forms
from preau.townhall.catalogue.subjects import SUBJECTS
from preau.townhall.catalogue.tables import SECTION, save_row
from preau.ui.refusals import add_refusal

WEEKDAYS = range(6)


@agent_required(P.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def year(request: HttpRequest, pk: int) -> HttpResponse:
    """A school year: its days, its calendar, the offer copied from another."""
    found = queries.list_school_years().filter(pk=pk).first()
    if found is None:
        raise Http404
    subject = SUBJECTS["annees"]
    form = forms.SchoolYearForm(request.POST or None, initial=subject.initial(found))
    if request.method == "POST" and form.is_valid() and save_row(request, subject, form, pk):
        messages.success(request, _("L’année scolaire est enregistrée."))
        return redirect("townhall:catalogue-year", pk)
    return render(
        request,
        "townhall/catalogue/year.html",
        {
            "section": SECTION,
            "subject": subject,
            "row": found,
            "form": form,
            "holidays": queries.list_holidays().filter(
                starts_on__lte=found.ends_on, ends_on__gte=found.starts_on
            ),
            "closed": queries.list_closed_days().filter(
                day__range=(found.starts_on, found.ends_on), is_public_holiday=True
            ),
            "copy_form": _copy_form(found),
        },
        status=422 if form.errors else 200,
    )


def _copy_form(year: Any) -> forms.CopyForm | None:
    """From the year before, when there is another year at all."""
    others = queries.list_school_years().exclude(pk=year.pk)
    before = others.filter(starts_on__lt=year.starts_on).first() or others.first()
    if before is None:
        return None
    return forms.CopyForm(initial={"source_id": before.pk, "target_id": year.pk})


@agent_required(P.MANAGE_CATALOGUE)
@require_POST
def year_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the State's holidays of the town's zone and the public holidays."""
    found = queries.list_school_years().filter(pk=pk).first()
    if found is None:
        raise Http404
    done = services.import_calendar(school_year=found, now=utc_now(), actor=request.actor)
    said = _("Calendrier importé : %(h)s de vacances, %(p)s.") % {
        "h": french.count(done.holidays_added, "période"),
        "p": french.count(done.public_holidays_added, "jour férié", "jours fériés"),
    }
    if not done.is_complete:
        messages.warning(
            request,
            said
            + " "
            + _(
                "L’État n’a pas encore publié toutes les vacances de cette année : revenez "
                "plus tard ou ajoutez-les vous-même."
            ),
        )
    else:
        messages.success(request, said)
    return redirect("townhall:catalogue-year", pk)


@agent_required(P.MANAGE_CATALOGUE)
@require_POST
def year_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Copy another year's offerings here; they stay closed until an agent opens them."""
    form = forms.CopyForm(request.POST)
    if not queries.list_school_years().filter(pk=pk).exists():
        raise Http404
    if not form.is_valid() or form.cleaned_data["source_id"] == form.cleaned_data["target_id"]:
        messages.error(request, _("Choisissez deux années différentes."))
        return redirect("townhall:catalogue-year", pk)
    made = services.copy_offerings(now=utc_now(), actor=request.actor, **form.cleaned_data)
    messages.success(
        request,
        _("%s copiées, fermées : ouvrez-les quand elles sont prêtes.")
        % french.count(made, "ouverture"),
    )
    return redirect("townhall:catalogue-year", pk)


@agent_required(P.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def activity(request: HttpRequest, pk: int) -> HttpResponse:
    """An activity: its words, its products, the documents it asks for, where it is open."""
    found = queries.list_all_activities().filter(pk=pk).first()
    if found is None:
        raise Http404
    subject = SUBJECTS["activites"]
    kinds = list(enrolments.document_kinds())
    asked = [k.pk for k in enrolments.required_documents([pk]).get(pk, [])]
    documents = forms.DocumentsForm(
        request.POST if "documents" in request.POST else None,
        kinds=kinds,
        initial={"kinds": asked},
    )
    changing = request.method == "POST" and "documents" not in request.POST
    form = forms.ActivityForm(request.POST if changing else None, initial=subject.initial(found))
    if documents.is_bound and documents.is_valid():
        set_required_documents(
            activity_id=pk,
            kind_ids=documents.cleaned_data["kinds"],
            now=utc_now(),
            actor=request.actor,
        )
        messages.success(request, _("Les pièces demandées sont enregistrées."))
        return redirect("townhall:catalogue-activity", pk)
    if changing and form.is_valid() and save_row(request, subject, form, pk):
        messages.success(request, _("L’activité est enregistrée."))
        return redirect("townhall:catalogue-activity", pk)
    return render(
        request,
        "townhall/catalogue/activity.html",
        {
            "section": SECTION,
            "subject": subject,
            "row": found,
            "form": form,
            "products": queries.products_of(pk),
            "documents": documents if kinds else None,
            "offerings": queries.list_all_offerings()
            .filter(activity_id=pk)
            .order_by("-school_year__starts_on", "establishment__name", "label"),
        },
        status=422 if form.errors else 200,
    )


@agent_required(P.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def product(request: HttpRequest, activity_id: int, pk: int | None = None) -> HttpResponse:
    """A product of an activity, new or to change."""
    owner = queries.list_all_activities().filter(pk=activity_id).first()
    found = queries.products_of(activity_id).filter(pk=pk).first() if pk else None
    if owner is None or (pk and found is None):
        raise Http404
    names = forms.ProductForm.base_fields if found else ()
    form = forms.ProductForm(
        request.POST or None, initial={n: getattr(found, n) for n in names} or None
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.save_product(
                activity_id=activity_id,
                product_id=pk,
                now=utc_now(),
                actor=request.actor,
                **form.cleaned_data,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("La formule est enregistrée."))
            return redirect("townhall:catalogue-activity", activity_id)
    return render(
        request,
        "townhall/catalogue/product.html",
        {
            "section": SECTION,
            "activity": owner,
            "product": found,
            "form": form,
        },
        status=422 if form.errors else 200,
    )


@agent_required(P.MANAGE_CATALOGUE)
@require_POST
def product_delete(request: HttpRequest, activity_id: int, pk: int) -> HttpResponse:
    if not queries.products_of(activity_id).filter(pk=pk).exists():
        raise Http404
    try:
        services.delete_product(pk=pk, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("La formule est supprimée."))
    return redirect("townhall:catalogue-activity", activity_id)


def pattern_grid(offering: Any, data: Any = None) -> list[dict[str, Any]]:
    """One row a product and kind of period, a box a weekday, as stored or as just posted."""
    stored = {
        (p.product_id, p.period_kind, p.weekday): p for p in queries.patterns_of([offering.pk])
    }
    rows = []
    for item in queries.products_of(offering.activity_id):
        for kind in PeriodKind:
            cells = []
            for weekday in WEEKDAYS:
                name = f"p{item.pk}-{kind.value}-{weekday}"
                pattern = stored.get((item.pk, kind.value, weekday))
                checked = name in data if data is not None else pattern is not None
                places = (
                    data.get(f"{name}-places", "")
                    if data is not None
                    else (pattern.capacity if pattern and pattern.capacity is not None else "")
                )
                cells.append(
                    {
                        "name": name,
                        "checked": checked,
                        "places": places,
                        "label": f"{item.name}, {kind.label}, {french.WEEKDAYS[weekday]}",
                        "key": (item.pk, kind.value, weekday),
                    }
                )
            rows.append({"product": item, "kind": kind.label, "cells": cells})
    return rows


def _posted_patterns(rows: Iterable[dict[str, Any]]) -> tuple[dict[Any, int | None], str]:
    found: dict[Any, int | None] = {}
    for row in rows:
        for cell in row["cells"]:
            if not cell["checked"]:
                continue
            text = str(cell["places"]).strip()
            if text and (not text.isdecimal() or int(text) > 2000):
                return {}, _("%s : un nombre de places de 0 à 2000.") % cell["label"]
            found[cell["key"]] = int(text) if text else None
    return found, ""


def default_slot_days(first: date, last: date, today: date) -> dict[str, date]:
    """From today (or the first day, if it is to come) to the last day."""
    return {"first": min(max(first, today), last), "last": last}


@agent_required(P.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def offering(request: HttpRequest, pk: int) -> HttpResponse:
    """An offering: its places and dates, its weekly patterns, the slots to open from them."""
    found = queries.get_offering(pk)
    if found is None:
        raise Http404
    act = request.POST.get("act", "")
    today = paris_day(utc_now())
    form = forms.OfferingForm(
        request.POST if act == "change" else None, fixed=True, initial=forms.offering_initial(found)
    )
    grid = pattern_grid(found, request.POST if act == "patterns" else None)
    grid_error = ""
    if act == "change" and form.is_valid():
        form.cleaned_data |= {
            "activity_id": found.activity_id,
            "establishment_id": found.establishment_id,
            "school_year_id": found.school_year_id,
        }
        if save_row(request, SUBJECTS["ouvertures"], form, pk):
            messages.success(request, _("L’ouverture est enregistrée."))
            return redirect("townhall:catalogue-offering", pk)
    elif act == "patterns":
        patterns, grid_error = _posted_patterns(grid)
        if not grid_error:
            services.set_weekly_patterns(
                offering_id=pk, patterns=patterns, now=utc_now(), actor=request.actor
            )
            messages.success(
                request, _("La semaine type est enregistrée. Ouvrez maintenant les séances.")
            )
            return redirect("townhall:catalogue-offering", pk)
    return render(
        request,
        "townhall/catalogue/offering.html",
        {
            "section": SECTION,
            "subject": SUBJECTS["ouvertures"],
            "row": found,
            "form": form,
            "grid": grid,
            "grid_error": grid_error,
            "weekdays": [french.WEEKDAYS[d] for d in WEEKDAYS],
            "slots_form": forms.SlotsForm(
                initial=default_slot_days(found.starts_on, found.ends_on, today)
            ),
        },
        status=422 if form.errors or grid_error else 200,
    )
