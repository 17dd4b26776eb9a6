"""Protecting an address, and reading it: each reading leaves a line."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_http_methods

from preau.accounts.enums import Permission
from preau.families import services
from preau.families.values import AddressData
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.families.scope import get_family_or_404


class ProtectForm(forms.Form):
    """The address that stands for the true one; empty, the town hall's."""

    line1 = forms.CharField(label=_l("Adresse pour le courrier"), max_length=120, required=False)
    postcode = forms.CharField(
        label=_l("Code postal"),
        max_length=10,
        required=False,
        widget=forms.TextInput(attrs={"class": "short"}),
    )
    city = forms.CharField(label=_l("Commune"), max_length=80, required=False)
    reason = forms.CharField(
        label=_l("Motif, pour les agents habilités"), max_length=200, required=False
    )


@agent_required(Permission.SEE_PROTECTED)
@require_http_methods(["GET", "POST"])
def protection(request: HttpRequest, code: str) -> HttpResponse:
    """Protect the household's address, read it, or show it to all again."""
    family = get_family_or_404(request, code)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    form = ProtectForm(request.POST if act == "protect" else None)
    who = {"family_id": family.pk, "now": utc_now(), "actor": request.actor}
    shown = None
    try:
        if act == "protect" and form.is_valid():
            data = form.cleaned_data
            post = None
            if data["line1"]:
                post = AddressData(
                    line1=data["line1"], postcode=data["postcode"], city=data["city"]
                )
            services.protect_address(post=post, reason=data["reason"], **who)
            messages.success(request, _("Adresse protégée : elle n’apparaît plus nulle part."))
            return redirect("townhall:family", code=family.code)
        if act == "read":
            shown = services.read_protected_address(**who)
        if act == "show":
            services.unprotect_address(**who)
            messages.success(request, _("L’adresse est de nouveau visible."))
            return redirect("townhall:family", code=family.code)
    except Refusal as refusal:
        form.add_error(None, str(refusal)) if form.is_bound else messages.error(
            request, str(refusal)
        )
    return render(
        request,
        "townhall/families/protection.html",
        {"family": family, "form": form, "shown": shown, "section": "townhall:families"},
        status=422 if form.is_bound else 200,
    )
