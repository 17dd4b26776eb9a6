"""Words of attendance, absences and cards."""

from django.db import models

from preau.kernel.ticks import TickAct as TickAct
from preau.kernel.ticks import TickOutcome as TickOutcome


class Presence(models.TextChoices):
    PRESENT = "PRESENT", "présent"
    ABSENT = "ABSENT", "absent"


class AttendanceSource(models.TextChoices):
    SHEET = "SHEET", "liste"
    CARD = "CARD", "carte"
    TABLET = "TABLET", "tablette"
    # Written by hand on the sheet's correction: what a tablet says of an earlier instant loses.
    HAND = "HAND", "correction"


class AbsenceReason(models.TextChoices):
    ILLNESS = "ILLNESS", "maladie"
    HOSPITAL = "HOSPITAL", "hospitalisation"
    FAMILY = "FAMILY", "raison familiale"
    SCHOOL_TRIP = "SCHOOL_TRIP", "sortie scolaire"
    TEACHER_ABSENT = "TEACHER_ABSENT", "enseignant absent"
    # Weeks off of a crèche contract; nothing else knows it.
    LEAVE = "LEAVE", "congé prévu au contrat de crèche"
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
