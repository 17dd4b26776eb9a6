from django.apps import AppConfig


class EnrolmentsConfig(AppConfig):
    name = "preau.enrolments"
    verbose_name = "inscriptions"
