"""The other parent's agreement to an act that needs both: asked, given or refused."""

from datetime import datetime

from django.db import transaction

from preau.audit import services as audit
from preau.casework import mails
from preau.casework.errors import MessageNeeded, NotYoursToSign, OtherParentMustAgree
from preau.casework.models import Request, RequestEvent, Signature
from preau.casework.queries.signing import names_of, signers_of
from preau.casework.services._common import check_open, journal, lock_request, tell
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day


@transaction.atomic
def sign_request(
    *,
    request_id: int,
    guardian_id: int | None,
    agrees: bool,
    note: str = "",
    now: datetime,
    actor: Actor,
) -> Request:
    """Keep a parent's answer; the last one counts while the request is open.

    `guardian_id` None: the parent is in none of our files. An agent says how the agreement came
    («courrier du 3 mars»): MessageNeeded otherwise. Raises NotYoursToSign, AlreadyDecided.
    """
    request = lock_request(request_id)
    check_open(request)
    signer = next(
        (
            one
            for one in signers_of(request, paris_day(now))
            if (one.guardian.pk if one.guardian else None) == guardian_id
        ),
        None,
    )
    if signer is None:
        raise NotYoursToSign
    note = " ".join(note.split())[:300]
    if actor.is_agent and not note:
        raise MessageNeeded("Dites comment l’autre parent a répondu : « courrier du 3 mars ».")
    Signature.objects.update_or_create(
        request=request,
        guardian_id=guardian_id,
        defaults={
            "name": signer.name[:160],
            "agrees": agrees,
            "note": note,
            "at": now,
            "by_label": actor.label,
            "channel": actor.channel,
        },
    )
    kind = RequestEvent.Kind.SIGNED if agrees else RequestEvent.Kind.OBJECTED
    tell(request, kind, now=now, actor=actor)
    said = "accord" if agrees else "opposition"
    journal(
        request,
        "sign",
        f"Demande {request.reference} : {said} de {signer.name}",
        now=now,
        actor=actor,
    )
    if signer.guardian is not None and signer.guardian.family_id != request.family_id:
        # Its own file tells what it answered, and nothing of who asked.
        audit.record(
            actor=actor,
            now=now,
            action="casework.sign",
            summary=f"A donné son {said} : {request.summary}"
            if agrees
            else f"S’est opposé à une demande : {request.summary}",
            family_id=signer.guardian.family_id,
            object_type="casework.request",
            object_id=request.pk,
        )
    mails.other_parent_answered(request, agrees=agrees, now=now)
    return request


@transaction.atomic
def ask_signatures(*, request_id: int, now: datetime, actor: Actor) -> int:
    """Write to each parent who has not answered and has an address; how many. Once a day each."""
    request = lock_request(request_id)
    check_open(request)
    return ask_signers(request, now=now)


def ask_signers(request: Request, *, now: datetime) -> int:
    """As `ask_signatures`, within the caller's transaction."""
    asked = 0
    for one in signers_of(request, paris_day(now)):
        if one.signature is None and one.guardian is not None and one.guardian.email:
            mails.ask_other_parent(request, one.guardian, now=now)
            asked += 1
    return asked


def check_signatures(request: Request, now: datetime) -> None:
    """Raises OtherParentMustAgree while a parent whose agreement is needed has not given it."""
    signers = signers_of(request, paris_day(now))
    objecting = [one for one in signers if one.objects]
    silent = [one for one in signers if one.signature is None]
    if objecting or silent:
        raise OtherParentMustAgree(
            french.and_join(names_of(objecting or silent)), objects=bool(objecting)
        )
