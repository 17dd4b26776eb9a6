from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    name = "preau.certificates"
    verbose_name = "attestations"
