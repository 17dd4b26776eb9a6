"""Amounts are integer cents, in the database and here; a float never holds money."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from preau.kernel.errors import Refusal

NARROW_SPACE = "\u202f"
MINUS = "\u2212"


class NotAnAmount(Refusal):
    message = "Écrivez un montant en euros, par exemple 12,50."
    code = "not_an_amount"


def euros(cents: int) -> str:
    """«1 234,50 €» with narrow no-break spaces and a true minus sign."""
    units, rest = divmod(abs(cents), 100)
    grouped = f"{units:,}".replace(",", NARROW_SPACE)
    sign = MINUS if cents < 0 else ""
    return f"{sign}{grouped},{rest:02d}{NARROW_SPACE}€"


def parse_euros(text: str) -> int:
    """Cents from what a person types: «12,5», «12.50 €», «1 200». Raises NotAnAmount."""
    cleaned = re.sub(r"[\s\u00a0\u202f€]", "", text).replace(",", ".").replace(MINUS, "-")
    if not re.fullmatch(r"-?\d{1,9}(\.\d{1,2})?", cleaned):
        raise NotAnAmount
    try:
        return int(Decimal(cleaned) * 100)
    except InvalidOperation as error:  # pragma: no cover - the pattern leaves none
        raise NotAnAmount from error


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount in euro cents that adds, subtracts, multiplies by whole numbers and prints."""

    cents: int = 0

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise TypeError(f"money is whole cents, not {self.cents!r}")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.cents + other.cents)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.cents - other.cents)

    def __mul__(self, times: int) -> "Money":
        return Money(self.cents * times)

    __rmul__ = __mul__

    def __neg__(self) -> "Money":
        return Money(-self.cents)

    def __bool__(self) -> bool:
        return self.cents != 0

    def __str__(self) -> str:
        return euros(self.cents)

    @classmethod
    def total(cls, amounts: Iterable["Money"]) -> "Money":
        return cls(sum(amount.cents for amount in amounts))
