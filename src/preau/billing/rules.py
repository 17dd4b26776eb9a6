"""Pure rules of money: how a payment spreads over invoices. Amounts in cents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

CASH_MAX_CENTS = 30_000
"""Cash: 300 € at most per payment (decree of 7 November 2012 and order of 24 December 2012)."""


@dataclass(frozen=True, slots=True)
class Due:
    """An invoice with something left to pay."""

    invoice_id: int
    due_on: date
    left_cents: int


def spread(
    amount_cents: int, dues: Iterable[Due], *, chosen: Mapping[int, int] | None = None
) -> dict[int, int]:
    """What of `amount_cents` goes to which invoice; the rest is the account's credit.

    `chosen` says how much goes to which invoice: never more than what is left on it, and what is
    chosen for an invoice that needs it no more becomes credit. Without it, the oldest debt comes
    first (civil code, 1342-10).
    """
    left = {due.invoice_id: due.left_cents for due in dues if due.left_cents > 0}
    if chosen is None:
        order = sorted(dues, key=lambda due: (due.due_on, due.invoice_id))
        wishes = [(due.invoice_id, due.left_cents) for due in order]
    else:
        wishes = sorted(chosen.items())
    result: dict[int, int] = {}
    for invoice_id, wish in wishes:
        part = min(wish, left.get(invoice_id, 0), amount_cents)
        if part > 0:
            result[invoice_id] = part
            amount_cents -= part
    return result


def left_to_family(cents: int, *, net: int, gross: int) -> int:
    """What the family pays of an amount of which a third party bears the share that it bore of
    `gross` (the family paid `net` of it). As when it was invoiced, half a cent goes to the third
    party (`shares.Term.part`)."""
    if gross == net or gross <= 0:
        return cents
    return cents - (2 * cents * (gross - net) + gross) // (2 * gross)


def take_from(credits: Iterable[tuple[int, int]], amount_cents: int) -> list[tuple[int, int]]:
    """Take an amount from (movement id, what it has left), in their order."""
    taken = []
    for movement_id, left in credits:
        part = min(left, amount_cents)
        if part > 0:
            taken.append((movement_id, part))
            amount_cents -= part
    return taken
