"""Words of the kitchen."""

from django.db import models


class Plate(models.TextChoices):
    """What is put on the plate: the diets of families.Diet, or the child's own meal."""

    STANDARD = "STANDARD", "sans restriction"
    NO_PORK = "NO_PORK", "sans porc"
    NO_MEAT = "NO_MEAT", "sans viande"
    PAI = "PAI", "PAI, à préparer à part"


class AgeBand(models.TextChoices):
    YOUNG = "YOUNG", "moins de 6 ans"
    OLD = "OLD", "6 ans et plus"
