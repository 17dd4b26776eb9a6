from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class ConfigConfig(AppConfig):
    name = "preau.config"
    label = "config"

    def ready(self) -> None:
        from preau.config.checks import production_is_not_a_demo

        # A web server runs no system check: what production refuses is refused at its start too.
        errors = production_is_not_a_demo()
        if errors and settings.PRODUCTION:
            raise ImproperlyConfigured(" ".join(str(error.msg) for error in errors))
