"""When the booking of an offering's days opens, and for whom."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from preau.accounts.enums import Permission as P
from preau.catalogue import queries
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.openings.queries import windows_of
from preau.openings.services import delete_window, save_window
from preau.townhall.access import agent_required
from preau.townhall.catalogue.forms import WindowForm
from preau.townhall.catalogue.subjects import SUBJECTS
from preau.townhall.catalogue.tables import SECTION
from preau.ui.refusals import add_refusal


@agent_required(P.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def windows(request: HttpRequest, pk: int) -> HttpResponse:
    """The windows of an offering, and one to add."""
    found = queries.get_offering(pk)
    if found is None:
        raise Http404
    now = utc_now()
    form = WindowForm(
        request.POST or None,
        initial={"first_day": found.starts_on, "last_day": found.ends_on, "opens_time": "09:00"},
    )
    if request.method == "POST" and form.is_valid():
        try:
            save_window(offering_id=pk, now=now, actor=request.actor, **form.cleaned_data)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("L’ouverture des réservations est enregistrée."))
            return redirect("townhall:catalogue-windows", pk)
    return render(
        request,
        "townhall/catalogue/windows.html",
        {
            "section": SECTION,
            "subject": SUBJECTS["ouvertures"],
            "row": found,
            "windows": windows_of(pk),
            "form": form,
            "now": now,
        },
        status=422 if form.errors else 200,
    )


@agent_required(P.MANAGE_CATALOGUE)
@require_POST
def window_delete(request: HttpRequest, pk: int, window_id: int) -> HttpResponse:
    """Take a window away."""
    if queries.get_offering(pk) is None or not windows_of(pk).filter(pk=window_id).exists():
        raise Http404
    delete_window(offering_id=pk, window_id=window_id, now=utc_now(), actor=request.actor)
    messages.success(request, _("L’ouverture des réservations est retirée."))
    return redirect("townhall:catalogue-windows", pk)
