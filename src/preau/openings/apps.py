from django.apps import AppConfig


class OpeningsConfig(AppConfig):
    name = "preau.openings"
    verbose_name = "ouvertures"
