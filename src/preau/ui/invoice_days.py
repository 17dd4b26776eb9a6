"""The days of an invoice's line, written in one pass: an account shows some hundred and fifty of
them, too many for a loop of filters in a template."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from preau.kernel import french
from preau.ui.icons import icon

# State → (class of the row, icon): taken, away (charged absence), free (not charged).
_FACES = {"away": (' class="is-away"', "calendar-x-2"), "free": (' class="is-free"', "minus")}
_TAKEN = ("", "check")


def draw_days(days: Iterable[Any]) -> SafeString:
    """The rows of the list; each day (an object or a mapping) has `on` or `words`, and maybe
    `state` and `note`."""
    return mark_safe("".join(_row(day) for day in days))  # noqa: S308 - escaped in _row


def _row(day: Any) -> str:
    state = _part(day, "state")
    css, drawing = _FACES.get(state, _TAKEN)
    said = _part(day, "words")
    words = escape(said) if said else _words(_part(day, "on"))
    if state == "free":
        words = f"<s>{words}</s>"
    told = _part(day, "note")
    note = f" <small>{escape(told)}</small>" if told else ""
    return f"<li{css}>{icon(drawing)}<span>{words}</span>{note}</li>"


def _part(day: Any, name: str) -> Any:
    return day.get(name, "") if isinstance(day, Mapping) else getattr(day, name, "")


def _words(on: Any) -> str:
    number = "1<sup>er</sup>" if on.day == 1 else str(on.day)
    return f"{french.weekday(on)} {number}"
