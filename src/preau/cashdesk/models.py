"""The cashier's day, what goes to the public accountant, what changes hands, what is given back."""

import pgtrigger
from django.db import models
from django.db.models import Q

from preau.kernel.triggers import append_only

PIECE_DEPOSITED_ONCE = pgtrigger.Trigger(
    name="deposited_once",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
        IF EXISTS (
            SELECT FROM cashdesk_depositpiece piece
            WHERE piece.part_id = NEW.part_id AND NOT EXISTS (
                SELECT FROM cashdesk_deposit undoing WHERE undoing.voids_id = piece.deposit_id
            )
        ) THEN
            RAISE EXCEPTION 'preau: piece % is in a deposit that stands', NEW.part_id
                USING ERRCODE = 'unique_violation';
        END IF;
        RETURN NEW;
    """,
)
"""Its writer holds the till (`ledger.lock_till`): what another deposited is then in sight."""


class TillDay(models.Model):
    """A day of an office's till: opened with its float, counted and closed. One open at a time."""

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    opened_at = models.DateTimeField("ouverte le")
    opened_by_id = models.BigIntegerField(null=True)
    opened_by = models.CharField("par", max_length=160)
    float_cents = models.PositiveIntegerField("fonds de caisse")
    closed_at = models.DateTimeField("close le", null=True)
    closed_by = models.CharField("close par", max_length=160, blank=True)
    # {"2000": 3, "50": 12}: how many notes and coins of each value in cents.
    counted = models.JSONField("comptage", default=dict)
    counted_cents = models.BigIntegerField("compté", null=True)
    expected_cents = models.BigIntegerField("attendu", null=True)
    difference_cents = models.BigIntegerField("différence", default=0)
    difference_reason = models.CharField("motif de la différence", max_length=200, blank=True)

    class Meta:
        verbose_name = "journée de caisse"
        ordering = ["-opened_at", "-pk"]
        indexes = [models.Index(fields=["cash_office", "-opened_at"], name="till_day_by_office")]
        constraints = [
            models.UniqueConstraint(
                fields=["cash_office"],
                condition=Q(closed_at__isnull=True),
                name="till_day_one_open",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True)
                | Q(counted_cents__isnull=False, expected_cents__isnull=False),
                name="till_day_closed_is_counted",
            ),
            models.CheckConstraint(
                condition=Q(difference_cents=0) | ~Q(difference_reason=""),
                name="till_difference_says_why",
            ),
        ]


class Deposit(models.Model):
    """A deposit to the public accountant, with its slip; never changed.

    One made by mistake is undone by a second, with its own number, which says why (`voids`).
    """

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    number = models.CharField("bordereau n°", max_length=30, unique=True)
    made_at = models.DateTimeField("le")
    made_by = models.CharField("par", max_length=160)
    made_by_id = models.BigIntegerField(null=True)
    total_cents = models.PositiveBigIntegerField("total")
    key = models.UUIDField(unique=True)
    voids = models.OneToOneField("self", models.PROTECT, null=True, related_name="voided_by")
    void_reason = models.CharField("motif de l’annulation", max_length=200, blank=True)

    class Meta:
        verbose_name = "versement"
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(total_cents__gt=0), name="deposit_positive"),
            models.CheckConstraint(
                condition=Q(voids__isnull=True, void_reason="")
                | (Q(voids__isnull=False) & ~Q(void_reason="")),
                name="deposit_void_says_why",
            ),
        ]
        triggers = append_only()

    @property
    def signed_cents(self) -> int:
        """What it took to the accountant: below zero when it undoes another."""
        return -self.total_cents if self.voids_id else self.total_cents


class DepositLine(models.Model):
    """What of a deposit came by one means."""

    deposit = models.ForeignKey(Deposit, models.PROTECT, related_name="lines")
    means = models.CharField("moyen", max_length=10)
    pieces = models.PositiveIntegerField("pièces", default=0)
    amount_cents = models.PositiveBigIntegerField("montant")

    class Meta:
        triggers = append_only()


class DepositPiece(models.Model):
    """A cheque or vouchers deposited: once, unless that deposit was undone."""

    deposit = models.ForeignKey(Deposit, models.PROTECT, related_name="pieces")
    part = models.ForeignKey("billing.CounterPart", models.PROTECT, related_name="+")

    class Meta:
        triggers = [*append_only(), PIECE_DEPOSITED_ONCE]


class Handover(models.Model):
    """Remise de service: one person hands the till to another, counted before both."""

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    number = models.CharField("procès-verbal n°", max_length=30, unique=True)
    at = models.DateTimeField("le")
    from_name = models.CharField("sortant", max_length=160)
    to_name = models.CharField("entrant", max_length=160)
    recorded_by = models.CharField(max_length=160)
    counted = models.JSONField("comptage", default=dict)
    counted_cents = models.BigIntegerField("compté")
    expected_cents = models.BigIntegerField("attendu")
    # The whole statement of the office at that instant, as it was signed.
    statement = models.JSONField(default=dict)
    note = models.CharField("réserves", max_length=300, blank=True)

    class Meta:
        verbose_name = "remise de service"
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(counted_cents=models.F("expected_cents")) | ~Q(note=""),
                name="handover_difference_says_why",
            )
        ]
        triggers = append_only()


class RefundFile(models.Model):
    """Refunds sent together to the finance service. Its lines are never changed again."""

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    number = models.CharField("état n°", max_length=30, unique=True)
    made_at = models.DateTimeField("le")
    made_by = models.CharField("par", max_length=160)
    count = models.PositiveIntegerField()
    total_cents = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = "état de remboursement"
        ordering = ["-made_at", "-pk"]
        triggers = append_only()


class Refund(models.Model):
    """What is given back to a family: by the finance service (a line of its file) or the till."""

    class Status(models.TextChoices):
        WAITING = "WAITING", "à transmettre"
        SENT = "SENT", "transmis aux finances"
        PAID = "PAID", "rendu au guichet"
        CANCELLED = "CANCELLED", "annulé"

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    amount_cents = models.PositiveIntegerField("montant")
    reason = models.CharField("motif", max_length=200)
    payee = models.CharField("bénéficiaire", max_length=140)
    # Sealed; only the last four characters are ever shown.
    iban_sealed = models.TextField(blank=True)
    iban_end = models.CharField(max_length=4, blank=True)
    status = models.CharField("état", max_length=10, choices=Status, default=Status.WAITING)
    by_cash = models.BooleanField(default=False)
    movement_id = models.BigIntegerField(null=True)
    file = models.ForeignKey(RefundFile, models.PROTECT, null=True, related_name="refunds")
    created_at = models.DateTimeField("demandé le")
    created_by = models.CharField("par", max_length=160)
    cancel_reason = models.CharField(max_length=200, blank=True)
    key = models.UUIDField(unique=True)

    class Meta:
        verbose_name = "remboursement"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["family"], name="refund_by_family"),
            models.Index(fields=["status"], name="refund_by_status"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="refund_positive"),
            models.CheckConstraint(
                condition=Q(by_cash=True) | ~Q(iban_sealed=""), name="refund_file_needs_iban"
            ),
            models.CheckConstraint(
                condition=~Q(status="SENT") | Q(file__isnull=False), name="refund_sent_in_a_file"
            ),
        ]
