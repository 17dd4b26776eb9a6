"""An invoice's lines and their days, written in one pass: an account shows some thirty lines and
a hundred and fifty days, too many for includes and filters in the loops of a template."""

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache, partial
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from preau.kernel import french
from preau.ui.escaping import esc
from preau.ui.icons import icon

# State → (class of the row, icon): taken, away (charged absence), free (not charged).
_FACES = {"away": (' class="is-away"', "calendar-x-2"), "free": (' class="is-free"', "minus")}
_TAKEN = ("", "check")
_CHECK = icon("check")


def draw_line(line: Any, discs: str) -> SafeString:
    """A line that unfolds on its dates and the sentences of its rule (an object or a mapping with
    label, amount_cents, and maybe detail, days, why, open, contest (where the line may be
    contested)); `discs`: its children, as HTML."""
    part = _parts(line)
    told, days = part("detail", ""), part("days", ())
    detail = f" <small>{esc(told)}</small>" if told else ""
    dated = f'<ul class="dated">{draw_days(days)}</ul>' if days else ""
    why = "".join(f"<p>{esc(sentence)}</p>" for sentence in part("why", ()) or ())
    cents = part("amount_cents", 0)
    contest = part("contest", "")
    if contest:
        why += f'<p><a href="{esc(contest)}">{_("Contester cette ligne")}</a></p>'
    return mark_safe(  # noqa: S308 - every text is escaped where it is written
        f"<details{' open' if part('open', False) else ''}><summary>"
        f'{icon("chevron-right", "turn")}{discs}<span class="l">{esc(part("label", ""))}'
        f'{detail}</span><span class="amount">{french.euros(getattr(cents, "cents", cents))}</span>'
        f'</summary>\n<div class="why">{dated}{why}</div></details>'
    )


def draw_days(days: Iterable[Any]) -> SafeString:
    """The rows of the list; each day (an object or a mapping) has `on` or `words`, and maybe
    `state` and `note`."""
    return mark_safe("".join([_row(day) for day in days]))  # noqa: S308 - escaped in _row


def _row(day: Any) -> str:
    part = _parts(day)
    state, note = part("state", ""), part("note", "")
    said = part("words", "")
    words = esc(said) if said else _words(part("on", None))
    if not note and state == "taken":
        return f"<li>{_CHECK}<span>{words}</span></li>"
    css, drawing = _FACES.get(state, _TAKEN)
    if state == "free":
        words = f"<s>{words}</s>"
    told = f" <small>{esc(note)}</small>" if note else ""
    return f"<li{css}>{icon(drawing)}<span>{words}</span>{told}</li>"


def _parts(one: Any) -> Callable[[str, Any], Any]:
    """How to read the parts of an object or of a mapping: (name, what when it is not there)."""
    return one.get if isinstance(one, dict) else partial(getattr, one)


@lru_cache(maxsize=4_000)
def _words(on: date) -> str:
    number = "1<sup>er</sup>" if on.day == 1 else str(on.day)
    return f"{french.weekday(on)} {number}"
