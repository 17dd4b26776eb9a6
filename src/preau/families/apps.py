from django.apps import AppConfig


class FamiliesConfig(AppConfig):
    name = "preau.families"
    verbose_name = "familles"
