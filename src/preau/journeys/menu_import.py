"""Menus from a file: a day a line, a column a course, and what each course holds.

Columns (any order, accents and case free): jour ; entrée ; plat ; accompagnement ; laitage ;
dessert ; remarque ; and «allergènes entrée», «allergènes plat»… (words parted by commas).
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import openpyxl
from django.db import transaction

from preau.catalogue.services import save_allergens, save_menu
from preau.catalogue.services.menus import CONTENTS, DISHES
from preau.kernel.actors import Actor
from preau.kernel.errors import Refusal
from preau.kernel.text import search_key

MAX_ROWS = 400
MAX_BYTES = 2_000_000
_WORDS = {search_key(word): code for code, word in CONTENTS.items()} | {
    search_key(code): code for code in CONTENTS
}
_COURSES = {search_key(label): name for name, label in DISHES.items()} | {"remarque": "note"}


class MenuFileError(Refusal):
    message = "Ce fichier ne se lit pas : envoyez un CSV ou un classeur Excel."
    code = "menu_file"


@dataclass(slots=True)
class MenuRow:
    """One day of the file, read and checked."""

    day: date
    courses: dict[str, str] = field(default_factory=dict)
    allergens: dict[str, list[str]] = field(default_factory=dict)


def read_menus(name: str, content: bytes) -> tuple[list[MenuRow], list[str], str]:
    """The days of the file, what is wrong line by line, and the file as CSV text to keep it.

    Raises MenuFileError when nothing of it can be read.
    """
    if len(content) > MAX_BYTES:
        raise MenuFileError("Ce fichier dépasse 2 Mo.")
    lines = _workbook(content) if content[:2] == b"PK" else _text(content)
    if len(lines) < 2:
        raise MenuFileError("Ce fichier n’a aucune ligne de menu.")
    if len(lines) > MAX_ROWS:
        raise MenuFileError(f"Ce fichier a plus de {MAX_ROWS} lignes.")
    kept = io.StringIO()
    csv.writer(kept, delimiter=";").writerows(lines)
    heads = [search_key(str(cell)) for cell in lines[0]]
    if "jour" not in heads:
        raise MenuFileError(
            "La première ligne doit nommer les colonnes, dont « jour » et « plat »."
        )
    rows: dict[date, MenuRow] = {}
    errors: list[str] = []
    for number, line in enumerate(lines[1:], 2):
        if not any(str(cell).strip() for cell in line):
            continue
        row, problem = _row(heads, line)
        if row is None or problem:
            errors.append(f"Ligne {number} : {problem}")
        elif row.day in rows:
            errors.append(f"Ligne {number} : ce jour est déjà dans le fichier.")
        else:
            rows[row.day] = row
    return sorted(rows.values(), key=lambda r: r.day), errors, kept.getvalue()


def _row(heads: Sequence[str], line: Sequence[str]) -> tuple[MenuRow | None, str]:
    found: MenuRow | None = None
    courses: dict[str, str] = {}
    allergens: dict[str, list[str]] = {}
    for head, cell in zip(heads, line, strict=False):
        text = " ".join(str(cell).split())
        if head == "jour":
            day = _day(text)
            if day is None:
                return None, f"« {text} » n’est pas une date (2026-11-23 ou 23/11/2026)."
            found = MenuRow(day)
        elif head in _COURSES:
            if len(text) > 120:
                return None, f"« {text[:30]}… » est trop long (120 signes au plus)."
            courses[_COURSES[head]] = text
        elif head.startswith("allergenes "):
            course = _COURSES.get(head.removeprefix("allergenes ").strip(), "")
            for word in text.replace("/", ",").replace(";", ",").split(","):
                if not word.strip():
                    continue
                code = _WORDS.get(search_key(word))
                if code is None:
                    return None, f"« {word.strip()} » n’est pas l’un des quatorze allergènes."
                allergens.setdefault(course, []).append(code)
    if found is None:
        return None, "il manque le jour."
    found.courses, found.allergens = courses, allergens
    if not any(courses.values()):
        return None, "aucun plat."
    return found, ""


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"):
        try:
            return datetime.strptime(text[:10], form).date()  # noqa: DTZ007 - a day, no clock
        except ValueError:
            continue
    return None


def _text(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(";\t,", key=first.count)
    return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]


def _workbook(content: bytes) -> list[list[str]]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet: Any = book.worksheets[0]
        rows: Iterable[Any] = sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=20, values_only=True)
        return [
            [
                cell.date().isoformat() if isinstance(cell, datetime) else str(cell or "")
                for cell in row
            ]
            for row in rows
        ]
    except Exception as error:  # a broken archive fails in many ways
        raise MenuFileError from error


@transaction.atomic
def apply_menus(rows: Iterable[MenuRow], *, now: datetime, actor: Actor) -> int:
    """Write the menus and what they hold, all of them or none; how many days."""
    count = 0
    for row in rows:
        save_menu(day=row.day, now=now, actor=actor, **row.courses)
        save_allergens(day=row.day, allergens=row.allergens, now=now, actor=actor)
        count += 1
    return count
