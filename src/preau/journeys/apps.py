from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "preau.journeys"
    verbose_name = "parcours"
