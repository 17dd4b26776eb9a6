"""Filters that write French: `{{ cents|euros }}`, `{{ day|jour }}`… (see `kernel.french`).

An absent value (None, "") gives an empty string.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from preau.kernel import french

register = template.Library()


def _filter(name: str, function: Callable[[Any], Any]) -> None:
    def apply(value: Any) -> str:
        return "" if value is None or value == "" else function(value)

    register.filter(name, apply)


def _filter_with_form(name: str, function: Callable[[Any, str], str], usual: str = "") -> None:
    def apply(value: Any, form: str = usual) -> str:
        return "" if value is None or value == "" else function(value, form)

    register.filter(name, apply)


_filter("euros", lambda cents: french.euros(getattr(cents, "cents", cents)))
_filter("euros_signe", lambda cents: french.euros(getattr(cents, "cents", cents), sign=True))
_filter("oppose", lambda cents: -cents)
_filter("nombre", french.number)
_filter("qf", french.quotient)
_filter_with_form("jour", lambda value, form: french.day(value, year=form == "an"))
_filter_with_form("jour_court", lambda value, form: french.day_short(value, year=form == "an"))
_filter("date_simple", lambda value: french.day(value, year=True, weekday=False))
_filter("jour_semaine", french.weekday)
_filter("heure", french.clock_time)
_filter_with_form("instant", lambda value, form: french.instant(value, year=form == "an"))
_filter("echeance", french.deadline)
_filter("duree", french.minutes)
_filter("delai", french.delay)
_filter_with_form("mois", lambda value, form: french.month(value, year=form == "an"), "an")
_filter("telephone", french.telephone)
_filter("initiales", french.initials)
_filter("taille", french.file_size)
_filter("de", french.of)


@register.filter
def age(born_on: date | None, on: date | None = None) -> str:
    """`{{ child.born_on|age }}`: today's age in Paris, or at the day `on`."""
    return "" if born_on is None else french.age(born_on, on or timezone.localdate())


@register.filter
def rang(rank: int | None, form: str = "") -> SafeString:
    """`{{ 3|rang }}`: 3<sup>e</sup>; `rang:"f"` for «1re»."""
    if rank is None:
        return SafeString("")
    digits = str(int(rank))
    ending = french.ordinal(int(rank), feminine=form == "f")[len(digits) :]
    return SafeString(f"{digits}<sup>{ending}</sup>")


@register.filter
def et(items: Iterable[object] | None, word: str = "et") -> str:
    """`{{ names|et }}`: «Lina, Noé et Sami»; `et:"ou"`."""
    return french.and_join(items or (), word=word)


@register.filter
def pluriel(value: int | None, words: str) -> str:
    """`{{ n|pluriel:"jour" }}`: «3 jours»; irregular: `pluriel:"cheval,chevaux"`."""
    one, _, many = words.partition(",")
    return "" if value is None else french.count(int(value), one, many or None)


@register.filter
def accord(value: int | None, words: str) -> str:
    """`{{ n }} {{ n|accord:"réservé" }}`: the word alone, agreed in number."""
    one, _, many = words.partition(",")
    return "" if value is None else french.plural(int(value), one, many or None)
