from django.db import models


class Status(models.TextChoices):
    """A version of the rules: being written, in force (or to come), put away."""

    DRAFT = "DRAFT", "brouillon"
    PUBLISHED = "PUBLISHED", "publié"
    ARCHIVED = "ARCHIVED", "archivé"
