"""`preau import-families FILE [--apply] [--as-of DAY] [--report FILE]`."""

import csv
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from preau.journeys.takeover.services import reconciliation, take_over_now
from preau.kernel.actors import Actor
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.kernel.money import euros

SHOWN = 40
WORDS = (("read", "lues"), ("kept", "à reprendre"), ("refused", "refusées"), ("known", "déjà là"))


class Command(BaseCommand):
    help = "Reprend les dossiers d’un autre logiciel : aperçu d’abord, écriture avec --apply."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true")
        parser.add_argument("--as-of", type=date.fromisoformat, default=None)
        parser.add_argument("--report", type=Path, default=None)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = take_over_now(
                options["file"],
                as_of=options["as_of"],
                apply=options["apply"],
                now=utc_now(),
                actor=Actor.system("reprise"),
            )
        except Refusal as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"Fichier illisible : {error.filename}") from error
        row = outcome.row
        for table, counts in row.counts.items():
            told = ", ".join(f"{counts[name]} {words}" for name, words in WORDS)
            self.stdout.write(f"{table:>12} : {told}")
        for line in reconciliation(row):
            self.stdout.write(
                f"Régie {line.office} : doit {euros(line.read[0])}, avance {euros(line.read[1])} ; "
                f"refusé {euros(sum(line.refused))}"
                + (f" ; écart {euros(line.difference)}" if line.written else "")
            )
        for note in outcome.notes[:SHOWN]:
            self.stdout.write(
                f"{note.table}, ligne {note.line} : {'' if note.is_refused else 'à vérifier, '}"
                f"{note.reason}"
            )
        if len(outcome.notes) > SHOWN:
            self.stdout.write(f"… et {len(outcome.notes) - SHOWN} autres remarques (--report).")
        if options["report"]:
            self._report(options["report"], outcome.notes)
        if row.error:
            raise CommandError(row.error)
        if options["apply"]:
            self.stdout.write(f"{row.done} dossiers repris.")
        else:
            self.stdout.write(
                "Aperçu seulement : rien n’est écrit. Ajoutez --apply pour reprendre."
            )

    @staticmethod
    def _report(path: Path, notes: Any) -> None:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(["table", "ligne", "famille", "suite", "raison"])
            writer.writerows(
                [n.table, n.line, n.family, "refusée" if n.is_refused else "à vérifier", n.reason]
                for n in notes
            )
