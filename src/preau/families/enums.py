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
    DAYS = "DAYS", "certains jours"


# Where only whole weeks are asked; chosen days are set on the custody page, day by day.
WHOLE_WEEKS = [choice for choice in CustodyWeeks.choices if choice[0] != CustodyWeeks.DAYS]


class CustodyHolidays(models.TextChoices):
    """What becomes of the weeks while school is closed. Years are those of the first day."""

    AS_WEEKS = "AS_WEEKS", "comme les autres semaines"
    ALL = "ALL", "toutes les vacances"
    NONE = "NONE", "aucunes vacances"
    HALVES_EVEN = "HALVES_EVEN", "première moitié les années paires, seconde les années impaires"
    HALVES_ODD = "HALVES_ODD", "première moitié les années impaires, seconde les années paires"
    YEARS_EVEN = "YEARS_EVEN", "vacances des années paires"
    YEARS_ODD = "YEARS_ODD", "vacances des années impaires"


class ExceptionStatus(models.TextChoices):
    """A change of a few days: nothing moves until both homes agree or an agent types it."""

    PROPOSED = "PROPOSED", "proposé"
    AGREED = "AGREED", "convenu"
    REFUSED = "REFUSED", "refusé"
    WITHDRAWN = "WITHDRAWN", "retiré"


class ParentingBasis(models.TextChoices):
    DISAGREEMENT = "DISAGREEMENT", "désaccord écrit d’un parent"
    JUDGMENT = "JUDGMENT", "décision de justice"


class ParentingEffect(models.TextChoices):
    """What a recorded disagreement or judgment changes."""

    BOTH_SIGN = "BOTH_SIGN", "les deux parents doivent signer"
    SOLE = "SOLE", "un parent n’agit plus pour l’enfant"
    NO_COLLECTION = "NO_COLLECTION", "une personne ne peut pas venir le chercher"


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
