"""What families read of a mass act: one message a household, whatever the children and days."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.conf import settings

from preau.bookings.household import addresses_of, child_names
from preau.bookings.notices import slot_titles
from preau.bookings.queries import get_bookings, ranks_of
from preau.bookings.rules import queue_words
from preau.journeys.models import MassAct
from preau.kernel import french
from preau.messaging.services import queue_email

Fate = MassAct.Fate
SPACE = f"{settings.BASE_URL}/espace/reservations/"


def tell_taken(act: MassAct, *, now: datetime) -> int:
    """Each household reads its days, and what the rules say of each. Returns how many."""
    title = act.get_kind_display().capitalize()
    by_family = _lines(act, lambda booking: booking.decision_sentence)
    for family_id, lines in by_family.items():
        body = (
            f"Bonjour,\n\n{title} : {act.reason}.\nCes réservations sont retirées :\n"
            + "\n".join(lines)
            + f"\n\nVous n’avez rien à faire.\n\nVos réservations : {SPACE}\n"
        )
        subject = f"{title}, {french.period(act.starts_on, act.ends_on)}"
        _write(family_id, subject, body, key=f"mass-act-{act.pk}-{family_id}", now=now)
    return len(by_family)


def tell_back(act: MassAct, *, now: datetime) -> None:
    """Each household reads what it has again, what it waits for now, and what it has not."""
    waiting = [int(pk) for pk, said in act.became.items() if said in (Fate.WAITS, Fate.QUEUED)]
    ranks = ranks_of(waiting)

    def words(booking: Any) -> str:
        fate, _sep, why = act.became.get(str(booking.pk), "").partition(":")
        if fate == Fate.BACK:
            return "de nouveau réservé."
        if not fate or fate == Fate.MISSED:
            return f"{why or 'la place n’a pas pu vous être rendue'} ; appelez le service."
        # A place may have been offered in the meantime: another message says so.
        rank = (
            queue_words(*ranks[booking.pk], "de la liste d’attente") if booking.pk in ranks else ""
        )
        if fate == Fate.QUEUED:
            return "la place a été donnée depuis" + (f", vous êtes {rank}." if rank else ".")
        return f"de nouveau en attente{f', {rank}' if rank else ''}."

    by_family = _lines(act, words)
    for family_id, lines in by_family.items():
        body = (
            f"Bonjour,\n\nNous revenons sur notre message ({act.get_kind_display()}, "
            f"{french.period(act.starts_on, act.ends_on)}). Motif : {act.undo_reason}.\n"
            + "\n".join(lines)
            + f"\n\nUn jour ne vous convient plus ? Retirez-le : {SPACE}\n"
        )
        title = "Finalement ouvert" if act.slots else "Nous revenons sur une absence"
        subject = f"{title}, {french.period(act.starts_on, act.ends_on)}"
        _write(family_id, subject, body, key=f"mass-act-back-{act.pk}-{family_id}", now=now)


def _lines(act: MassAct, words: Any) -> dict[int, list[str]]:
    """By household, a line for each booking of the act: child, day, activity, what becomes."""
    bookings = get_bookings(int(pk) for pk in act.held)
    names = child_names({b.child_id for b in bookings})
    slots = slot_titles({b.slot_id for b in bookings})
    found: dict[int, list[str]] = defaultdict(list)
    for booking in sorted(bookings, key=lambda b: (slots[b.slot_id][1], b.child_id, b.slot_id)):
        activity, day = slots[booking.slot_id]
        found[booking.family_id].append(
            f"  - {names[booking.child_id]}, {french.day(day)}, {activity} : {words(booking)}"
        )
    return dict(found)


def _write(family_id: int, subject: str, body: str, *, key: str, now: datetime) -> None:
    for rank, address in enumerate(addresses_of(family_id)):
        queue_email(
            to=address,
            subject=subject,
            body=body,
            now=now,
            family_id=family_id,
            key=f"{key}-{rank}",
        )
