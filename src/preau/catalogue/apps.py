from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "preau.catalogue"
    verbose_name = "offre"

    def ready(self) -> None:
        """Custody calendars follow the school holidays, which this room keeps."""
        from preau.catalogue.queries.calendar import school_breaks
        from preau.families.custody import serve_school_breaks

        serve_school_breaks(school_breaks)
