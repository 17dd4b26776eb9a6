"""Who is enrolled where, and which days are booked."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from preau.bookings.bulk import Place, book_places
from preau.bookings.queries import SlotRow, slots_between
from preau.bookings.rules import lives_here
from preau.catalogue.queries import day_calendar
from preau.demo.town.population import DemoHome, Pupil
from preau.demo.town.story import Story
from preau.documents.bulk import store_for_families
from preau.enrolments.bulk import NewDocument, NewEnrolment, enrol_many, provide_documents
from preau.kernel.enums import Channel

SCHOOL_DAYS = (0, 1, 3, 4)
CHANNELS = [Channel.PORTAL] * 17 + [Channel.COUNTER, Channel.COUNTER, Channel.PHONE]

ONE_PAGE = (Path(__file__).parents[1] / "data" / "piece.pdf").read_bytes()


@dataclass(slots=True)
class Habit:
    """What one child does of one activity: its site, its weekdays, its product."""

    pupil: Pupil
    activity: str
    site_id: int
    weekdays: tuple[int, ...]
    product: int = 0  # which of the activity's products, from 0
    weeks: str = "ALL"
    family_id: int = 0
    booked_at: datetime | None = None
    # Holidays: only in these weeks (ISO numbers); empty: always.
    only_weeks: frozenset[int] = frozenset()
    keeps: float = 0.94

    @property
    def key(self) -> tuple[str, int]:
        return self.activity, self.site_id


@dataclass(slots=True)
class Days:
    """What was booked, for the chapters that follow."""

    habits: list[Habit] = field(default_factory=list)
    slots: dict[int, list[SlotRow]] = field(default_factory=dict)
    enrolments: dict[tuple[int, int, int], int] = field(default_factory=dict)

    def of(self, activity: str) -> list[Habit]:
        return [habit for habit in self.habits if habit.activity == activity]


def form_habits(story: Story, pupils: list[Pupil], homes: dict[str, DemoHome]) -> list[Habit]:
    """What each child of the town does in the week, demo families last and by hand."""
    skipped = {home.family_id for home in homes.values()}
    kept = {child for home in homes.values() for child in home.children}
    habits: list[Habit] = []
    judo = natation = 0
    for pupil in pupils:
        if pupil.family_id in skipped or pupil.child_id in kept:
            continue
        found = list(_usual(story, pupil))
        if not pupil.in_nursery and pupil.level != "CP":
            if judo < 56 and story.chance(0.05):
                judo += 1
                found.append(
                    Habit(pupil, "judo", story.sites["gymnase-leo-lagrange"], (1,), keeps=1)
                )
            elif natation < 48 and story.chance(0.05):
                natation += 1
                found.append(
                    Habit(pupil, "natation", story.sites["piscine-du-dome"], (2,), keeps=1)
                )
        instant = story.opening + timedelta(minutes=story.dice.randrange(1, 5 * 24 * 60))
        for habit in found:
            habit.booked_at = instant
        habits += found
    habits += _demo_habits(story, {pupil.child_id: pupil for pupil in pupils}, homes)
    for habit in habits:
        habit.family_id = habit.family_id or habit.pupil.family_id
        habit.booked_at = habit.booked_at or story.opening
    habits.sort(key=lambda habit: habit.booked_at or story.opening)
    return habits


def _usual(story: Story, pupil: Pupil) -> Iterator[Habit]:
    dice = story.dice
    if not story.chance(0.84):
        return
    days = (
        SCHOOL_DAYS
        if story.chance(0.72)
        else tuple(sorted(dice.sample(SCHOOL_DAYS, dice.choice((2, 3)))))
    )
    yield Habit(pupil, "cantine", pupil.school_id, days)
    if story.chance(0.42 if pupil.in_nursery else 0.34):
        some = tuple(sorted(dice.sample(SCHOOL_DAYS, dice.choice((2, 3, 4)))))
        yield Habit(pupil, "soir", pupil.school_id, some)
    if story.chance(0.13):
        some = tuple(sorted(dice.sample(SCHOOL_DAYS, dice.choice((2, 3, 4)))))
        yield Habit(pupil, "matin", pupil.school_id, some)
    centre = story.sites["centre-du-bois" if pupil.school_id % 2 else "centre-des-fosses"]
    if story.chance(0.15):
        yield Habit(pupil, "mercredi", centre, (2,), product=int(story.chance(0.12)), keeps=0.9)
    if story.chance(0.09):
        weeks = frozenset(week for week in range(1, 54) if story.chance(0.6))
        yield Habit(pupil, "vacances", centre, (0, 1, 2, 3, 4), only_weeks=weeks)


def _demo_habits(
    story: Story, by_child: dict[int, Pupil], homes: dict[str, DemoHome]
) -> Iterator[Habit]:
    three = homes["three"]
    for rank, child_id in enumerate(three.children):
        pupil = by_child[child_id]
        yield Habit(pupil, "cantine", pupil.school_id, SCHOOL_DAYS, keeps=1)
        if rank > 0:
            yield Habit(pupil, "soir", pupil.school_id, (0, 1, 3), keeps=1)
        if pupil.in_nursery:
            yield Habit(pupil, "matin", pupil.school_id, (0, 3), keeps=1)
            yield Habit(pupil, "mercredi", story.sites["centre-du-bois"], (2,), keeps=1)
        if rank == 1:
            yield Habit(
                pupil,
                "vacances",
                story.sites["centre-du-bois"],
                (0, 1, 2, 3, 4),
                only_weeks=frozenset({43, 44, 53}),
                keeps=1,
            )
        if rank == 0:
            yield Habit(pupil, "judo", story.sites["gymnase-leo-lagrange"], (1,), keeps=1)
    for name, weeks in (("mother", "EVEN"), ("father", "ODD")):
        for child_id in homes[name].children:
            pupil = by_child[child_id]
            yield Habit(
                pupil,
                "cantine",
                pupil.school_id,
                SCHOOL_DAYS,
                weeks=weeks,
                keeps=1,
                family_id=homes[name].family_id,
            )
            if name == "father":
                yield Habit(
                    pupil,
                    "soir",
                    pupil.school_id,
                    (0, 1),
                    weeks=weeks,
                    keeps=1,
                    family_id=homes[name].family_id,
                )


def enrol_and_book(story: Story, habits: list[Habit]) -> Days:
    """Enrol every child for its habits over the school year, then take the days."""
    days = Days(habits=habits)
    actor = story.agent("COUNTER")
    year_end = date(story.rentree.year + 1, 8, 31)
    made = enrol_many(
        enrolments=[
            NewEnrolment(
                h.pupil.child_id, h.family_id, story.offerings[h.key], story.rentree, year_end
            )
            for h in habits
            if h.weeks != "ODD"
        ],
        channel=Channel.PORTAL,
        now=story.opening,
        actor=actor,
    )
    second = enrol_many(
        enrolments=[
            NewEnrolment(
                h.pupil.child_id, h.family_id, story.offerings[h.key], story.rentree, year_end
            )
            for h in habits
            if h.weeks == "ODD"
        ],
        channel=Channel.PORTAL,
        now=story.opening,
        actor=actor,
    )
    for habit in habits:
        found = second if habit.weeks == "ODD" else made
        offering = story.offerings[habit.key]
        days.enrolments[habit.pupil.child_id, habit.family_id, offering] = found[
            habit.pupil.child_id, offering
        ]
    for slot in slots_between(story.offerings.values(), story.first, story.last):
        days.slots.setdefault(slot.offering_id, []).append(slot)
    book_places(places=list(_places(story, days)), now=story.opening, actor=actor)
    return days


def _places(story: Story, days: Days) -> Iterator[Place]:
    holidays = {
        day for day, info in day_calendar(story.first, story.last).items() if info.holiday_name
    }
    # The town books a fortnight ahead; the demo's own families, to the end of next month.
    soon = story.today + timedelta(days=14)
    by_weekday: dict[tuple[int, int, int], list[SlotRow]] = defaultdict(list)
    for offering_id, slots in days.slots.items():
        products = sorted({slot.product_id for slot in slots})
        for slot in slots:
            rank = products.index(slot.product_id)
            by_weekday[offering_id, rank, slot.day.weekday()].append(slot)
    for habit in days.habits:
        offering = story.offerings[habit.key]
        enrolment = days.enrolments[habit.pupil.child_id, habit.family_id, offering]
        assert habit.booked_at is not None
        channel = story.dice.choice(CHANNELS)
        for weekday in habit.weekdays:
            for slot in by_weekday[offering, habit.product, weekday]:
                if habit.only_weeks and slot.day.isocalendar().week not in habit.only_weeks:
                    continue
                if not lives_here(habit.weeks, slot.day) or not story.chance(habit.keeps):
                    continue
                if slot.day in holidays and habit.activity != "vacances":
                    continue
                if slot.day > soon and habit.keeps < 1:
                    continue
                yield Place(
                    slot.pk,
                    habit.pupil.child_id,
                    habit.family_id,
                    enrolment,
                    habit.booked_at,
                    channel,
                )


def give_pieces(story: Story, days: Days, homes: dict[str, DemoHome]) -> None:
    """The pieces that each activity asks for, accepted for nearly all: one of the demo's misses."""
    from preau.demo.town.rules import REQUIRED

    wanted: set[tuple[str, int, int]] = set()
    for habit in days.habits:
        for piece in REQUIRED.get(habit.activity, ()):
            wanted.add((piece, habit.family_id, habit.pupil.child_id))
    three = homes["three"]
    missing = {("fiche-sanitaire", three.family_id, three.children[-1])}
    for piece in sorted({piece for piece, _, _ in wanted}):
        rows = sorted(
            row
            for row in wanted
            if row[0] == piece
            and row not in missing
            and (row[1] in {h.family_id for h in homes.values()} or story.chance(0.96))
        )
        files = store_for_families(
            content=ONE_PAGE,
            name=f"{piece}.pdf",
            content_type="application/pdf",
            family_ids=[family_id for _, family_id, _ in rows],
            now=story.settled,
        )
        provide_documents(
            documents=[
                NewDocument(story.pieces[piece], family_id, child_id, file_id)
                for (_, family_id, child_id), file_id in zip(rows, files, strict=True)
            ],
            now=story.settled,
            actor=story.agent("COUNTER"),
        )
