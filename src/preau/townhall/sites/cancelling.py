"""Sessions of a site's day that do not take place: read who is concerned, then cancel; a mass act
keeps what each child held, so that it is undone at once."""

import uuid

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_http_methods

from preau.bookings.enums import SlotStatus
from preau.bookings.queries import slots_of
from preau.bookings.rules import started
from preau.journeys.mass_acts import MassAct, Wish, ask_mass_act, preview_mass_act
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.townhall.access import agent_required
from preau.townhall.sites.mass_acts import PAGE, asked_key
from preau.townhall.sites.scope import MANAGING, asked_day, get_managed_site_or_404


class ReasonForm(forms.Form):
    motif = forms.CharField(
        label=_l("Motif"), max_length=160, help_text=_l("Les familles le liront.")
    )


@agent_required(*MANAGING)
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, site_id: int) -> HttpResponse:
    """The sessions ticked on the site's day: who is concerned (a plain GET), then cancelled as it
    was read (POST)."""
    site = get_managed_site_or_404(request, site_id)
    day, now = asked_day(request), utc_now()
    data = request.POST if request.method == "POST" else request.GET
    asked = {int(pk) for pk in data.getlist("seance") if is_number(pk)}
    chosen = [s for s in slots_of(site.pk, day) if s.pk in asked and s.status == SlotStatus.OPEN]
    if not chosen:
        messages.error(request, _("Choisissez au moins une séance à annuler."))
        response = redirect("townhall:site", site_id=site.pk)
        response["Location"] += f"?jour={day.isoformat()}"
        return response
    form = ReasonForm(data if request.method == "POST" else None)
    reason = form.cleaned_data["motif"] if form.is_bound and form.is_valid() else ""
    # Who is concerned is read before the reason is written.
    wish = Wish(
        MassAct.Kind.SESSIONS,
        reason or "…",
        day,
        day,
        (site.pk,),
        slots=tuple(sorted(s.pk for s in chosen)),
    )
    if reason:
        names = list(dict.fromkeys(s.offering.activity.name for s in chosen))
        more = _(" et %s autres") % (len(names) - 3) if names[3:] else ""
        try:
            act = ask_mass_act(
                wish=wish,
                where=f"{site.name} – {', '.join(names[:3])}{more}",
                seen=data.get("seen", ""),
                key=asked_key(request),
                now=now,
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("townhall:mass-act", act_id=act.pk)
    preview = preview_mass_act(wish, now)
    return render(
        request,
        "townhall/sites/cancel.html",
        {
            "site": site,
            "day": day,
            "chosen": chosen,
            "begun": [s for s in chosen if started(day=s.day, starts_at=s.starts_at, now=now)],
            "preview": preview,
            "page": Paginator(preview.rows, PAGE).get_page(request.GET.get("page")),
            "form": form,
            "key": uuid.uuid4(),
            "section": "townhall:sites",
        },
        status=422 if form.errors else 200,
    )
