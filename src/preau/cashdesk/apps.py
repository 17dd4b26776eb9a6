from django.apps import AppConfig


class CashdeskConfig(AppConfig):
    name = "preau.cashdesk"
    verbose_name = "guichet de la régie"
