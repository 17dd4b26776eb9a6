"""Family accounts and the double entry behind them; append-only, balanced by trigger."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Cast

from preau.billing.triggers import (
    CREDIT_NEVER_CROSSES,
    LINE_JOINS_OWN_TRANSACTION,
    MOVEMENT_BALANCED,
    MOVEMENT_STAMP,
)
from preau.kernel.triggers import append_only


class FamilyAccount(models.Model):
    """What a household owes a cash office: `balance_cents` > 0 is owed, < 0 is its credit.

    The balance is kept by the ledger's writer under this row's lock, and proved by
    `preau ledger verify`.
    """

    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    balance_cents = models.BigIntegerField("solde", default=0)

    class Meta:
        verbose_name = "compte famille"
        constraints = [
            models.UniqueConstraint(fields=["family", "cash_office"], name="family_account_unique")
        ]


class Movement(models.Model):
    """One event of the ledger; its lines sum to zero (deferred trigger)."""

    class Kind(models.TextChoices):
        INVOICE = "INVOICE", "facture"
        CREDIT_NOTE = "CREDIT_NOTE", "avoir"
        PAYMENT_ONLINE = "PAYMENT_ONLINE", "paiement en ligne"
        PAYMENT_COUNTER = "PAYMENT_COUNTER", "paiement au guichet"
        DIRECT_DEBIT = "DIRECT_DEBIT", "prélèvement"
        TRANSFER = "TRANSFER", "virement"
        REFUND = "REFUND", "remboursement"
        TITRE = "TITRE", "titre émis"
        DEPOSIT = "DEPOSIT", "versement au comptable"
        DIFFERENCE = "DIFFERENCE", "différence de caisse"
        CORRECTION = "CORRECTION", "changement d’imputation"
        REVERSAL = "REVERSAL", "annulation"
        OPENING = "OPENING", "reprise de solde"
        HOLD = "HOLD", "réservation payée d’avance"
        CARRY = "CARRY", "report entre dossiers"

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    label = models.CharField("libellé", max_length=160)
    at = models.DateTimeField("le")
    # What caused it, upwards or sideways, by id.
    source_type = models.CharField(max_length=40)
    source_id = models.BigIntegerField()
    actor_label = models.CharField(max_length=160)
    # Set by trigger: lines join only a movement of their own transaction.
    transaction_id = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "mouvement"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "source_type", "source_id"], name="movement_once_per_source"
            )
        ]
        indexes = [
            BrinIndex(fields=["transaction_id"], pages_per_range=16, name="movement_written")
        ]
        triggers = [*append_only(), MOVEMENT_STAMP, MOVEMENT_BALANCED]


class LedgerLine(models.Model):
    """A debit (> 0) or credit (< 0), in cents, on one account."""

    class Account(models.TextChoices):
        FAMILY = "FAMILY", "familles"
        REVENUE = "REVENUE", "produits"
        BANK = "BANK", "paiements en ligne"
        CASH = "CASH", "espèces"
        CHEQUE = "CHEQUE", "chèques"
        CARD = "CARD", "carte au guichet"
        DEBIT = "DEBIT", "prélèvements"
        TRANSFER = "TRANSFER", "virements"
        TREASURY = "TREASURY", "comptable public"
        CESU = "CESU", "CESU"
        ANCV = "ANCV", "chèques-vacances"
        DEPOSITED = "DEPOSITED", "versements au comptable"
        DIFFERENCE = "DIFFERENCE", "déficits et excédents"
        REFUND = "REFUND", "à rembourser par le comptable"
        CORRECTION = "CORRECTION", "virements entre comptes"
        OPENING = "OPENING", "reprise"
        ADVANCE = "ADVANCE", "réservations payées d’avance"
        THIRD = "THIRD", "tiers payeurs"
        CARRY = "CARRY", "reports entre dossiers"

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="lines")
    account = models.CharField(max_length=10, choices=Account)
    family_account = models.ForeignKey(
        FamilyAccount, models.PROTECT, null=True, related_name="lines"
    )
    third_party_account = models.ForeignKey(
        "billing.ThirdPartyAccount", models.PROTECT, null=True, related_name="lines"
    )
    accounting_code = models.CharField(max_length=20, blank=True)
    amount_cents = models.BigIntegerField()

    class Meta:
        verbose_name = "écriture"
        constraints = [
            models.CheckConstraint(condition=~Q(amount_cents=0), name="ledger_line_not_zero"),
            models.CheckConstraint(
                condition=Q(account="FAMILY", family_account__isnull=False)
                | (~Q(account="FAMILY") & Q(family_account__isnull=True)),
                name="ledger_line_family_account",
            ),
            models.CheckConstraint(
                condition=Q(account="THIRD", third_party_account__isnull=False)
                | (~Q(account="THIRD") & Q(third_party_account__isnull=True)),
                name="ledger_line_third_party_account",
            ),
        ]
        triggers = [*append_only(), LINE_JOINS_OWN_TRANSACTION]


class Allocation(models.Model):
    """What of an invoice a movement pays (or gives back, when negative), in cents.

    Left to pay = total − Σ allocations. What of a payment is allocated to nothing is the
    account's credit; a family may have it allocated later, to another invoice.
    """

    invoice = models.ForeignKey(
        "billing.Invoice", models.PROTECT, related_name="allocations", db_index=False
    )
    movement = models.ForeignKey(Movement, models.PROTECT, related_name="allocations")
    amount_cents = models.BigIntegerField()
    # Which transaction wrote it, perhaps long after its movement: `billing.figures_sums`.
    transaction_id = models.BigIntegerField(
        db_default=Cast(
            Cast(Func(function="pg_current_xact_id"), models.TextField()), models.BigIntegerField()
        ),
        editable=False,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount_cents=0), name="allocation_not_zero"),
        ]
        indexes = [
            models.Index(
                fields=["invoice"], include=["amount_cents"], name="allocation_amounts_by_invoice"
            ),
            BrinIndex(fields=["transaction_id"], pages_per_range=16, name="allocation_written"),
        ]
        triggers = [*append_only(), CREDIT_NEVER_CROSSES]


class CreditReturn(models.Model):
    """What of a payment, allocated to no invoice, was given back by which movement."""

    credit = models.ForeignKey(Movement, models.PROTECT, related_name="returns")
    movement = models.ForeignKey(Movement, models.PROTECT, related_name="+")
    amount_cents = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="credit_return_positive"),
        ]
        triggers = append_only()
