"""`preau import-onde PUPILS ADULTS [--apply]`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from preau.journeys.onde.labels import COUNT_LABELS
from preau.journeys.onde.services import import_now, plan_import
from preau.kernel.actors import Actor
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal


class Command(BaseCommand):
    help = "Importe les deux fichiers d’ONDE : aperçu d’abord, application avec --apply."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("pupils", type=Path)
        parser.add_argument("adults", type=Path)
        parser.add_argument("--apply", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            pupils, adults = options["pupils"].read_bytes(), options["adults"].read_bytes()
        except OSError as error:
            raise CommandError(f"Fichier illisible : {error.filename}") from error
        now = utc_now()
        try:
            if options["apply"]:
                plan = import_now(
                    pupils=pupils, adults=adults, now=now, actor=Actor.system("import ONDE")
                )
            else:
                plan = plan_import(pupils=pupils, adults=adults, now=now)
        except Refusal as error:
            raise CommandError(str(error)) from error
        for name, count in plan.counts.items():
            self.stdout.write(f"{count:>6}  {COUNT_LABELS[name]}")
        for problem in plan.problems:
            self.stdout.write(str(problem))
        for warning in plan.warnings:
            self.stdout.write(f"Attention : {warning}")
        if not options["apply"]:
            self.stdout.write(
                "Aperçu seulement : rien n’est écrit. Ajoutez --apply pour appliquer."
            )
