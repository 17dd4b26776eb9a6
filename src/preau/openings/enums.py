from django.db import models


class Audience(models.TextChoices):
    """For whom a window opens; the same activity may open earlier for some."""

    ALL = "ALL", "toutes les familles"
    RESIDENTS = "RESIDENTS", "familles de la commune"
    SIBLINGS = "SIBLINGS", "frères et sœurs d’enfants inscrits"
    LAST_YEAR = "LAST_YEAR", "enfants inscrits l’an dernier"
