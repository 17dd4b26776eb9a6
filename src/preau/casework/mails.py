"""What the family receives about a request, in plain words; queued with what it tells."""

from datetime import datetime
from typing import Any

from preau.casework.addresses import agreements_address, request_address
from preau.casework.kinds import get_kind
from preau.casework.models import Request, RequestStatus
from preau.casework.queries.requests import acknowledgement
from preau.kernel import french
from preau.kernel.clock import paris_day
from preau.messaging import services as messaging
from preau.town import queries as town_queries

OTHER_PARENT = (
    "Un désaccord ou une décision de justice est enregistré pour cet enfant : l’accord de l’autre "
    "parent est nécessaire. Nous le lui demandons ; il ne voit ni vos coordonnées, ni vos raisons, "
    "ni vos pièces."
)


def acknowledge(request: Request, *, now: datetime, waits_for_parent: bool = False) -> None:
    """The acknowledgement: reference, date, service, phone, what follows, what silence is worth.

    A request applied at once is told so in the same message.
    """
    ack = acknowledgement(request)
    lines = [
        f"Nous avons bien reçu votre demande le {ack.received}.",
        "",
        f"Référence : {ack.reference}",
        f"Objet : {ack.title}" + (f", {ack.summary}" if ack.summary != ack.title else ""),
    ]
    if request.status == RequestStatus.APPROVED:
        lines += ["", "Elle est acceptée : votre dossier est à jour."]
        if told := request.result.get("told"):
            lines.append(told)
    else:
        lines += ["", ack.next_step, f"Réponse prévue au plus tard le {ack.due}."]
        if ack.silence:
            lines += ["", ack.silence]
    if waits_for_parent:
        lines += ["", OTHER_PARENT]
    if more := get_kind(request.kind).receipt(request):
        lines += ["", *more]
    lines += ["", *_contact(request)]
    _send(request, "received", f"Demande {ack.reference} reçue", lines, now=now)


def decided(request: Request, *, now: datetime) -> None:
    """The decision; a refusal carries its reason and the ways to contest it."""
    kind = get_kind(request.kind)
    approved = request.status == RequestStatus.APPROVED
    if approved and kind.needs_answer:
        subject, lines = f"Réponse à votre demande {request.reference}", []
    elif approved:
        subject = f"Demande {request.reference} acceptée"
        lines = [f"Votre demande est acceptée : {kind.title.lower()}, {request.summary}."]
        if told := request.result.get("told"):
            lines += ["", told]
    else:
        subject = f"Demande {request.reference} refusée"
        what = f"{kind.title.lower()}, {request.summary}"
        lines = [
            f"Nous ne pouvons pas accepter votre demande : {what}.",
            "",
            "Pourquoi :",
        ]
    if request.decision_message:
        lines += [*([""] if lines and approved else []), request.decision_message]
    if not approved and kind.is_decision:
        lines += ["", "Pour contester cette décision :", town_queries.get_town().appeal_text]
    lines += ["", *_contact(request)]
    _send(request, f"decided-{request.version}", subject, lines, now=now)


def piece_asked(request: Request, message: str, *, now: datetime) -> None:
    """What is missing, and where to give it."""
    lines = [
        f"Il manque quelque chose à votre demande {request.reference} ({request.summary}) :",
        "",
        message,
        "",
        f"Ajoutez la pièce ou répondez ici : {_address(request)}"
        if request.family_id
        else "Répondez à ce service par e-mail, au guichet ou par téléphone.",
        "Votre demande reste enregistrée ; elle repart dès votre réponse.",
        "",
        *_contact(request),
    ]
    _send(
        request,
        f"piece-{request.version}",
        f"Demande {request.reference} : une pièce manque",
        lines,
        now=now,
    )


def message_sent(request: Request, message: str, *, now: datetime) -> None:
    """A message from the service about a request."""
    lines = [message, "", *_contact(request)]
    _send(request, None, f"Votre demande {request.reference}", lines, now=now)


def ask_other_parent(request: Request, guardian: Any, *, now: datetime) -> None:
    """To the parent who did not ask: what is asked for the child, and where to answer."""
    child = request.child
    assert child is not None
    kind = get_kind(request.kind)
    town = town_queries.get_town()
    lines = [
        f"Bonjour {guardian},",
        "",
        f"Une demande a été faite pour {child.first_name} : {str(kind.title).lower()}, "
        f"{request.summary}.",
        "",
        "Un désaccord ou une décision de justice est enregistré pour cet enfant : cet acte a "
        "besoin de l’accord de ses deux parents. La mairie n’en décide pas sans le vôtre.",
        "",
        f"Répondre : {agreements_address()}"
        if guardian.user_id
        else "Répondez à la mairie, par écrit ou au guichet.",
        f"Téléphone : {french.telephone(town.phone)}" if town.phone else "",
        "",
        f"{town.name}, {town.subtitle}",
    ]
    messaging.queue_email(
        to=guardian.email,
        subject=f"Votre accord est demandé pour {child.first_name}",
        body="\n".join(lines),
        now=now,
        family_id=guardian.family_id,
        key=f"request-{request.pk}-sign-{guardian.pk}-{paris_day(now):%Y%m%d}",
    )


def other_parent_answered(request: Request, *, agrees: bool, now: datetime) -> None:
    """To who asked: the other parent's answer, without its words."""
    lines = [
        f"L’autre parent a donné son accord à votre demande {request.reference} "
        f"({request.summary}). La mairie peut maintenant la traiter."
        if agrees
        else f"L’autre parent s’oppose à votre demande {request.reference} ({request.summary}). "
        "La mairie ne peut pas trancher entre deux parents : le juge aux affaires familiales le "
        "peut.",
        "",
        *_contact(request),
    ]
    _send(request, None, f"Demande {request.reference} : réponse de l’autre parent", lines, now=now)


def undone(request: Request, *, now: datetime) -> None:
    """A decision taken back: never leave a family with a mail that is no longer true."""
    lines = [
        f"La décision que nous venons de vous envoyer pour la demande {request.reference} "
        f"({request.summary}) est annulée.",
        "Votre demande est de nouveau à traiter ; rien n’a changé dans votre dossier.",
        "Nous vous répondrons bientôt.",
        "",
        *_contact(request),
    ]
    _send(
        request,
        f"undone-{request.version}",
        f"Demande {request.reference} : décision annulée",
        lines,
        now=now,
    )


def _send(
    request: Request, step: str | None, subject: str, lines: list[str], *, now: datetime
) -> None:
    if not request.applicant_email:
        return
    town = town_queries.get_town()
    body = "\n".join(["Bonjour,", "", *lines, "", f"{town.name}, {town.subtitle}"])
    messaging.queue_email(
        to=request.applicant_email,
        subject=subject,
        body=body,
        now=now,
        family_id=request.family_id,
        key=f"request-{request.pk}-{step}" if step else None,
    )


def _contact(request: Request) -> list[str]:
    ack = acknowledgement(request)
    line = f"Service chargé de votre demande : {ack.service_name}"
    if ack.service_phone:
        line += f", {ack.service_phone}"
    lines = [line]
    if request.family_id:
        lines.append(f"Suivre votre demande : {_address(request)}")
    return lines


def _address(request: Request) -> str:
    return request_address(request.reference)
