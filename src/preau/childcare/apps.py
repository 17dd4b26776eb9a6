from django.apps import AppConfig


class ChildcareConfig(AppConfig):
    name = "preau.childcare"
    verbose_name = "petite enfance"
