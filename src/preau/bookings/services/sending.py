"""Sending a planning: days added and taken back in one go, each with its own answer."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from preau.audit.services import record
from preau.bookings.doors import get_doors, opening_words
from preau.bookings.enums import HOLDING, LIVE, BookingStatus, Outcome, SlotStatus
from preau.bookings.errors import NeedsRecap, NotAllFree, NothingToSend
from preau.bookings.household import Household, get_household
from preau.bookings.models import Booking, PlanningDraft, Submission
from preau.bookings.notices import tell_offers, tell_receipt
from preau.bookings.pricing import FamilyRules
from preau.bookings.rules import overlaps, started
from preau.bookings.services.places import Seats
from preau.bookings.services.slots import SlotFacts, slot_facts
from preau.enrolments.queries import active_enrolments
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.codes import random_code
from preau.kernel.french import count


@dataclass(slots=True)
class Line:
    """One day of one child in a receipt. `cents` is what the day will cost (None: not known)."""

    act: str
    slot: int
    child: int
    name: str
    day: str
    activity: str
    product: str
    hours: str
    outcome: str = Outcome.REFUSED
    sentence: str = ""
    rank: int | None = None
    cents: int | None = None
    surcharge: int = 0
    booking: int | None = None


@transaction.atomic
def submit_planning(
    *,
    family_id: int,
    add: Iterable[tuple[int, int]] = (),
    remove: Iterable[int] = (),
    key: uuid.UUID,
    channel: str,
    now: datetime,
    actor: Actor,
    when_full: str = "wait",
    all_or_nothing: bool = False,
    late_allowed: bool = False,
    no_surprise: bool = False,
    schooling: Mapping[int, Mapping[str, Any]] | None = None,
    family: Any = None,
) -> Submission:
    """Add days `(slot_id, child_id)` and take back bookings (ids) of a household, in one sending.

    Each day has its own outcome in `receipt`: booked, waiting (with its rank), taken back (due or
    not), refused and why. `when_full` is "wait" or "skip". With `all_or_nothing`, NotAllFree is
    raised and nothing is written unless every day added is booked. With `no_surprise`, NeedsRecap
    is raised and nothing is written when a day would stay due or bear a surcharge. An agent may
    book after the deadline, or before the booking opens, with `late_allowed`. The same `key`
    again returns the first receipt. `family`: its row, when the caller has it. Raises
    NothingToSend when there is nothing in it.
    """
    pairs = list(dict.fromkeys((int(slot), int(child)) for slot, child in add))
    removed_ids = sorted(set(remove))
    if not pairs and not removed_ids:
        sent = Submission.objects.filter(key=key, family_id=family_id).first()
        if sent is None:
            raise NothingToSend
        return sent
    # The second of two identical sendings waits here for the first, then reads its receipt.
    mine = Submission(
        key=key,
        family_id=family_id,
        user_id=actor.user_id,
        reference=f"R-{paris_day(now).year}-{random_code(6)}",
        at=now,
        channel=channel,
    )
    if not _insert(mine):
        return Submission.objects.get(key=key, family_id=family_id)
    submission = mine

    sending = _Sending(
        family_id,
        pairs,
        removed_ids,
        now=now,
        actor=actor,
        channel=channel,
        when_full=when_full,
        late_allowed=late_allowed and actor.is_agent,
        schooling=schooling,
        family=family,
    )
    lines = sending.run()
    if all_or_nothing and any(
        line.act == "add" and line.outcome not in (Outcome.CONFIRMED, Outcome.ALREADY)
        for line in lines
    ):
        raise NotAllFree
    if no_surprise and any(line.surcharge or line.outcome == Outcome.CHARGED for line in lines):
        raise NeedsRecap
    submission.receipt = [asdict(line) for line in lines]
    submission.save(update_fields=["receipt"])
    if actor.user_id is not None:
        PlanningDraft.objects.filter(family_id=family_id, user_id=actor.user_id, key=key).delete()
    record(
        actor=actor,
        now=now,
        action="bookings.submit_planning",
        summary=f"Planning {submission.reference} : {summary(lines)}",
        family_id=family_id,
        object_type="bookings.Submission",
        object_id=submission.pk,
    )
    tell_receipt(submission, now=now)
    tell_offers(sending.seats.offered, now=now)
    return submission


def _insert(submission: Submission) -> bool:
    """Write a sending under its key; False when one with this key is there already. The second of
    two at once waits for the first to end, which `ignore_conflicts` does not tell apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bookings_submission (key, family_id, user_id, reference, at, channel, "
            "receipt) VALUES (%s, %s, %s, %s, %s, %s, '[]') ON CONFLICT (key) DO NOTHING "
            "RETURNING id",
            [
                submission.key,
                submission.family_id,
                submission.user_id,
                submission.reference,
                submission.at,
                submission.channel,
            ],
        )
        row = cursor.fetchone()
    if row is None:
        return False
    submission.pk, submission._state.adding = row[0], False
    submission._state.db = "default"
    return True


def preview_planning(
    *,
    family_id: int,
    add: Iterable[tuple[int, int]] = (),
    remove: Iterable[int] = (),
    now: datetime,
    actor: Actor,
    when_full: str = "wait",
    late_allowed: bool = False,
    schooling: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[Line]:
    """What sending this would do if it were sent now, day by day. Locks and writes nothing: the
    receipt may still differ, should someone be faster."""
    sending = _Sending(
        family_id,
        list(dict.fromkeys(add)),
        sorted(set(remove)),
        now=now,
        actor=actor,
        channel=actor.channel,
        when_full=when_full,
        late_allowed=late_allowed and actor.is_agent,
        schooling=schooling,
        look_only=True,
    )
    return sending.run()


def summary(lines: Iterable[Line]) -> str:
    """«3 réservés, 1 en liste d’attente»: the outcomes of a sending, counted."""
    counts: dict[str, int] = defaultdict(int)
    for line in lines:
        counts[line.outcome] += 1
    return ", ".join(
        f"{count(n, 'jour')} {Outcome(outcome).label}" for outcome, n in counts.items()
    )


class _Sending:
    """One sending: reads, locks, decides each day, writes at the end."""

    def __init__(
        self,
        family_id: int,
        pairs: list[tuple[int, int]],
        removed_ids: list[int],
        *,
        now: datetime,
        actor: Actor,
        channel: str,
        when_full: str,
        late_allowed: bool,
        schooling: Mapping[int, Mapping[str, Any]] | None,
        family: Any = None,
        look_only: bool = False,
    ) -> None:
        self.family_id, self.pairs, self.now = family_id, pairs, now
        self.actor, self.channel = actor, channel
        self.when_full, self.late_allowed = when_full, late_allowed
        self.created: list[Booking] = []
        self.changed: list[Booking] = []
        removed_slots = dict(
            Booking.objects.for_family(family_id)
            .filter(pk__in=removed_ids)
            .values_list("pk", "slot_id")
        )
        self.removed_ids = sorted(removed_slots)
        self.seats = Seats(
            {slot for slot, _ in pairs} | set(removed_slots.values()), now, look_only=look_only
        )
        self.seats.lapse_offers()
        self.facts = slot_facts(self.seats.slots.values())
        days = [slot.day for slot in self.seats.slots.values()] or [paris_day(now)]
        self.first, self.last = min(days), max(days)
        self.household: Household = get_household(family_id, self.first, self.last, family)
        self.rules = FamilyRules(self.household, schooling=schooling)
        wanted = {slot for slot, _ in pairs}
        self.doors = get_doors(
            self.household,
            {slot.offering_id for pk, slot in self.seats.slots.items() if pk in wanted},
            self.first,
            self.last,
            now,
        )
        children = {child for _, child in pairs}
        self.removals = list(
            Booking.objects.filter(pk__in=self.removed_ids, family_id=family_id).order_by("pk")
        )
        # What these children hold already on these days, whoever booked it.
        self.held: dict[tuple[int, date], list[Booking]] = defaultdict(list)
        for booking in Booking.objects.filter(
            child__in=children, slot__day__in=set(days), status__in=LIVE
        ).select_related("slot__offering"):
            self.held[booking.child_id, booking.slot.day].append(booking)
        self.enrolments: dict[tuple[int, int], list[Any]] = defaultdict(list)
        for enrolment in (
            active_enrolments(family_id, self.first)
            .filter(starts_on__lte=self.last)
            .select_related(None)
        ):
            self.enrolments[enrolment.child_id, enrolment.offering_id].append(enrolment)

    def run(self) -> list[Line]:
        lines = [self._remove(booking) for booking in self.removals]
        self.seats.settle()
        # A slot that does not exist is no sending of ours: it is left out.
        lines += [self._add(slot, child) for slot, child in self.pairs if slot in self.facts]
        if not self.seats.look_only:
            self._write()
        ids = {(b.slot_id, b.child_id): b.pk for b in self.created}
        for line in lines:
            if line.act == "add" and (line.slot, line.child) in ids:
                line.booking = ids.get((line.slot, line.child))
        lines.sort(key=lambda line: (line.day, line.child, line.activity, line.act))
        return lines

    def _write(self) -> None:
        self.seats.save()
        Booking.objects.bulk_update(
            self.changed,
            (
                "status",
                "cancelled_at",
                "cancelled_channel",
                "cancel_reason",
                "is_charged",
                "decision_sentence",
            ),
        )
        Booking.objects.bulk_create(self.created)

    def _line(self, act: str, slot_id: int, child_id: int) -> Line:
        facts = self.facts[slot_id]
        kid = self.household.kid(child_id)
        return Line(
            act=act,
            slot=slot_id,
            child=child_id,
            name=kid.first_name if kid else "Enfant",
            day=facts.slot.day.isoformat(),
            activity=facts.activity_name,
            product=facts.product_name,
            hours=f"{facts.slot.starts_at:%H:%M}–{facts.slot.ends_at:%H:%M}",
        )

    def _remove(self, booking: Booking) -> Line:
        line = self._line("remove", booking.slot_id, booking.child_id)
        line.booking = booking.pk
        facts = self.facts[booking.slot_id]
        if booking.status == BookingStatus.CANCELLED:
            line.outcome, line.sentence = Outcome.ALREADY, "Ce jour était déjà retiré."
            return line
        if booking.status in (BookingStatus.WAITING, BookingStatus.OFFERED):
            if booking.status == BookingStatus.OFFERED:
                self.seats.give_back(booking.slot_id)
            else:
                self.seats.leave_queue(booking.slot_id)
            self._cancel(booking, charged=False, sentence="")
            line.outcome = Outcome.LEFT_QUEUE
            return line
        verdict = self.rules.cancelling(facts.service, booking.child_id, self.now)
        begun = started(day=facts.slot.day, starts_at=facts.slot.starts_at, now=self.now)
        if begun or not (verdict.allowed or self.late_allowed):
            line.outcome = Outcome.TOO_LATE
            line.sentence = verdict.sentence or "Ce jour ne peut plus être retiré."
            return line
        charged = verdict.charged and not (self.late_allowed and not verdict.allowed)
        self.seats.give_back(booking.slot_id)
        self._cancel(booking, charged=charged, sentence=verdict.sentence)
        line.outcome = Outcome.CHARGED if charged else Outcome.CANCELLED
        line.sentence = verdict.sentence
        line.cents = self.rules.price(facts.service, booking.child_id).cents
        return line

    def _cancel(self, booking: Booking, *, charged: bool, sentence: str) -> None:
        booking.status = BookingStatus.CANCELLED
        booking.cancelled_at = self.now
        booking.cancelled_channel = self.channel
        booking.cancel_reason = (
            "Retiré par la famille"
            if not self.actor.is_agent
            else (f"Retiré par {self.actor.label}"[:200])
        )
        booking.is_charged = charged
        booking.decision_sentence = sentence[:300]
        self.changed.append(booking)
        kept = self.held.get((booking.child_id, self.facts[booking.slot_id].slot.day))
        if kept:
            kept[:] = [other for other in kept if other.pk != booking.pk]

    def _add(self, slot_id: int, child_id: int) -> Line:
        line = self._line("add", slot_id, child_id)
        facts = self.facts[slot_id]
        slot = facts.slot
        if self.household.kid(child_id) is None:
            line.sentence = "Cet enfant n’est pas dans votre dossier."
            return line
        held = self.held[child_id, slot.day]
        same = next((b for b in held if b.slot_id == slot_id), None)
        if same is not None:
            line.outcome, line.booking = Outcome.ALREADY, same.pk
            line.sentence = (
                "Ce jour est déjà réservé."
                if same.status in HOLDING
                else "Votre enfant est déjà sur la liste d’attente."
            )
            return line
        enrolment, refusal = self._may(facts, child_id, held)
        if enrolment is None:
            line.sentence = refusal
            return line
        opening = self.doors.opening(slot.offering_id, child_id, slot.day)
        if not opening.is_open and not self.late_allowed:
            line.outcome, line.sentence = Outcome.NOT_OPEN, opening_words(opening)
            return line
        verdict = self.rules.booking(facts.service, child_id, self.now)
        begun = started(day=slot.day, starts_at=slot.starts_at, now=self.now)
        if begun or not (verdict.allowed or verdict.waits or self.late_allowed):
            line.outcome = Outcome.TOO_LATE
            line.sentence = verdict.sentence or "Il est trop tard pour réserver ce jour."
            return line
        line.surcharge = verdict.surcharge_cents
        line.cents = verdict.cents
        if line.cents is None:
            line.cents = self.rules.price(facts.service, child_id).cents
        line.sentence = verdict.sentence if verdict.surcharge_cents else ""
        if self.seats.left(slot_id) and not verdict.waits:
            status, line.outcome = BookingStatus.CONFIRMED, Outcome.CONFIRMED
            ordinal = self.seats.take(slot_id)
        elif self.when_full == "wait":
            status, line.outcome = BookingStatus.WAITING, Outcome.WAITING
            ordinal, line.rank = self.seats.join_queue(slot_id)
        else:
            line.outcome, line.sentence = Outcome.FULL, "Toutes les places sont prises."
            return line
        booking = Booking(
            slot=slot,
            child_id=child_id,
            family_id=self.family_id,
            enrolment_id=enrolment.pk,
            status=status,
            ordinal=ordinal,
            channel=self.channel,
            booked_at=self.now,
            booked_by_id=self.actor.user_id,
            surcharge_cents=verdict.surcharge_cents,
            decision_sentence=line.sentence[:300],
        )
        self.created.append(booking)
        held.append(booking)
        return line

    def _may(self, facts: SlotFacts, child_id: int, held: list[Booking]) -> tuple[Any, str]:
        """The enrolment that gives the right to this day, or None and why."""
        slot = facts.slot
        kid = self.household.kids[child_id]
        enrolment = next(
            (
                e
                for e in self.enrolments[child_id, slot.offering_id]
                if e.starts_on <= slot.day <= e.ends_on
            ),
            None,
        )
        if enrolment is None:
            return None, f"{kid.first_name} n’est pas inscrit à cette activité ce jour-là."
        if slot.status != SlotStatus.OPEN:
            reason = f" : {slot.cancelled_reason}" if slot.cancelled_reason else ""
            return None, f"Cette séance est annulée{reason}."
        if not kid.lives_here(slot.day):
            return None, f"Cette semaine, {kid.first_name} est chez son autre parent."
        if any(
            b.slot.offering_id == slot.offering_id
            and overlaps(facts.span, (b.slot.starts_at, b.slot.ends_at))
            for b in held
        ):
            return None, "Une autre formule est déjà réservée aux mêmes heures."
        return enrolment, ""


def receipt_lines(submission: Submission) -> list[Line]:
    """The receipt as it was written."""
    return [Line(**row) for row in submission.receipt]


__all__ = ["Line", "SlotFacts", "receipt_lines", "slot_facts", "submit_planning", "summary"]
