"""Deposits to the public accountant, and the handing over of the till."""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import acts, ledger, numbering, till
from preau.billing.means import PAPER, TILL
from preau.billing.refusing import journalled
from preau.cashdesk.day import book_difference
from preau.cashdesk.errors import (
    DepositVoidedAlready,
    HandoverRefused,
    NothingToDeposit,
    TooMuchDeposited,
    VoidReasonMissing,
)
from preau.cashdesk.models import Deposit, DepositLine, DepositPiece, Handover
from preau.cashdesk.rules import count_cash, expected_cash
from preau.cashdesk.state import pieces_held, state_of
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.money import euros


@journalled("cashdesk.refused_deposit")
def make_deposit(
    *,
    cash_office_id: int,
    cash_cents: int,
    means: Collection[str],
    key: uuid.UUID,
    actor: Actor,
    now: datetime,
) -> Deposit:
    """Deposit some cash, and every piece held of these means, with a numbered slip.

    The same form (`key`) twice makes one deposit. Raises NotNamed, TooMuchDeposited,
    NothingToDeposit.
    """
    acts.refuse_unnamed(cash_office_id=cash_office_id, actor=actor, now=now)
    held = ledger.lock_till(cash_office_id)
    if existing := Deposit.objects.filter(key=key).first():
        return existing
    if cash_cents < 0 or cash_cents > max(held["CASH"], 0):
        raise TooMuchDeposited(
            _("La caisse a reçu %s en espèces, fonds de caisse à part.") % euros(held["CASH"])
        )
    pieces = list(pieces_held(cash_office_id).filter(means__in=set(means) & set(PAPER)))
    amounts: dict[str, tuple[int, int]] = {"CASH": (0, cash_cents)}
    for piece in pieces:
        count, cents = amounts.get(piece.means, (0, 0))
        amounts[piece.means] = (count + 1, cents + piece.amount_cents)
    amounts = {one: amounts[one] for one in TILL if amounts.get(one, (0, 0))[1]}
    total = sum(cents for _count, cents in amounts.values())
    if not total:
        raise NothingToDeposit
    deposit = _write(cash_office_id, actor, now, total_cents=total, key=key, amounts=amounts)
    DepositPiece.objects.bulk_create(
        DepositPiece(deposit=deposit, part_id=piece.pk) for piece in pieces
    )
    ledger.post_till(
        cash_office_id=cash_office_id,
        kind="DEPOSIT",
        label=_("Versement %s") % deposit.number,
        at=now,
        source=(till.DEPOSIT, deposit.pk),
        actor_label=actor.label,
        legs=[
            *(ledger.Leg(one, -cents) for one, (_count, cents) in amounts.items()),
            ledger.Leg("DEPOSITED", total),
        ],
    )
    record(
        actor=actor,
        now=now,
        action="cashdesk.make_deposit",
        summary=_("Versement %(number)s de %(amount)s au comptable")
        % {"number": deposit.number, "amount": euros(total)},
        object_type="cash_office",
        object_id=cash_office_id,
        data={"deposit_id": deposit.pk},
    )
    return deposit


@journalled("cashdesk.refused_deposit_void")
def void_deposit(
    *, deposit_id: int, reason: str, key: uuid.UUID, actor: Actor, now: datetime
) -> Deposit:
    """Undo a deposit made by mistake: a second slip, with its number, says why; both lines stay.

    What it took is in the till again, each piece too, to be deposited aright. The same form
    (`key`) twice undoes it once. Raises VoidReasonMissing, NotNamed, DepositVoidedAlready.
    """
    if not reason.strip():
        raise VoidReasonMissing
    wrong = Deposit.objects.get(pk=deposit_id)
    acts.refuse_unnamed(cash_office_id=wrong.cash_office_id, actor=actor, now=now)
    ledger.lock_till(wrong.cash_office_id)
    if existing := Deposit.objects.filter(key=key).first():
        return existing
    if wrong.voids_id or Deposit.objects.filter(voids=wrong).exists():
        raise DepositVoidedAlready
    lines = list(wrong.lines.order_by("pk"))
    void = _write(
        wrong.cash_office_id,
        actor,
        now,
        total_cents=wrong.total_cents,
        key=key,
        amounts={line.means: (line.pieces, line.amount_cents) for line in lines},
        voids=wrong,
        void_reason=reason.strip()[:200],
    )
    ledger.post_till(
        cash_office_id=wrong.cash_office_id,
        kind="DEPOSIT",
        label=_("Annulation du versement %(number)s : %(reason)s")
        % {"number": wrong.number, "reason": void.void_reason},
        at=now,
        source=(till.DEPOSIT_VOID, wrong.pk),
        actor_label=actor.label,
        legs=[
            *(ledger.Leg(line.means, line.amount_cents) for line in lines),
            ledger.Leg("DEPOSITED", -wrong.total_cents),
        ],
    )
    record(
        actor=actor,
        now=now,
        action="cashdesk.void_deposit",
        summary=_("Annulation du versement %(number)s (%(amount)s) : %(reason)s")
        % {
            "number": wrong.number,
            "amount": euros(wrong.total_cents),
            "reason": void.void_reason,
        },
        object_type="cash_office",
        object_id=wrong.cash_office_id,
        data={"deposit_id": void.pk, "voids_id": wrong.pk},
    )
    return void


def _write(
    cash_office_id: int,
    actor: Actor,
    now: datetime,
    *,
    amounts: Mapping[str, tuple[int, int]],
    **fields: object,
) -> Deposit:
    deposit = Deposit.objects.create(
        cash_office_id=cash_office_id,
        number=numbering.next_number(
            cash_office_id=cash_office_id,
            office_code=till.office_by_id(cash_office_id).code,
            year=paris_day(now).year,
            kind=numbering.DEPOSIT,
        ),
        made_at=now,
        made_by=actor.label,
        made_by_id=actor.user_id,
        **fields,
    )
    DepositLine.objects.bulk_create(
        DepositLine(deposit=deposit, means=one, pieces=count, amount_cents=cents)
        for one, (count, cents) in amounts.items()
    )
    return deposit


@journalled("cashdesk.refused_handover")
def hand_over(
    *,
    cash_office_id: int,
    from_person_id: int,
    to_person_id: int,
    counted: Mapping[int, int],
    actor: Actor,
    now: datetime,
    note: str = "",
) -> Handover:
    """Remise de service: the till counted before the one who leaves and the one who takes over.

    A difference is booked and told in `note`. Raises NotNamed, HandoverRefused, WrongCount.
    """
    acts.refuse_unnamed(cash_office_id=cash_office_id, actor=actor, now=now)
    people = {person.pk: person for person in acts.people_of(cash_office_id)}
    leaving, coming = people.get(from_person_id), people.get(to_person_id)
    if leaving is None or coming is None or leaving.user_id == coming.user_id:
        raise HandoverRefused(_("Choisissez deux personnes nommées, l’une après l’autre."))
    if not acts.people_on(cash_office_id, paris_day(now)).filter(pk=coming.pk).exists():
        raise HandoverRefused(_("Aucun arrêté ne nomme l’entrant ce jour."))
    cents = count_cash(counted)
    held = ledger.lock_till(cash_office_id)["CASH"]
    state = state_of(cash_office_id, at=now)
    expected = expected_cash(float_cents=state.float_cents, held_cents=held)
    if cents != expected and not note.strip():
        raise HandoverRefused(
            _("Le comptage donne %(counted)s, la caisse attend %(expected)s : écrivez la réserve.")
            % {"counted": euros(cents), "expected": euros(expected)}
        )
    office = till.office_by_id(cash_office_id)
    handover = Handover.objects.create(
        cash_office_id=cash_office_id,
        number=numbering.next_number(
            cash_office_id=cash_office_id,
            office_code=office.code,
            year=paris_day(now).year,
            kind=numbering.HANDOVER,
        ),
        at=now,
        from_name=leaving.name,
        to_name=coming.name,
        recorded_by=actor.label,
        counted={str(value): number for value, number in counted.items() if number},
        counted_cents=cents,
        expected_cents=expected,
        statement=state.as_json(),
        note=note.strip()[:300],
    )
    if cents != expected:
        book_difference(
            cash_office_id=cash_office_id,
            cents=cents - expected,
            reason=handover.note,
            source=("handover", handover.pk),
            actor=actor,
            now=now,
        )
    record(
        actor=actor,
        now=now,
        action="cashdesk.hand_over",
        summary=_("Remise de service %(number)s : %(old)s à %(new)s, %(cash)s comptés")
        % {
            "number": handover.number,
            "old": leaving.name,
            "new": coming.name,
            "cash": euros(cents),
        },
        object_type="cash_office",
        object_id=cash_office_id,
    )
    return handover
