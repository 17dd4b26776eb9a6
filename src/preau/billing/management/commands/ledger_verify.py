"""`preau ledger verify`: prove the books; exit 1 and say where if they do not hold."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from preau.billing.ledger import verify
from preau.kernel.french import euros


class Command(BaseCommand):
    help = "Vérifie que le grand livre s’équilibre et que rien n’y manque."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Pour une machine.")

    def handle(self, *args: Any, **options: Any) -> None:
        faults = verify()
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    [
                        {
                            "what": fault.what,
                            "id": fault.account_id,
                            "expected_cents": fault.expected_cents,
                            "found_cents": fault.found_cents,
                        }
                        for fault in faults
                    ],
                    ensure_ascii=False,
                )
            )
        for fault in faults:
            self.stderr.write(
                f"{fault.what} (n° {fault.account_id}) : attendu {euros(fault.expected_cents)}, "
                f"trouvé {euros(fault.found_cents)}"
            )
        if faults:
            raise SystemExit(1)
        if not options["json"]:
            self.stdout.write("Le grand livre est juste.")
