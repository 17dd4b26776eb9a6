"""The end of a year, per cash office: what is not invoiced yet, what was paid in advance.

What was served and not invoiced on 31 December is priced by the rulebook, as the billing run
would; it is counted by the worker, since a city's month takes a while.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from preau.audit.services import record
from preau.billing import services as billing
from preau.billing.figures_by import (
    Balance,
    balances_at,
    office_movements,
    set_aside_at,
    third_parties_at,
)
from preau.billing.queries import accountings, runs
from preau.billing.till import held_at, office_by_id
from preau.kernel.actors import Actor
from preau.kernel.clock import at_paris
from preau.reporting.models import YearEnd

Status = YearEnd.Status
_Key = tuple[int | None, str, str]
"""An activity, the nature of its account, its function."""
COLLECTED = {"BANK", "DEBIT", "CASH", "CHEQUE", "CARD", "CESU", "ANCV", "TRANSFER"}
PAYMENTS = {"PAYMENT_ONLINE", "PAYMENT_COUNTER", "DIRECT_DEBIT", "TRANSFER", "REVERSAL"}


@transaction.atomic
def ask_year_end(*, cash_office_id: int, year: int, actor: Actor, now: datetime) -> YearEnd:
    """Have the worker count what is not invoiced; asked again, it is counted again."""
    from preau.reporting.tasks import count_year_end, defer_once

    found, _created = YearEnd.objects.update_or_create(
        cash_office_id=cash_office_id,
        year=year,
        defaults={"status": Status.COMPUTING, "asked_at": now, "asked_by": actor.label},
    )
    record(
        actor=actor,
        now=now,
        action="reporting.ask_year_end",
        summary=f"Clôture {year} demandée",
        object_type="cash_office",
        object_id=cash_office_id,
    )
    defer_once(count_year_end, f"reporting.year_end:{found.pk}", year_end_id=found.pk)
    return found


def count_year_end(*, year_end_id: int, now: datetime) -> None:
    """The worker's part: writes nothing but its result; harmless when run again."""
    found = YearEnd.objects.filter(pk=year_end_id).first()
    if found is None:
        return
    try:
        rows = not_invoiced(cash_office_id=found.cash_office_id, year=found.year)
    except Exception:
        YearEnd.objects.filter(pk=found.pk).update(status=Status.FAILED)
        raise
    YearEnd.objects.filter(pk=found.pk).update(
        status=Status.READY, not_invoiced=rows, computed_at=now
    )


def not_invoiced(*, cash_office_id: int, year: int) -> list[dict[str, Any]]:
    """What was booked or served until 31 December and is on no invoice, by activity and nature."""
    office = office_by_id(cash_office_id)
    december = date(year, 12, 1)
    # Once December is billed, what came late for it waits for January's invoice.
    is_billed = runs().filter(cash_office=office, month=december, status="ISSUED").exists()
    month = date(year + 1, 1, 1) if is_billed else december
    computed = billing.compute(office=office, month=month)
    names = {row.activity_id: row.activity.name for row in accountings()}
    units: dict[_Key, int] = defaultdict(int)
    cents: dict[_Key, int] = defaultdict(int)
    families: dict[_Key, set[int]] = defaultdict(set)
    for draft in computed.drafts:
        for line in draft.lines:
            if is_billed and line.fixed_quantity:
                continue  # a charge of January itself
            count = line.units_between(date(year, 1, 1), date(year, 12, 31))
            if not count or not line.quantity:
                continue
            key = (line.activity_id, *line.nature)
            units[key] += count
            cents[key] += line.amount_cents * count // line.quantity
            families[key].add(draft.family_id)
    return [
        {
            "activity": names.get(key[0] or 0, "Autres lignes"),
            "accounting_code": key[1],
            "function_code": key[2],
            "units": units[key],
            "families": len(families[key]),
            "cents": cents[key],
        }
        for key in sorted(units, key=str)
    ]


def year_end_of(cash_office_id: int, year: int) -> YearEnd | None:
    """What was counted of this year."""
    return YearEnd.objects.filter(cash_office_id=cash_office_id, year=year).first()


@dataclass(frozen=True, slots=True)
class Closing:
    """The books of a cash office for a year, to the cent."""

    office: Any
    year: int
    issued_cents: int
    credited_cents: int
    collected: list[tuple[str, int]]  # account, cents
    refunded_cents: int
    deposited_cents: int
    differences_cents: int
    titres_cents: int
    owed: list[Balance]
    advances: list[Balance]
    held: dict[str, int]
    # Of what was paid in advance, what is kept for days booked after the year's end.
    set_aside_cents: int
    # (third party, cents): owed, or (< 0) paid too much.
    third_parties: list[tuple[str, int]]
    given_back_to_third_parties_cents: int

    @property
    def collected_cents(self) -> int:
        return sum(cents for _account, cents in self.collected)

    @property
    def owed_cents(self) -> int:
        return sum(row.cents for row in self.owed)

    @property
    def advances_cents(self) -> int:
        return -sum(row.cents for row in self.advances)


def closing_of(*, cash_office_id: int, year: int) -> Closing:
    """The year's books as they are known now; balances as they stood on 31 December at midnight."""
    since, until = at_paris(date(year, 1, 1)), at_paris(date(year + 1, 1, 1))
    sums = office_movements(cash_office_id=cash_office_id, since=since, until=until)

    def total(kinds: set[str], accounts: set[str]) -> int:
        return sum(
            cents
            for (kind, account), cents in sums.items()
            if kind in kinds and account in accounts
        )

    return Closing(
        office=office_by_id(cash_office_id),
        year=year,
        issued_cents=-total({"INVOICE"}, {"REVENUE"}),
        credited_cents=total({"CREDIT_NOTE"}, {"REVENUE"}),
        collected=[
            (account, cents)
            for account in sorted(COLLECTED)
            if (cents := total(PAYMENTS, {account}))
        ],
        refunded_cents=total({"REFUND"}, {"FAMILY"}),
        deposited_cents=total({"DEPOSIT"}, {"DEPOSITED"}),
        differences_cents=-total({"DIFFERENCE"}, {"DIFFERENCE"}),
        titres_cents=-total({"TITRE"}, {"FAMILY"}),
        owed=balances_at(at=until, cash_office_id=cash_office_id, in_advance=False),
        advances=balances_at(at=until, cash_office_id=cash_office_id, in_advance=True),
        held=held_at(cash_office_id, until),
        set_aside_cents=set_aside_at(at=until, cash_office_id=cash_office_id),
        third_parties=third_parties_at(at=until, cash_office_id=cash_office_id),
        given_back_to_third_parties_cents=total({"REFUND"}, {"THIRD"}),
    )
