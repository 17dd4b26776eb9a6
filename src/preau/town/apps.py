from django.apps import AppConfig


class TownConfig(AppConfig):
    name = "preau.town"
    verbose_name = "ville"
