from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "preau.catalogue"
    verbose_name = "offre"
