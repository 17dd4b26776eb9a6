"""A quotient that came late: what the days already billed would cost with it, and the credit.

Each day is priced again by the rules of its own time. Only what becomes cheaper is given back,
never what an earlier credit note gave already; nothing is ever charged more after the fact.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from preau.billing.billed import Billed, billed_days
from preau.billing.credits import issue_credit_note
from preau.billing.days import ChargeDay
from preau.billing.errors import BillingRefusal
from preau.billing.lines import NOTES
from preau.billing.models import Invoice, InvoiceLine, Movement
from preau.billing.natures import Natures
from preau.billing.people import read_people
from preau.billing.pricing import Biller
from preau.billing.recharging import Priced, net_of_credits, recharge
from preau.kernel.actors import Actor
from preau.rulebook.api import RulebookError
from preau.rulebook.engine.groups import COUNTED, facts_read
from preau.rulebook.queries import rulebook_on


@dataclass(frozen=True, slots=True)
class Repriced:
    """One invoice line under the quotient known today; amounts in cents."""

    invoice_id: int
    number: str
    line_id: int
    label: str
    days: int
    billed: int
    now: int
    credit: int
    why: tuple[str, ...] = ()


class NothingToCredit(BillingRefusal):
    """Every day already billed costs as much or more with today's quotient."""

    code = "nothing_to_credit"
    message = "Rien ne devient moins cher : il n’y a pas d’avoir à faire."


class NotBackdated(BillingRefusal):
    """The town did not choose to go back."""

    code = "not_backdated"
    message = "Le règlement ne prévoit pas de revenir sur des mois facturés."


def earliest(today: date) -> date | None:
    """From which day the rules in force let a late quotient count; None: never back."""
    book = rulebook_on(today)
    months = book.quotient.backdate_months if book else None
    if not months:
        return None
    index = today.year * 12 + today.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def reprice(*, family_id: int, since: date, until: date) -> tuple[Repriced, ...]:
    """Every billed line of the family with days in the period that would cost less today."""
    rows = billed_days(family_id=family_id, since=since, until=until)
    if not rows:
        return ()
    if any(book_looks_at_months(day) for day in {row.day.replace(day=1) for row in rows}):
        return _reprice_months(rows)
    people = read_people({family_id}, {row.child_id for row in rows}, first=since, last=until)
    biller = Biller(people, month=since, natures=Natures())
    given: dict[int, int] = dict(
        InvoiceLine.objects.filter(corrects_line_id__in={row.line_id for row in rows})
        .values_list("corrects_line_id")
        .annotate(total=-Sum("amount_cents"))
        .order_by()
    )
    lines: dict[int, list[tuple[Billed, int, tuple[str, ...]]]] = defaultdict(list)
    for row in rows:
        found = _price(biller, family_id, row)
        if found is not None and found[0] < row.cents:
            lines[row.line_id].append((row, *found))
    repriced = []
    for line_id, days in lines.items():
        first = days[0][0]
        billed = sum(row.cents for row, _now, _why in days)
        now = sum(cents for _row, cents, _why in days)
        credit = max(0, _family_part(first, billed - now) - given.get(line_id, 0))
        if credit:
            why = dict.fromkeys(sentence for _row, _now, said in days for sentence in said)
            repriced.append(
                Repriced(
                    first.invoice_id,
                    first.number,
                    line_id,
                    first.label,
                    len(days),
                    billed,
                    now,
                    credit,
                    tuple(why),
                )
            )
    return tuple(repriced)


def book_looks_at_months(day: date) -> bool:
    """Whether the rules of that month look at several uses: a day has no price of its own."""
    book = rulebook_on(day)
    return book is not None and (bool(book.groups) or bool(frozenset(COUNTED) & facts_read(book)))


def _family_part(row: Billed, cents: int) -> int:
    """Of what a line becomes cheaper, what the family paid; the credit note gives third parties
    theirs back in the same proportion."""
    if row.line_gross == row.line_cents or row.line_gross <= 0:
        return cents
    return cents * row.line_cents // row.line_gross


def _reprice_months(rows: list[Billed]) -> tuple[Repriced, ...]:
    """Each invoice priced twice, as bookings and attendance are today: with the quotients known
    when it was issued, and with all of them. What the second takes off is given back."""
    found: list[Repriced] = []
    issued_at = dict(
        Movement.objects.filter(
            kind=Movement.Kind.INVOICE,
            source_type="invoice",
            source_id__in={row.invoice_id for row in rows},
        ).values_list("source_id", "at")
    )
    invoices = Invoice.objects.filter(pk__in=issued_at).prefetch_related("lines").order_by("pk")
    for invoice in invoices:
        lines = sorted(invoice.lines.all(), key=lambda line: line.pk)
        then = recharge(invoice, lines, known_at=issued_at[invoice.pk])
        now = recharge(invoice, lines, known_at=None)
        left = net_of_credits(lines)
        given = {line.pk: line.amount_cents - left[line.pk] for line in lines}
        for key, before in then.items():
            after = now.get(key) or Priced()
            mine = [line for line in lines if (line.child_id, line.activity_id) == key]
            gross = sum(line.quantity * line.unit_cents for line in mine)
            net = sum(line.amount_cents for line in mine)
            off = before.cents - after.cents
            if gross > 0 and gross != net:
                off = off * net // gross
            off -= sum(given[line.pk] for line in mine)
            days = sum(
                day not in after.days or after.days[day].cents < price.cents
                for day, price in before.days.items()
            )
            for line in mine:
                part = min(off, left[line.pk])
                if part <= 0:
                    continue
                off -= part
                found.append(
                    Repriced(
                        invoice.pk,
                        invoice.number,
                        line.pk,
                        line.label,
                        days,
                        before.cents,
                        after.cents,
                        part,
                        tuple(after.why),
                    )
                )
    return tuple(found)


def _price(biller: Biller, family_id: int, row: Billed) -> tuple[int, tuple[str, ...]] | None:
    day = row.day
    walk_in = row.note == NOTES["WALK_IN"]
    charge = ChargeDay(
        family_id,
        row.child_id,
        row.slot_id,
        day,
        "WALK_IN" if walk_in else "CONFIRMED",
        row.activity_id,
        row.activity,
        row.activity_name,
        row.product,
        row.product_name,
        "",
        "",
        row.site,
        0,
        "",
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
    )
    book = biller.book_on(day)
    if book.book is None:
        return None
    try:
        price = book.price(
            charge, biller.facts_of(biller.people.houses[family_id], charge, walk_in=walk_in)
        )
    except RulebookError:
        return None
    return price.cents, price.sentences


@transaction.atomic
def credit_late_quotient(
    *, family_id: int, since: date, until: date, actor: Actor, now: datetime
) -> list[Invoice]:
    """Issue the credit notes of ``reprice``, one an invoice.

    Raises NotBackdated, NothingToCredit.
    """
    if earliest(until) is None:
        raise NotBackdated
    by_invoice: dict[int, dict[int, int]] = defaultdict(dict)
    for one in reprice(family_id=family_id, since=since, until=until):
        by_invoice[one.invoice_id][one.line_id] = one.credit
    if not by_invoice:
        raise NothingToCredit
    return [
        issue_credit_note(
            invoice_id=invoice_id,
            lines=lines,
            actor=actor,
            now=now,
            reason=_("Quotient familial reçu après la facture"),
        )
        for invoice_id, lines in by_invoice.items()
    ]
