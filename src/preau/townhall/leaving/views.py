"""`/mairie/dossiers/…/depart/`: a family that leaves, in one guided act; and its return."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.families.queries import payer_of
from preau.journeys.leaving import come_back, departure_of, leave, preview_leaving
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.periods import read_day
from preau.townhall.access import agent_required
from preau.townhall.cashdesk.scope import family_or_404
from preau.ui.refusals import add_refusal


class LeavingForm(forms.Form):
    """The last day, why, and where the balance goes."""

    last_on = forms.DateField(
        label=gettext_lazy("Dernier jour dans la commune"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Motif"), max_length=160, initial=gettext_lazy("Départ de la commune")
    )
    payee = forms.CharField(
        label=gettext_lazy("Bénéficiaire du solde"), max_length=140, required=False
    )
    iban = forms.CharField(
        label=gettext_lazy("IBAN pour rendre le solde"),
        max_length=42,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Sans IBAN, le crédit reste sur le compte."),
    )


def _last_on(request: HttpRequest, today: date) -> date:
    try:
        return read_day(request.GET.get("jusqu", "") or request.POST.get("last_on", ""))
    except ValueError:
        return today


@agent_required(Permission.CHANGE_FAMILIES)
@require_http_methods(["GET", "POST"])
def depart(request: HttpRequest, code: str) -> HttpResponse:
    """What ends, what is given back, what stays; then the act."""
    family, now = family_or_404(request, code), utc_now()
    today = paris_day(now)
    last_on = _last_on(request, today)
    payer = payer_of(family.pk)
    form = LeavingForm(
        request.POST if request.method == "POST" else None,
        initial={"last_on": last_on, "payee": str(payer) if payer else ""},
    )
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = form.cleaned_data
        try:
            leave(family_id=family.pk, actor=request.actor, now=now, **values)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("Le départ est enregistré : la famille garde son espace, pour payer et lire."),
            )
            return redirect("townhall:family", family.code)
    return render(
        request,
        "townhall/leaving/depart.html",
        {
            "section": "townhall:families",
            "family": family,
            "form": form,
            "departure": departure_of(family.pk),
            "what": preview_leaving(family_id=family.pk, last_on=last_on, now=now),
        },
        status=422 if form.errors else 200,
    )


@agent_required(Permission.CHANGE_FAMILIES)
@require_POST
def undo(request: HttpRequest, code: str) -> HttpResponse:
    """The family stays: put back all that can be, and say what could not."""
    family = family_or_404(request, code)
    try:
        back = come_back(family_id=family.pk, actor=request.actor, now=utc_now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:family-depart", family.code)
    told = _(
        "Le dossier est rouvert : %(enrolments)s inscriptions, %(bookings)s réservations, "
        "%(cards)s cartes et %(refunds)s remboursements repris."
    ) % {
        "enrolments": back.enrolments,
        "bookings": back.bookings,
        "cards": back.cards,
        "refunds": back.refunds,
    }
    if back.missed:
        told += " " + _("%d places ont été prises depuis.") % back.missed
    if back.mandates:
        told += " " + _("Le mandat de prélèvement est à signer de nouveau.")
    messages.success(request, told)
    return redirect("townhall:family", family.code)
