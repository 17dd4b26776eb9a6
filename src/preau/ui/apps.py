from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "preau.ui"
    verbose_name = "interface"
