"""The renewal's form, filled already: it asks only what has expired."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from preau.enrolments.queries import open_campaign_on
from preau.families.state_quotient import is_available
from preau.journeys.rollover.renewal import renewal_form
from preau.kernel.clock import paris_day, utc_now
from preau.portal.access import family_required
from preau.ui.renewal import AnswerForm, answer


@family_required
@require_http_methods(["GET", "POST"])
def renewal(request: HttpRequest) -> HttpResponse:
    """What goes on next year; answered once, then shown as it was answered."""
    now = utc_now()
    campaign = open_campaign_on(paris_day(now))
    asked = renewal_form(request.family, campaign) if campaign else None
    form = None
    if asked is not None:
        form = AnswerForm(request.POST or None, request.FILES or None, asked=asked)
        if request.method == "POST" and form.is_valid():
            done = answer(
                form,
                family=request.family,
                guardian_id=request.guardian.pk,
                now=now,
                actor=request.actor,
            )
            if done:
                messages.success(request, _("C’est renouvelé : vos enfants sont inscrits."))
                return redirect("portal:renewal")
    return render(
        request,
        "portal/renewal/renewal.html",
        {
            "campaign": campaign,
            "asked": asked,
            "form": form,
            "state_url": f"{reverse('portal:state-quotient')}?suite=renouvellement"
            if is_available()
            else "",
            "section": "portal:requests",
        },
    )
