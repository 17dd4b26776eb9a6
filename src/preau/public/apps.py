from django.apps import AppConfig


class PublicConfig(AppConfig):
    name = "preau.public"
    verbose_name = "public"
