"""The calendar cell: what one child has on one day, for one activity.

A cell that can be changed is a checkbox with its label; it works without script, the style sheet
compares `:checked` with `:default`. Strings are joined by hand and icons are cached because a
month draws some seventy of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from preau.ui.escaping import esc
from preau.ui.icons import icon


@dataclass(frozen=True, slots=True)
class Cell:
    """What to draw. `state` is a key of `FIXED` or `CHOICES`.

    A cell with a `name` can be changed (a key of `CHOICES`): it posts `value` when checked.
    `chosen` is the draft kept by the server, when it differs from what is booked; `chosen_note` is
    the small line of a free day once chosen. `who` is read to screen readers («Lina, jeudi 26»);
    `note` is the small line; `word` replaces the state's own word; `cents` is the price that the
    recap adds or takes away; `child` names the child in the recap.
    """

    state: str
    name: str = ""
    value: str = "on"
    chosen: bool | None = None
    who: str = ""
    note: str = ""
    chosen_note: str = ""
    word: str = ""
    cents: int = 0
    child: str = ""
    form: str = ""


# state: (css, icon, word)
FIXED: dict[str, tuple[str, str, str]] = {
    "booked": ("is-ok", "check", "Réservé"),
    "free": ("", "minus", "Rien de réservé"),
    "full": ("is-full", "list-ordered", "Complet"),
    "waiting": ("is-full", "list-ordered", "En liste d’attente"),
    "pending": ("is-wait", "hourglass", "En attente"),
    "offered": ("is-wait", "hourglass", "Place proposée"),
    "away": ("is-away", "calendar-x-2", "Absence signalée"),
    "present": ("is-here", "check-check", "Présent"),
    "absent": ("is-bad", "calendar-x-2", "Absence non prévenue"),
    "past": ("is-past", "lock", "Réservé"),
    "past-free": ("is-past", "lock", "Non réservé"),
    "closed": ("is-past", "minus", "Fermé"),
    "cancelled": ("is-past", "ban", "Annulé par la ville"),
}

# state: (css, is it held now?, held, let go, not held, taken), each (icon, word, note)
_Face = tuple[str, str, str]
CHOICES: dict[str, tuple[str, bool, _Face, _Face, _Face, _Face]] = {
    "booked": (
        "is-ok",
        True,
        ("check", "Réservé", ""),
        ("minus", "Retiré", ""),
        ("minus", "Retiré", ""),
        ("check", "Réservé", ""),
    ),
    "free": (
        "",
        False,
        ("plus", "Ajouté", ""),
        ("undo-2", "Annulé", ""),
        ("plus", "Libre", ""),
        ("plus", "Ajouté", ""),
    ),
    "full": (
        "is-full",
        False,
        ("list-ordered", "Demandé", "liste d’attente"),
        ("undo-2", "Annulé", ""),
        ("list-ordered", "Complet", "attendre une place"),
        ("list-ordered", "Demandé", "liste d’attente"),
    ),
    # Chosen, and held while the family checks what it sends: nobody else may take it.
    "kept": (
        "is-wait kept",
        False,
        ("hourglass", "Gardé", ""),
        ("undo-2", "Annulé", ""),
        ("plus", "Libre", ""),
        ("hourglass", "Gardé", ""),
    ),
    "waiting": (
        "is-full",
        True,
        ("list-ordered", "Complet", "en liste d’attente"),
        ("minus", "Retiré", "de la liste"),
        ("minus", "Retiré", "de la liste"),
        ("list-ordered", "Complet", "en liste d’attente"),
    ),
    "pending": (
        "is-wait",
        True,
        ("hourglass", "En attente", ""),
        ("minus", "Retiré", ""),
        ("minus", "Retiré", ""),
        ("hourglass", "En attente", ""),
    ),
}


def _face(css: str, face: _Face, word: str = "", note: str = "") -> str:
    name, own_word, own_note = face
    line = note or own_note
    small = f" <small>{esc(line)}</small>" if line else ""
    return f'<span class="{css}">{icon(name)}<span>{esc(word or own_word)}{small}</span></span>'


def render_cell(cell: Cell) -> SafeString:
    """The HTML of one cell; raises KeyError for an unknown state."""
    who = f'<span class="sr">{esc(cell.who)} : </span>' if cell.who else ""
    if not cell.name:
        css, name, word = FIXED[cell.state]
        note = f" <small>{esc(cell.note)}</small>" if cell.note else ""
        said = f"<span>{esc(cell.word or word)}{note}</span>"
        return SafeString(f'<p class="slot {css}">{who}{icon(name)}{said}</p>')
    css, held, on, drop, off, take = CHOICES[cell.state]
    checked = held if cell.chosen is None else cell.chosen
    if held:  # the word and the note of the caller tell what is held now
        on_word, on_note, off_word, off_note = cell.word, cell.note, "", ""
    else:
        on_word, on_note, off_word, off_note = "", cell.chosen_note, cell.word, cell.note
    if cell.state == "kept":
        on_note, off_note = cell.note, cell.chosen_note
    if checked != held:
        css += " added" if checked else " removed"
    if checked:
        faces = _face("on", on, on_word, on_note) + _face("del", drop if held else off)
    else:
        faces = _face("off", off, off_word, off_note) + _face(
            "add", take if not held else on, on_word if held else "", on_note
        )
    attrs = f' name="{esc(cell.name)}" value="{esc(cell.value)}" data-was="{int(held)}"'
    if cell.cents:
        attrs += f' data-cents="{int(cell.cents)}"'
    if cell.child:
        attrs += f' data-child="{esc(cell.child)}"'
    if cell.form:
        attrs += f' form="{esc(cell.form)}"'
    if cell.state == "full":
        attrs += ' data-waits="1"'
    tick = " checked" if checked else ""
    return SafeString(
        f'<label class="slot {css}"><input type="checkbox"{attrs}{tick} autocomplete="off">'
        f"{who}{faces}</label>"
    )


def as_cell(value: Cell | Mapping[str, Any]) -> Cell:
    """A Cell from a Cell or from a mapping of its fields."""
    return value if isinstance(value, Cell) else Cell(**value)
