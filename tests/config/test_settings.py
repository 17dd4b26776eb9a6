"""Settings come from the environment, the guide lists them all, production refuses a demo."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(
    r"""(?:env\.[a-z]+\(|environ\.get\(|environ\[|getenv\(|envvar=)\s*["']([A-Z][A-Z_]+)["']"""
)
# Django's own, and Préau's to itself.
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE", "PREAU_TEST_SESSION"}
GOOD = {
    "PREAU_MODE": "production",
    "PREAU_SECRET_KEY": "k3y" * 20,
    "PREAU_SEALING_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "PREAU_ALLOWED_HOSTS": "famille.ville.example",
    "DATABASE_URL": "postgresql://nobody@%2Fnowhere/none",
}


def read_by_the_code() -> set[str]:
    """Every variable that the source reads."""
    found: set[str] = set()
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests" / "harness").glob("*.py")]:
        found |= set(READ.findall(path.read_text()))
    return {
        name
        for name in found - NOT_SETTINGS
        if name.startswith("PREAU_") or name in {"DATABASE_URL", "TEST_DATABASE_URL", "PORT"}
    }


def listed_in_the_guide() -> set[str]:
    text = (ROOT / "docs" / "operations.md").read_text()
    return set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))


def test_the_guide_lists_every_setting() -> None:
    assert read_by_the_code() - listed_in_the_guide() == set()


def test_the_guide_lists_nothing_else() -> None:
    assert listed_in_the_guide() - read_by_the_code() == set()


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    """What a web server does first: load the WSGI application."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREAU_")}
    return subprocess.run(
        [sys.executable, "-c", "import preau.config.wsgi"],
        env={**environment, **GOOD, **changes},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_real_production_starts() -> None:
    done = start()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"PREAU_SECRET_KEY": ""}, "SECRET_KEY"),
        ({"PREAU_SECRET_KEY": "short"}, "PREAU_SECRET_KEY"),
        (
            {"PREAU_SECRET_KEY": "demo-secret-key-never-in-production-" + "0" * 24},
            "PREAU_SECRET_KEY",
        ),
        ({"PREAU_DEBUG": "true"}, "PREAU_DEBUG"),
        ({"PREAU_DEMO_BANK_URL": "http://localhost:8001"}, "PREAU_DEMO_BANK_URL"),
        ({"PREAU_SEALING_KEYS": ""}, "PREAU_SEALING_KEYS"),
        ({"PREAU_TEST_CLOCK": "/somewhere"}, "PREAU_TEST_CLOCK"),
    ],
)
def test_production_refuses_a_demo(changes: dict[str, str], word: str) -> None:
    done = start(**changes)
    assert done.returncode != 0
    assert word in done.stderr


def test_production_has_no_demo_address() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREAU_")}
    done = subprocess.run(
        [sys.executable, "-c",
         "import django; django.setup(); from django.urls import resolve, Resolver404\n"
         "try: resolve('/demo/'); print('served')\nexcept Resolver404: print('absent')"],
        env={**environment, **GOOD}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "absent", done.stderr
