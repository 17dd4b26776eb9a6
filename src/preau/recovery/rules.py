"""Pure rules of recovery: who waits to be grouped, how an invoice is cut in instalments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

MIN_TITRE_CENTS = 1_500
"""No titre under 15 € (CGCT, D1611-1): the debts of one debtor wait until they reach it."""

DAY_OF_INSTALMENT = 28
"""The last day of the month that each month has."""


def cut(total_cents: int, count: int) -> list[int]:
    """Equal parts to the cent, the first ones taking what does not divide."""
    part, rest = divmod(total_cents, count)
    return [part + (rank < rest) for rank in range(count)]


def due_days(first: date, count: int) -> list[date]:
    """The same day of the following months, the 28th at the latest."""
    days = []
    for rank in range(count):
        month = first.month - 1 + rank
        days.append(
            date(first.year + month // 12, month % 12 + 1, min(first.day, DAY_OF_INSTALMENT))
            if rank
            else first
        )
    return days


@dataclass(frozen=True, slots=True)
class Step:
    """One instalment with what is paid of it."""

    rank: int
    due_on: date
    amount_cents: int
    paid_cents: int

    @property
    def left_cents(self) -> int:
        return self.amount_cents - self.paid_cents

    def is_late(self, today: date) -> bool:
        return self.left_cents > 0 and self.due_on < today


def steps(instalments: Iterable[tuple[int, date, int]], paid_cents: int) -> list[Step]:
    """What was paid since the plan fills its instalments in their order."""
    found = []
    for rank, due_on, amount in sorted(instalments):
        part = max(0, min(amount, paid_cents))
        paid_cents -= part
        found.append(Step(rank, due_on, amount, part))
    return found


def due_now(found: Iterable[Step], on: date) -> int:
    """What of a plan is to be paid by a day, in cents."""
    return sum(step.left_cents for step in found if step.due_on <= on)


def grouped(amounts: Iterable[int]) -> bool:
    """Whether a debtor's debts together are worth a titre."""
    return sum(amounts) >= MIN_TITRE_CENTS
