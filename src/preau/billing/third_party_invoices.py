"""What third parties are invoiced, and what they pay: their own debtor, numbers and account."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import ledger, numbering
from preau.billing.drafts import Draft, DraftLine, DraftShare
from preau.billing.errors import (
    BillingRefusal,
    InvoiceNotFound,
    NotAPositiveAmount,
    ReasonMissing,
    TooMuchToCredit,
)
from preau.billing.models import (
    CashOffice,
    Movement,
    ThirdParty,
    ThirdPartyAccount,
    ThirdPartyInvoice,
    ThirdPartyLine,
    ThirdPartyPayment,
)
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.money import euros

INVOICE = "third_party_invoice"
PAYMENT = "third_party_payment"
Account = ledger.Account


def issue_shares(
    *,
    office: CashOffice,
    month: date,
    drafts: Sequence[Draft],
    run_id: int | None,
    actor_label: str,
    now: datetime,
) -> list[ThirdPartyInvoice]:
    """Write what each third party owes of drafts just issued: one invoice each.

    In the caller's transaction, after `issue_invoices`, which named the lines.
    """
    wanted: dict[int, list[tuple[Draft, DraftLine, DraftShare]]] = defaultdict(list)
    for draft in drafts:
        for line in draft.lines:
            for share in line.shares:
                wanted[share.third_party_id].append((draft, line, share))
    if not wanted:
        return []
    invoices = []
    for third_party in ThirdParty.objects.filter(pk__in=wanted).order_by("pk"):
        parts = wanted[third_party.pk]
        account = ledger.lock_third_party(third_party_id=third_party.pk, cash_office_id=office.pk)
        invoice = _create(
            account,
            office,
            total=sum(share.cents for _draft, _line, share in parts),
            month=month,
            run_id=run_id,
            debtor=debtor_of(third_party),
            now=now,
        )
        ThirdPartyLine.objects.bulk_create(
            ThirdPartyLine(
                invoice=invoice,
                agreement_id=share.agreement_id,
                line_id=line.line_id,
                family_name=draft.debtor.get("name", "")[:160],
                label=line.label[:160],
                detail=share.sentence[:200],
                amount_cents=share.cents,
            )
            for draft, line, share in parts
        )
        revenue: dict[str, int] = defaultdict(int)
        for _draft, line, share in parts:
            revenue[line.nature.code] += share.cents
        ledger.post_third_party(
            account=account,
            kind=Movement.Kind.INVOICE,
            label=_("Facture %(month)s à %(who)s, n° %(number)s")
            % {
                "month": french.of(french.month(month)),
                "who": third_party.name,
                "number": invoice.number,
            },
            at=now,
            source=(INVOICE, invoice.pk),
            actor_label=actor_label,
            cents=invoice.total_cents,
            legs=[
                ledger.Leg(Account.REVENUE, -cents, code) for code, cents in sorted(revenue.items())
            ],
        )
        invoices.append(invoice)
    return invoices


def debtor_of(third_party: ThirdParty) -> dict[str, str]:
    """The third party as it is named now, to be frozen on an invoice."""
    return {
        "name": third_party.name,
        "service": third_party.service,
        "address": third_party.address.replace("\r", "").replace("\n", ", "),
        "siret": third_party.siret,
        "kind": third_party.get_kind_display(),
    }


@transaction.atomic
def record_payment(
    *,
    invoice_id: int,
    amount_cents: int,
    received_on: date,
    reference: str,
    actor: Actor,
    now: datetime,
) -> ThirdPartyPayment:
    """Note what a third party paid of an invoice, by transfer.

    Raises NotAPositiveAmount, InvoiceNotFound, BillingRefusal when it is more than is left.
    """
    if amount_cents <= 0:
        raise NotAPositiveAmount
    invoice = locked(invoice_id)
    if received_on > paris_day(now):
        raise BillingRefusal(_("Ce règlement est daté de l’avenir."))
    if amount_cents > left_on(invoice):
        raise BillingRefusal(_("C’est plus que ce qui reste à payer sur cette facture."))
    payment = ThirdPartyPayment.objects.create(
        invoice=invoice,
        amount_cents=amount_cents,
        received_on=received_on,
        reference=reference.strip()[:80],
        recorded_at=now,
        recorded_by=actor.label,
    )
    ledger.post_third_party(
        account=invoice.account,
        kind=Movement.Kind.TRANSFER,
        label=_("Règlement de %(who)s, facture n° %(number)s")
        % {"who": invoice.debtor["name"], "number": invoice.number},
        at=now,
        source=(PAYMENT, payment.pk),
        actor_label=actor.label,
        cents=-amount_cents,
        legs=[ledger.Leg(Account.TRANSFER, amount_cents)],
    )
    record(
        actor=actor,
        now=now,
        action="billing.third_party_payment",
        summary=_("%(amount)s reçus de %(who)s pour la facture %(number)s")
        % {
            "amount": euros(amount_cents),
            "who": invoice.debtor["name"],
            "number": invoice.number,
        },
        object_type=INVOICE,
        object_id=invoice.pk,
    )
    return payment


@transaction.atomic
def credit_third_party(
    *, invoice_id: int, lines: Mapping[int, int], reason: str, actor: Actor, now: datetime
) -> ThirdPartyInvoice:
    """Correct a third party's invoice: `lines` is what is given back on which lines, in cents.

    What it has paid already becomes a credit of its account (`third_party_credits`).
    Raises ReasonMissing, NotAPositiveAmount, TooMuchToCredit, InvoiceNotFound.
    """
    if not reason.strip():
        raise ReasonMissing
    wanted = {line_id: cents for line_id, cents in lines.items() if cents}
    if not wanted or min(wanted.values()) < 0:
        raise NotAPositiveAmount
    invoice = locked(invoice_id)
    corrected = list(invoice.lines.filter(pk__in=wanted).select_related("line"))
    if len(corrected) != len(wanted):
        raise InvoiceNotFound
    total = sum(wanted.values())
    given = given_back(invoice)
    if any(
        wanted[line.pk] > line.amount_cents - given[line.line_id, line.agreement_id]
        for line in corrected
    ):
        raise TooMuchToCredit
    note = _create(
        invoice.account,
        invoice.account.cash_office,
        total=-total,
        month=invoice.month,
        run_id=None,
        debtor=invoice.debtor,
        now=now,
        corrects=invoice,
        reason=reason.strip()[:300],
    )
    ThirdPartyLine.objects.bulk_create(
        ThirdPartyLine(
            invoice=note,
            agreement_id=line.agreement_id,
            line_id=line.line_id,
            family_name=line.family_name,
            label=line.label,
            detail=note.reason[:200],
            amount_cents=-wanted[line.pk],
        )
        for line in corrected
    )
    ledger.post_third_party(
        account=invoice.account,
        kind=Movement.Kind.CREDIT_NOTE,
        label=_("Avoir %(number)s : %(reason)s") % {"number": note.number, "reason": note.reason},
        at=now,
        source=(INVOICE, note.pk),
        actor_label=actor.label,
        cents=-total,
        legs=[
            ledger.Leg(
                Account.REVENUE,
                wanted[line.pk],
                line.line.accounting_code if line.line else "",
            )
            for line in corrected
        ],
    )
    record(
        actor=actor,
        now=now,
        action="billing.third_party_credit",
        summary=_("Avoir %(number)s de %(amount)s à %(who)s : %(reason)s")
        % {
            "number": note.number,
            "amount": euros(total),
            "who": invoice.debtor["name"],
            "reason": note.reason,
        },
        object_type=INVOICE,
        object_id=note.pk,
    )
    return note


def given_back(invoice: ThirdPartyInvoice) -> Counter[tuple[int | None, int]]:
    """What credit notes gave back on each line of an invoice: by family's line and agreement."""
    given: Counter[tuple[int | None, int]] = Counter()
    for line_id, agreement_id, cents in ThirdPartyLine.objects.filter(
        invoice__corrects=invoice
    ).values_list("line_id", "agreement_id", "amount_cents"):
        given[line_id, agreement_id] -= cents
    return given


def standing_of(invoice: ThirdPartyInvoice) -> int:
    """What is left to pay on a third party's invoice (> 0), or what it paid too much (< 0)."""

    def total(rows: Any, field: str = "amount_cents") -> int:
        return rows.aggregate(cents=Sum(field))["cents"] or 0

    return (
        invoice.total_cents
        + total(invoice.credit_notes, "total_cents")
        - total(invoice.payments)
        - total(invoice.credits_received)
        + total(invoice.credit_uses)
    )


def left_on(invoice: ThirdPartyInvoice) -> int:
    """What is left to pay on a third party's invoice, in cents."""
    return max(standing_of(invoice), 0)


def locked(invoice_id: int) -> ThirdPartyInvoice:
    """One invoice, its account locked until commit. Raises InvoiceNotFound."""
    invoice = (
        ThirdPartyInvoice.objects.select_related("account__cash_office")
        .filter(pk=invoice_id, corrects__isnull=True)
        .first()
    )
    if invoice is None:
        raise InvoiceNotFound
    # Whoever changes what it owes waits here: what is left cannot change meanwhile.
    ThirdPartyAccount.objects.select_for_update(of=("self",), no_key=True).get(
        pk=invoice.account_id
    )
    return invoice


def _create(
    account: ThirdPartyAccount,
    office: CashOffice,
    *,
    total: int,
    month: date,
    run_id: int | None,
    debtor: dict[str, str],
    now: datetime,
    corrects: ThirdPartyInvoice | None = None,
    reason: str = "",
) -> ThirdPartyInvoice:
    today = paris_day(now)
    rank = numbering.take_numbers(
        cash_office_id=office.pk, year=today.year, kind=numbering.THIRD_PARTY, count=1
    )[0]
    return ThirdPartyInvoice.objects.create(
        account=account,
        run_id=run_id,
        number=numbering.printed(
            office_code=office.code, year=today.year, kind=numbering.THIRD_PARTY, rank=rank
        ),
        month=month,
        issued_on=today,
        due_on=today if corrects else today + timedelta(days=office.payment_days),
        total_cents=total,
        debtor=debtor,
        corrects=corrects,
        reason=reason,
    )
