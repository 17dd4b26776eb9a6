"""The children's sheets printed for a site: what it needs, no more; health leaves a line each."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from preau.accounts.enums import Permission
from preau.accounts.queries import may
from preau.attendance.queries import sheet
from preau.childsheet.enums import Action
from preau.childsheet.health import SitePerson, SiteSheet
from preau.childsheet.queries import site_sheets
from preau.childsheet.services import read_health_for_site, read_measures
from preau.documents.render import render_pdf
from preau.families.enums import Diet
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.townhall.access import agent_required
from preau.townhall.sites.scope import get_slot_or_404

MOST = 300


@agent_required(Permission.SEE_REGISTER)
@require_GET
def group(request: HttpRequest, slot_id: int) -> HttpResponse:
    """One PDF for the children expected at a slot. With `sante=1` and the right, health too."""
    slot = get_slot_or_404(request, slot_id)
    rows = sheet(slot.pk, slot.day).rows[:MOST]
    return _pdf(request, slot, [(row.child, row.school_class) for row in rows], compact=True)


@agent_required(Permission.SEE_REGISTER)
@require_GET
def child(request: HttpRequest, slot_id: int, child_id: int) -> HttpResponse:
    """One child's sheet, A4."""
    slot = get_slot_or_404(request, slot_id)
    rows = [r for r in sheet(slot.pk, slot.day).rows if r.child.pk == child_id]
    if not rows:
        raise Http404
    return _pdf(request, slot, [(row.child, row.school_class) for row in rows], compact=False)


def _pdf(request: HttpRequest, slot: Any, found: list[Any], *, compact: bool) -> HttpResponse:
    now = utc_now()
    ids = [kid.pk for kid, _place in found]
    health, measures = None, None
    if request.GET.get("sante") == "1":
        site = slot.offering.establishment_id
        if not may(request.user, Permission.SEE_HEALTH, paris_day(now), site):
            raise Http404
        health = read_health_for_site(
            child_ids=ids, action=Action.PRINTED, now=now, actor=request.actor
        )
        measures = read_measures(child_ids=ids)
    sheets = site_sheets([kid for kid, _p in found], slot.day, health=health, measures=measures)
    title = f"{slot.offering.activity.name}, {slot.offering.establishment.name}"
    pdf = render_pdf(
        "childsheets",
        {
            "title": title,
            "subtitle": f"{french.day(slot.day, year=True)}, {french.count(len(ids), 'enfant')}",
            "notice": _("Imprimé par %(who)s. À détruire après usage.")
            % {"who": request.actor.label},
            "compact": compact,
            "children": [_child(kid, place, sheets[kid.pk]) for kid, place in found],
        },
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="fiches.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


def _child(kid: Any, place: str, found: SiteSheet) -> dict[str, Any]:
    facts = []

    def add(label: str, words: str, alert: bool = False) -> None:
        if words:
            facts.append({"label": label, "words": words, "alert": alert})

    if kid.birth_on:
        add(_("Né(e) le"), french.day(kid.birth_on, year=True, weekday=False))
    if kid.diet != Diet.STANDARD:
        add(_("Repas"), str(Diet(kid.diet).label))
    if found.health is None:
        signs = [
            word
            for word, on in (
                (_("allergie"), found.signs.has_allergy),
                (_("PAI"), found.signs.has_pai),
            )
            if on
        ]
        if signs:
            add(_("À savoir"), _("%s : voir la fiche de santé") % french.and_join(signs), True)
    else:
        add(_("Allergies"), ", ".join(found.health.allergen_words), True)
        add(_("PAI"), found.pai_measures, True)
        add(_("Traitement"), found.health.treatment)
        add(_("À savoir"), found.health.advice)
        add(_("Médecin"), f"{found.health.doctor} {found.health.doctor_phone}".strip())
    add(_("Départ"), found.leave)
    answers = {True: _("oui"), False: _("non"), None: _("pas de réponse")}
    add(
        _("Autorisations"),
        ", ".join(f"{label} : {answers[given]}" for label, given in found.consents.items()),
    )
    return {
        "name": str(kid),
        "place": place,
        "facts": facts,
        "call": [_person(p) for p in found.to_call],
        "collect": [_person(p) for p in found.may_collect],
        "forbidden": [_person(p) for p in found.must_not_collect],
    }


def _person(person: SitePerson) -> dict[str, str]:
    return {
        "name": person.name,
        "relationship": person.relationship,
        "phone": french.telephone(person.phone),
        "note": person.note,
    }
