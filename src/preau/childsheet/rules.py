"""What follows from a child's sheet alone: pure functions."""

from collections.abc import Iterable
from datetime import date, time

from preau.childsheet.enums import Vaccine
from preau.kernel.periods import month_period

# Public health code, L3111-2 and R3111-2: three vaccines for all; eleven for those born from
# 2018; meningococci A, C, W, Y and B for infants since 1 January 2025 (decree 2024-694).
ELEVEN_FROM = date(2018, 1, 1)
MENINGOCOCCI_FROM = date(2023, 1, 1)
# A child whose vaccinations are missing is admitted for three months (R3111-8).
PROVISIONAL_MONTHS = 3
_EARLY = (
    Vaccine.DTP,
    Vaccine.PERTUSSIS,
    Vaccine.HIB,
    Vaccine.HEPATITIS_B,
    Vaccine.PNEUMOCOCCUS,
)


def vaccines_required(birth_on: date | None) -> tuple[Vaccine, ...]:
    """The vaccinations that a child born that day must have to come."""
    if birth_on is None or birth_on >= MENINGOCOCCI_FROM:
        return (*_EARLY, Vaccine.MENINGOCOCCUS_ACWY, Vaccine.MENINGOCOCCUS_B, Vaccine.MMR)
    if birth_on >= ELEVEN_FROM:
        return (*_EARLY, Vaccine.MENINGOCOCCUS_C, Vaccine.MMR)
    return (Vaccine.DTP,)


def vaccines_missing(birth_on: date | None, done: Iterable[str], excused: bool) -> list[Vaccine]:
    """Those required and not proved; none when a doctor's certificate says why."""
    if excused:
        return []
    have = set(done)
    return [vaccine for vaccine in vaccines_required(birth_on) if vaccine not in have]


def provisional_until(since: date) -> date:
    """The last day of the three months: same day of the month, or its last."""
    month = since.month - 1 + PROVISIONAL_MONTHS
    first = date(since.year + month // 12, month % 12 + 1, 1)
    last = month_period(first).ends_on
    assert last is not None
    return min(first.replace(day=min(since.day, last.day)), last)


def leave_words(may_leave_alone: bool | None, from_hour: time | None) -> str:
    """«part seul à partir de 17 h 30», for lists and prints."""
    if not may_leave_alone:  # what was not answered is not allowed
        return "ne part pas seul"
    if from_hour is None:
        return "peut partir seul"
    minutes = f" {from_hour.minute:02d}" if from_hour.minute else ""
    return f"peut partir seul à partir de {from_hour.hour} h{minutes}"
