"""Adults and children of a file, and where children live."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from preau.accounts.enums import Permission
from preau.families import queries, services
from preau.families.queries import both_must_sign
from preau.journeys.family_file import find_children, visible_child
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.families.forms import (
    AttachChildForm,
    ChildForm,
    DayForm,
    GuardianForm,
    KnownChildForm,
    NewChildForm,
)
from preau.townhall.families.pages import form_page
from preau.townhall.families.scope import get_family_or_404

GUARDIAN_PAIRS = (
    ("first_name", "last_name"),
    ("email", "mobile_phone"),
    ("home_phone", "work_phone"),
)
CHILD_PAIRS = (("first_name", "last_name"), ("usage_name", "sex"), ("birth_on", "expected_on"))


def _guardian_or_404(family, guardian_id):
    guardian = queries.get_guardian(guardian_id, family_id=family.pk)
    if guardian is None:
        raise Http404
    return guardian


def _child_or_404(family, child_id):
    day = paris_day(utc_now())
    for child in queries.children_of(family, day):
        if child.pk == child_id:
            return child
    raise Http404


# --- Adults ----------------------------------------------------------------------------------


@agent_required(Permission.CHANGE_FAMILIES)
def guardian_new(request: HttpRequest, code: str) -> HttpResponse:
    family = get_family_or_404(request, code)
    form = GuardianForm(request.POST or None)

    def act(who):
        return services.add_guardian(guardian=form.guardian(), **who)

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=_("Ajouter un adulte"),
        done=_("Adulte ajouté."),
        button=_("Ajouter cet adulte"),
        pairs=GUARDIAN_PAIRS,
    )


@agent_required(Permission.CHANGE_FAMILIES)
def guardian(request: HttpRequest, code: str, guardian_id: int) -> HttpResponse:
    family = get_family_or_404(request, code)
    found = _guardian_or_404(family, guardian_id)
    names = tuple(GuardianForm.base_fields)
    form = GuardianForm(
        request.POST or None, initial={name: getattr(found, name) for name in names}
    )

    def act(who):
        return services.change_guardian(
            guardian_id=found.pk,
            changes=dict(form.cleaned_data),
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=str(found),
        done=_("C’est enregistré."),
        button=_("Enregistrer"),
        pairs=GUARDIAN_PAIRS,
        lead=_("Une nouvelle adresse e-mail sert à se connecter quand elle a été confirmée."),
    )


@agent_required(Permission.CHANGE_FAMILIES)
def guardian_remove(request: HttpRequest, code: str, guardian_id: int) -> HttpResponse:
    family = get_family_or_404(request, code)
    found = _guardian_or_404(family, guardian_id)
    form = DayForm(request.POST or None, initial={"day": paris_day(utc_now())})
    form.fields["day"].label = _("A quitté le foyer le")

    def act(who):
        return services.remove_guardian(
            guardian_id=found.pk,
            left_on=form.cleaned_data["day"],
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=_("%(name)s quitte le foyer") % {"name": found},
        done=_("C’est enregistré."),
        button=_("Retirer du foyer"),
        kind="stop",
        warning=_("Son accès en ligne à ce dossier se ferme aussitôt. Son passé reste au dossier."),
    )


@agent_required(Permission.CHANGE_FAMILIES)
@require_POST
def payer(request: HttpRequest, code: str, guardian_id: int) -> HttpResponse:
    family = get_family_or_404(request, code)
    found = _guardian_or_404(family, guardian_id)
    try:
        services.set_payer(
            family_id=family.pk, guardian_id=found.pk, now=utc_now(), actor=request.actor
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("Les prochaines factures sont adressées à %(name)s.") % {"name": found}
        )
    return redirect("townhall:family", code=family.code)


# --- Children --------------------------------------------------------------------------------


@agent_required(Permission.CHANGE_FAMILIES)
def child_new(request: HttpRequest, code: str) -> HttpResponse:
    family = get_family_or_404(request, code)
    form = NewChildForm(
        request.POST or None,
        initial={"starts_on": paris_day(utc_now()), "last_name": family.name.split(" – ")[0]},
    )

    def act(who):
        return services.add_child(
            child=form.child(),
            starts_on=form.cleaned_data["starts_on"],
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=_("Ajouter un enfant"),
        done=_("Enfant ajouté."),
        button=_("Ajouter cet enfant"),
        pairs=CHILD_PAIRS,
        lead=_(
            "Un enfant déjà connu dans un autre foyer se rattache depuis sa fiche, "
            "«\u00a0Garde\u00a0»."
        ),
    )


@agent_required(Permission.CHANGE_FAMILIES)
def child(request: HttpRequest, code: str, child_id: int) -> HttpResponse:
    family = get_family_or_404(request, code)
    found = _child_or_404(family, child_id)
    initial = {name: getattr(found, name) for name in ChildForm.base_fields}
    consent = initial["photo_consent"]
    initial["photo_consent"] = "" if consent is None else str(int(consent))
    needs_both = bool(both_must_sign([found.pk], paris_day(utc_now())))
    form = KnownChildForm(request.POST or None, initial=initial, needs_both=needs_both)

    def act(who):
        return services.change_child(
            child_id=found.pk,
            changes=dict(form.cleaned_data),
            both_agreed=form.cleaned_data.get("both_agreed", False),
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=str(found),
        done=_("C’est enregistré."),
        button=_("Enregistrer"),
        pairs=CHILD_PAIRS,
        lead=_("L’autre foyer de cet enfant, s’il existe, voit les mêmes nom, naissance et repas."),
    )


@agent_required(Permission.CHANGE_FAMILIES)
def custody_end(request: HttpRequest, code: str, child_id: int) -> HttpResponse:
    family = get_family_or_404(request, code)
    found = _child_or_404(family, child_id)
    form = DayForm(request.POST or None, initial={"day": paris_day(utc_now()) - timedelta(days=1)})
    form.fields["day"].label = _("Dernier jour dans ce foyer")

    def act(who):
        return services.end_custody(
            child_id=found.pk,
            ends_on=form.cleaned_data["day"],
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=_("%(name)s ne vit plus dans ce foyer") % {"name": found.first_name},
        done=_("C’est enregistré."),
        button=_("Enregistrer"),
        kind="stop",
        warning=_(
            "Ce foyer ne voit plus cet enfant après ce jour. Ses inscriptions en cours sont "
            "à terminer à part."
        ),
    )


@agent_required(Permission.CHANGE_FAMILIES)
def child_attach(request: HttpRequest, code: str) -> HttpResponse:
    """A child of another household comes to live here too (separated parents)."""
    family = get_family_or_404(request, code)
    today = paris_day(utc_now())
    wanted = request.POST.get("child_id") or request.GET.get("enfant") or ""
    found = visible_child(request.user, int(wanted), today) if wanted.isdecimal() else None
    if found is None:
        return _choose_child(request, family, today)
    form = AttachChildForm(request.POST or None, initial={"child_id": found.pk, "starts_on": today})

    def act(who):
        data = form.cleaned_data
        return services.set_custody(
            child_id=found.pk,
            weeks=data["weeks"],
            starts_on=data["starts_on"],
            **who,
        )

    return form_page(
        request,
        family=family,
        form=form,
        act=act,
        title=_("%(name)s vit aussi dans ce foyer") % {"name": found},
        done=_("Enfant rattaché."),
        button=_("Rattacher cet enfant"),
        lead=_(
            "Aucun des deux foyers ne voit l’adresse, le téléphone, le quotient ni les "
            "factures de l’autre."
        ),
    )


def _choose_child(request, family, today):
    text = request.GET.get("q", "").strip()[:100]
    rows = find_children(request.user, text, today) if text else []
    return render(
        request,
        "townhall/families/attach.html",
        {"family": family, "rows": rows, "q": text, "section": "townhall:families"},
    )
