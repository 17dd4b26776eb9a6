"""The cashier's day: opened with a float, collecting in between, counted and closed."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import acts, counter, ledger, till
from preau.billing.errors import NoAct
from preau.billing.refusing import journalled
from preau.cashdesk.errors import (
    DayNotClosed,
    DifferenceUnexplained,
    TillClosed,
    TillOpenAlready,
)
from preau.cashdesk.models import TillDay
from preau.cashdesk.rules import count_cash, expected_cash
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.money import euros

SOURCE = "till_day"
FLOAT_MAX_CENTS = 1_000_000


@journalled("cashdesk.refused_opening")
def open_day(
    *, cash_office_id: int, actor: Actor, now: datetime, float_cents: int | None = None
) -> TillDay:
    """Open the till with its float, by default the act's.

    Raises TillOpenAlready, NotNamed, NoAct.
    """
    acts.refuse_unnamed(cash_office_id=cash_office_id, actor=actor, now=now)
    act = acts.act_on(cash_office_id, paris_day(now))
    if act is None:
        raise NoAct
    given = act.float_cents if float_cents is None else float_cents
    if not 0 <= given <= FLOAT_MAX_CENTS:
        raise TillClosed(_("Ce fonds de caisse n’est pas possible."))
    try:
        with transaction.atomic():
            day = TillDay.objects.create(
                cash_office_id=cash_office_id,
                opened_at=now,
                opened_by_id=actor.user_id,
                opened_by=actor.label,
                float_cents=given,
            )
    except IntegrityError as error:
        raise TillOpenAlready from error
    _journal(day, "open_day", _("Caisse ouverte, fonds de %s") % euros(given), actor, now)
    return day


def lock_open_day(cash_office_id: int, *, now: datetime) -> TillDay:
    """The open day, locked until commit. Raises TillClosed, DayNotClosed (left open yesterday)."""
    day = (
        TillDay.objects.select_for_update(of=("self",), no_key=True)
        .filter(cash_office_id=cash_office_id, closed_at__isnull=True)
        .first()
    )
    if day is None:
        raise TillClosed
    if paris_day(day.opened_at) < paris_day(now):
        raise DayNotClosed
    return day


@journalled("cashdesk.refused_payment")
def collect(
    *,
    family_id: int,
    cash_office_id: int,
    parts: Sequence[counter.Part],
    key: uuid.UUID,
    actor: Actor,
    now: datetime,
    chosen: Mapping[int, int] | None = None,
) -> Any:
    """Take a payment while the till is open. Raises a CashDeskRefusal or a BillingRefusal."""
    lock_open_day(cash_office_id, now=now)
    return counter.take_payment(
        family_id=family_id,
        cash_office_id=cash_office_id,
        parts=parts,
        key=key,
        actor=actor,
        now=now,
        chosen=chosen,
    )


@journalled("cashdesk.refused_void")
def void(*, payment_id: int, reason: str, key: uuid.UUID, actor: Actor, now: datetime) -> Any:
    """Void an encashment while the till is open; what it settled is due again."""
    lock_open_day(till.office_of_payment(payment_id), now=now)
    return counter.void_payment(payment_id=payment_id, reason=reason, key=key, actor=actor, now=now)


@journalled("cashdesk.refused_closing")
def close_day(
    *,
    cash_office_id: int,
    counted: Mapping[int, int],
    actor: Actor,
    now: datetime,
    difference_reason: str = "",
) -> TillDay:
    """Count the drawer and close the day; a difference is told, explained and booked.

    Raises TillClosed, WrongCount, DifferenceUnexplained, NotNamed.
    """
    acts.refuse_unnamed(cash_office_id=cash_office_id, actor=actor, now=now)
    day = (
        TillDay.objects.select_for_update(of=("self",), no_key=True)
        .filter(cash_office_id=cash_office_id, closed_at__isnull=True)
        .first()
    )
    if day is None:
        raise TillClosed
    cents = count_cash(counted)
    held = ledger.lock_till(cash_office_id)["CASH"]
    expected = expected_cash(float_cents=day.float_cents, held_cents=held)
    difference = cents - expected
    if difference and not difference_reason.strip():
        raise DifferenceUnexplained(
            _("Le comptage donne %(counted)s, la caisse attend %(expected)s : écrivez le motif.")
            % {"counted": euros(cents), "expected": euros(expected)}
        )
    day.closed_at, day.closed_by = now, actor.label
    day.counted = {str(value): number for value, number in counted.items() if number}
    day.counted_cents, day.expected_cents = cents, expected
    day.difference_cents = difference
    day.difference_reason = difference_reason.strip()[:200] if difference else ""
    day.save()
    if difference:
        book_difference(
            cash_office_id=cash_office_id,
            cents=difference,
            reason=day.difference_reason,
            source=(SOURCE, day.pk),
            actor=actor,
            now=now,
        )
    text = _("Caisse close : %(counted)s comptés, différence %(difference)s") % {
        "counted": euros(cents),
        "difference": euros(difference),
    }
    _journal(day, "close_day", text, actor, now)
    return day


def book_difference(
    *,
    cash_office_id: int,
    cents: int,
    reason: str,
    source: tuple[str, int],
    actor: Actor,
    now: datetime,
) -> None:
    """Write what the till has too much (> 0) or too little, so that the next count starts true."""
    ledger.post_till(
        cash_office_id=cash_office_id,
        kind="DIFFERENCE",
        label=_("Différence de caisse : %s") % reason,
        at=now,
        source=source,
        actor_label=actor.label,
        legs=[ledger.Leg("CASH", cents), ledger.Leg("DIFFERENCE", -cents)],
    )


def _journal(day: TillDay, verb: str, summary: str, actor: Actor, now: datetime) -> None:
    record(
        actor=actor,
        now=now,
        action=f"cashdesk.{verb}",
        summary=summary,
        object_type="cash_office",
        object_id=day.cash_office_id,
        data={"till_day_id": day.pk},
    )
