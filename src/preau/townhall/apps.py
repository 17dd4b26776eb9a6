from django.apps import AppConfig


class TownhallConfig(AppConfig):
    name = "preau.townhall"
    verbose_name = "mairie"
