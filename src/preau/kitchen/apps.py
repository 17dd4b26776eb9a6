from django.apps import AppConfig


class KitchenConfig(AppConfig):
    name = "preau.kitchen"
    verbose_name = "cuisine"
