"""The household's quotient asked of the CAF or the MSA, with the parent's own agreement."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from preau.families.state_quotient import is_available
from preau.journeys.state_quotient import fetch_quotient
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.portal.access import family_required
from preau.ui.state_quotient import StateQuotientForm


@family_required
@require_http_methods(["GET", "POST"])
def state_quotient(request: HttpRequest) -> HttpResponse:
    """For oneself alone: the other adult asks from its own account."""
    if not is_available():
        raise Http404
    form = StateQuotientForm(request.POST or None, adult=request.guardian)
    if request.method == "POST" and form.is_valid():
        try:
            found = fetch_quotient(
                family=request.family,
                guardian_id=request.guardian.pk,
                identity=form.identity(),
                agreed=form.cleaned_data["agreed"],
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("Votre quotient est enregistré : %(value)s (%(source)s).")
                % {"value": found.value_cents // 100, "source": found.get_source_display()},
            )
            renews = request.GET.get("suite") == "renouvellement"
            return redirect("portal:renewal" if renews else "portal:family")
    return render(
        request,
        "portal/family/state_quotient.html",
        {"form": form, "adult": request.guardian, "section": "portal:family"},
        status=422 if form.errors else 200,
    )
