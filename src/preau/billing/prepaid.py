"""Activities paid in advance: each day booked sets its price aside on the account.

Booked, the money leaves the credit for the advances' account; given up at no cost, it comes back;
billed, it pays the invoice. A hold never exceeds the credit: what is short is billed at the month's
end like any other day, and the family is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from preau.billing import ledger
from preau.billing.days import ChargeDay
from preau.billing.errors import NotEnoughInAdvance
from preau.billing.models import (
    ActivityAccounting,
    CashOffice,
    CreditReturn,
    FamilyAccount,
    Movement,
    PrepaidHold,
    WhenShort,
)
from preau.billing.natures import Natures
from preau.billing.people import read_people
from preau.billing.pricing import Biller
from preau.billing.rules import take_from
from preau.kernel.clock import paris_day
from preau.kernel.copying import take_ids
from preau.kernel.french import day as day_words
from preau.kernel.french import euros
from preau.kernel.kept import Kept
from preau.kernel.lane import Asked
from preau.rulebook.api import RulebookError

HOLD = "prepaid"
# Of a day to come, nothing is known of who came.
NOTHING = (None,) * 10

# Days booked of prepaid activities, not billed; each with what is set aside for it.
WANTED = """
SELECT booking.id, booking.family_id, booking.child_id, slot.id, slot.day, activity.id,
    activity.slug, activity.name, product.slug, product.name, product.unit_name,
    product.unit_plural, establishment.name, booking.surcharge_cents, accounting.cash_office_id,
    accounting.is_meal
FROM bookings_booking booking
JOIN bookings_slot slot ON slot.id = booking.slot_id AND slot.status = 'OPEN'
JOIN catalogue_offering offering ON offering.id = slot.offering_id
JOIN catalogue_activity activity ON activity.id = offering.activity_id
JOIN catalogue_product product ON product.id = slot.product_id
JOIN catalogue_establishment establishment ON establishment.id = offering.establishment_id
JOIN billing_activityaccounting accounting
    ON accounting.activity_id = activity.id AND accounting.is_prepaid
WHERE booking.family_id = %(family)s AND booking.status = 'CONFIRMED' AND booking.is_charged
    AND slot.day >= %(since)s
    AND NOT EXISTS (
        SELECT FROM billing_invoice invoice
        JOIN billing_invoiceline line ON line.invoice_id = invoice.id
        WHERE invoice.family_id = booking.family_id AND invoice.month >= %(since)s - 200
            AND line.child_id = booking.child_id AND slot.id = ANY(line.slot_ids)
    )
ORDER BY slot.day, slot.id, booking.child_id
"""


@dataclass(frozen=True, slots=True)
class Advance:
    """What settling a family's prepaid days did, in cents; `short`: what its credit lacked."""

    held: int = 0
    given_back: int = 0
    short: int = 0
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class _Day:
    charge: ChargeDay
    office_id: int
    is_meal: bool
    cents: int


def has_prepaid() -> bool:
    """Whether some activity of the town is paid in advance."""
    return bool(_read_prepaid())


_read_prepaid = Kept(
    lambda: ActivityAccounting.objects.filter(is_prepaid=True).order_by("pk").values_list("pk")[:1]
)


def asked_prepaid() -> Asked:
    """What `has_prepaid` asks, for `lane.ahead`."""
    return _read_prepaid.asked()


@transaction.atomic
def settle_family(
    *, family_id: int, actor_label: str, now: datetime, since: date, may_refuse: bool = False
) -> Advance:
    """Set aside what the family's booked days of prepaid activities cost; give back the others.

    With `may_refuse`, raises NotEnoughInAdvance where the cash office refuses a booking that its
    credit does not cover (a meal never is): the caller's transaction goes back with it.
    """
    wanted = _wanted(family_id, since)
    held = {
        (hold.slot_id, hold.child_id): hold
        for hold in PrepaidHold.objects.filter(
            account__family_id=family_id, ended_at__isnull=True
        ).select_related("movement", "account", "slot")
    }
    fresh = [day for day in wanted if (day.charge.slot_id, day.charge.child_id) not in held]
    kept = {(day.charge.slot_id, day.charge.child_id) for day in wanted}
    gone = [hold for key, hold in held.items() if key not in kept and _is_over(hold, since)]
    given_back = 0
    for hold in sorted(gone, key=lambda hold: (hold.account_id, hold.pk)):
        _give_back(hold, actor_label=actor_label, now=now)
        given_back += hold.cents
    total = short = 0
    words = []
    for office in CashOffice.objects.filter(pk__in={day.office_id for day in fresh}).order_by("pk"):
        mine = [day for day in fresh if day.office_id == office.pk]
        done, lacking, available = _hold(family_id, office, mine, actor_label=actor_label, now=now)
        total += done
        refused = [day for day in lacking if not day.is_meal]
        if refused and may_refuse and office.prepaid_when_short == WhenShort.REFUSE:
            raise NotEnoughInAdvance(
                _("Votre solde (%(have)s, %(office)s) ne couvre pas %(what)s : rechargez d’abord.")
                % {
                    "have": euros(available),
                    "office": office.name,
                    "what": euros(sum(day.cents for day in mine)),
                }
            )
        if lacking:
            missing = sum(day.cents for day in lacking)
            short += missing
            words.append(
                _("%(office)s : il manque %(missing)s d’avance, à recharger ou sur la facture.")
                % {"office": office.name, "missing": euros(missing)}
            )
    return Advance(total, given_back, short, " ".join(words))


def _is_over(hold: PrepaidHold, since: date) -> bool:
    """Whether the day was looked at: those before are the billing run's."""
    return bool(hold.slot.day >= since)


def _hold(
    family_id: int, office: CashOffice, days: list[_Day], *, actor_label: str, now: datetime
) -> tuple[int, list[_Day], int]:
    """Set aside what the credit covers; (cents held, days left out, the credit there was)."""
    account = ledger.lock_account(family_id=family_id, cash_office_id=office.pk)
    credits = ledger.list_credits(account)
    available = sum(left for _movement, left in credits)
    room = available - office.prepaid_min_cents
    lacking = []
    held = 0
    remaining = dict(credits)
    for day in days:
        if day.cents <= 0:
            continue
        if day.cents > room:
            lacking.append(day)
            continue
        room -= day.cents
        parts = take_from(remaining.items(), day.cents)
        for movement_id, part in parts:
            remaining[movement_id] -= part
        _set_aside(account, day, parts, actor_label=actor_label, now=now)
        held += day.cents
    return held, lacking, available


def _set_aside(
    account: FamilyAccount,
    day: _Day,
    parts: Iterable[tuple[int, int]],
    *,
    actor_label: str,
    now: datetime,
) -> None:
    [hold_id] = take_ids("billing_prepaidhold", 1)
    movement = ledger.post(
        account=account,
        kind=Movement.Kind.HOLD,
        label=_("%(activity)s, %(day)s")
        % {"activity": day.charge.activity_name, "day": day_words(day.charge.day)},
        at=now,
        source=(HOLD, hold_id),
        actor_label=actor_label,
        family_cents=day.cents,
        legs=[ledger.Leg(ledger.Account.ADVANCE, -day.cents)],
    )
    CreditReturn.objects.bulk_create(
        CreditReturn(credit_id=credit_id, movement=movement, amount_cents=cents)
        for credit_id, cents in parts
    )
    PrepaidHold.objects.create(
        pk=hold_id,
        account=account,
        child_id=day.charge.child_id,
        slot_id=day.charge.slot_id,
        cents=day.cents,
        movement=movement,
        held_at=now,
    )


def _give_back(hold: PrepaidHold, *, actor_label: str, now: datetime) -> None:
    account = ledger.lock_account(
        family_id=hold.account.family_id, cash_office_id=hold.account.cash_office_id
    )
    if not PrepaidHold.objects.filter(pk=hold.pk, ended_at__isnull=True).update(ended_at=now):
        return
    ledger.reverse(
        account=account,
        movement=hold.movement,
        label=_("Rendu : %(what)s") % {"what": hold.movement.label},
        at=now,
        actor_label=actor_label,
    )


def _wanted(family_id: int, since: date) -> list[_Day]:
    with connection.cursor() as cursor:
        cursor.execute(WANTED, {"family": family_id, "since": since})
        rows = cursor.fetchall()
    if not rows:
        return []
    last = max(row[4] for row in rows)
    people = read_people({family_id}, {row[2] for row in rows}, first=since, last=last)
    biller = Biller(people, month=since, natures=Natures())
    house = people.houses[family_id]
    found = []
    for _booking, family, child, slot, day, *what, surcharge, office, is_meal in rows:
        details: tuple[Any, ...] = (*what, surcharge, "", *NOTHING)
        charge = ChargeDay(family, child, slot, day, "CONFIRMED", *details)
        book = biller.book_on(day)
        if book.book is None or book.may_span(charge):
            continue
        try:
            price = book.price(charge, biller.facts_of(house, charge, walk_in=False))
        except RulebookError:
            continue  # the run will say so; nothing is set aside meanwhile
        found.append(_Day(charge, office, is_meal, price.cents + surcharge))
    return found


# Families whose booked days and what is set aside differ; those without credit can hold no more.
UNSETTLED = """
SELECT booking.family_id FROM bookings_booking booking
JOIN bookings_slot slot ON slot.id = booking.slot_id AND slot.status = 'OPEN'
    AND slot.day >= %(today)s
JOIN catalogue_offering offering ON offering.id = slot.offering_id
JOIN billing_activityaccounting accounting
    ON accounting.activity_id = offering.activity_id AND accounting.is_prepaid
JOIN billing_familyaccount account ON account.family_id = booking.family_id
    AND account.cash_office_id = accounting.cash_office_id AND account.balance_cents < 0
WHERE booking.status = 'CONFIRMED' AND booking.is_charged AND NOT EXISTS (
    SELECT FROM billing_prepaidhold hold WHERE hold.slot_id = slot.id
        AND hold.child_id = booking.child_id AND hold.ended_at IS NULL
)
UNION
SELECT account.family_id FROM billing_prepaidhold hold
JOIN billing_familyaccount account ON account.id = hold.account_id
JOIN bookings_slot slot ON slot.id = hold.slot_id AND slot.day >= %(today)s
WHERE hold.ended_at IS NULL AND (slot.status <> 'OPEN' OR NOT EXISTS (
    SELECT FROM bookings_booking booking WHERE booking.slot_id = slot.id
        AND booking.child_id = hold.child_id AND booking.family_id = account.family_id
        AND booking.status = 'CONFIRMED' AND booking.is_charged
))
"""


def settle_all(*, now: datetime) -> int:
    """Settle every family whose days and holds differ (an agent booked, the town cancelled, an
    account was topped up); how many."""
    if not has_prepaid():
        return 0
    today = paris_day(now)
    with connection.cursor() as cursor:
        cursor.execute(UNSETTLED, {"today": today})
        families = [row[0] for row in cursor.fetchall()]
    for family_id in families:
        settle_family(family_id=family_id, actor_label="système", now=now, since=today)
    return len(families)


# --- The run -------------------------------------------------------------------------------------


__all__ = [
    "Advance",
    "has_prepaid",
    "settle_all",
    "settle_family",
]
