from django.db import models


class EstablishmentKind(models.TextChoices):
    SCHOOL = "SCHOOL", "école"
    LEISURE_CENTRE = "LEISURE_CENTRE", "centre de loisirs"
    CRECHE = "CRECHE", "crèche"
    SPORTS = "SPORTS", "équipement sportif"


class Domain(models.TextChoices):
    """The domains of the town hall's service."""

    EARLY_CHILDHOOD = "EARLY_CHILDHOOD", "petite enfance"
    SCHOOL = "SCHOOL", "scolaire"
    AROUND_SCHOOL = "AROUND_SCHOOL", "périscolaire"
    HOLIDAYS = "HOLIDAYS", "extrascolaire"
    SPORTS = "SPORTS", "sports"


class ActivityKind(models.TextChoices):
    CANTEEN = "CANTEEN", "restauration scolaire"
    MORNING_CARE = "MORNING_CARE", "accueil du matin"
    EVENING_CARE = "EVENING_CARE", "accueil du soir"
    WEDNESDAY = "WEDNESDAY", "accueil du mercredi"
    HOLIDAY_CENTRE = "HOLIDAY_CENTRE", "centre de loisirs des vacances"
    SPORT = "SPORT", "sport"
    CRECHE = "CRECHE", "crèche"


class BookingMode(models.TextChoices):
    """How days are taken once a child is enrolled."""

    DAYS = "DAYS", "jour par jour"
    WHOLE_PERIOD = "WHOLE_PERIOD", "toutes les séances, dès l’inscription"
    CONTRACT = "CONTRACT", "par contrat"


class PeriodKind(models.TextChoices):
    """Kinds of period on which rules and weekly patterns stand."""

    SCHOOL_DAYS = "SCHOOL_DAYS", "jours d’école"
    WEDNESDAYS = "WEDNESDAYS", "mercredis"
    SMALL_HOLIDAYS = "SMALL_HOLIDAYS", "petites vacances"
    SUMMER = "SUMMER", "été"


class Level(models.TextChoices):
    """School levels, as ONDE writes them, in the order of the school life."""

    TPS = "TPS", "toute petite section"
    PS = "PS", "petite section"
    MS = "MS", "moyenne section"
    GS = "GS", "grande section"
    CP = "CP", "CP"
    CE1 = "CE1", "CE1"
    CE2 = "CE2", "CE2"
    CM1 = "CM1", "CM1"
    CM2 = "CM2", "CM2"
    ULIS = "ULIS", "ULIS"


class Supervision(models.TextChoices):
    """How many children one adult may look after: the law's numbers, or the town's own."""

    NONE = "NONE", "sans règle"
    HOLIDAYS = "HOLIDAYS", "vacances : 8 enfants de moins de 6 ans, 12 au-delà"
    TERM = "TERM", "temps scolaire, mercredi compris : 10 et 14 ; 8 et 12 au-delà de 5 heures"
    TERM_PEDT = "TERM_PEDT", "temps scolaire avec un PEDT : 14 et 18 ; 10 et 14 au-delà de 5 heures"
    OWN = "OWN", "nombres de la ville"


class Allergen(models.TextChoices):
    """The fourteen that must be declared (annex II of regulation EU 1169/2011)."""

    GLUTEN = "GLUTEN", "gluten"
    CRUSTACEANS = "CRUSTACEANS", "crustacés"
    EGGS = "EGGS", "œufs"
    FISH = "FISH", "poisson"
    PEANUTS = "PEANUTS", "arachide"
    SOYA = "SOYA", "soja"
    MILK = "MILK", "lait"
    NUTS = "NUTS", "fruits à coque"
    CELERY = "CELERY", "céleri"
    MUSTARD = "MUSTARD", "moutarde"
    SESAME = "SESAME", "sésame"
    SULPHITES = "SULPHITES", "sulfites"
    LUPIN = "LUPIN", "lupin"
    MOLLUSCS = "MOLLUSCS", "mollusques"
