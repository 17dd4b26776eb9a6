from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "preau.config"
    label = "config"

    def ready(self) -> None:
        from preau.config import checks  # noqa: F401  (registers the checks)
