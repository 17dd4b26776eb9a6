"""Prices shown on the public pages: read from the rulebook in force when the town has one."""

from collections.abc import Iterable
from datetime import date


def price_words(slugs: Iterable[str], day: date) -> dict[str, str]:
    """«de 0,92 € à 5,40 € le repas», by activity; an activity without a rule is left out."""
    return {}


def price_examples(slug: str, day: date) -> list[tuple[str, str]]:
    """For one activity: (quotient or case, price), a few of them; empty without a rule."""
    return []
