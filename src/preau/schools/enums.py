from django.db import models


class ImportStatus(models.TextChoices):
    PREVIEWED = "PREVIEWED", "à valider"
    APPLYING = "APPLYING", "en cours"
    APPLIED = "APPLIED", "appliqué"
    ABANDONED = "ABANDONED", "abandonné"
    FAILED = "FAILED", "en échec"
