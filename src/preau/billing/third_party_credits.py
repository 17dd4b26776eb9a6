"""What a third party paid too much: kept as its account's credit, used, or given back. In cents.

A credit note that follows a payment leaves the invoice overpaid; the account's balance says so. The
credit pays other invoices of the same account (never another cash office's), or the finance service
gives it back.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import ledger
from preau.billing.agreements import third_party_invoices
from preau.billing.errors import NoCredit, NotAPositiveAmount, ReasonMissing
from preau.billing.models import Movement, ThirdPartyAccount, ThirdPartyCreditUse, ThirdPartyInvoice
from preau.billing.rules import take_from
from preau.billing.third_party_invoices import INVOICE, left_on, locked
from preau.kernel.actors import Actor
from preau.kernel.money import euros

SOURCE = "third_party_credit"
Account = ledger.Account


def overpaid(account_id: int) -> list[tuple[int, int]]:
    """(invoice, cents) of what the account paid too much, the oldest first."""
    return [
        (pk, -left)
        for pk, left in third_party_invoices()
        .filter(account_id=account_id, corrects__isnull=True, left_cents__lt=0)
        .order_by("pk")
        .values_list("pk", "left_cents")
    ]


def credit_of(account_id: int) -> int:
    """The account's credit, in cents."""
    return sum(cents for _invoice, cents in overpaid(account_id))


@transaction.atomic
def use_third_party_credit(*, invoice_id: int, actor: Actor, now: datetime) -> int:
    """Pay an invoice with what the same account paid too much on others. The cents used.

    Raises InvoiceNotFound, NoCredit when there is none, or nothing to pay with it.
    """
    invoice = locked(invoice_id)
    credits = overpaid(invoice.account_id)
    used = min(left_on(invoice), sum(cents for _pk, cents in credits))
    if used <= 0:
        raise NoCredit
    ThirdPartyCreditUse.objects.bulk_create(
        ThirdPartyCreditUse(
            source_id=pk,
            target=invoice,
            amount_cents=part,
            recorded_at=now,
            recorded_by=actor.label,
        )
        for pk, part in take_from(credits, used)
    )
    record(
        actor=actor,
        now=now,
        action="billing.use_third_party_credit",
        summary=_("Crédit de %(amount)s de %(who)s employé sur la facture %(number)s")
        % {"amount": euros(used), "who": invoice.debtor["name"], "number": invoice.number},
        object_type=INVOICE,
        object_id=invoice.pk,
    )
    return used


@transaction.atomic
def give_third_party_back(
    *, account_id: int, amount_cents: int, reference: str, actor: Actor, now: datetime
) -> int:
    """Take a credit off the account, for the finance service to pay; `reference` says why, or by
    which order. The cents. Raises NotAPositiveAmount, ReasonMissing, NoCredit.
    """
    if amount_cents <= 0:
        raise NotAPositiveAmount
    if not reference.strip():
        raise ReasonMissing
    account = (
        ThirdPartyAccount.objects.select_for_update(of=("self",), no_key=True)
        .select_related("third_party")
        .get(pk=account_id)
    )
    credits = overpaid(account.pk)
    if amount_cents > sum(cents for _pk, cents in credits):
        raise NoCredit(_("Le crédit de ce tiers payeur ne suffit pas."))
    uses = [
        ThirdPartyCreditUse.objects.create(
            source_id=pk,
            amount_cents=part,
            reference=reference.strip()[:120],
            recorded_at=now,
            recorded_by=actor.label,
        )
        for pk, part in take_from(credits, amount_cents)
    ]
    told = {"who": account.third_party.name, "why": reference.strip()[:80]}
    ledger.post_third_party(
        account=account,
        kind=Movement.Kind.REFUND,
        label=_("À rendre à %(who)s par le service finances : %(why)s") % told,
        at=now,
        source=(SOURCE, uses[0].pk),
        actor_label=actor.label,
        cents=amount_cents,
        legs=[ledger.Leg(Account.REFUND, -amount_cents)],
    )
    record(
        actor=actor,
        now=now,
        action="billing.give_third_party_back",
        summary=_("%(amount)s à rendre à %(who)s par le service finances : %(why)s")
        % (told | {"amount": euros(amount_cents)}),
        object_type=SOURCE,
        object_id=uses[0].pk,
    )
    return amount_cents


def credit_uses(third_party_id: int) -> "QuerySet[ThirdPartyCreditUse]":
    """What became of a third party's credits, the latest first."""
    return (
        ThirdPartyCreditUse.objects.filter(source__account__third_party_id=third_party_id)
        .select_related("source__account__cash_office", "target")
        .order_by("-recorded_at", "-pk")
    )


def accounts_in_credit(third_party_id: int) -> list[ThirdPartyAccount]:
    """The accounts with a credit, each with `credit_cents`; one query, and one for each of them."""
    invoices = ThirdPartyInvoice.objects.filter(
        credit_notes__isnull=False, account__third_party_id=third_party_id
    )
    found = []
    for account in (
        ThirdPartyAccount.objects.filter(pk__in=invoices.values("account"))
        .select_related("cash_office")
        .order_by("cash_office__name")
    ):
        account.credit_cents = credit_of(account.pk)  # type: ignore[attr-defined]
        if account.credit_cents:  # type: ignore[attr-defined]
            found.append(account)
    return found
