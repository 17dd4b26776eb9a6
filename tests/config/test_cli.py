"""The command line answers at once, in French, and says plainly what is missing."""

import subprocess
import sys

import pytest


def preau(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "preau", *arguments], capture_output=True, text=True, check=False
    )


def test_help_loads_no_part_of_django() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "preau", "manage-not"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "django.apps" not in done.stderr


@pytest.mark.parametrize(
    "command",
    ["run", "prepare", "manage", "web", "worker", "import-onde", "ledger", "db", "demo"],
)
def test_every_command_is_listed(command: str) -> None:
    assert f" {command} " in preau("--help").stdout


def test_a_missing_file_is_said() -> None:
    done = preau("import-onde", "absent-1.csv", "absent-2.csv")
    assert done.returncode == 2
    assert "absent-1.csv" in done.stderr


def test_manage_passes_everything_on() -> None:
    done = preau("manage", "check", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_an_unknown_management_command_fails() -> None:
    assert preau("manage", "absent").returncode != 0
