from django.db import models


class PageSlug(models.TextChoices):
    """The public pages whose text the town writes; the value is also its address."""

    HOME = "accueil", "Accueil"
    ACTIVITIES = "activites", "Activités"
    PRICES = "tarifs", "Tarifs"
    MENUS = "menus", "Menus"
    HELP = "aide", "Aide"
    LEGAL = "mentions-legales", "Mentions légales"
    ACCESSIBILITY = "accessibilite", "Accessibilité"
    PRIVACY = "donnees-personnelles", "Données personnelles"
