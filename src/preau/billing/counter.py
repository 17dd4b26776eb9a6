"""Payments taken at the counter, each with its receipt; a void leaves both lines."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import acts, ledger, numbering, till
from preau.billing.errors import (
    AlreadyDeposited,
    AlreadyVoided,
    BillingRefusal,
    CashOfficeClosed,
    CeilingReached,
    CreditGivenBack,
    MeansNotAccepted,
    NotAPositiveAmount,
    ReasonMissing,
    TooMuchCash,
    VoucherRefused,
)
from preau.billing.means import COUNTER, TILL, VOUCHERS, Means, label
from preau.billing.messages import acknowledge_counter_payment
from preau.billing.models import (
    CashOffice,
    CashOfficeAct,
    CounterPart,
    CounterPayment,
    CreditReturn,
    LedgerLine,
    Movement,
)
from preau.billing.refusing import journalled
from preau.billing.rules import CASH_MAX_CENTS, spread
from preau.billing.titres import check_open
from preau.billing.vouchers import place_vouchers, voucher_room
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.french import and_join
from preau.kernel.money import euros

SOURCE = "counter_payment"
MAX_CENTS = 10_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """What is received by one means. `reference`: the cheque, the ticket, how many vouchers."""

    means: str
    amount_cents: int
    reference: str = ""
    bank: str = ""
    drawer: str = ""


@journalled("billing.refused_payment")
def take_payment(
    *,
    family_id: int,
    cash_office_id: int,
    key: uuid.UUID,
    actor: Actor,
    now: datetime,
    parts: Sequence[Part] = (),
    means: str = "",
    amount_cents: int = 0,
    chosen: Mapping[int, int] | None = None,
    cheque_number: str = "",
    cheque_drawer: str = "",
) -> CounterPayment:
    """Take what a family brings, by one means or several, and give a receipt.

    Sending the same form (`key`) twice takes it once. Pays `chosen` (invoice id → cents), by
    default the oldest debt first; the rest becomes the account's credit. Refuses whatever the
    cash office's act does not allow. Raises a BillingRefusal; the refusal is in the journal.
    """
    if not parts:
        parts = [Part(means, amount_cents, cheque_number, "", cheque_drawer)]
    _check_parts(parts)
    total = sum(part.amount_cents for part in parts)
    office = CashOffice.objects.get(pk=cash_office_id)
    if not office.is_active:
        raise CashOfficeClosed
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    if existing := CounterPayment.objects.filter(key=key).first():
        return existing
    check_open(chosen or ())
    allocations = spread(total, ledger.list_dues(account), chosen=chosen)
    acts.refuse_unnamed(cash_office_id=office.pk, actor=actor, now=now)
    act = acts.refuse_outside(
        cash_office_id=office.pk,
        means=[part.means for part in parts],
        invoice_ids=allocations,
        now=now,
    )
    if total > sum(allocations.values()) and not office.accepts_top_up and not allocations:
        raise BillingRefusal(_("Cette régie ne reçoit pas de versement d’avance."))
    placed = _place(parts, family_id=family_id, allocations=allocations)
    _refuse_over_ceiling(act, parts)
    payment = _write(
        office,
        actor,
        now,
        family_id=family_id,
        means=parts[0].means if len({p.means for p in parts}) == 1 else Means.MIXED,
        amount_cents=total,
        settles={str(pk): cents for pk, cents in allocations.items()},
        key=key,
    )
    CounterPart.objects.bulk_create(
        CounterPart(
            payment=payment,
            means=part.means,
            amount_cents=part.amount_cents,
            reference=part.reference.strip()[:40],
            bank=part.bank.strip()[:80],
            drawer=part.drawer.strip()[:120],
            on_invoices={str(pk): cents for pk, cents in on.items()},
        )
        for part, on in zip(parts, placed, strict=True)
    )
    ledger.post(
        account=account,
        kind=Movement.Kind.PAYMENT_COUNTER,
        label=_("Paiement au guichet, %(means)s (reçu %(number)s)")
        % {"means": means_words(parts), "number": payment.receipt_number},
        at=now,
        source=(SOURCE, payment.pk),
        actor_label=actor.label,
        family_cents=-total,
        legs=[ledger.Leg(part.means, part.amount_cents) for part in parts],
        allocations=allocations,
    )
    record(
        actor=actor,
        now=now,
        action="billing.take_payment",
        summary=_("Encaissement de %(amount)s en %(means)s, reçu %(number)s")
        % {
            "amount": euros(total),
            "means": means_words(parts),
            "number": payment.receipt_number,
        },
        family_id=family_id,
        object_type=SOURCE,
        object_id=payment.pk,
    )
    acknowledge_counter_payment(payment, office=office, now=now)
    return payment


def means_words(parts: Sequence[Any]) -> str:
    """«espèces», «chèque et CESU»."""
    return and_join(list(dict.fromkeys(label(part.means) for part in parts)))


def _check_parts(parts: Sequence[Part]) -> None:
    for part in parts:
        if part.amount_cents <= 0:
            raise NotAPositiveAmount
        if part.means not in COUNTER:
            raise MeansNotAccepted
    if sum(part.amount_cents for part in parts) > MAX_CENTS:
        raise BillingRefusal(
            _("Ce montant est trop grand pour un encaissement au guichet."), code="too_much"
        )
    cash = [part.amount_cents for part in parts if part.means == Means.CASH]
    if sum(cash) > CASH_MAX_CENTS:
        raise TooMuchCash
    if len(cash) > 1:
        raise BillingRefusal(_("Écrivez les espèces sur une seule ligne."), code="cash_twice")
    missing = {
        Means.CHEQUE: _("Écrivez le numéro du chèque."),
        Means.CARD: _("Écrivez le numéro du ticket du terminal."),
        Means.TRANSFER: _("Écrivez la référence du virement."),
    }
    for part in parts:
        if part.means in missing and not part.reference.strip():
            raise BillingRefusal(missing[Means(part.means)], code="reference_missing")


def _place(
    parts: Sequence[Part], *, family_id: int, allocations: Mapping[int, int]
) -> list[dict[int, int]]:
    """On which invoices each voucher goes. Raises VoucherRefused when there is not room enough."""
    left = dict(allocations)
    placed: list[dict[int, int]] = []
    rooms: dict[str, dict[int, int]] = {}
    for part in parts:
        if part.means not in VOUCHERS:
            placed.append({})
            continue
        if part.means not in rooms:
            rooms[part.means] = voucher_room(
                part.means, family_id=family_id, invoice_ids=list(allocations)
            )
        room = rooms[part.means]
        found = place_vouchers(part.amount_cents, room, left)
        if found is None:
            most = sum(min(room.get(pk, 0), cents) for pk, cents in allocations.items())
            raise VoucherRefused(
                _(
                    "Sur ces factures, les %(means)s peuvent payer %(amount)s au plus : jamais les "
                    "repas, et le centre de loisirs en CESU avant 6 ans seulement."
                )
                % {"means": label(part.means), "amount": euros(most)}
            )
        for pk, cents in found.items():
            room[pk] -= cents
        placed.append(found)
    return placed


def _refuse_over_ceiling(act: CashOfficeAct, parts: Sequence[Part]) -> None:
    held = ledger.lock_till(act.cash_office_id)
    adding = dict.fromkeys(TILL, 0)
    for part in parts:
        if part.means in adding:
            adding[Means(part.means)] += part.amount_cents
    cash = held[Means.CASH] + adding[Means.CASH]
    if adding[Means.CASH] and act.cash_ceiling_cents and cash > act.cash_ceiling_cents:
        raise CeilingReached(
            _(
                "La caisse tiendrait %(held)s en espèces, et l’acte fixe le plafond à %(ceiling)s :"
                " faites d’abord un versement."
            )
            % {"held": euros(cash), "ceiling": euros(act.cash_ceiling_cents)}
        )
    whole = sum(held.values()) + sum(adding.values())
    if sum(adding.values()) and act.till_ceiling_cents and whole > act.till_ceiling_cents:
        raise CeilingReached(
            _(
                "L’encaisse serait de %(held)s, et l’acte en fixe le plafond à %(ceiling)s : faites"
                " d’abord un versement."
            )
            % {"held": euros(whole), "ceiling": euros(act.till_ceiling_cents)}
        )


def movement_of(payment: CounterPayment) -> Movement:
    """The ledger's movement of an encashment."""
    return Movement.objects.get(
        kind=Movement.Kind.PAYMENT_COUNTER, source_type=SOURCE, source_id=payment.pk
    )


def is_deposited(payment: CounterPayment, *, now: datetime) -> bool:
    """Whether what it brought left the till: deposited, or taken by the bank that evening."""
    means = set(payment.parts.values_list("means", flat=True))
    if means & {Means.CARD, Means.TRANSFER} and paris_day(now) != paris_day(payment.received_at):
        return True
    movement = movement_of(payment)
    return (
        LedgerLine.objects.filter(
            movement_id__gt=movement.pk,
            movement__kind=Movement.Kind.DEPOSIT,
            movement__source_type=till.DEPOSIT,
            movement__cash_office_id=payment.cash_office_id,
            account__in=means & set(TILL),
            amount_cents__lt=0,
        )
        .exclude(movement__source_id__in=till.undone_deposits())
        .exists()
    )


@journalled("billing.refused_void")
def void_payment(
    *, payment_id: int, reason: str, key: uuid.UUID, actor: Actor, now: datetime
) -> CounterPayment:
    """Undo an encashment: a second line says why, what it paid is due again.

    Never after its deposit. Raises AlreadyVoided, ReasonMissing, NotNamed, AlreadyDeposited,
    CreditGivenBack; the refusal is in the journal.
    """
    if not reason.strip():
        raise ReasonMissing
    payment = CounterPayment.objects.select_related("cash_office").get(pk=payment_id)
    account = ledger.lock_account(
        family_id=payment.family_id, cash_office_id=payment.cash_office_id
    )
    if existing := CounterPayment.objects.filter(key=key).first():
        return existing
    if payment.voids_id or CounterPayment.objects.filter(voids=payment).exists():
        raise AlreadyVoided
    acts.refuse_unnamed(cash_office_id=payment.cash_office_id, actor=actor, now=now)
    ledger.lock_till(payment.cash_office_id)
    movement = movement_of(payment)
    refuse_used(movement)
    if is_deposited(payment, now=now):
        raise AlreadyDeposited
    void = _write(
        payment.cash_office,
        actor,
        now,
        family_id=payment.family_id,
        means=payment.means,
        amount_cents=payment.amount_cents,
        key=key,
        voids=payment,
        void_reason=reason.strip()[:200],
    )
    ledger.reverse(
        account=account,
        movement=movement,
        label=_("Annulation du reçu %(number)s : %(reason)s")
        % {"number": payment.receipt_number, "reason": void.void_reason},
        at=now,
        actor_label=actor.label,
    )
    record(
        actor=actor,
        now=now,
        action="billing.void_payment",
        summary=_("Annulation du reçu %(number)s (%(amount)s) : %(reason)s")
        % {
            "number": payment.receipt_number,
            "amount": euros(payment.amount_cents),
            "reason": void.void_reason,
        },
        family_id=payment.family_id,
        object_type=SOURCE,
        object_id=void.pk,
    )
    return void


def refuse_used(movement: Movement) -> None:
    """Raises AlreadyVoided, CreditGivenBack: what is undone, or given back, is not undone again."""
    reversed_ids = Movement.objects.filter(
        kind=Movement.Kind.REVERSAL, source_type=ledger.MOVEMENT
    ).values("source_id")
    if Movement.objects.filter(
        kind=Movement.Kind.REVERSAL, source_type=ledger.MOVEMENT, source_id=movement.pk
    ).exists():
        raise AlreadyVoided
    back = CreditReturn.objects.filter(credit=movement).exclude(movement_id__in=reversed_ids)
    # What is set aside for days booked is freed by the reversal itself.
    if back.exclude(movement__kind=Movement.Kind.HOLD).exists():
        raise CreditGivenBack


def _write(office: CashOffice, actor: Actor, now: datetime, **fields: object) -> CounterPayment:
    # The number comes last: whoever waits for this sequence waits for the least time.
    year = paris_day(now).year
    rank = numbering.take_numbers(
        cash_office_id=office.pk, year=year, kind=numbering.RECEIPT, count=1
    )[0]
    return CounterPayment.objects.create(
        cash_office=office,
        received_at=now,
        receipt_number=numbering.printed(
            office_code=office.code, year=year, kind=numbering.RECEIPT, rank=rank
        ),
        taken_by_id=actor.user_id,
        taken_by_label=actor.label,
        **fields,
    )
