"""What is owed back: a credit first; else a line for the finance service, or cash.

A refund takes the credit off the account at once, so that it is never given twice; a line not yet
sent may be cancelled, and the credit comes back.
"""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from preau.audit.services import record
from preau.billing import giving_back, numbering, till
from preau.billing.refusing import journalled
from preau.cashdesk.day import lock_open_day
from preau.cashdesk.errors import RefundNotPossible
from preau.cashdesk.models import Refund, RefundFile
from preau.kernel import sealing
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.locks import lock_form
from preau.kernel.money import euros

SOURCE = "refund"
Status = Refund.Status


@journalled("cashdesk.refused_refund")
def ask_refund(
    *,
    family_id: int,
    cash_office_id: int,
    amount_cents: int,
    payee: str,
    reason: str,
    key: uuid.UUID,
    actor: Actor,
    now: datetime,
    iban: str = "",
    by_cash: bool = False,
) -> Refund:
    """Give a credit back: a line for the finance service, or cash from an open till.

    The same form (`key`) twice makes one refund. Raises RefundNotPossible, or what
    `billing.giving_back.give_back` raises.
    """
    lock_form(key)
    if existing := Refund.objects.filter(key=key).first():
        return existing
    if not reason.strip():
        raise RefundNotPossible(_("Écrivez le motif."), field="reason")
    if not payee.strip():
        raise RefundNotPossible(_("Écrivez le nom du bénéficiaire."), field="payee")
    if by_cash:
        lock_open_day(cash_office_id, now=now)
    cleaned = "" if by_cash else clean_iban(iban)
    refund = Refund.objects.create(
        cash_office_id=cash_office_id,
        family_id=family_id,
        amount_cents=max(amount_cents, 1),
        reason=reason.strip()[:200],
        payee=payee.strip()[:140],
        iban_sealed=sealing.seal(cleaned),
        iban_end=cleaned[-4:],
        status=Status.PAID if by_cash else Status.WAITING,
        by_cash=by_cash,
        created_at=now,
        created_by=actor.label,
        key=key,
    )
    refund.movement_id = giving_back.give_back(
        family_id=family_id,
        cash_office_id=cash_office_id,
        amount_cents=amount_cents,
        by_cash=by_cash,
        label=_("Remboursement : %s") % refund.reason,
        source=(SOURCE, refund.pk),
        actor=actor,
        now=now,
    )
    refund.save(update_fields=["movement_id"])
    _journal(
        refund,
        "refund",
        _("%(amount)s rendus %(how)s : %(reason)s")
        % {
            "amount": euros(amount_cents),
            "how": _("au guichet") if by_cash else _("par le service finances"),
            "reason": refund.reason,
        },
        actor,
        now,
    )
    return refund


def clean_iban(text: str) -> str:
    """The IBAN, its check digits verified. Raises RefundNotPossible."""
    try:
        return str(IBAN(re.sub(r"[\s.\-\u00a0\u202f]", "", text).upper(), validate_bban=True))
    except SchwiftyException as error:
        raise RefundNotPossible(
            _("Cet IBAN n’est pas valable : relisez-le sur le relevé d’identité bancaire."),
            field="iban",
        ) from error


@journalled("cashdesk.refused_refund_cancelling")
def cancel_refund(*, refund_id: int, reason: str, actor: Actor, now: datetime) -> Refund:
    """Give a refund up before it is sent: the credit comes back. Raises RefundNotPossible."""
    refund = Refund.objects.select_for_update(of=("self",), no_key=True).get(pk=refund_id)
    if refund.status == Status.CANCELLED:
        return refund
    if refund.status != Status.WAITING or refund.movement_id is None:
        raise RefundNotPossible(_("Ce remboursement est déjà parti : il ne s’annule plus."))
    if not reason.strip():
        raise RefundNotPossible(_("Écrivez le motif."), field="reason")
    giving_back.undo_give_back(
        movement_id=refund.movement_id,
        family_id=refund.family_id,
        label=_("Remboursement annulé : %s") % reason.strip()[:100],
        actor=actor,
        now=now,
    )
    refund.status, refund.cancel_reason = Status.CANCELLED, reason.strip()[:200]
    refund.save(update_fields=["status", "cancel_reason"])
    _journal(
        refund,
        "cancel_refund",
        _("Remboursement de %(amount)s annulé : %(reason)s")
        % {"amount": euros(refund.amount_cents), "reason": refund.cancel_reason},
        actor,
        now,
    )
    return refund


@journalled("cashdesk.refused_refund_file")
def send_refunds(*, cash_office_id: int, actor: Actor, now: datetime) -> RefundFile:
    """Put all the waiting refunds of an office in one file. Raises RefundNotPossible if none."""
    waiting = list(
        Refund.objects.select_for_update(of=("self",), no_key=True)
        .filter(cash_office_id=cash_office_id, status=Status.WAITING)
        .order_by("pk")
    )
    if not waiting:
        raise RefundNotPossible(_("Aucun remboursement n’attend."))
    file = RefundFile.objects.create(
        cash_office_id=cash_office_id,
        number=numbering.next_number(
            cash_office_id=cash_office_id,
            office_code=till.office_by_id(cash_office_id).code,
            year=paris_day(now).year,
            kind=numbering.REFUND_FILE,
        ),
        made_at=now,
        made_by=actor.label,
        count=len(waiting),
        total_cents=sum(refund.amount_cents for refund in waiting),
    )
    Refund.objects.filter(pk__in=[refund.pk for refund in waiting]).update(
        status=Status.SENT, file=file
    )
    record(
        actor=actor,
        now=now,
        action="cashdesk.send_refunds",
        summary=_("État de remboursement %(number)s : %(count)s lignes, %(total)s")
        % {"number": file.number, "count": file.count, "total": euros(file.total_cents)},
        object_type="cash_office",
        object_id=cash_office_id,
        data={"refund_file_id": file.pk},
    )
    return file


@dataclass(frozen=True, slots=True)
class RefundLine:
    """A line as the finance service reads it: the only place where the IBAN is whole."""

    family_code: str
    family_name: str
    payee: str
    iban: str
    amount_cents: int
    reason: str
    asked_at: datetime


def read_lines(file: RefundFile, *, actor: Actor, now: datetime) -> Iterator[RefundLine]:
    """The lines of a file with their IBAN; that they were read goes to the journal."""
    record(
        actor=actor,
        now=now,
        action="cashdesk.read_refund_file",
        summary=_("État de remboursement %s exporté, avec les IBAN") % file.number,
        object_type="cash_office",
        object_id=file.cash_office_id,
        data={"refund_file_id": file.pk},
    )
    return _lines(file.refunds.select_related("family").order_by("pk"))


def _lines(refunds: Iterable[Refund]) -> Iterator[RefundLine]:
    for refund in refunds:
        yield RefundLine(
            family_code=refund.family.code,
            family_name=refund.family.name,
            payee=refund.payee,
            iban=sealing.unseal(refund.iban_sealed),
            amount_cents=refund.amount_cents,
            reason=refund.reason,
            asked_at=refund.created_at,
        )


def _journal(refund: Refund, verb: str, summary: str, actor: Actor, now: datetime) -> None:
    record(
        actor=actor,
        now=now,
        action=f"cashdesk.{verb}",
        summary=summary,
        family_id=refund.family_id,
        object_type="refund",
        object_id=refund.pk,
    )
