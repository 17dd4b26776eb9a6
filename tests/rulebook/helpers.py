"""Small rulebooks for tests."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from preau.rulebook.api import Calendar, Facts, Holiday
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.text.read_book import read_text

PARIS = ZoneInfo("Europe/Paris")
HEAD = """format: 1
name: Ville
assume: {resident: true, rank: 1}
activities:
  cantine: {label: Cantine, kind: meal, days: [mon, tue, thu, fri], starts: 12:00}
  soir:
    label: Soir
    kind: before_after_school
    products: {seance: {label: Séance, opens: 16:30, closes: 18:30}}
  vacances: {label: Vacances, kind: holidays, days: [mon, tue, wed, thu, fri]}
"""
CALENDAR = Calendar(
    holidays=(
        Holiday("toussaint", date(2026, 10, 17), date(2026, 11, 2)),
        Holiday("noel", date(2026, 12, 19), date(2027, 1, 4)),
    ),
    public_holidays=frozenset({date(2026, 11, 11), date(2026, 12, 25), date(2027, 1, 1)}),
)
THURSDAY = date(2026, 11, 19)


def book(rules: str) -> Rulebook:
    """A rulebook of three activities with these sections."""
    return read_text(HEAD + rules, "essai.yaml")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def qf(value: object, **more: object) -> Facts:
    return Facts(quotient=Decimal(str(value)), **more)


def plain(text: str) -> str:
    """A sentence with ordinary spaces."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")
