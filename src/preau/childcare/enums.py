"""Words of early childhood that its rooms share."""

from django.db import models


class WishStatus(models.TextChoices):
    """Where a pre-registration stands. INCOMPLETE: pieces are awaited, it has no rank yet."""

    INCOMPLETE = "INCOMPLETE", "pièces attendues"
    WAITING = "WAITING", "en attente"
    OFFERED = "OFFERED", "place proposée"
    ACCEPTED = "ACCEPTED", "place acceptée"
    ADMITTED = "ADMITTED", "admis"
    WITHDRAWN = "WITHDRAWN", "retirée"


OPEN_WISHES = (
    WishStatus.INCOMPLETE,
    WishStatus.WAITING,
    WishStatus.OFFERED,
    WishStatus.ACCEPTED,
)


class PieceStatus(models.TextChoices):
    WANTED = "WANTED", "attendue"
    GIVEN = "GIVEN", "reçue, à vérifier"
    ACCEPTED = "ACCEPTED", "acceptée"
    REFUSED = "REFUSED", "refusée"


class Outcome(models.TextChoices):
    """What a commission decides for a file."""

    ADMIT = "ADMIT", "place attribuée"
    SUBSTITUTE = "SUBSTITUTE", "liste complémentaire"
    WAIT = "WAIT", "reste en attente"


class OfferStatus(models.TextChoices):
    PENDING = "PENDING", "réponse attendue"
    ACCEPTED = "ACCEPTED", "acceptée"
    DECLINED = "DECLINED", "refusée"
    LAPSED = "LAPSED", "sans réponse dans le délai"


class CareAbsence(models.TextChoices):
    """Why a child under contract does not come. What each one costs is the rulebook's matter."""

    ILLNESS = "ILLNESS", "maladie"
    HOSPITAL = "HOSPITAL", "hospitalisation"
    EVICTION = "EVICTION", "éviction décidée par la crèche"
    CLOSURE = "CLOSURE", "fermeture ou grève"
    LEAVE = "LEAVE", "congé prévu au contrat"
    FAMILY = "FAMILY", "convenance"


class Regime(models.TextChoices):
    """The family's social security fund, as the CAF's yearly form counts it."""

    GENERAL = "GENERAL", "régime général et fonctionnaires"
    MSA = "MSA", "régime agricole (MSA)"
    OTHER = "OTHER", "autre régime ou inconnu"


class IncomeSource(models.TextChoices):
    CDAP = "CDAP", "service de la CAF (CDAP)"
    MSA = "MSA", "service de la MSA"
    TAX_NOTICE = "TAX_NOTICE", "avis d’imposition"
    REFUSED = "REFUSED", "ressources non communiquées"


class PunchSource(models.TextChoices):
    CODE = "CODE", "code"
    QR = "QR", "QR"
    AGENT = "AGENT", "agent"


class SignedHow(models.TextChoices):
    ONLINE = "ONLINE", "en ligne"
    PAPER = "PAPER", "sur papier"
