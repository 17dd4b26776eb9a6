from django.db import models


class Civility(models.TextChoices):
    MRS = "MME", "Mme"
    MR = "M", "M."


class Sex(models.TextChoices):
    FEMALE = "F", "fille"
    MALE = "M", "garçon"


class CustodyWeeks(models.TextChoices):
    """Which weeks (ISO numbers) the child lives in this household, books and is billed there."""

    ALL = "ALL", "toutes les semaines"
    EVEN = "EVEN", "semaines paires"
    ODD = "ODD", "semaines impaires"


class QuotientSource(models.TextChoices):
    CAF = "CAF", "CAF"
    MSA = "MSA", "MSA"
    TOWN = "TOWN", "calculé par la ville"
    DECLARED = "DECLARED", "déclaré, à vérifier"


class Diet(models.TextChoices):
    """Lawful words only: a religion is never stored."""

    STANDARD = "STANDARD", "sans restriction"
    NO_PORK = "NO_PORK", "sans porc"
    NO_MEAT = "NO_MEAT", "sans viande"


class FamilyStatus(models.TextChoices):
    ACTIVE = "ACTIVE", "actif"
    CLOSED = "CLOSED", "clos"
