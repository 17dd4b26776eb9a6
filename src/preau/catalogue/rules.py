"""Pure rules of the calendar and of the offer: no database, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from preau.catalogue.enums import PeriodKind, Supervision
from preau.kernel.text import search_key

SCHOOL_WEEKDAYS = frozenset({0, 1, 3, 4})
WEDNESDAY = 2
SATURDAY = 5

# The names that rulebooks know holidays by, found in the name that the State gives them.
HOLIDAY_CODES = (
    ("toussaint", "toussaint"),
    ("noel", "noel"),
    ("hiver", "hiver"),
    ("fevrier", "hiver"),
    ("printemps", "printemps"),
    ("paques", "printemps"),
    ("ascension", "ascension"),
)


@dataclass(frozen=True, slots=True)
class HolidaySpan:
    """School holidays: first and last day without school, both included."""

    name: str
    starts_on: date
    ends_on: date
    kind: str

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class DayInfo:
    """What the town's calendar says of one day.

    `period_kind` is a PeriodKind, None on week-ends and outside every school year.
    `pattern_kind` says whose weekly patterns stand on this day: the same, and on a Saturday or a
    Sunday that of the weeks around (Saturdays of term are SCHOOL_DAYS with weekday 5).
    `closed_reason` is "" on a day that is open; a public holiday is closed, by its name.
    """

    day: date
    period_kind: str | None
    pattern_kind: str | None
    is_public_holiday: bool
    closed_reason: str
    holiday_name: str

    @property
    def is_open(self) -> bool:
        """Whether activities may take place."""
        return self.pattern_kind is not None and not self.closed_reason

    @property
    def is_school_day(self) -> bool:
        """Whether there is school, public holidays left out."""
        return self.period_kind == PeriodKind.SCHOOL_DAYS and not self.is_public_holiday


def day_info(
    day: date,
    *,
    years: Iterable[tuple[date, date]],
    holidays: Iterable[HolidaySpan],
    public_holidays: Mapping[date, str],
    closed: Mapping[date, str],
) -> DayInfo:
    """The description of one day, from what the calendar holds."""
    holiday = next((span for span in holidays if day in span), None)
    is_public = day in public_holidays
    reason = public_holidays.get(day) or closed.get(day, "")
    pattern_kind: str | None = None
    if any(first <= day <= last for first, last in years):
        if holiday is not None:
            pattern_kind = holiday.kind
        elif day.weekday() == WEDNESDAY:
            pattern_kind = PeriodKind.WEDNESDAYS.value
        else:
            pattern_kind = PeriodKind.SCHOOL_DAYS.value
    return DayInfo(
        day=day,
        period_kind=None if day.weekday() >= SATURDAY else pattern_kind,
        pattern_kind=pattern_kind,
        is_public_holiday=is_public,
        closed_reason=reason,
        holiday_name=holiday.name if holiday else "",
    )


def holiday_code(name: str, kind: str) -> str:
    """The name of these holidays in a rulebook: toussaint, noel, hiver, printemps, summer…"""
    if kind == PeriodKind.SUMMER:
        return "summer"
    key = search_key(name)
    for word, code in HOLIDAY_CODES:
        if word in key:
            return code
    return key.replace(" ", "_")


def days_between(first: date, last: date) -> list[date]:
    """Each day from `first` to `last`, both included; empty when they are the wrong way round."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def registration_state(
    opens_at: datetime | None, closes_at: datetime | None, is_open: bool, now: datetime
) -> str:
    """«soon», «open» or «closed»: may one ask for a place now?"""
    if not is_open or (closes_at is not None and now >= closes_at):
        return "closed"
    if opens_at is not None and now < opens_at:
        return "soon"
    return "open"


def school_year_label(starts_on: date) -> str:
    """«2026-2027»."""
    return f"{starts_on.year}-{starts_on.year + 1}"


# Children that one adult may look after, under 6 and from 6 on (CASF R227-16): up to five hours in
# a row, then beyond.
_RATIOS = {
    Supervision.HOLIDAYS: ((8, 12), (8, 12)),
    Supervision.TERM: ((10, 14), (8, 12)),
    Supervision.TERM_PEDT: ((14, 18), (10, 14)),
}
LONG = timedelta(hours=5)
# The age that parts the two groups in the law (R227-16); a town may set it, within these.
LAW_AGE = 6
AGE_CUTS = (2, 17)


def supervision_ratio(
    supervision: str, *, hours: timedelta, own: tuple[int | None, int | None] = (None, None)
) -> tuple[int | None, int | None]:
    """Children an adult may look after, (under 6, from 6 on), for children who stay `hours` in a
    row; (None, None) when no rule says it. `own`: the town's numbers, for Supervision.OWN."""
    if supervision == Supervision.OWN:
        return own
    found = _RATIOS.get(Supervision(supervision))
    return found[hours > LONG] if found else (None, None)


def age_cut(
    *, town: int, supervision: str, offering: int | None = None, product: int | None = None
) -> int:
    """The age at which a child is counted with the older ones: what the opening says, else the
    product, else the town. With the law's numbers it never goes under the law's age: children
    under 6 would be too many for each adult."""
    cut = next(age for age in (offering, product, town) if age is not None)
    return max(cut, LAW_AGE) if supervision in _RATIOS else cut


def longest(spans: Iterable[tuple[time, time]]) -> timedelta:
    """The longest of these stays of one day."""
    return max(
        (
            timedelta(hours=ends.hour - starts.hour, minutes=ends.minute - starts.minute)
            for starts, ends in spans
        ),
        default=timedelta(),
    )
