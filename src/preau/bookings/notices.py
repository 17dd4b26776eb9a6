"""What the places write to families, by e-mail, in the transaction of the act."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings

from preau.bookings.enums import Outcome
from preau.bookings.household import addresses_of, child_names
from preau.bookings.models import Booking, Slot, Submission
from preau.bookings.rules import queue_words
from preau.kernel import french
from preau.messaging.services import post_email

SPACE = f"{settings.BASE_URL}/espace/reservations/"

_TITLES = (
    (Outcome.CONFIRMED, "Réservé"),
    (Outcome.WAITING, "En liste d’attente"),
    (Outcome.CANCELLED, "Retiré, sans frais"),
    (Outcome.CHARGED, "Retiré, mais dû"),
    (Outcome.LEFT_QUEUE, "Retiré de la liste d’attente"),
    (Outcome.ALREADY, "Déjà fait"),
    (Outcome.TOO_LATE, "Délai passé"),
    (Outcome.NOT_OPEN, "Réservations pas ouvertes"),
    (Outcome.FULL, "Complet"),
    (Outcome.REFUSED, "Refusé"),
)


def tell_receipt(submission: Submission, *, now: datetime) -> None:
    """The receipt of a sending, day by day, to each adult of the household."""
    groups: dict[str, list[str]] = defaultdict(list)
    for line in submission.receipt:
        groups[line["outcome"]].append(f"  - {_words(line)}")
    parts = [
        f"{title} :\n" + "\n".join(groups[outcome])
        for outcome, title in _TITLES
        if groups.get(outcome)
    ]
    body = (
        "Bonjour,\n\n"
        f"Nous avons bien reçu votre planning le {french.instant(now)}.\n"
        f"Référence : {submission.reference}\n\n" + "\n\n".join(parts) + "\n\n"
        f"Vos réservations : {SPACE}\n"
    )
    _write(
        submission.family_id,
        f"Vos réservations, {submission.reference}",
        body,
        now,
        key=f"planning-{submission.key}",
    )


def tell_undone(submission: Submission, *, words: str, now: datetime) -> None:
    """An agent took a sending back: what became of its days, to each adult of the household."""
    body = (
        f"Bonjour,\n\nÀ votre demande ou pour corriger une erreur, la ville a défait l’envoi "
        f"{submission.reference}.\n{words[:1].upper()}{words[1:]} Cela ne vous coûte rien.\n\n"
        f"Vos réservations : {SPACE}\n"
    )
    _write(submission.family_id, f"Envoi {submission.reference} défait", body, now)


def _words(line: dict[str, object]) -> str:
    words = (
        f"{line['name']}, {french.day(date.fromisoformat(str(line['day'])))} : {line['activity']}"
    )
    if line["product"] and line["product"] != line["activity"]:
        words += f" ({str(line['product']).lower()})"
    if line["rank"]:
        group = str(line.get("group", ""))
        words += f", {queue_words(int(str(line['rank'])), group, 'de la liste')}"
    if line["surcharge"]:
        words += f", majoration de {french.euros(int(str(line['surcharge'])))}"
    if line["sentence"]:
        words += f". {line['sentence']}"
    return words


def tell_offers(bookings: Iterable[Booking], *, now: datetime) -> None:
    """«Une place se libère»: to the household first in the queue; and a job for its time limit."""
    found = list(bookings)
    if not found:
        return
    from preau.bookings.tasks import expire_offers_of

    names = child_names({b.child_id for b in found})
    slots = slot_titles({b.slot_id for b in found})
    for booking in found:
        title, day = slots[booking.slot_id]
        limit = booking.offer_expires_at
        assert limit is not None
        body = (
            "Bonjour,\n\n"
            f"Une place se libère pour {names[booking.child_id]}, {french.day(day)} : {title}.\n"
            f"Elle vous est gardée jusqu’au {french.instant(limit)}.\n"
            "Sans réponse d’ici là, elle sera proposée à la famille suivante ; "
            "cela ne vous coûte rien.\n\n"
            f"Accepter ou refuser : {SPACE}\n"
        )
        _write(
            booking.family_id,
            f"Une place se libère : {title}, {french.day(day)}",
            body,
            now,
            key=f"offer-{booking.pk}-{int(limit.timestamp())}",
        )
        expire_offers_of.configure(schedule_at=limit).defer(slot_id=booking.slot_id)


def tell_cancelled_by_town(bookings: Iterable[Booking], *, reason: str, now: datetime) -> None:
    """The town cancels days: one e-mail a household, nothing due."""
    by_family: dict[int, list[Booking]] = defaultdict(list)
    for booking in bookings:
        by_family[booking.family_id].append(booking)
    names = child_names({b.child_id for found in by_family.values() for b in found})
    slots = slot_titles({b.slot_id for found in by_family.values() for b in found})
    for family_id, found in by_family.items():
        lines = "\n".join(
            f"  - {names[b.child_id]}, {french.day(slots[b.slot_id][1])} : {slots[b.slot_id][0]}"
            for b in found
        )
        body = (
            f"Bonjour,\n\nLa ville annule ces séances. Motif : {reason}.\n{lines}\n\n"
            f"Ces jours ne vous seront pas facturés.\n\nVos réservations : {SPACE}\n"
        )
        _write(family_id, "Séance annulée par la ville", body, now)


def slot_titles(slot_ids: Iterable[int]) -> dict[int, tuple[str, date]]:
    """For each slot, the name of its activity and its day."""
    return {
        pk: (name, day)
        for pk, name, day in Slot.objects.filter(pk__in=list(slot_ids)).values_list(
            "pk", "offering__activity__name", "day"
        )
    }


def _write(
    family_id: int, subject: str, body: str, now: datetime, *, key: str | None = None
) -> None:
    for rank, address in enumerate(addresses_of(family_id)):
        post_email(
            to=address,
            subject=subject,
            body=body,
            now=now,
            family_id=family_id,
            key=f"{key}-{rank}" if key else None,
        )
