"""What corrects or uses what is already written: credit notes, and the account's credit."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import ledger, numbering
from preau.billing.errors import (
    InvoiceNotFound,
    NoCredit,
    NotAPositiveAmount,
    ReasonMissing,
    TooMuchToCredit,
)
from preau.billing.models import (
    Allocation,
    CashOffice,
    Invoice,
    InvoiceLine,
    Movement,
)
from preau.billing.rules import spread, take_from
from preau.billing.shares_back import credit_shares, decided, shares_back
from preau.billing.titres import check_open
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.money import euros

SOURCE = "invoice"


@transaction.atomic
def issue_credit_note(
    *,
    invoice_id: int,
    lines: Mapping[int, int],
    reason: str,
    actor: Actor,
    now: datetime,
    shares: Mapping[int, int] | None = None,
) -> Invoice:
    """Correct an invoice: `lines` is what is given back on which of its lines, in cents.

    It first lowers what is left to pay on that invoice; the rest is the account's credit. Where a
    third party pays a share of a line, its invoice is corrected too: in proportion, or as `shares`
    says (line of the third party's invoice → cents; 0 to leave it).
    Raises ReasonMissing, NotAPositiveAmount, TooMuchToCredit, InvoiceNotFound.
    """
    if not reason.strip():
        raise ReasonMissing
    wanted = {line_id: cents for line_id, cents in lines.items() if cents}
    if not wanted or min(wanted.values()) < 0:
        raise NotAPositiveAmount
    invoice = (
        Invoice.objects.select_related("cash_office")
        .filter(pk=invoice_id, kind=Invoice.Kind.INVOICE)
        .first()
    )
    if invoice is None:
        raise InvoiceNotFound
    account = ledger.lock_account(
        family_id=invoice.family_id, cash_office_id=invoice.cash_office_id
    )
    check_open([invoice.pk])
    corrected = list(InvoiceLine.objects.filter(invoice=invoice, pk__in=wanted))
    if len(corrected) != len(wanted):
        raise InvoiceNotFound
    already = _already_credited(invoice)
    for line in corrected:
        if wanted[line.pk] > line.amount_cents - already.get(line.pk, 0):
            raise TooMuchToCredit
    parts = shares_back(wanted)
    back = decided(parts, shares)
    total = sum(wanted.values())
    note = create_note(invoice, total=total, reason=reason.strip()[:300], now=now)
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=note,
            child_id=line.child_id,
            activity_id=line.activity_id,
            label=line.label,
            unit_name="",
            quantity=1,
            unit_cents=-wanted[line.pk],
            amount_cents=-wanted[line.pk],
            explanation=[
                note.reason,
                *[
                    part.sentence(back[part.line_id])
                    for part in parts
                    if part.own_line_id == line.pk and back.get(part.line_id)
                ],
            ],
            rulebook_version_id=line.rulebook_version_id,
            corrects_line_id=line.pk,
            accounting_code=line.accounting_code,
            function_code=line.function_code,
        )
        for line in corrected
    )
    due = [due for due in ledger.list_dues(account) if due.invoice_id == invoice.pk]
    ledger.post(
        account=account,
        kind=Movement.Kind.CREDIT_NOTE,
        label=_("Avoir %(number)s : %(reason)s") % {"number": note.number, "reason": note.reason},
        at=now,
        source=(SOURCE, note.pk),
        actor_label=actor.label,
        family_cents=-total,
        legs=[
            ledger.Leg(ledger.Account.REVENUE, wanted[line.pk], line.accounting_code)
            for line in corrected
        ],
        allocations=spread(total, due),
    )
    credit_shares(parts, back, reason=note.reason, actor=actor, now=now)
    record(
        actor=actor,
        now=now,
        action="billing.credit_note",
        summary=_("Avoir %(number)s de %(amount)s sur la facture %(invoice)s : %(reason)s")
        % {
            "number": note.number,
            "amount": euros(total),
            "invoice": invoice.number,
            "reason": note.reason,
        },
        family_id=invoice.family_id,
        object_type=SOURCE,
        object_id=note.pk,
    )
    return note


@transaction.atomic
def use_credit(
    *,
    family_id: int,
    cash_office_id: int,
    actor: Actor,
    now: datetime,
    chosen: Mapping[int, int] | None = None,
) -> int:
    """Pay invoices with the account's credit, by the family's choice. The cents used.

    Raises NoCredit when there is none, or nothing to pay with it.
    """
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    credits = ledger.list_credits(account)
    parts = spread(sum(left for _pk, left in credits), ledger.list_dues(account), chosen=chosen)
    if not parts:
        raise NoCredit
    remaining = dict(credits)
    rows = []
    for invoice_id, cents in parts.items():
        for movement_id, part in take_from(remaining.items(), cents):
            remaining[movement_id] -= part
            rows.append(
                Allocation(invoice_id=invoice_id, movement_id=movement_id, amount_cents=part)
            )
    Allocation.objects.bulk_create(rows)
    used = sum(parts.values())
    record(
        actor=actor,
        now=now,
        action="billing.use_credit",
        summary=_("Crédit de %(amount)s employé sur des factures") % {"amount": euros(used)},
        family_id=family_id,
    )
    return used


def _already_credited(invoice: Invoice) -> dict[int, int]:
    rows = (
        InvoiceLine.objects.filter(invoice__corrects=invoice)
        .values_list("corrects_line_id")
        .annotate(total=-Sum("amount_cents"))
        .order_by()
    )
    return {line_id: total for line_id, total in rows if line_id}


def create_note(invoice: Invoice, *, total: int, reason: str, now: datetime) -> Invoice:
    """The credit note alone, without lines nor movement: for this room's writers."""
    today = paris_day(now)
    office: CashOffice = invoice.cash_office
    rank = numbering.take_numbers(
        cash_office_id=office.pk, year=today.year, kind=numbering.CREDIT_NOTE, count=1
    )[0]
    return Invoice.objects.create(
        kind=Invoice.Kind.CREDIT_NOTE,
        cash_office=office,
        family_id=invoice.family_id,
        number=numbering.printed(
            office_code=office.code, year=today.year, kind=numbering.CREDIT_NOTE, rank=rank
        ),
        month=invoice.month,
        issued_on=today,
        due_on=today,
        total_cents=-total,
        debtor=invoice.debtor,
        corrects=invoice,
        reason=reason,
    )
