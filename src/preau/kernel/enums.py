"""Words that every domain shares."""

from django.db import models


class Channel(models.TextChoices):
    """By which way an act reached the town; kept on each act."""

    PORTAL = "PORTAL", "portail"
    COUNTER = "COUNTER", "guichet"
    PHONE = "PHONE", "téléphone"
    POST = "POST", "courrier"
    EMAIL = "EMAIL", "courriel"
    SYSTEM = "SYSTEM", "automatique"
