"""`preau rulebook check|price|cases|schema`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from preau.rulebook import commands
from preau.rulebook.when import paris_instant

app = typer.Typer(
    help="Vérifier et essayer un règlement écrit dans un fichier.", no_args_is_help=True
)
File = Annotated[Path, typer.Argument(help="Le fichier du règlement (YAML).")]
CalendarFile = Annotated[
    Path | None, typer.Option("--calendar", help="Calendrier (YAML) : vacances, jours fériés.")
]


@app.command()
def check(
    file: File,
    calendar: CalendarFile = None,
    previous: Annotated[
        Path | None, typer.Option(help="Le règlement d'avant, pour voir les hausses.")
    ] = None,
) -> None:
    """Contrôler : trous, règles jamais atteintes, limites impossibles, loi, ambiguïtés."""
    raise typer.Exit(commands.check_file(file, typer.echo, calendar, previous))


@app.command()
def price(
    file: File,
    facts: Annotated[
        list[str] | None, typer.Option(help="Faits : « quotient=812 rank=3 ».")
    ] = None,
    activity: Annotated[str, typer.Option(help="L'activité (si le fichier en a plusieurs).")] = "",
    product: Annotated[str, typer.Option(help="Le produit (si l'activité en a plusieurs).")] = "",
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Le jour.")] = None,
    action: Annotated[str, typer.Option(help="Une démarche : book, cancel, absence, attend…")] = "",
    at: Annotated[str, typer.Option(help="Quand elle est faite : AAAA-MM-JJTHH:MM.")] = "",
    calendar: CalendarFile = None,
) -> None:
    """Donner un prix, ou une décision, et dire pourquoi."""
    try:
        moment = paris_instant(at) if at else None
    except ValueError:
        raise typer.BadParameter("attendu AAAA-MM-JJTHH:MM", param_hint="--at") from None
    raise typer.Exit(
        commands.price_file(
            file,
            typer.echo,
            facts or [],
            activity,
            product,
            day.date() if day else None,
            action,
            moment,
            calendar,
        )
    )


@app.command()
def cases(
    file: File,
    cases_file: Annotated[Path, typer.Argument(help="Le fichier des cas (YAML).")],
) -> None:
    """Passer des cas chiffrés ; le code de sortie dit s'il y a une différence."""
    raise typer.Exit(commands.cases_file(file, cases_file, typer.echo))


@app.command()
def schema() -> None:
    """Écrire le schéma JSON des règlements, pour les éditeurs de texte."""
    from preau.rulebook.text.schema import schema_text

    typer.echo(schema_text(), nl=False)
