"""Words of attendance, absences and cards."""

from django.db import models


class Presence(models.TextChoices):
    PRESENT = "PRESENT", "présent"
    ABSENT = "ABSENT", "absent"


class AttendanceSource(models.TextChoices):
    SHEET = "SHEET", "liste"
    CARD = "CARD", "carte"
    TABLET = "TABLET", "tablette"
    # Written by hand on the sheet's correction: what a tablet says of an earlier instant loses.
    HAND = "HAND", "correction"


class TickAct(models.TextChoices):
    """What a tablet says of one child."""

    PRESENT = "PRESENT", "présent"
    ABSENT = "ABSENT", "absent"
    LEFT = "LEFT", "parti"
    UNDO = "UNDO", "annulé"


class TickOutcome(models.TextChoices):
    """What became of it. Whatever the outcome, the tick is kept."""

    APPLIED = "APPLIED", "enregistré"
    KEPT = "KEPT", "sans effet"
    REFUSED = "REFUSED", "refusé"


class AbsenceReason(models.TextChoices):
    ILLNESS = "ILLNESS", "maladie"
    FAMILY = "FAMILY", "raison familiale"
    SCHOOL_TRIP = "SCHOOL_TRIP", "sortie scolaire"
    TEACHER_ABSENT = "TEACHER_ABSENT", "enseignant absent"
    OTHER = "OTHER", "autre raison"


class AbsenceStatus(models.TextChoices):
    REPORTED = "REPORTED", "signalée"
    JUSTIFIED = "JUSTIFIED", "justifiée"
    NOT_JUSTIFIED = "NOT_JUSTIFIED", "non justifiée"


class CardStatus(models.TextChoices):
    ACTIVE = "ACTIVE", "active"
    LOST = "LOST", "perdue"
    REPLACED = "REPLACED", "remplacée"
    RETURNED = "RETURNED", "rendue"
