from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "preau.billing"
    verbose_name = "facturation"
