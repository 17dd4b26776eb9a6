"""Opening slots from weekly patterns: what families will be able to book."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from preau.accounts.enums import Permission as P
from preau.bookings.services import open_slots
from preau.catalogue import queries
from preau.catalogue.enums import ActivityKind
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.catalogue import forms
from preau.townhall.catalogue.details import default_slot_days
from preau.townhall.catalogue.tables import SECTION, tabs_for
from preau.ui.refusals import add_refusal


def _said(opened: int) -> str:
    if not opened:
        return _("Rien à ouvrir : ces séances existent déjà, ou la semaine type est vide.")
    return _("%s : les familles inscrites peuvent réserver.") % french.count(
        opened, "séance ouverte", "séances ouvertes"
    )


@agent_required(P.MANAGE_CATALOGUE)
@require_POST
def open_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the slots of one offering between two days."""
    found = queries.get_offering(pk)
    if found is None:
        raise Http404
    form = forms.SlotsForm(request.POST)
    if not form.is_valid():
        for sentences in form.errors.values():
            messages.error(request, " ".join(str(s) for s in sentences))
        return redirect("townhall:catalogue-offering", pk)
    try:
        opened = open_slots(
            offering_ids=[pk], now=utc_now(), actor=request.actor, **form.cleaned_data
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _said(opened))
    return redirect("townhall:catalogue-offering", pk)


@agent_required(P.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def open_many(request: HttpRequest) -> HttpResponse:
    """Open the slots of many offerings at once: a year, a period, some kinds of activity."""
    today = paris_day(utc_now())
    year = queries.current_school_year(today)
    initial = {}
    if year:
        initial = {
            "school_year_id": year.pk,
            "kinds": ActivityKind.values,
            **default_slot_days(year.starts_on, year.ends_on, today),
        }
    form = forms.YearSlotsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        ids = [
            o.pk
            for o in queries.offerings_for(values["school_year_id"])
            if o.activity.kind in values["kinds"]
        ]
        try:
            opened = open_slots(
                offering_ids=ids,
                first=values["first"],
                last=values["last"],
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _said(opened))
            return redirect("townhall:catalogue-slots")
    return render(
        request,
        "townhall/catalogue/slots.html",
        {
            "section": SECTION,
            "form": form,
            "tabs": tabs_for("seances"),
            "year": year,
        },
        status=422 if form.errors else 200,
    )
