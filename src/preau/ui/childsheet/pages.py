"""The child's sheet on one page, the same for its home and for an agent who types for it.

An agent sees what is health only when it asks for it, with the right, and the reading is kept.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from preau.accounts.enums import Permission
from preau.childsheet import queries, services
from preau.childsheet.enums import Action, CollectorKind, ConsentKind
from preau.childsheet.health import Health
from preau.families.enums import Diet
from preau.families.queries import children_of, parenting_in_force
from preau.families.services import change_diet
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.ui.childsheet.forms import (
    AloneForm,
    CollectorForm,
    ConsentsForm,
    HealthForm,
    PaiForm,
    PhotoForm,
    alone_initial,
    initial_health,
    phone_rows,
)
from preau.ui.days.desk import Desk
from preau.ui.files import sealed_response
from preau.ui.refusals import add_refusal

HEALTH_ACTS = {"health", "pai", "pai-end", "checked"}


def child_or_404(desk: Desk, child_id: int) -> Any:
    """A child of the household, with its colour. Raises Http404."""
    for child in children_of(desk.family, paris_day(utc_now())):
        if child.pk == child_id:
            return child
    raise Http404


def may_see_health(desk: Desk) -> bool:
    return not desk.is_agent or Permission.SEE_HEALTH in desk.request.permissions


def may_change(desk: Desk) -> bool:
    return not desk.is_agent or Permission.CHANGE_FAMILIES in desk.request.permissions


def sheet_page(desk: Desk, child_id: int) -> HttpResponse:
    """Show the sheet, or take one of its parts."""
    child = child_or_404(desk, child_id)
    request = desk.request
    now = utc_now()
    act = request.POST.get("act", "") if request.method == "POST" else ""
    failed: tuple[str, forms.Form | None, str] | None = None
    opened: Health | None = None if desk.is_agent else queries.own_health(child.pk)
    if act == "read":
        if not may_see_health(desk):
            raise Http404
        opened = services.read_health(
            child_id=child.pk, action=Action.READ, now=now, actor=desk.actor
        )
    elif act:
        if (act in HEALTH_ACTS and not may_see_health(desk)) or not (
            may_change(desk) or (act in HEALTH_ACTS and desk.is_agent)
        ):
            raise Http404
        failed = _take(desk, child, act)
        if failed is None:
            return redirect(f"{desk.url('child-sheet', child_id=child.pk)}#{act.split('-')[0]}")
        if act in HEALTH_ACTS and desk.is_agent:
            opened = services.read_health(
                child_id=child.pk, action=Action.READ, now=now, actor=desk.actor
            )
    return render(
        request,
        desk.template("sheet"),
        _context(desk, child, opened, failed),
        status=422 if failed else 200,
    )


def _context(
    desk: Desk, child: Any, opened: Health | None, failed: tuple[str, Any, str] | None
) -> dict[str, Any]:
    today = paris_day(utc_now())
    sheet = queries.get_sheet(child.pk)
    consents = queries.current_consents(child.pk)
    plan = queries.get_pai(child.pk)
    act, bad, error = failed or ("", None, "")
    made: dict[str, forms.Form] = {
        "collector": CollectorForm(prefix="c"),
        "alone": AloneForm(prefix="a", initial=alone_initial(sheet)),
        "consents": ConsentsForm(
            prefix="o", initial={k: str(int(c.is_given)) for k, c in consents.items()}
        ),
        "photo": PhotoForm(prefix="p"),
    }
    if opened is not None:
        made["health"] = HealthForm(prefix="h", child=child, initial=initial_health(opened))
        made["pai"] = PaiForm(prefix="i")
    if bad is not None:
        made[act] = bad
    required, missing = queries.vaccine_state(child, opened) if opened else ([], [])
    kept = list(queries.phones_of(child.pk, desk.family.pk))
    posted = desk.request.POST if act == "phones" else None
    awaiting_consents, awaiting_people = queries.awaiting_other_parent([child.pk])
    me = desk.actor.user_id
    return desk.context(
        child=child,
        sheet=sheet,
        forms=made,
        form=bad,
        error=error,
        act=act,
        opened=opened,
        sees_health=may_see_health(desk),
        may_change=may_change(desk),
        collectors=[_person(desk, row) for row in queries.collectors_of(child.pk)],
        phones=list(enumerate(phone_rows(posted, kept))),
        consents=[
            (kind.label, consents.get(kind.value), made["consents"][kind.value])
            for kind in ConsentKind
        ],
        history=list(queries.consent_history(child.pk)[:12]),
        plan=plan,
        plan_late=bool(plan and plan.review_on < today),
        measures=queries.measures_of(plan) if plan and opened is not None else "",
        vaccines_required=required,
        vaccines_missing=missing,
        both=queries.needs_both(child.pk, today),
        decisions=parenting_in_force([child.pk], today).get(child.pk, []) if desk.is_agent else [],
        to_sign=[
            ("consent", c.pk, f"{_('autorisation')} : {ConsentKind(c.kind).label}", c.signed_by)
            for c in awaiting_consents
            if not desk.is_agent and c.signed_by_id != me
        ]
        + [
            ("collector", c.pk, _("%s pourra venir le chercher") % c.name, c.added_by)
            for c in awaiting_people
            if not desk.is_agent and c.added_by_id != me
        ],
        diets=Diet.choices,
        today=today,
    )


def _person(desk: Desk, row: Any) -> dict[str, Any]:
    """A person of the list; the phone and the way to take it off, for who named it."""
    mine = desk.is_agent or row.family_id == desk.family.pk
    return {
        "pk": row.pk,
        "name": row.name,
        "relationship": row.relationship,
        "phone": row.phone if mine else "",
        "forbidden": row.kind == CollectorKind.FORBIDDEN,
        "waits": row.confirmed_at is None,
        "removable": mine and (desk.is_agent or row.kind == CollectorKind.ALLOWED),
        "judgment": row.judgment_id if mine else None,
    }


def _take(desk: Desk, child: Any, act: str) -> tuple[str, forms.Form | None, str] | None:
    """Do one part; what failed otherwise: the part, its form, a sentence."""
    parts: dict[str, Callable[[Desk, Any, dict[str, Any]], tuple[forms.Form | None, str]]] = {
        "collector": _take_collector,
        "collector-remove": _take_removal,
        "phones": _take_phones,
        "alone": _take_alone,
        "consents": _take_consents,
        "sign": _take_signature,
        "diet": _take_diet,
        "health": _take_health,
        "pai": _take_pai,
        "pai-end": _take_pai_end,
        "checked": _take_checked,
        "photo": _take_photo,
        "confirm": _take_confirm,
    }
    if act not in parts:
        raise Http404
    who = {
        "child_id": child.pk,
        "family_id": desk.family.pk,
        "now": utc_now(),
        "actor": desk.actor,
    }
    form, error = parts[act](desk, child, who)
    if form is None and not error:
        if act not in ("confirm",):
            messages.success(desk.request, _("C’est enregistré."))
        return None
    return act, form, error


def _run(form: forms.Form, do: Callable[[], Any]) -> tuple[forms.Form | None, str]:
    """Call the service with a valid form; its refusal goes into the form."""
    if not form.is_valid():
        return form, ""
    try:
        do()
    except Refusal as refusal:
        add_refusal(form, refusal)
        return form, ""
    return None, ""


def _plain(do: Callable[[], Any]) -> tuple[None, str]:
    try:
        do()
    except Refusal as refusal:
        return None, str(refusal)
    return None, ""


def _take_collector(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[Any, str]:
    form = CollectorForm(desk.request.POST, desk.request.FILES, prefix="c")

    def do() -> None:
        data = form.cleaned_data
        services.add_collector(
            kind=data["kind"],
            name=data["name"],
            relationship=data["relationship"],
            phone=data["phone"],
            judgment=data["judgment"],
            both_signed=_both_signed(desk),
            **who,
        )

    return _run(form, do)


def _both_signed(desk: Desk) -> bool:
    """What an agent ticks: the two signatures were seen."""
    return desk.is_agent and desk.request.POST.get("both_signed") == "1"


def _take_removal(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[None, str]:
    pk = desk.request.POST.get("person", "")
    if not is_number(pk):
        raise Http404
    if desk.is_agent:
        who = who | {"family_id": None}
    return _plain(lambda: services.remove_collector(collector_id=int(pk), **who))


def _take_phones(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[None, str]:
    return _plain(lambda: services.set_phones(phones=phone_rows(desk.request.POST, []), **who))


def _take_alone(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[Any, str]:
    form = AloneForm(desk.request.POST, prefix="a")
    return _run(
        form,
        lambda: services.set_leave_alone(
            may=form.cleaned_data["may"] == "1",
            from_hour=form.cleaned_data["from_hour"],
            both_signed=_both_signed(desk),
            **who,
        ),
    )


def _take_consents(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[Any, str]:
    form = ConsentsForm(desk.request.POST, prefix="o")

    def do() -> None:
        for kind in ConsentKind.values:
            answer = form.cleaned_data.get(kind)
            if answer in ("0", "1"):
                services.sign_consent(
                    kind=kind, is_given=answer == "1", both_signed=_both_signed(desk), **who
                )

    return _run(form, do)


def _take_signature(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[None, str]:
    what, _sep, pk = desk.request.POST.get("sign", "").partition(":")
    if not is_number(pk):
        raise Http404
    return _plain(lambda: services.confirm_other_parent(what=what, pk=int(pk), **who))


def _take_diet(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[None, str]:
    diet = desk.request.POST.get("diet", "")
    if diet not in Diet.values:
        raise Http404
    return _plain(lambda: change_diet(diet=diet, **who))


def _take_health(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[Any, str]:
    form = HealthForm(desk.request.POST, desk.request.FILES, prefix="h", child=child)
    return _run(
        form,
        lambda: services.write_health(
            health=form.health(), vaccine_proof=form.cleaned_data["vaccine_proof"], **who
        ),
    )


def _take_pai(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[Any, str]:
    form = PaiForm(desk.request.POST, desk.request.FILES, prefix="i")
    return _run(
        form,
        lambda: services.record_pai(
            measures=form.cleaned_data["measures"],
            signed_on=form.cleaned_data["signed_on"],
            document=form.cleaned_data["document"],
            **who,
        ),
    )


def _take_pai_end(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[None, str]:
    if not desk.is_agent:
        raise Http404
    who = {name: value for name, value in who.items() if name != "family_id"}
    return _plain(lambda: services.end_pai(**who))


def _take_checked(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[None, str]:
    if not desk.is_agent:
        raise Http404
    who = {name: value for name, value in who.items() if name != "family_id"}
    vaccines = desk.request.POST.getlist("h-vaccines")
    return _plain(lambda: services.check_vaccines(vaccines=vaccines, **who))


def _take_photo(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[Any, str]:
    form = PhotoForm(desk.request.POST, desk.request.FILES, prefix="p")
    return _run(form, lambda: services.set_photo(photo=form.cleaned_data["photo"], **who))


def _take_confirm(desk: Desk, child: Any, who: dict[str, Any]) -> tuple[None, str]:
    if desk.is_agent:
        raise Http404
    found = _plain(lambda: services.confirm_sheet(**who))
    messages.success(
        desk.request, _("Merci : la fiche %s est à jour.") % french.of(child.first_name)
    )
    return found


def document_page(desk: Desk, child_id: int, file_id: UUID) -> HttpResponse:
    """A sealed paper of the child: for its home, or an agent with the right; journaled."""
    child = child_or_404(desk, child_id)
    if not may_see_health(desk):
        raise Http404
    if not desk.is_agent and not _is_own(desk, child, file_id):
        raise Http404
    try:
        name, kind, content = services.read_document(
            child_id=child.pk, file_id=file_id, now=utc_now(), actor=desk.actor
        )
    except Refusal as refusal:
        raise Http404 from refusal
    return sealed_response(name, kind, content)


def _is_own(desk: Desk, child: Any, file_id: UUID) -> bool:
    """A home reads the papers of the child's health, and only its own judgments."""
    theirs = {
        row.judgment_id
        for row in queries.collectors_of(child.pk)
        if row.family_id != desk.family.pk
    }
    return file_id not in theirs
