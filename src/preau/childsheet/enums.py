"""Words of the child's sheet."""

from django.db import models


class ConsentKind(models.TextChoices):
    PHOTO = "PHOTO", "photos et vidéos"
    OUTING = "OUTING", "sorties à pied ou en car"
    CARE = "CARE", "soins d’urgence et transport à l’hôpital"


class CollectorKind(models.TextChoices):
    ALLOWED = "ALLOWED", "peut venir le chercher"
    FORBIDDEN = "FORBIDDEN", "ne doit pas venir le chercher"


class Vaccine(models.TextChoices):
    DTP = "DTP", "diphtérie, tétanos, poliomyélite"
    PERTUSSIS = "PERTUSSIS", "coqueluche"
    HIB = "HIB", "Haemophilus influenzae b"
    HEPATITIS_B = "HEPATITIS_B", "hépatite B"
    PNEUMOCOCCUS = "PNEUMOCOCCUS", "pneumocoque"
    MENINGOCOCCUS_C = "MENINGOCOCCUS_C", "méningocoque C"
    MENINGOCOCCUS_ACWY = "MENINGOCOCCUS_ACWY", "méningocoques A, C, W et Y"
    MENINGOCOCCUS_B = "MENINGOCOCCUS_B", "méningocoque B"
    MMR = "MMR", "rougeole, oreillons, rubéole"


class Action(models.TextChoices):
    """What was done with a health datum, for the journal."""

    READ = "READ", "lues"
    PRINTED = "PRINTED", "imprimées"
    EXPORTED = "EXPORTED", "exportées"
