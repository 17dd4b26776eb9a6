from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "preau.api"
    verbose_name = "interfaces"
