"""The coming days of a family's children, and how its enrolments stand: for its home page and
for its file at the town hall."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from preau.attendance.queries import Span
from preau.bookings.enums import BookingStatus
from preau.bookings.queries import Coming, slots_between
from preau.bookings.rules import group_of, queue_words
from preau.catalogue.enums import ActivityKind, BookingMode, Level
from preau.kernel import french

if TYPE_CHECKING:
    from preau.enrolments.models import Enrolment
    from preau.families.models import Child

# How far one looks to say «réservé jusqu’au…» or «rien de réservé».
HORIZON = 56
ICONS = {
    ActivityKind.CANTEEN: "utensils",
    ActivityKind.MORNING_CARE: "sunrise",
    ActivityKind.EVENING_CARE: "sunset",
    ActivityKind.WEDNESDAY: "tent-tree",
    ActivityKind.HOLIDAY_CENTRE: "tent-tree",
    ActivityKind.SPORT: "volleyball",
    ActivityKind.CRECHE: "baby",
}


@dataclass(frozen=True, slots=True)
class DayItem:
    """One thing on one day: `tag` is the kind of the state, `word` the state itself."""

    icon: str
    label: str
    tag: str
    word: str
    tag_icon: str
    short: str


@dataclass(slots=True)
class ChildDay:
    day: date
    nearness: str  # «aujourd’hui», «demain» or ""
    items: list[DayItem] = field(default_factory=list)


@dataclass(slots=True)
class ChildDays:
    """A child and its next days, for a card."""

    child: "Child"
    school: str
    days: list[ChildDay]


@dataclass(slots=True)
class Standing:
    """How the children stand with one activity: enrolled, booked or not."""

    activity: str
    sentence: str
    is_warning: bool = False
    children: list["Child"] = field(default_factory=list)
    unbooked: bool = False
    missing: list[dict[str, Any]] = field(default_factory=list)


def school_words(schooling: Any) -> str:
    """«CE2 B, école Marie-Curie», «CE2, …» without a class, «» when not at school."""
    if schooling is None:
        return ""
    level = Level(schooling.level).label if schooling.level in Level.values else ""
    name = schooling.school_class.name if schooling.school_class else level.capitalize()
    return ", ".join(part for part in (name, schooling.establishment.name) if part)


def next_days(first: date, count: int = 4) -> list[date]:
    """The next weekdays from `first` on."""
    days: list[date] = []
    day = first
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def children_days(
    children: Sequence["Child"],
    schoolings: dict[int, Any],
    coming: Iterable[Coming],
    spans: Iterable[Span],
    *,
    today: date,
    days: Sequence[date],
) -> list[ChildDays]:
    """One card per child: the given days, and any other before the last one with something."""
    spans = list(spans)
    by_child: dict[int, dict[date, list[DayItem]]] = {}
    for row in coming:
        if days and days[0] <= row.day <= days[-1]:
            item = _item(row, any(s.child_id == row.child_id and row.day in s for s in spans))
            by_child.setdefault(row.child_id, {}).setdefault(row.day, []).append(item)
    cards = []
    for child in children:
        mine = by_child.get(child.pk, {})
        shown = sorted({*days, *mine})
        cards.append(
            ChildDays(
                child=child,
                school=school_words(schoolings.get(child.pk)),
                days=[ChildDay(day, _nearness(day, today), mine.get(day, [])) for day in shown],
            )
        )
    return cards


def _nearness(day: date, today: date) -> str:
    return {0: "aujourd’hui", 1: "demain"}.get((day - today).days, "")


def _item(row: Coming, is_away: bool) -> DayItem:
    icon = ICONS.get(ActivityKind(row.activity_kind), "calendar-days")
    label = row.activity
    if row.product.lower() not in label.lower() and row.activity_kind != ActivityKind.CANTEEN:
        label = f"{label}, {row.product.lower()}"
    tag, word, tag_icon = "ok", "Réservé", "check"
    if row.status == BookingStatus.WAITING:
        words = queue_words(row.rank, group_of(row.among), "sur la liste")
        tag, word, tag_icon = "full", words[0].upper() + words[1:], "list-ordered"
    elif row.status == BookingStatus.OFFERED:
        tag, word, tag_icon = "wait", "Place proposée", "hourglass"
    elif is_away:
        tag, word, tag_icon = "away", "Absence signalée", "calendar-x-2"
    return DayItem(icon, label, tag, word, tag_icon, row.activity)


def standings(
    enrolments: Sequence["Enrolment"],
    children: Sequence["Child"],
    coming: Sequence[Coming],
    *,
    today: date,
) -> list[Standing]:
    """Each activity in one line, warnings first: «inscrit» is never left to mean «réservé».

    A child enrolled day by day with nothing booked is a warning when days are open to book
    (one query, only then). `enrolments` may carry `missing` (enrolments.queries.with_missing).
    """
    known = {child.pk: child for child in children}
    last = today + timedelta(days=HORIZON)
    booked: dict[tuple[int, int], list[Coming]] = {}
    for row in coming:
        booked.setdefault((row.child_id, row.offering_id), []).append(row)
    empty = {
        e.offering_id
        for e in enrolments
        if e.offering.activity.booking_mode == BookingMode.DAYS
        and (e.child_id, e.offering_id) not in booked
        and e.starts_on <= last
    }
    openings = slots_between(empty, today + timedelta(days=1), last) if empty else []
    bookable = {slot.offering_id for slot in openings if slot.is_open}
    warnings: list[Standing] = []
    settled: dict[str, list[Enrolment]] = {}
    for enrolment in enrolments:
        child = known.get(enrolment.child_id)
        if child is None:
            continue
        activity = enrolment.offering.activity.name
        if missing := getattr(enrolment, "missing", []):
            names = french.and_join(kind["name"].lower() for kind in missing)
            warnings.append(
                Standing(
                    activity,
                    f"{child.first_name}, {activity.lower()} : il manque {names}.",
                    True,
                    [child],
                    missing=list(missing),
                )
            )
        if enrolment.offering_id in bookable and (
            (enrolment.child_id, enrolment.offering_id) not in booked
        ):
            warnings.append(
                Standing(
                    activity,
                    f"{child.first_name} est {_agree('inscrit', [child])} à l’activité "
                    f"«\u00a0{activity}\u00a0», mais aucun jour n’est réservé.",
                    True,
                    [child],
                    unbooked=True,
                )
            )
        elif not missing:
            settled.setdefault(activity, []).append(enrolment)
    lines = [_settled_line(activity, rows, known, booked) for activity, rows in settled.items()]
    return [*warnings, *lines]


def _settled_line(
    activity: str,
    rows: list["Enrolment"],
    known: dict[int, "Child"],
    booked: dict[tuple[int, int], list[Coming]],
) -> Standing:
    kids = list({row.child_id: known[row.child_id] for row in rows}.values())
    verb = "est" if len(kids) == 1 else "sont"
    text = f"{french.and_join(k.first_name for k in kids)} {verb} {_agree('inscrit', kids)}."
    days = [
        item
        for row in rows
        for item in booked.get((row.child_id, row.offering_id), [])
        if item.status == BookingStatus.CONFIRMED
    ]
    if days:
        number = french.count(len(days), "réservation")
        text += f" {number} jusqu’au {french.day(max(item.day for item in days))}."
    return Standing(activity, text, children=kids)


def _agree(word: str, kids: Sequence["Child"]) -> str:
    """«inscrit», «inscrite», «inscrits», «inscrites»."""
    feminine = "e" if kids and all(child.sex == "F" for child in kids) else ""
    return word + feminine + ("s" if len(kids) > 1 else "")
