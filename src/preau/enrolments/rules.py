"""Pure rules of documents and dates."""

import calendar
from datetime import date

# From July on, what a family brings is for the year to come.
NEXT_YEAR_FROM = 7


def school_year_end(day: date) -> date:
    """The 31 August until which a piece brought on `day` counts: this school year's, or, from
    1 July on, the next one's."""
    return date(day.year + 1 if day.month >= NEXT_YEAR_FROM else day.year, 8, 31)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of that month when it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def expiry(
    provided_on: date, *, valid_months: int | None, until_school_year_end: bool
) -> date | None:
    """The last day on which a document provided on a day is worth something; None: no end."""
    ends = []
    if valid_months:
        ends.append(add_months(provided_on, valid_months))
    if until_school_year_end:
        ends.append(school_year_end(provided_on))
    return min(ends) if ends else None
