from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "preau.portal"
    verbose_name = "portail"
