from django.apps import AppConfig


class ChildsheetConfig(AppConfig):
    name = "preau.childsheet"
    verbose_name = "fiche de l’enfant"
