"""`manage.py demo_load`: the demo town, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from preau.demo.town.load import DatabaseInUse, load
from preau.kernel.clock import utc_now


class Command(BaseCommand):
    """Load the demo town; do nothing when it is there."""

    help = "Charge la ville de démonstration ; ne fait rien si elle est là."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            load(now=utc_now(), say=self.stdout.write if options["verbosity"] > 1 else None)
        except DatabaseInUse as error:
            raise CommandError(str(error)) from error
