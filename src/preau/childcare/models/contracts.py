"""Contracts, their terms from one day to the next, and the income that sets their price."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Q

from preau.childcare.enums import IncomeSource, Regime
from preau.childcare.models.places import Section
from preau.kernel.ranges import DateRange, IntRange


class FamilyIncome(models.Model):
    """What sets the hourly price: never edited, a new one supersedes it from its day."""

    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    # None: the family did not give its income (the rules then say the price, most often the cap).
    annual_cents = models.BigIntegerField("ressources annuelles", null=True)
    children = models.PositiveSmallIntegerField("enfants à charge")
    # A yes or a no (AEEH in the household); what it is about is never kept.
    has_disabled_child = models.BooleanField("enfant en situation de handicap au foyer")
    regime = models.CharField("régime", max_length=8, choices=Regime, default=Regime.GENERAL)
    source = models.CharField("origine", max_length=12, choices=IncomeSource)
    starts_on = models.DateField("valable à partir du")
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "ressources de la famille"
        indexes = [models.Index(fields=["family", "-starts_on"], name="income_by_family")]
        constraints = [
            models.CheckConstraint(
                condition=Q(annual_cents__isnull=True) | Q(annual_cents__gte=0),
                name="income_not_negative",
            ),
            models.CheckConstraint(condition=Q(children__gte=1), name="income_counts_the_child"),
        ]


class Contract(models.Model):
    """A child received in a section from one day to another; what was agreed is in `Terms`."""

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    establishment = models.ForeignKey("catalogue.Establishment", models.PROTECT, related_name="+")
    section = models.ForeignKey(Section, models.PROTECT, null=True, related_name="+")
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    # The week of the first terms, for lists.
    weekly_minutes = models.JSONField("minutes par jour, lundi en premier")
    # Steps before the start: [["2026-09-01", 540, 600], …], billed by the hour.
    adaptation = models.JSONField("adaptation", default=list)
    # Typed at the tablet, arrival and departure; unique among all.
    punch_code = models.CharField("code de pointage", max_length=8, unique=True, null=True)
    preregistration_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    notified_on = models.DateField("départ annoncé le", null=True)
    ended_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "contrat de crèche"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="contract_dates_in_order"
            ),
            ExclusionConstraint(
                name="contract_once_per_child",
                expressions=[
                    (IntRange("child_id", "child_id"), "&&"),
                    (DateRange("starts_on", "ends_on"), "&&"),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["establishment", "ends_on"], name="contract_by_site"),
            models.Index(fields=["family"], name="contract_by_family"),
        ]


class Terms(models.Model):
    """What holds from a day of the contract on: the week, the hours, the price, the instalment.

    Never edited: an amendment, or a new tariff, is a row more.
    """

    class Cause(models.TextChoices):
        SIGNED = "SIGNED", "contrat"
        AMENDED = "AMENDED", "avenant"
        TARIFF = "TARIFF", "révision du tarif"

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="terms")
    applies_from = models.DateField("à partir du")
    cause = models.CharField(max_length=8, choices=Cause, default=Cause.SIGNED)
    reason = models.CharField("motif", max_length=200, blank=True)
    # Hours of each weekday in minutes from midnight: [[510, 1050], null, …].
    week = models.JSONField("horaires")
    # Weeks that the family will not come, taken off beforehand.
    weeks_off = models.DecimalField("semaines d’absence prévues", max_digits=4, decimal_places=1)
    # Days of closing known when these terms were written: never counted in the instalment.
    closed_days = models.JSONField("jours de fermeture", default=list)
    hourly_cents = models.PositiveIntegerField("tarif horaire")
    tariff_sentences = models.JSONField("calcul du tarif", default=list)
    rulebook_version_id = models.BigIntegerField(null=True)
    minutes = models.PositiveIntegerField("minutes du contrat")
    months = models.PositiveSmallIntegerField("mensualités")
    instalment_cents = models.PositiveIntegerField("mensualité")
    regime = models.CharField(max_length=8, choices=Regime, default=Regime.GENERAL)
    signed_at = models.DateTimeField()
    signed_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "termes d’un contrat"
        ordering = ["applies_from", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "applies_from"], name="terms_once_per_day"),
            models.CheckConstraint(condition=Q(months__gte=1), name="terms_have_months"),
        ]
