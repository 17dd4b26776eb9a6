from django.db import models


class Side(models.TextChoices):
    """Which numbers of a street a segment holds."""

    BOTH = "BOTH", "tous les numéros"
    ODD = "ODD", "numéros impairs"
    EVEN = "EVEN", "numéros pairs"


class Cycle(models.TextChoices):
    """The two schools that an address has."""

    NURSERY = "NURSERY", "maternelle"
    ELEMENTARY = "ELEMENTARY", "élémentaire"


class Outcome(models.TextChoices):
    """What becomes of a pupil from one school year to the next."""

    UP = "UP", "niveau suivant"
    REPEAT = "REPEAT", "maintien"
    SKIP = "SKIP", "passage anticipé"
    LEAVES = "LEAVES", "quitte les écoles"


class RollOverStatus(models.TextChoices):
    PREPARED = "PREPARED", "à valider"
    APPLIED = "APPLIED", "appliqué"
    UNDONE = "UNDONE", "annulé"


class ImportStatus(models.TextChoices):
    PREVIEWED = "PREVIEWED", "à valider"
    APPLYING = "APPLYING", "en cours"
    APPLIED = "APPLIED", "appliqué"
    ABANDONED = "ABANDONED", "abandonné"
    FAILED = "FAILED", "en échec"
