"""Words of the places and of what becomes of them."""

from django.db import models


class SlotStatus(models.TextChoices):
    OPEN = "OPEN", "ouvert"
    CANCELLED = "CANCELLED", "annulé"


class BookingStatus(models.TextChoices):
    CONFIRMED = "CONFIRMED", "réservé"
    WAITING = "WAITING", "en liste d’attente"
    OFFERED = "OFFERED", "place proposée"
    CANCELLED = "CANCELLED", "annulé"


# These hold a place of the slot; these are alive.
HOLDING = (BookingStatus.CONFIRMED, BookingStatus.OFFERED)
LIVE = (*HOLDING, BookingStatus.WAITING)


class Outcome(models.TextChoices):
    """What became of one day of a sending."""

    CONFIRMED = "CONFIRMED", "réservé"
    WAITING = "WAITING", "en liste d’attente"
    CANCELLED = "CANCELLED", "retiré"
    CHARGED = "CHARGED", "retiré, mais dû"
    LEFT_QUEUE = "LEFT_QUEUE", "retiré de la liste d’attente"
    ALREADY = "ALREADY", "déjà fait"
    FULL = "FULL", "complet"
    TOO_LATE = "TOO_LATE", "délai passé"
    NOT_OPEN = "NOT_OPEN", "pas ouvert"
    REFUSED = "REFUSED", "refusé"
    NOT_SENT = "NOT_SENT", "non envoyé"


DONE = (
    Outcome.CONFIRMED,
    Outcome.WAITING,
    Outcome.CANCELLED,
    Outcome.CHARGED,
    Outcome.LEFT_QUEUE,
)
