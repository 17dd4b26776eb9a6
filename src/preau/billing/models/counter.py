"""What is taken at the counter, and what the till holds of it."""

from django.db import models
from django.db.models import Q

from preau.kernel.triggers import append_only


class CounterPayment(models.Model):
    """A payment taken at the counter, with its receipt. A void leaves both lines."""

    class Means(models.TextChoices):
        CASH = "CASH", "espèces"
        CHEQUE = "CHEQUE", "chèque"
        CARD = "CARD", "carte bancaire"
        CESU = "CESU", "CESU"
        ANCV = "ANCV", "chèques-vacances"
        TRANSFER = "TRANSFER", "virement"
        MIXED = "MIXED", "plusieurs moyens"

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    means = models.CharField("moyen", max_length=10, choices=Means)
    amount_cents = models.PositiveIntegerField("montant")
    received_at = models.DateTimeField("reçu le")
    receipt_number = models.CharField("reçu n°", max_length=30, unique=True)
    cheque_number = models.CharField(max_length=20, blank=True)
    cheque_drawer = models.CharField("tireur", max_length=120, blank=True)
    taken_by_id = models.BigIntegerField(null=True)
    taken_by_label = models.CharField("par", max_length=160)
    # {invoice id: cents}: what it paid at once, as its receipt says.
    settles = models.JSONField(default=dict)
    key = models.UUIDField(unique=True)
    voids = models.OneToOneField("self", models.PROTECT, null=True, related_name="voided_by")
    void_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "encaissement"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0), name="counter_payment_positive"
            ),
            models.CheckConstraint(
                condition=~Q(means="CASH") | Q(amount_cents__lte=30000),
                name="counter_cash_at_most_300",
            ),
        ]
        triggers = append_only()


class CounterPart(models.Model):
    """What of a payment at the counter came by one means: this cheque, these vouchers."""

    payment = models.ForeignKey(CounterPayment, models.PROTECT, related_name="parts")
    means = models.CharField("moyen", max_length=10)
    amount_cents = models.PositiveIntegerField("montant")
    # The cheque's number, the terminal's ticket, the transfer's reference; how many vouchers.
    reference = models.CharField("numéro", max_length=40, blank=True)
    bank = models.CharField("banque", max_length=80, blank=True)
    drawer = models.CharField("tireur", max_length=120, blank=True)
    # For vouchers, which pay some lines only: {invoice id: cents}.
    on_invoices = models.JSONField(default=dict)

    class Meta:
        verbose_name = "moyen d’un encaissement"
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="counter_part_positive"),
            models.CheckConstraint(
                condition=Q(means__in=["CASH", "CHEQUE", "CARD", "CESU", "ANCV", "TRANSFER"]),
                name="counter_part_means",
            ),
            models.CheckConstraint(
                condition=~Q(means="CASH") | Q(amount_cents__lte=30000),
                name="counter_part_cash_at_most_300",
            ),
            models.UniqueConstraint(
                fields=["payment"], condition=Q(means="CASH"), name="counter_part_cash_once"
            ),
        ]
        triggers = append_only()


class TillBalance(models.Model):
    """What a cash office's till holds in one means, in cents: the sum of its ledger lines, kept by
    the ledger's writer and proved by `preau ledger verify`. Whoever collects holds these rows."""

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    account = models.CharField(max_length=10)
    balance_cents = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cash_office", "account"], name="till_balance_unique")
        ]
