"""The town: its identity, its services and the texts of its public pages."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from preau.town.enums import PageSlug

HEX = RegexValidator(r"^#[0-9a-f]{6}$", "Écrivez une couleur comme #0d5362.")


class Town(models.Model):
    """The one town (or group of towns) of this database: a single row, number 1."""

    name = models.CharField("nom", max_length=80)
    subtitle = models.CharField("sous-titre", max_length=80, default="Espace familles")
    insee_code = models.CharField("code INSEE", max_length=5, blank=True)
    postcodes = models.JSONField("codes postaux de la commune", default=list, blank=True)
    city_names = models.JSONField("noms de la commune dans une adresse", default=list, blank=True)
    academy = models.CharField("académie", max_length=40, blank=True)
    holiday_zone = models.CharField("zone de vacances", max_length=1, default="C")
    siret = models.CharField("SIRET", max_length=14, blank=True)
    address = models.TextField("adresse", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("adresse e-mail", blank=True)
    website = models.URLField("site de la ville", blank=True)
    logo = models.BinaryField("logo", null=True)
    logo_type = models.CharField(max_length=40, blank=True)
    colour_light = models.CharField("couleur", max_length=7, default="#0d5362", validators=[HEX])
    colour_light_on = models.CharField(max_length=7, default="#ffffff", validators=[HEX])
    colour_light_soft = models.CharField(max_length=7, default="#dcebea", validators=[HEX])
    colour_dark = models.CharField(max_length=7, default="#8fd0da", validators=[HEX])
    colour_dark_on = models.CharField(max_length=7, default="#0b2227", validators=[HEX])
    colour_dark_soft = models.CharField(max_length=7, default="#1d3a40", validators=[HEX])
    embed_origins = models.JSONField("sites qui peuvent inclure l’encart", default=list, blank=True)
    initial_password_days = models.PositiveSmallIntegerField(
        "validité du mot de passe d’une lettre, en jours", default=60
    )
    # Of whom a second factor is asked: accounts.enums.SecondFactorPolicy.
    second_factor = models.CharField("second facteur des agents", max_length=10, default="OFFERED")
    agent_idle_minutes = models.PositiveSmallIntegerField(
        "fin de session d’un agent inactif, en minutes", default=120
    )
    export_rows_a_day = models.PositiveIntegerField(
        "lignes exportées par agent et par jour", default=5_000
    )
    silence_text = models.TextField(
        "ce que vaut le silence",
        default="Sans réponse deux mois après cette date, votre demande est considérée comme "
        "refusée. Vous pouvez alors former un recours.",
    )
    appeal_text = models.TextField(
        "voies et délais de recours",
        default="Vous pouvez contester cette décision dans les deux mois : par un recours gracieux "
        "adressé au maire, ou par un recours devant le tribunal administratif, par courrier ou "
        "sur le site Télérecours citoyens (www.telerecours.fr).",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "ville"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="town_single_row")]


class Service(models.Model):
    """A service of the town hall: named on each acknowledgement, with its phone."""

    slug = models.SlugField(unique=True)
    name = models.CharField("nom", max_length=80)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("adresse e-mail", blank=True)
    address = models.TextField("adresse", blank=True)
    opening_hours = models.TextField("horaires", blank=True)
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "service"
        ordering = ["position", "name"]


class Page(models.Model):
    """What agents write on a public page, in Markdown (sanitised when shown)."""

    slug = models.CharField(max_length=40, choices=PageSlug, unique=True)
    title = models.CharField("titre", max_length=120)
    body = models.TextField("texte", blank=True)
    updated_at = models.DateTimeField("modifiée le", auto_now=True)
    updated_by = models.CharField("modifiée par", max_length=160, blank=True)

    class Meta:
        verbose_name = "page publique"


class Notice(models.Model):
    """A short announcement (strike, closed day) shown on the public and family home."""

    title = models.CharField("titre", max_length=120)
    body = models.CharField("texte", max_length=600, blank=True)
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")

    class Meta:
        verbose_name = "annonce"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=models.F("starts_on")),
                name="notice_dates_in_order",
                violation_error_message="Le dernier jour est avant le premier.",
            )
        ]
