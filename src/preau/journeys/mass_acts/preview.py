"""Who a mass act concerns, and what the rules say of each child: read, never written."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.db.models import OuterRef

from preau.attendance.enums import AbsenceReason
from preau.attendance.queries import with_class
from preau.attendance.rules import absence_facts
from preau.bookings.enums import BookingStatus, SlotStatus
from preau.bookings.household import get_household
from preau.bookings.pricing import FamilyRules, Service
from preau.bookings.queries import register
from preau.bookings.rules import started
from preau.journeys.models import MassAct
from preau.journeys.planning import schooling_of
from preau.kernel import french
from preau.kernel.clock import paris_day
from preau.kernel.errors import Refusal
from preau.schools.queries import schooling_on

LONGEST = timedelta(days=31)
# The acts by which the town closes slots; the others take one class off its slots.
CLOSING = (MassAct.Kind.CLOSED_DAY, MassAct.Kind.STRIKE, MassAct.Kind.SESSIONS)
REASONS = {
    MassAct.Kind.SCHOOL_TRIP: AbsenceReason.SCHOOL_TRIP,
    MassAct.Kind.TEACHER_ABSENT: AbsenceReason.TEACHER_ABSENT,
}
CLOSED = "Séance annulée par la ville : rien n’est dû."
IN_TIME = "Prévenu à temps : rien n’est dû."
WAITED = "Retiré de la liste d’attente : rien n’est dû."
SCHOOL_SAID = "Absence du fait de l’école : rien n’est dû."


class MassActRefused(Refusal):
    message = "Cet acte n’est pas possible."
    code = "mass_act_refused"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an agent wants done: `sites` are those he may act on (None: everywhere). `slots`: these
    very sessions, chosen by hand, even one that has begun."""

    kind: str
    reason: str
    starts_on: date
    ends_on: date
    sites: tuple[int, ...] | None = None
    activity: int | None = None
    school_class: int | None = None
    slots: tuple[int, ...] = ()

    @property
    def closes(self) -> bool:
        return self.kind in CLOSING

    def check(self, now: datetime) -> None:
        """Raises MassActRefused, in words, when it makes no sense."""
        if self.ends_on < self.starts_on:
            raise MassActRefused("Le dernier jour est avant le premier : vérifiez les deux dates.")
        if self.ends_on - self.starts_on > LONGEST:
            raise MassActRefused("Un acte porte sur un mois au plus.")
        if self.kind == MassAct.Kind.SESSIONS and not self.slots:
            raise MassActRefused("Choisissez au moins une séance à annuler.")
        if self.ends_on < paris_day(now) and not self.slots:
            raise MassActRefused("Ces jours sont passés : corrigez plutôt le pointage.")
        if self.closes and self.school_class is not None:
            raise MassActRefused("Une séance se ferme pour toutes les classes.")
        if not self.closes and self.school_class is None:
            raise MassActRefused("Choisissez la classe concernée.")
        if not self.reason.strip():
            raise MassActRefused("Écrivez le motif : les familles le liront.")


@dataclass(frozen=True, slots=True)
class Concerned:
    """One booking that the act takes back, and what the rules say of it."""

    booking_id: int
    slot_id: int
    child_id: int
    family_id: int
    child: str
    first_name: str
    day: date
    activity: str
    site: str
    charged: bool
    cents: int | None
    sentence: str


@dataclass(slots=True)
class Preview:
    """What would be done now. `seen` names this very state: apply what was read, or read again."""

    rows: list[Concerned] = field(default_factory=list)

    @property
    def children(self) -> int:
        return len({row.child_id for row in self.rows})

    @property
    def families(self) -> int:
        return len({row.family_id for row in self.rows})

    @property
    def charged(self) -> list[Concerned]:
        return [row for row in self.rows if row.charged]

    @property
    def sentences(self) -> list[tuple[str, int]]:
        """What the rules say, each sentence with the number of bookings."""
        counts: dict[str, int] = {}
        for row in self.rows:
            counts[row.sentence] = counts.get(row.sentence, 0) + 1
        return sorted(counts.items(), key=lambda pair: -pair[1])

    @property
    def seen(self) -> str:
        digest = hashlib.sha256()
        for row in sorted(self.rows, key=lambda row: row.booking_id):
            digest.update(f"{row.booking_id}:{row.charged};".encode())
        return digest.hexdigest()[:16]


def preview_mass_act(wish: Wish, now: datetime) -> Preview:
    """The places that the act would take back, by name and day. Raises MassActRefused."""
    wish.check(now)
    bookings = concerned_bookings(wish, now)
    if wish.closes:
        rows = [
            _row(
                booking,
                charged=False,
                cents=0,
                sentence=WAITED if booking.status == BookingStatus.WAITING else CLOSED,
            )
            for booking in bookings
        ]
    else:
        rows = judge(wish, bookings, now)
    return Preview(sorted(rows, key=lambda row: (row.day, row.child, row.booking_id)))


def concerned_bookings(wish: Wish, now: datetime, family_id: int | None = None) -> list[Any]:
    """The places held, and waited for, on open slots within the wish; one query. What has begun
    is left as it is, unless the very session was chosen."""
    found = register(
        first=wish.starts_on if wish.slots else max(wish.starts_on, paris_day(now)),
        last=wish.ends_on,
        establishment_ids=wish.sites,
        activity_id=wish.activity,
        with_waiting=True,
    ).filter(slot__status=SlotStatus.OPEN)
    if wish.slots:
        found = found.filter(slot__in=wish.slots)
    if wish.school_class is not None:
        # The class of the child on the day of each slot.
        found = with_class(found, wish.school_class, cast(date, OuterRef("slot__day")))
    if family_id is not None:
        found = found.filter(family_id=family_id)
    found = found.select_related(
        "child", "slot__offering__activity", "slot__offering__establishment", "slot__product"
    ).order_by("family_id", "slot__day", "slot_id", "pk")
    return [
        booking
        for booking in found
        if wish.slots
        or not started(day=booking.slot.day, starts_at=booking.slot.starts_at, now=now)
    ]


def judge(wish: Wish, bookings: Iterable[Any], now: datetime) -> list[Concerned]:
    """What the rules say of each place of a class that will not come: two or three queries a
    family. Where no rule speaks, what the school decides costs families nothing."""
    by_family: dict[int, list[Any]] = {}
    for booking in bookings:
        by_family.setdefault(booking.family_id, []).append(booking)
    schooling = schooling_of(
        schooling_on({b.child_id for found in by_family.values() for b in found}, wish.starts_on)
    )
    rows = []
    for family_id, found in by_family.items():
        household = get_household(family_id, wish.starts_on, wish.ends_on)
        rules = FamilyRules(household, schooling=schooling)
        ranks = _ranks(found)
        for booking in found:
            rows.append(_judge_one(wish, booking, rules, ranks, now))
    return rows


def _ranks(bookings: Iterable[Any]) -> dict[tuple[int, int], list[date]]:
    """The days of absence of each child in each activity, as rules count them."""
    ranks: dict[tuple[int, int], list[date]] = {}
    for booking in bookings:
        if booking.status == BookingStatus.WAITING:
            continue
        days = ranks.setdefault((booking.child_id, booking.slot.offering_id), [])
        if booking.slot.day not in days:
            days.append(booking.slot.day)
    return ranks


def _judge_one(
    wish: Wish,
    booking: Any,
    rules: FamilyRules,
    ranks: dict[tuple[int, int], list[date]],
    now: datetime,
) -> Concerned:
    if booking.status == BookingStatus.WAITING:
        return _row(booking, charged=False, cents=0, sentence=WAITED)
    slot = booking.slot
    service = Service(
        slot.offering.activity.slug,
        slot.product.slug,
        slot.day,
        slot.starts_at,
        slot.ends_at,
        slot.offering.establishment.slug,
    )
    verdict = rules.cancelling(service, booking.child_id, now)
    if verdict.allowed and not verdict.charged:
        return _row(booking, charged=False, cents=0, sentence=IN_TIME)
    days = ranks[booking.child_id, slot.offering_id]
    facts = absence_facts(
        reason=REASONS[MassAct.Kind(wish.kind)],
        reported_at=now,
        document_at=None,
        starts_on=days[0],
        ends_on=days[-1],
    ) | {"absence_days": len(days), "absence_rank": days.index(slot.day) + 1}
    decision = rules.absence(service, booking.child_id, at=now, **facts)
    if decision is None or decision.outcome in ("ambiguous", "proposal"):
        return _row(booking, charged=False, cents=0, sentence=SCHOOL_SAID)
    said = " ; ".join(decision.sentences)
    if not decision.charged:
        return _row(
            booking,
            charged=False,
            cents=0,
            sentence=f"Ce jour n’est pas dû : {said}." if said else SCHOOL_SAID,
        )
    amount = f" ({french.euros(decision.cents)})" if decision.cents else ""
    return _row(
        booking,
        charged=True,
        cents=decision.cents,
        sentence=f"Ce jour reste dû{amount}" + (f" : {said}." if said else "."),
    )


def _row(booking: Any, *, charged: bool, cents: int | None, sentence: str) -> Concerned:
    slot = booking.slot
    return Concerned(
        booking.pk,
        slot.pk,
        booking.child_id,
        booking.family_id,
        str(booking.child),
        booking.child.first_name,
        slot.day,
        slot.offering.activity.name,
        slot.offering.establishment.name,
        charged,
        cents,
        sentence,
    )
