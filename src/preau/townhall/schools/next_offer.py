"""Next year's offer: read what one act would open, open it, close it again."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from preau.accounts.enums import Permission
from preau.catalogue.queries import school_year_of
from preau.journeys.rollover import next_offer as offer
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.schools.forms import NextOfferForm


@agent_required(Permission.MANAGE_SCHOOLS, Permission.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def next_offer(request: HttpRequest) -> HttpResponse:
    """The preview, and the act."""
    now = utc_now()
    year = school_year_of(paris_day(now))
    if year is None:
        raise Http404
    form = NextOfferForm(request.POST or None)
    who: dict[str, Any] = {"from_year": year, "now": now, "actor": request.actor}
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("act") == "close":
                closed = offer.close_next_offer(**who)
                messages.success(request, _("%s refermées.") % french.count(closed, "ouverture"))
            else:
                done = offer.open_next_offer(**form.cleaned_data, **who)
                messages.success(request, _said(done))
                if not done.knows_holidays:
                    messages.warning(
                        request,
                        _(
                            "L’État n’a pas encore publié toutes les vacances de cette année : "
                            "les séances s’ouvriront quand elles seront connues."
                        ),
                    )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("townhall:next-offer")
    return render(
        request,
        "townhall/schools/next_offer.html",
        {
            "plan": offer.next_offer(year),
            "year": year,
            "form": form,
            "may_renew": Permission.MANAGE_SCHOOLS in request.permissions,
            "section": "townhall:schools",
        },
        status=422 if form.errors else 200,
    )


def _said(done: Any) -> str:
    parts = [
        _("%s copiées") % french.count(done.copied, "ouverture"),
        _("%s aux familles") % french.count(done.opened, "ouverte"),
    ]
    if done.slots:
        parts.append(french.count(done.slots, "séance"))
    return _("Offre %(year)s : %(what)s.") % {
        "year": done.year.label,
        "what": french.and_join(parts),
    }
