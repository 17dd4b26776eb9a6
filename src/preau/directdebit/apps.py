from django.apps import AppConfig


class DirectdebitConfig(AppConfig):
    name = "preau.directdebit"
    verbose_name = "prélèvement"
