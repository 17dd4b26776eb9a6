from django.apps import AppConfig


class RecoveryConfig(AppConfig):
    name = "preau.recovery"
    verbose_name = "recouvrement"
