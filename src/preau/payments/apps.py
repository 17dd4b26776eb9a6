from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "preau.payments"
    verbose_name = "paiements"
