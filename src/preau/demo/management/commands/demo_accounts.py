"""`manage.py demo_accounts`: who may sign in to the demo, and with what."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from preau.demo.accounts import accounts


class Command(BaseCommand):
    """Print the demo accounts, for a person or (--json) for a machine."""

    help = "Donne les comptes de démonstration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Pour une machine.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = accounts()
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
            return
        if not found:
            self.stdout.write("Aucun compte de démonstration : « preau demo load » les crée.")
            return
        width = max(len(row["role"]) for row in found)
        for row in found:
            self.stdout.write(
                f"  {row['role'].ljust(width)}  {row['identifier'].ljust(34)}  {row['password']}"
            )
        self.stdout.write("  Plus de détails, avec ce que chacun permet d’essayer : /demo/")
