from django.apps import AppConfig


class SchoolsConfig(AppConfig):
    name = "preau.schools"
    verbose_name = "écoles"
