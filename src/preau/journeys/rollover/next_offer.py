"""Next year's offer, opened by one act from this year's: previewed, opened, closed again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import transaction

from preau.bookings.services import open_slots
from preau.catalogue.queries import get_school_year, offerings_for
from preau.catalogue.services import (
    close_offerings,
    copy_offerings,
    import_calendar,
    open_offerings,
    save_school_year,
)
from preau.enrolments import queries as enrolments
from preau.enrolments.renewals import RenewalRefused
from preau.kernel.actors import Actor
from preau.kernel.clock import at_paris

COPIED, TO_OPEN, OPEN = "copied", "to_open", "open"


@dataclass(frozen=True, slots=True)
class NextLine:
    """An offering of this year: copied then opened, opened, or open already."""

    activity: str
    site: str
    label: str
    capacity: int
    state: str


@dataclass(slots=True)
class NextOffer:
    """What opening next year's offer would do; nothing is written."""

    label: str
    starts_on: date
    is_new_year: bool
    lines: list[NextLine]
    own: int  # offerings of next year that this year does not have, and that wait to be opened
    year: Any = None
    in_use: bool = False  # a renewal or an enrolment stands on it: it is not closed again

    @property
    def copied(self) -> int:
        return sum(line.state == COPIED for line in self.lines)

    @property
    def to_open(self) -> int:
        return sum(line.state != OPEN for line in self.lines) + self.own

    @property
    def opened(self) -> int:
        return sum(line.state == OPEN for line in self.lines)


@dataclass(frozen=True, slots=True)
class Opened:
    year: Any
    copied: int
    opened: int
    slots: int
    knows_holidays: bool


def next_label(from_year: Any) -> str:
    first = from_year.starts_on.year + 1
    return f"{first}-{first + 1}"


def next_offer(from_year: Any) -> NextOffer:
    """The preview: four queries."""
    label = next_label(from_year)
    year = get_school_year(label)
    ready: dict[tuple[int, int, str], bool] = {}
    for row in offerings_for(year.pk, open_only=False) if year else ():
        if row.activity.is_published and row.establishment.is_active:
            ready[(row.activity_id, row.establishment_id, row.label)] = row.is_open
    lines = []
    for row in offerings_for(from_year.pk):
        is_open = ready.pop((row.activity_id, row.establishment_id, row.label), None)
        lines.append(
            NextLine(
                activity=row.activity.name,
                site=row.establishment.name,
                label=row.label,
                capacity=row.capacity,
                state=COPIED if is_open is None else OPEN if is_open else TO_OPEN,
            )
        )
    return NextOffer(
        label=label,
        starts_on=year.starts_on if year else date(from_year.starts_on.year + 1, 9, 1),
        is_new_year=year is None,
        lines=lines,
        own=sum(not is_open for is_open in ready.values()),
        year=year,
        in_use=bool(year and _in_use(year.pk)),
    )


@transaction.atomic
def open_next_offer(
    *,
    from_year: Any,
    registration_opens_on: date | None,
    with_slots: bool,
    now: datetime,
    actor: Actor,
) -> Opened:
    """Open next year's offer: its year and State's holidays if need be, each offering of this
    year copied with its weekly patterns, all opened; asked again, only what is missing.

    `registration_opens_on`: when new families may ask; renewals do not wait for it. `with_slots`:
    the year's days are opened too, where its holidays are known. Raises RenewalRefused.
    """
    plan = next_offer(from_year)
    if not plan.to_open and not with_slots:
        raise RenewalRefused(f"L’offre {plan.label} est déjà ouverte.")
    year = plan.year or save_school_year(starts_on=plan.starts_on, now=now, actor=actor)
    knows = import_calendar(school_year=year, now=now, actor=actor).is_complete
    copied = copy_offerings(source_id=from_year.pk, target_id=year.pk, now=now, actor=actor)
    opens_at = at_paris(registration_opens_on, time(8)) if registration_opens_on else None
    opened = open_offerings(
        school_year_id=year.pk, registration_opens_at=opens_at, now=now, actor=actor
    )
    slots = 0
    if with_slots:
        if not knows:
            raise RenewalRefused(
                "L’État n’a pas encore publié toutes les vacances de cette année : ouvrez l’offre "
                "sans ses séances, puis les séances quand elles le seront."
            )
        slots = open_slots(
            offering_ids=_ids(offerings_for(year.pk)),
            first=year.starts_on,
            last=year.ends_on,
            now=now,
            actor=actor,
        )
    return Opened(year, copied, opened, slots, knows)


@transaction.atomic
def close_next_offer(*, from_year: Any, now: datetime, actor: Actor) -> int:
    """Close it again, as long as nobody stands on it. Raises RenewalRefused."""
    year = get_school_year(next_label(from_year))
    if year is None:
        raise RenewalRefused("Cette offre n’est pas ouverte.")
    if _in_use(year.pk):
        raise RenewalRefused(
            "Un renouvellement est ouvert, ou des enfants y sont inscrits : on ne referme plus "
            "tout d’un coup."
        )
    return close_offerings(school_year_id=year.pk, now=now, actor=actor)


def _in_use(year_id: int) -> bool:
    if any(row.to_year_id == year_id for row in enrolments.list_campaigns()):
        return True
    return enrolments.anyone_enrolled(_ids(offerings_for(year_id, open_only=False)))


def _ids(rows: Sequence[Any] | Any) -> list[int]:
    return [row.pk for row in rows]
