"""`preau`, the command line: everything that is done without a browser.

Each command imports what it needs when it is called: `preau --help` loads no part of Django.
Without DATABASE_URL the embedded PostgreSQL is used, and started for the time of the command
when it does not run.
"""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="Préau : espace famille et gestion en mairie.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
demo = typer.Typer(help="La ville de démonstration.", no_args_is_help=True)
db = typer.Typer(help="Le PostgreSQL embarqué.", no_args_is_help=True)
ledger = typer.Typer(help="Le grand livre.", no_args_is_help=True)
app.add_typer(demo, name="demo")
app.add_typer(db, name="db")
app.add_typer(ledger, name="ledger")

PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def main() -> None:
    """The console script's door."""
    _mount_rulebook()
    try:
        app()
    except _known_errors() as error:
        typer.secho(str(error), fg="red", err=True)
        sys.exit(1)


def _known_errors() -> tuple[type[BaseException], ...]:
    from preau.config.postgres import PostgresError

    return (PostgresError, MissingPart)


class MissingPart(RuntimeError):
    """A command asks for a part of Préau that this installation does not hold."""


def _mount_rulebook() -> None:
    """Add the rulebook's own commands when the command line asks for them or for help."""
    if len(sys.argv) > 1 and sys.argv[1] not in {"rulebook", "--help"}:
        return
    with contextlib.suppress(ImportError):
        from preau.rulebook.cli import app as rulebook

        app.add_typer(rulebook, name="rulebook")


@contextlib.contextmanager
def _django() -> Iterator[None]:
    """Django set up on a database that answers."""
    from preau.config.run import database

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "preau.config.settings")
    with database():
        import django

        django.setup()
        yield


def _command(name: str, *arguments: str) -> None:
    """Run a management command of ours, or say in one line that it is not there."""
    from django.core.management import CommandError, call_command, get_commands

    if name not in get_commands():
        raise MissingPart(f"La commande « {name} » n'existe pas dans cette installation.")
    try:
        call_command(name, *arguments)
    except CommandError as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from error


def _part(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise MissingPart(f"La partie « {module} » manque à cette installation.") from error
        raise


@app.command("run")
def run_all() -> None:
    """Lance tout : base, site, tâches de fond et banque de démonstration (PORT, 8000 sinon)."""
    from preau.config.run import run

    raise typer.Exit(run())


@app.command("prepare")
def prepare() -> None:
    """Met la base à jour, rassemble les fichiers statiques, charge la démonstration."""
    from preau.config.prepare import prepare as prepare_all

    with _django():
        prepare_all()


@app.command(context_settings=PASS_THROUGH)
def manage(context: typer.Context) -> None:
    """Passe la main aux commandes de Django : preau manage migrate, shell, check…"""
    from django.core.management import execute_from_command_line

    with _django():
        execute_from_command_line(["preau manage", *context.args])


@app.command()
def web(
    port: Annotated[int, typer.Option(help="Port d'écoute.", envvar="PORT")] = 8000,
    host: Annotated[str, typer.Option(help="Adresse d'écoute.")] = "127.0.0.1",
    workers: Annotated[int, typer.Option(envvar="PREAU_WEB_WORKERS", help="Processus.")] = 2,
    threads: Annotated[
        int, typer.Option(envvar="PREAU_WEB_THREADS", help="Fils d'exécution par processus.")
    ] = 2,
) -> None:
    """Sert le site (DATABASE_URL obligatoire : la base doit déjà répondre)."""
    from preau.config.run import web_command

    _need_database()
    command = web_command(host=host, port=port, workers=workers, threads=threads)
    os.execv(command[0], command)  # noqa: S606


@app.command(context_settings=PASS_THROUGH)
def worker(context: typer.Context) -> None:
    """Exécute les tâches de fond et les tâches périodiques, jusqu'à l'arrêt."""
    _need_database()
    with _django():
        from django.core.management import call_command

        call_command("procrastinate", "worker", *context.args)


def _need_database() -> str:
    from preau.config.run import find_database

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "preau.config.settings")
    url = find_database()
    if url is None:
        raise MissingPart(
            "Aucune base : donnez DATABASE_URL, ou lancez d'abord « preau db start »."
        )
    os.environ["DATABASE_URL"] = url
    return url


@app.command("import-onde")
def import_onde(
    pupils: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Fichier élèves.")],
    adults: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Fichier responsables.")
    ],
    apply: Annotated[
        bool, typer.Option("--apply", help="Applique ; sinon, montre seulement ce qui changerait.")
    ] = False,
) -> None:
    """Importe les deux fichiers d'ONDE : aperçu d'abord, application avec --apply."""
    with _django():
        _command("import_onde", str(pupils), str(adults), *(["--apply"] if apply else []))


@app.command("import-families")
def import_families(
    file: Annotated[
        Path, typer.Argument(exists=True, help="Classeur .xlsx, ZIP ou dossier de CSV, ou un CSV.")
    ],
    apply: Annotated[
        bool, typer.Option("--apply", help="Reprend ; sinon, montre seulement ce qui le serait.")
    ] = False,
    as_of: Annotated[
        str, typer.Option("--as-of", help="Jour des soldes, AAAA-MM-JJ (aujourd’hui sinon).")
    ] = "",
    report: Annotated[
        str, typer.Option("--report", help="Écrit les remarques, ligne par ligne, dans ce CSV.")
    ] = "",
) -> None:
    """Reprend les dossiers d’un autre logiciel ; relancée après un arrêt, elle continue."""
    arguments = [str(file), *(["--apply"] if apply else [])]
    arguments += ["--as-of", as_of] if as_of else []
    arguments += ["--report", report] if report else []
    with _django():
        _command("import_families", *arguments)


@ledger.command("verify", context_settings=PASS_THROUGH)
def ledger_verify(context: typer.Context) -> None:
    """Vérifie que le grand livre s'équilibre et que rien n'y manque."""
    with _django():
        _command("ledger_verify", *context.args)


@demo.command("load")
def demo_load() -> None:
    """Charge la ville de démonstration ; ne fait rien si elle est là."""
    with _django():
        _command("demo_load")


@demo.command("accounts")
def demo_accounts(
    as_json: Annotated[bool, typer.Option("--json", help="Pour une machine.")] = False,
) -> None:
    """Donne les comptes de démonstration."""
    with _django():
        _command("demo_accounts", *(["--json"] if as_json else []))


@demo.command("bank")
def demo_bank(
    port: Annotated[int, typer.Option(help="Port d'écoute.")] = 8001,
    host: Annotated[str, typer.Option(help="Adresse d'écoute.")] = "127.0.0.1",
    memory: Annotated[
        bool, typer.Option("--memory", help="Oublie les paiements à l'arrêt.")
    ] = False,
) -> None:
    """Lance la banque de démonstration (SP Plus et Systempay)."""
    from preau.config.run import var_dir

    state = None if memory else var_dir() / "run" / "bank.json"
    if state is not None:
        state.parent.mkdir(parents=True, exist_ok=True)
    shop = os.environ.get("PREAU_BASE_URL", "http://localhost:8000")
    _part("preau.demo.bank").main(port, host, shop_url=shop, state=state)


@db.command("start")
def db_start() -> None:
    """Démarre le PostgreSQL embarqué et donne son adresse."""
    from preau.config.run import embedded_cluster

    typer.echo(embedded_cluster().ensure_started())


@db.command("stop")
def db_stop() -> None:
    """Arrête le PostgreSQL embarqué."""
    from preau.config.run import embedded_cluster

    embedded_cluster().stop()


@db.command("url")
def db_url() -> None:
    """Donne l'adresse de la base, pour psql ou pg_dump."""
    from preau.config.run import embedded_cluster, find_database

    typer.echo(find_database() or embedded_cluster().url())


@db.command("psql", context_settings=PASS_THROUGH)
def db_psql(context: typer.Context) -> None:
    """Ouvre une session psql sur la base."""
    _client("psql", "-d", _need_database(), *context.args)


@db.command("dump")
def db_dump(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Fichier à écrire.")],
) -> None:
    """Sauvegarde la base (pg_dump, format « custom »), sans l'arrêter."""
    _client("pg_dump", "--format=custom", "--no-owner", f"--file={file}", _need_database())


def _client(program: str, *arguments: str) -> None:
    """Become one of PostgreSQL's own clients: the machine's, or the embedded one's."""
    import shutil

    from preau.config.postgres import wheel_programs

    given = os.environ.get("DATABASE_URL", "")
    found = shutil.which(program) if "%2F" not in given else None
    path = found or str(wheel_programs() / program)
    os.execv(path, [path, *arguments])  # noqa: S606


if __name__ == "__main__":
    main()
