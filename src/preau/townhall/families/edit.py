"""Changes of the household itself: address, quotient, name, closing."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.families import queries, services
from preau.families.errors import FamilyRefusal
from preau.families.state_quotient import is_available
from preau.journeys.state_quotient import fetch_quotient
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.families.forms import (
    ChangeAddressForm,
    CloseForm,
    QuotientForm,
    RenameForm,
)
from preau.townhall.families.pages import form_page
from preau.townhall.families.scope import get_family_or_404
from preau.ui.state_quotient import StateQuotientForm


@agent_required(Permission.CHANGE_FAMILIES)
def address(request: HttpRequest, code: str) -> HttpResponse:
    family = get_family_or_404(request, code)
    known = queries.address_of(family)
    form = ChangeAddressForm(
        request.POST or None,
        initial={
            "line1": known.line1,
            "line2": known.line2,
            "postcode": known.postcode,
            "city": known.city,
            "country": known.country,
            "since": family.address_since,
        },
    )

    def act(who):
        return services.change_address(
            address=form.address(),
            since=form.cleaned_data["since"],
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=_("Changer l’adresse"),
        done=_("Adresse changée."),
        button=_("Enregistrer l’adresse"),
        pairs=(("postcode", "city"),),
    )


@agent_required(Permission.CHANGE_FAMILIES)
def quotient(request: HttpRequest, code: str) -> HttpResponse:
    """A new quotient supersedes the former one on its period; nothing is overwritten."""
    family = get_family_or_404(request, code)
    today = paris_day(utc_now())
    form = QuotientForm(request.POST or None, initial={"starts_on": today.replace(day=1)})

    def act(who):
        data = form.cleaned_data
        return services.record_quotient(
            value_cents=data["value"],
            source=data["source"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=_("Enregistrer un quotient"),
        done=_("Quotient enregistré."),
        button=_("Enregistrer le quotient"),
        lead=_("Il s’ajoute aux précédents et les remplace sur sa période."),
        pairs=(("starts_on", "ends_on"),),
    )


@agent_required(Permission.CHANGE_FAMILIES)
@require_http_methods(["GET", "POST"])
def state_quotient(request: HttpRequest, code: str, guardian_id: int) -> HttpResponse:
    """An adult's quotient asked of the CAF or the MSA, with that person's agreement."""
    family = get_family_or_404(request, code)
    adult = next((a for a in queries.guardians_of(family) if a.pk == guardian_id), None)
    if adult is None or not is_available():
        raise Http404
    form = StateQuotientForm(request.POST or None, adult=adult, by_agent=True)
    if request.method == "POST" and form.is_valid():
        try:
            found = fetch_quotient(
                family=family,
                guardian_id=adult.pk,
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
                _("Quotient %(value)s (%(source)s) enregistré.")
                % {"value": found.value_cents // 100, "source": found.get_source_display()},
            )
            return redirect("townhall:family", code=family.code)
    return render(
        request,
        "townhall/families/state_quotient.html",
        {"family": family, "adult": adult, "form": form, "section": "townhall:families"},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.CHANGE_FAMILIES)
def rename(request: HttpRequest, code: str) -> HttpResponse:
    family = get_family_or_404(request, code)
    form = RenameForm(request.POST or None, initial={"name": family.name})

    def act(who):
        return services.rename_family(
            name=form.cleaned_data["name"],
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=_("Renommer le dossier"),
        done=_("Dossier renommé."),
        button=_("Renommer"),
    )


@agent_required(Permission.CHANGE_FAMILIES)
def close(request: HttpRequest, code: str) -> HttpResponse:
    family = get_family_or_404(request, code)
    form = CloseForm(request.POST or None)

    def act(who):
        return services.close_family(
            reason=form.cleaned_data["reason"],
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=_("Fermer le dossier"),
        done=_("Dossier clos."),
        button=_("Fermer le dossier"),
        kind="stop",
        warning=_(
            "Un dossier clos ne reçoit plus d’acte. Ses adultes peuvent encore se "
            "connecter, lire et payer ce qui reste dû. Il se rouvre à tout moment."
        ),
    )


@agent_required(Permission.CHANGE_FAMILIES)
@require_POST
def reopen(request: HttpRequest, code: str) -> HttpResponse:
    family = get_family_or_404(request, code)
    try:
        services.reopen_family(family_id=family.pk, now=utc_now(), actor=request.actor)
    except FamilyRefusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Dossier rouvert."))
    return redirect("townhall:family", code=family.code)
