"""Who collects the child, whom to call, leaving alone, and what was consented to."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from django.core.files.base import File
from django.db import transaction

from preau.childsheet.enums import CollectorKind, ConsentKind
from preau.childsheet.errors import SheetRefused
from preau.childsheet.models import Collector, Consent, EmergencyPhone
from preau.childsheet.queries import needs_both
from preau.childsheet.services._common import child_name, journal, locked_sheet
from preau.childsheet.services.asking import ask_other_parent
from preau.documents.services import store_sealed
from preau.families.search import normalise_phone
from preau.families.services import note_sheet
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.text import proper_name

MAX_PEOPLE = 12
MAX_PHONES = 6


@transaction.atomic
def add_collector(
    *,
    child_id: int,
    family_id: int | None,
    kind: str,
    name: str,
    relationship: str = "",
    phone: str = "",
    judgment: File | None = None,
    both_signed: bool = False,
    now: datetime,
    actor: Actor,
) -> Collector:
    """Name a person who may collect the child, or must not. `family_id` None: an agent.

    Only an agent forbids, and a parent only with the judgment's copy. Where both parents must
    sign, an allowed person waits for the other one; from an agent, `both_signed` says that both
    did. Raises SheetRefused, UploadRefused.
    """
    kind = CollectorKind(kind)
    name = proper_name(name)[:120]
    if not any(c.isalpha() for c in name):
        raise SheetRefused("Indiquez le nom et le prénom de cette personne.")
    sheet = locked_sheet(child_id)
    here = Collector.objects.filter(child_id=child_id, removed_at__isnull=True)
    if here.count() >= MAX_PEOPLE:
        raise SheetRefused("Douze personnes au plus : retirez-en une d’abord.")
    if kind == CollectorKind.FORBIDDEN and judgment is None and not actor.is_agent:
        raise SheetRefused(
            "Pour interdire à quelqu’un de venir, joignez la décision de justice (photo ou PDF)."
        )
    if kind == CollectorKind.ALLOWED and not phone.strip():
        raise SheetRefused("Indiquez un téléphone où joindre cette personne.")
    seen = _seen(child_id, now, actor, both_signed) if kind == CollectorKind.ALLOWED else ""
    file = store_sealed(uploaded=judgment, actor=actor, now=now) if judgment else None
    waits = kind == CollectorKind.ALLOWED and _waits(child_id, now, actor)
    person = Collector.objects.create(
        child_id=sheet.child_id,
        family_id=family_id,
        kind=kind,
        name=name,
        relationship=" ".join(relationship.split())[:60],
        phone=normalise_phone(phone),
        judgment=file,
        added_at=now,
        added_by=actor.label,
        added_by_id=actor.user_id,
        confirmed_at=None if waits else now,
        confirmed_by="" if waits else actor.label,
    )
    journal(
        actor=actor,
        now=now,
        action="add_collector",
        said=f"{child_name(child_id)} : {person.name} {kind.label}{seen}",
        child_id=child_id,
        family_id=family_id,
    )
    if waits:
        ask_other_parent(
            child_id=child_id,
            what="qu’une personne de plus puisse venir le chercher",
            key=f"collector-{person.pk}",
            now=now,
            actor=actor,
        )
    return person


@transaction.atomic
def remove_collector(
    *, collector_id: int, child_id: int, family_id: int | None, now: datetime, actor: Actor
) -> None:
    """Take a person off. A home takes off its own; a forbidden one, an agent alone."""
    person = (
        Collector.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=collector_id, child_id=child_id, removed_at__isnull=True)
        .first()
    )
    if person is None:
        return
    if family_id is not None and person.family_id != family_id:
        raise SheetRefused("Cette personne a été indiquée par quelqu’un d’autre.")
    if family_id is not None and person.kind == CollectorKind.FORBIDDEN:
        raise SheetRefused("Une interdiction se lève au guichet, avec une pièce.")
    person.removed_at, person.removed_by = now, actor.label
    person.save(update_fields=["removed_at", "removed_by"])
    journal(
        actor=actor,
        now=now,
        action="remove_collector",
        said=f"{child_name(child_id)} : {person.name} retiré de la liste",
        child_id=child_id,
        family_id=family_id,
    )


@transaction.atomic
def set_phones(
    *,
    child_id: int,
    family_id: int,
    phones: Sequence[tuple[str, str, str]],
    now: datetime,
    actor: Actor,
) -> bool:
    """Whom to call, in this order: (name, relationship, phone). False when nothing differs."""
    clean = [
        (proper_name(name)[:120], " ".join(link.split())[:60], normalise_phone(phone))
        for name, link, phone in phones
        if name.strip() or phone.strip()
    ]
    if any(not name or len(phone) < 6 for name, _link, phone in clean):
        raise SheetRefused("Pour chaque personne, indiquez un nom et un numéro de téléphone.")
    if len(clean) > MAX_PHONES:
        raise SheetRefused("Six numéros au plus.")
    locked_sheet(child_id)
    here = EmergencyPhone.objects.filter(child_id=child_id, family_id=family_id)
    if list(here.order_by("rank").values_list("name", "relationship", "phone")) == clean:
        return False
    here.delete()
    EmergencyPhone.objects.bulk_create(
        EmergencyPhone(
            child_id=child_id,
            family_id=family_id,
            rank=rank,
            name=name,
            relationship=link,
            phone=phone,
        )
        for rank, (name, link, phone) in enumerate(clean, 1)
    )
    journal(
        actor=actor,
        now=now,
        action="phones",
        said=f"{child_name(child_id)} : numéros d’urgence mis à jour ({len(clean)})",
        child_id=child_id,
        family_id=family_id,
    )
    return True


@transaction.atomic
def set_leave_alone(
    *,
    child_id: int,
    family_id: int | None,
    may: bool | None,
    from_hour: time | None,
    both_signed: bool = False,
    now: datetime,
    actor: Actor,
) -> bool:
    """Whether the child may leave alone, and from which hour on. False when nothing differs.

    Where both parents must sign, an agent records it with both signatures, and says so
    (`both_signed`). Raises SheetRefused.
    """
    from_hour = from_hour if may else None
    sheet = locked_sheet(child_id)
    if (sheet.may_leave_alone, sheet.leave_alone_from) == (may, from_hour):
        return False
    if may and not actor.is_agent and needs_both(child_id, paris_day(now)):
        raise SheetRefused(
            "Un désaccord est enregistré : pour que votre enfant parte seul, les deux parents "
            "signent au guichet."
        )
    seen = _seen(child_id, now, actor, both_signed) if may else ""
    sheet.may_leave_alone, sheet.leave_alone_from = may, from_hour
    sheet.save(update_fields=["may_leave_alone", "leave_alone_from"])
    said = "peut partir seul" if may else "ne part pas seul"
    journal(
        actor=actor,
        now=now,
        action="leave_alone",
        said=f"{child_name(child_id)} {said}{seen}",
        child_id=child_id,
        family_id=family_id,
    )
    return True


@transaction.atomic
def sign_consent(
    *,
    child_id: int,
    family_id: int | None,
    kind: str,
    is_given: bool,
    both_signed: bool = False,
    now: datetime,
    actor: Actor,
) -> Consent | None:
    """Give or refuse. The same answer again changes nothing (None).

    Where both parents must sign, «yes» waits for the other parent, and an agent who types it says
    that both signed (`both_signed`; SheetRefused otherwise); «no» never waits.
    """
    kind = ConsentKind(kind)
    locked_sheet(child_id)
    current = Consent.objects.filter(child_id=child_id, kind=kind, ended_at__isnull=True).first()
    if current is not None and current.is_given == is_given:
        return None
    seen = _seen(child_id, now, actor, both_signed) if is_given else ""
    if current is not None:
        current.ended_at, current.ended_by = now, actor.label
        current.save(update_fields=["ended_at", "ended_by"])
    waits = is_given and _waits(child_id, now, actor)
    consent = Consent.objects.create(
        child_id=child_id,
        kind=kind,
        is_given=is_given,
        family_id=family_id,
        signed_at=now,
        signed_by=actor.label,
        signed_by_id=actor.user_id,
        confirmed_at=None if waits else now,
        confirmed_by="" if waits else actor.label,
    )
    if kind == ConsentKind.PHOTO and (not is_given or not waits):
        note_sheet(child_id=child_id, photo_consent=is_given)
    said = "accordée" if is_given else "refusée ou retirée"
    journal(
        actor=actor,
        now=now,
        action="consent",
        said=f"{child_name(child_id)} : autorisation « {kind.label} » {said}{seen}",
        child_id=child_id,
        family_id=family_id,
    )
    if waits:
        ask_other_parent(
            child_id=child_id,
            what=f"l’autorisation «\u00a0{kind.label}\u00a0»",
            key=f"consent-{consent.pk}",
            now=now,
            actor=actor,
        )
    return consent


@transaction.atomic
def confirm_other_parent(
    *, child_id: int, family_id: int, what: str, pk: int, now: datetime, actor: Actor
) -> None:
    """The other parent signs what waits for it: `what` is «consent» or «collector».

    Raises SheetRefused when the same person signed first.
    """
    model: Any = {"consent": Consent, "collector": Collector}.get(what)
    if model is None:
        raise SheetRefused
    row = (
        model.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=pk, child_id=child_id, confirmed_at__isnull=True)
        .first()
    )
    if row is None:
        raise SheetRefused("Il n’y a plus rien à signer.")
    first = row.signed_by_id if what == "consent" else row.added_by_id
    if first is None or first == actor.user_id:
        raise SheetRefused("C’est à l’autre parent de signer.")
    row.confirmed_at, row.confirmed_by = now, actor.label
    row.save(update_fields=["confirmed_at", "confirmed_by"])
    if what == "consent" and row.kind == ConsentKind.PHOTO:
        note_sheet(child_id=child_id, photo_consent=row.is_given)
    journal(
        actor=actor,
        now=now,
        action="confirm",
        said=f"{child_name(child_id)} : seconde signature donnée",
        child_id=child_id,
        family_id=family_id,
    )


def _waits(child_id: int, now: datetime, actor: Actor) -> bool:
    """An agent types what both signed; one parent alone waits where a disagreement is recorded."""
    return not actor.is_agent and needs_both(child_id, paris_day(now))


def _seen(child_id: int, now: datetime, actor: Actor, both_signed: bool) -> str:
    """What the journal adds of an agent's act for a child for whom both parents sign.

    Raises SheetRefused when the agent does not say that both did.
    """
    if not actor.is_agent or not needs_both(child_id, paris_day(now)):
        return ""
    if not both_signed:
        raise SheetRefused(
            "Un désaccord ou une décision est enregistré pour cet enfant : cochez que vous avez "
            "la signature des deux parents, ou laissez-les signer sur leur espace."
        )
    return " (signature des deux parents vue)"
