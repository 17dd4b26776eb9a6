from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    name = "preau.casework"
    verbose_name = "demandes"
