from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "preau.reporting"
    verbose_name = "indicateurs"
