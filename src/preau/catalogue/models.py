"""What the town offers, where and when: establishments, activities, calendars, menus."""

from django.db import models
from django.db.models import F, Q

from preau.catalogue.enums import (
    ActivityKind,
    BookingMode,
    Domain,
    EstablishmentKind,
    PeriodKind,
    Supervision,
)
from preau.catalogue.rules import AGE_CUTS


class SchoolYear(models.Model):
    """«2026-2027»: from 1 September to 31 August."""

    label = models.CharField("année", max_length=9, unique=True)
    starts_on = models.DateField("du", unique=True)
    ends_on = models.DateField("au")

    class Meta:
        verbose_name = "année scolaire"
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")),
                name="school_year_dates_in_order",
                violation_error_message="Le dernier jour est avant le premier.",
            )
        ]

    def __str__(self) -> str:
        return self.label


class SchoolHoliday(models.Model):
    """One holiday of the town's zone: first and last day without school, both included."""

    name = models.CharField("nom", max_length=60)
    starts_on = models.DateField("premier jour")
    ends_on = models.DateField("dernier jour")
    kind = models.CharField(
        max_length=16,
        choices=[(k.value, k.label) for k in (PeriodKind.SMALL_HOLIDAYS, PeriodKind.SUMMER)],
    )

    class Meta:
        verbose_name = "vacances scolaires"
        ordering = ["starts_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["starts_on"],
                name="school_holiday_unique",
                violation_error_message="Des vacances commencent déjà ce jour-là.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="school_holiday_dates_in_order",
                violation_error_message="Le dernier jour est avant le premier.",
            ),
        ]


class Establishment(models.Model):
    """A school, a leisure centre, a crèche, a sports hall: where activities take place."""

    kind = models.CharField("type", max_length=16, choices=EstablishmentKind)
    name = models.CharField("nom", max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    uai = models.CharField("UAI", max_length=8, blank=True)
    address = models.CharField("adresse", max_length=200, blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    opening_hours = models.TextField("horaires", blank=True)
    description = models.TextField("présentation", blank=True)
    # For a school: which levels it holds.
    levels = models.JSONField("niveaux", default=list, blank=True)
    is_active = models.BooleanField("ouvert", default=True)

    class Meta:
        verbose_name = "établissement"
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name


class ClosedDay(models.Model):
    """A day without activity: public holiday (all the town) or closure of one establishment."""

    day = models.DateField("jour")
    reason = models.CharField("motif", max_length=80)
    is_public_holiday = models.BooleanField("jour férié", default=False)
    establishment = models.ForeignKey(
        Establishment, models.CASCADE, null=True, blank=True, related_name="closed_days"
    )

    class Meta:
        verbose_name = "jour de fermeture"
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "establishment"],
                nulls_distinct=False,
                name="closed_day_unique",
                violation_error_message="Cette fermeture est déjà inscrite.",
            )
        ]


class SchoolClass(models.Model):
    """A class of a school in a school year. `external_id` is ONDE's own identifier."""

    establishment = models.ForeignKey(
        Establishment, models.PROTECT, related_name="classes", verbose_name="école"
    )
    school_year = models.ForeignKey(SchoolYear, models.PROTECT, related_name="+")
    name = models.CharField("classe", max_length=60)
    levels = models.JSONField("niveaux", default=list, blank=True)
    external_id = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = "classe"
        ordering = ["establishment", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "school_year", "name"],
                name="school_class_unique",
                violation_error_message="Cette classe existe déjà dans cette école.",
            ),
            models.UniqueConstraint(
                fields=["school_year", "external_id"],
                condition=~Q(external_id=""),
                name="school_class_external_id",
                violation_error_message="Une autre classe porte déjà cet identifiant.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Activity(models.Model):
    """A thing that children are enrolled in. `slug` is the name that the rulebook knows it by."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField("nom", max_length=80)
    kind = models.CharField("type", max_length=16, choices=ActivityKind)
    domain = models.CharField("domaine", max_length=16, choices=Domain)
    booking_mode = models.CharField("réservation", max_length=16, choices=BookingMode)
    summary = models.CharField("en une phrase", max_length=200, blank=True)
    description = models.TextField("présentation", blank=True)
    how_to_register = models.TextField("comment s’inscrire", blank=True)
    min_age = models.PositiveSmallIntegerField("âge minimum", null=True, blank=True)
    max_age = models.PositiveSmallIntegerField("âge maximum", null=True, blank=True)
    levels = models.JSONField("niveaux", default=list, blank=True)
    service = models.ForeignKey(
        "town.Service",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="service",
    )
    # Approved without an agent when nothing is missing.
    is_automatic = models.BooleanField("inscription sans validation", default=False)
    is_published = models.BooleanField("publiée", default=True)
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "activité"
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """What is booked and priced within an activity: a meal, a full day, a morning."""

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="products")
    slug = models.SlugField(max_length=40)
    name = models.CharField("nom", max_length=60)
    unit_name = models.CharField("unité", max_length=30, default="journée")
    unit_plural = models.CharField("unités", max_length=30, default="journées")
    starts_at = models.TimeField("de")
    ends_at = models.TimeField("à")
    position = models.PositiveSmallIntegerField("ordre", default=0)
    # The age at which a child passes to the older group; None: the town's (`rules.age_cut`).
    age_cut = models.PositiveSmallIntegerField("âge des plus grands", null=True, blank=True)

    class Meta:
        verbose_name = "formule"
        ordering = ["activity", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "slug"],
                name="product_unique",
                violation_error_message="Une formule de cette activité porte déjà ce nom court.",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="product_hours_in_order",
                violation_error_message="L’heure de fin est avant l’heure de début.",
            ),
            models.CheckConstraint(
                condition=Q(age_cut__isnull=True) | Q(age_cut__range=AGE_CUTS),
                name="product_age_cut_within_reason",
                violation_error_message="Écrivez un âge entre 2 et 17 ans.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Offering(models.Model):
    """An activity at one establishment over one school year: what a child is enrolled in."""

    activity = models.ForeignKey(Activity, models.PROTECT, related_name="offerings")
    establishment = models.ForeignKey(Establishment, models.PROTECT, related_name="offerings")
    school_year = models.ForeignKey(SchoolYear, models.PROTECT, related_name="+")
    label = models.CharField("précision", max_length=60, blank=True)
    capacity = models.PositiveSmallIntegerField("places par séance")
    # The age at which a child passes to the older group; None: the product's, else the town's.
    age_cut = models.PositiveSmallIntegerField("âge des plus grands", null=True, blank=True)
    # Of those places, at most so many to each group (on the child's age that day); None: no limit.
    young_capacity = models.PositiveSmallIntegerField("moins de 6 ans", null=True, blank=True)
    old_capacity = models.PositiveSmallIntegerField("6 ans et plus", null=True, blank=True)
    # Places that agents may give and families do not see.
    kept = models.PositiveSmallIntegerField("places gardées par la ville", default=0)
    # Products of one day at the same hours take the same places.
    shares_places = models.BooleanField("formules sur les mêmes places", default=False)
    supervision = models.CharField(
        "encadrement", max_length=10, choices=Supervision, default=Supervision.NONE
    )
    young_per_adult = models.PositiveSmallIntegerField(
        "enfants de moins de 6 ans par adulte", null=True, blank=True
    )
    old_per_adult = models.PositiveSmallIntegerField(
        "enfants de 6 ans et plus par adulte", null=True, blank=True
    )
    # Adults planned at a session; None: supervision limits nothing.
    adults = models.PositiveSmallIntegerField("adultes prévus", null=True, blank=True)
    starts_on = models.DateField("premier jour")
    ends_on = models.DateField("dernier jour")
    registration_opens_at = models.DateTimeField("inscriptions à partir de", null=True, blank=True)
    registration_closes_at = models.DateTimeField("inscriptions jusqu’à", null=True, blank=True)
    is_open = models.BooleanField("ouverte", default=True)

    class Meta:
        verbose_name = "ouverture"
        ordering = ["activity__position", "establishment__name", "label"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "establishment", "school_year", "label"],
                name="offering_unique",
                violation_error_message="Déjà ouverte sur ce site : précisez en quoi elle diffère.",
            ),
            models.CheckConstraint(
                condition=Q(kept__lte=F("capacity")),
                name="offering_keeps_places_it_has",
                violation_error_message="La ville garderait plus de places qu’il n’y en a.",
            ),
            models.CheckConstraint(
                condition=(Q(young_per_adult__isnull=True) | Q(young_per_adult__gt=0))
                & (Q(old_per_adult__isnull=True) | Q(old_per_adult__gt=0)),
                name="offering_ratio_positive",
                violation_error_message="Un adulte encadre au moins un enfant.",
            ),
            models.CheckConstraint(
                condition=Q(age_cut__isnull=True) | Q(age_cut__range=AGE_CUTS),
                name="offering_age_cut_within_reason",
                violation_error_message="Écrivez un âge entre 2 et 17 ans.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="offering_dates_in_order",
                violation_error_message="Le dernier jour est avant le premier.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.activity.name}, {self.establishment.name}"


class WeeklyPattern(models.Model):
    """On this weekday (0 = Monday), in these periods, this product is open."""

    offering = models.ForeignKey(Offering, models.CASCADE, related_name="patterns")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    period_kind = models.CharField("période", max_length=16, choices=PeriodKind)
    weekday = models.PositiveSmallIntegerField("jour")
    capacity = models.PositiveSmallIntegerField("places", null=True, blank=True)

    class Meta:
        verbose_name = "semaine type"
        ordering = ["weekday"]
        constraints = [
            models.UniqueConstraint(
                fields=["offering", "product", "period_kind", "weekday"],
                name="weekly_pattern_unique",
                violation_error_message="Cette case est déjà dans la semaine type.",
            ),
            models.CheckConstraint(
                condition=Q(weekday__lte=6),
                name="weekly_pattern_weekday",
                violation_error_message="Ce jour n’existe pas.",
            ),
        ]


class Menu(models.Model):
    """The canteen's menu of a day, for all the town."""

    day = models.DateField("jour", unique=True)
    starter = models.CharField("entrée", max_length=120, blank=True)
    main = models.CharField("plat", max_length=120, blank=True)
    side = models.CharField("accompagnement", max_length=120, blank=True)
    dairy = models.CharField("laitage", max_length=120, blank=True)
    dessert = models.CharField("dessert", max_length=120, blank=True)
    note = models.CharField("remarque", max_length=160, blank=True)
    # What each course holds: {"main": ["FISH", "MILK"]}, codes of Allergen, PORK and MEAT.
    allergens = models.JSONField("allergènes", default=dict, blank=True)

    class Meta:
        verbose_name = "menu"
        ordering = ["day"]
