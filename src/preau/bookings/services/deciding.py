"""What becomes of each day of a planning: sent, looked at for a recap, or held meanwhile."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from preau.bookings.doors import get_doors, opening_words
from preau.bookings.enums import HOLDING, LIVE, BookingStatus, Outcome, SlotStatus
from preau.bookings.household import Household, asked_household, get_household
from preau.bookings.models import Booking, Hold
from preau.bookings.pricing import FamilyRules
from preau.bookings.rules import is_young, overlaps, started
from preau.bookings.services.places import Planner, Seats
from preau.bookings.services.slots import SlotFacts, slot_facts
from preau.enrolments.queries import read_rights
from preau.families.queries import read_quotients
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.kept import Kept, KeptInsert
from preau.kernel.lane import ahead
from preau.openings.queries import asked_windows


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
    # In the queue, and the group that it is counted in («moins de 6 ans»; empty: the whole queue).
    rank: int | None = None
    group: str = ""
    cents: int | None = None
    surcharge: int = 0
    booking: int | None = None
    # Held for this planning while the family checks.
    held: bool = False


_read_live = Kept(
    lambda child_ids, slot_ids: Booking.objects.filter(
        child_id__any_of=child_ids, slot_id__any_of=slot_ids, status__in=LIVE
    )
)
_insert = KeptInsert("bookings.Booking")


class Sending:
    """One sending: reads, locks, decides each day, writes at the end.

    With `look_only` nothing is locked nor written. With `hold_until`, what could be booked is held
    until then instead, nothing is taken back and nobody joins a queue. With `use_kept`, an agent
    gives the places that the town keeps where the others are taken.
    """

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
        use_kept: bool = False,
        hold_until: datetime | None = None,
    ) -> None:
        self.family_id, self.pairs, self.now = family_id, pairs, now
        self.actor, self.channel = actor, channel
        self.when_full, self.late_allowed = when_full, late_allowed
        self.hold_until = hold_until
        self.created: list[Booking] = []
        self.changed: list[Booking] = []
        self.held_places: list[Hold] = []
        removed_slots = (
            dict(
                Booking.objects.for_family(family_id)
                .filter(pk__in=removed_ids)
                .values_list("pk", "slot_id")
            )
            if removed_ids
            else {}
        )
        self.removed_ids = sorted(removed_slots)
        planner = Planner(family_id, actor.user_id) if actor.user_id is not None else None
        self.seats = Seats(
            {slot for slot, _ in pairs} | set(removed_slots.values()),
            now,
            look_only=look_only,
            with_kept=actor.is_agent and use_kept,
            planner=planner,
        )
        self.facts = slot_facts(self.seats.asked.values())
        days = [slot.day for slot in self.seats.asked.values()] or [paris_day(now)]
        self.first, self.last = min(days), max(days)
        wanted = {slot for slot, _ in pairs}
        doors = {slot.offering_id for pk, slot in self.seats.asked.items() if pk in wanted}
        live = sorted({child for _, child in pairs}), list(self.seats.slots)
        with ahead(
            self.seats.asked_queues(),
            _read_live.asked(*live),
            asked_household(family_id, self.first, self.last),
            read_rights.asked(family_id, self.first, self.last),
            read_quotients.asked(family_id),
            *([asked_windows(doors, self.first, self.last)] if doors else []),
        ):
            self._read(family, doors, live)
        self.rules = FamilyRules(self.household, schooling=schooling, quotients=self.quotients)
        self.removals = (
            list(Booking.objects.filter(pk__in=removed_ids, family_id=family_id).order_by("pk"))
            if self.removed_ids
            else []
        )

    def _read(self, family: Any, doors: set[int], live: tuple[list[int], list[int]]) -> None:
        """What deciding must know, under the locks."""
        self.seats.lapse_offers()
        lapsed = {booking.pk for booking in self.seats.lapsed}
        self.household: Household = get_household(self.family_id, self.first, self.last, family)
        self.quotients = read_quotients(self.family_id)
        self.doors = get_doors(self.household, doors, self.first, self.last, self.now)
        # What these children hold already on these days, whoever booked it: other days' places
        # and other offerings' are no matter to them.
        self.held: dict[tuple[int, date], list[Booking]] = defaultdict(list)
        for booking in _read_live(*live):
            if booking.pk not in lapsed:
                booking.slot = self.seats.slots[booking.slot_id]
                self.held[booking.child_id, booking.slot.day].append(booking)
        self.enrolments: dict[tuple[int, int], list[Any]] = defaultdict(list)
        for enrolment in read_rights(self.family_id, self.first, self.last):
            self.enrolments[enrolment.child_id, enrolment.offering_id].append(enrolment)

    def run(self) -> list[Line]:
        self._release_others()
        lines = [self._remove(booking) for booking in self.removals]
        self.seats.settle()
        # A slot that does not exist is no sending of ours: it is left out.
        lines += [self._add(slot, child) for slot, child in self.pairs if slot in self.facts]
        if self.hold_until is not None:
            self._write_holds()
        elif not self.seats.look_only:
            self._write()
        ids = {(b.slot_id, b.child_id): b.pk for b in self.created}
        for line in lines:
            if line.act == "add" and (line.slot, line.child) in ids:
                line.booking = ids.get((line.slot, line.child))
        lines.sort(key=lambda line: (line.day, line.child, line.activity, line.act))
        return lines

    def _release_others(self) -> None:
        """What this planning held and asks no more is free again."""
        asked = set(self.pairs)
        for key, hold in list(self.seats.holds.items()):
            if key not in asked and self.seats.is_ours(hold):
                self.seats.release_hold(hold)

    def _write(self) -> None:
        self.seats.save()
        if self.changed:
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
        _insert(self.created)

    def _write_holds(self) -> None:
        self.seats.save()
        longer = [hold.pk for hold in self.held_places if hold.pk]
        Hold.objects.filter(pk__in=longer).update(expires_at=self.hold_until)
        Hold.objects.bulk_create([hold for hold in self.held_places if not hold.pk])

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
                self.seats.give_back(booking)
            else:
                self.seats.leave_queue(booking.slot_id, young=booking.is_young)
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
        self.seats.give_back(booking)
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
        birth_on, from_kept = self.household.kids[child_id].birth_on, False
        young = is_young(birth_on, slot.day, slot.age_cut)
        hold = None if verdict.waits else self.seats.hold_of(slot_id, child_id)
        status = BookingStatus.CONFIRMED
        if hold is not None:
            line.outcome, line.held = Outcome.CONFIRMED, True
            if self.hold_until is not None:
                hold.expires_at = self.hold_until
                self.held_places.append(hold)
                return line
            self.seats.use_hold(hold)
            ordinal, young, from_kept = hold.ordinal, hold.is_young, hold.from_kept
        elif self.seats.left(slot_id, young=young) and not verdict.waits:
            line.outcome = Outcome.CONFIRMED
            ordinal, from_kept = self.seats.take(slot_id, young=young)
        elif self.hold_until is not None:
            line.outcome = Outcome.FULL
            return line
        elif self.when_full == "wait":
            status, line.outcome = BookingStatus.WAITING, Outcome.WAITING
            ordinal, line.rank, line.group = self.seats.join_queue(slot_id, young=young)
        else:
            line.outcome, line.sentence = Outcome.FULL, "Toutes les places sont prises."
            return line
        if self.hold_until is not None:
            self._hold(slot_id, child_id, ordinal, young=young, from_kept=from_kept)
            line.held = True
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
            is_young=young,
            from_kept=from_kept,
        )
        self.created.append(booking)
        held.append(booking)
        return line

    def _hold(
        self, slot_id: int, child_id: int, ordinal: int, *, young: bool, from_kept: bool
    ) -> None:
        assert self.hold_until is not None and self.actor.user_id is not None
        self.held_places.append(
            Hold(
                slot_id=slot_id,
                child_id=child_id,
                family_id=self.family_id,
                user_id=self.actor.user_id,
                ordinal=ordinal,
                is_young=young,
                from_kept=from_kept,
                expires_at=self.hold_until,
            )
        )

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
            reason = f" : {slot.cancelled_reason}" if slot.cancelled_reason else ""
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
