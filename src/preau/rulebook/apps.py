from django.apps import AppConfig


class RulebookConfig(AppConfig):
    name = "preau.rulebook"
    verbose_name = "règles"
