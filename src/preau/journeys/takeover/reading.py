"""From a file to lines: workbook, ZIP, folder or CSV, whatever the encodings met.

Nothing is judged here but the shape: each line comes with its number in its own table, and what
was wrong in the way it was written.
"""

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl

from preau.journeys.takeover.format import TABLES, Table, find_table
from preau.kernel.errors import Refusal

MAX_UNZIPPED = 400_000_000
UNREADABLE = "\ufffd"
SECTION = re.compile(r"^\s*\[(.+?)\]\s*$")
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


class NotATakeOverFile(Refusal):
    message = "Ce fichier n’est pas un fichier de reprise."
    code = "not_a_take_over_file"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: `cells` by column name; "" where nothing is written."""

    table: str
    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Note:
    """What is said of one line. `is_refused`: the line, and its family, are not taken over."""

    table: str
    line: int
    family: str
    reason: str
    is_refused: bool = True


@dataclass(slots=True)
class Source:
    """What was read besides the lines: notes on the writing, tables seen, columns missing."""

    notes: list[Note] = field(default_factory=list)
    tables: dict[str, int] = field(default_factory=dict)
    encodings: dict[str, str] = field(default_factory=dict)
    is_unusable: bool = False

    def miss(self, table: str, reason: str) -> None:
        """Something without which nothing can be taken over."""
        self.notes.append(Note(table, 1, "", reason))
        self.is_unusable = True


def read_rows(path: Path, source: Source, *, name: str = "") -> Iterator[Row]:
    """The lines of all the tables, families first. Raises NotATakeOverFile.

    Tables are read in the order of the format, whatever theirs in the file.
    """
    name = (name or path.name).lower()
    if path.is_dir():
        yield from _tables(_folder(path), source)
    elif name.endswith((".xlsx", ".xlsm")):
        yield from _workbook(path, source)
    elif name.endswith(".zip"):
        yield from _tables(_zip(path), source)
    elif name.endswith((".csv", ".txt")):
        yield from _one_csv(path, source)
    else:
        raise NotATakeOverFile("Donnez un classeur .xlsx, un .zip de fichiers CSV, ou un .csv.")
    for table in TABLES:
        if table.required and table.name not in source.tables:
            source.miss(table.name, f"il manque la table «\u00a0{table.name}\u00a0»")


def _folder(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for file in sorted(path.iterdir()):
        table = find_table(file.stem)
        if table is not None and file.suffix.lower() in {".csv", ".txt"}:
            found.setdefault(table.name, file.read_bytes())
    return found


def _zip(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNZIPPED:
                raise NotATakeOverFile("Une fois ouvert, ce fichier dépasse 400 Mo.")
            for entry in archive.infolist():
                table = find_table(Path(entry.filename).stem)
                if table is not None and not entry.is_dir():
                    found.setdefault(table.name, archive.read(entry))
    except zipfile.BadZipFile as error:
        raise NotATakeOverFile("Ce fichier ZIP est abîmé.") from error
    return found


def _tables(contents: dict[str, bytes], source: Source) -> Iterator[Row]:
    for table in TABLES:
        if table.name in contents:
            lines, encoding = decode(contents.pop(table.name), table.name, source)
            source.encodings[table.name] = encoding
            yield from _csv_rows(table, lines, 0, source)


def _one_csv(path: Path, source: Source) -> Iterator[Row]:
    """All the tables in one file: a line «[table]» before each."""
    lines, encoding = decode(path.read_bytes(), "fichier", source)
    source.encodings["fichier"] = encoding
    sections: dict[str, tuple[int, list[str]]] = {}
    current: list[str] | None = None
    for number, text in enumerate(lines, 1):
        if match := SECTION.match(text.strip().strip(';,\t"')):
            table = find_table(match[1])
            current = None
            if table is None:
                source.notes.append(
                    Note("fichier", number, "", f"table inconnue : {match[1]}", is_refused=False)
                )
            elif table.name not in sections:
                current = []
                sections[table.name] = (number, current)
        elif current is not None:
            current.append(text)
    if not sections:
        raise NotATakeOverFile(
            "Ce CSV n’a pas de ligne «\u00a0[familles]\u00a0» : voyez le modèle à télécharger."
        )
    for table in TABLES:
        if table.name in sections:
            offset, texts = sections[table.name]
            yield from _csv_rows(table, texts, offset, source)


def decode(content: bytes, where: str, source: Source) -> tuple[list[str], str]:
    """The lines of a text, and its encoding: the mark at its start, else UTF-8, else CP1252.

    When a file mixes the last two, each line is read in its own way, and those of the fewer are
    noted; a byte that belongs to neither becomes UNREADABLE.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            try:
                return content.decode(encoding).splitlines(), encoding.upper().replace("-SIG", "")
            except UnicodeDecodeError:
                if encoding == "utf-16":
                    raise NotATakeOverFile("Ce texte UTF-16 est tronqué.") from None
                content = content[len(mark) :]
    try:
        return content.decode("utf-8").splitlines(), "UTF-8"
    except UnicodeDecodeError:
        pass
    lines: list[str] = []
    windows: list[int] = []
    plain_utf8: list[int] = []
    for number, raw in enumerate(content.replace(b"\r\n", b"\n").split(b"\n"), 1):
        try:
            text = raw.decode("utf-8")
            if not text.isascii():
                plain_utf8.append(number)
        except UnicodeDecodeError:
            try:
                text = raw.decode("cp1252")
                windows.append(number)
            except UnicodeDecodeError:
                text = raw.decode("cp1252", errors="replace")  # told with its line, later
        lines.append(text)
    if plain_utf8 and windows:
        few, other = (
            (windows, "Windows-1252") if len(windows) <= len(plain_utf8) else (plain_utf8, "UTF-8")
        )
        source.notes += [
            Note(
                where, number, "", f"ligne lue en {other}, le reste ne l’est pas", is_refused=False
            )
            for number in few
        ]
        return lines, "UTF-8 et Windows-1252"
    return lines, "Windows-1252"


def _csv_rows(table: Table, lines: list[str], offset: int, source: Source) -> Iterator[Row]:
    first = next((text for text in lines if text.strip()), "")
    delimiter = max(";,\t|", key=first.count)
    reader = csv.reader((text + "\n" for text in lines), delimiter=delimiter)

    def numbered() -> Iterator[tuple[int, list[Any]]]:
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                source.notes.append(
                    Note(table.name, offset + reader.line_num, "", "cette ligne est illisible")
                )
                continue
            yield offset + reader.line_num, cells

    yield from _rows(table, numbered(), source)


def _workbook(path: Path, source: Source) -> Iterator[Row]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise NotATakeOverFile("Ce classeur Excel est illisible.") from error
    with closing(book):
        sheets: dict[str, Any] = {}
        for title in book.sheetnames:
            table = find_table(title)
            if table is not None:
                sheets.setdefault(table.name, book[title])
        for table in TABLES:
            if table.name in sheets:
                rows = sheets[table.name].iter_rows(values_only=True)
                yield from _rows(table, enumerate(rows, 1), source)


def _rows(
    table: Table, numbered: Iterable[tuple[int, Iterable[Any]]], source: Source
) -> Iterator[Row]:
    header: list[str | None] | None = None
    count = 0
    for line, values in numbered:
        cells = [_text(value) for value in values]
        if not any(cells):
            continue
        if header is None:
            header = []
            for text in cells:
                column = table.column(text)
                if text and column is None:
                    source.notes.append(
                        Note(table.name, line, "", f"colonne ignorée : {text}", is_refused=False)
                    )
                header.append(column.name if column is not None else None)
            missing = [name for name in table.missing_from if name not in header]
            for name in missing:
                source.miss(table.name, f"il manque la colonne «\u00a0{name}\u00a0»")
            source.tables[table.name] = 0
            if missing:
                return
            continue
        row = {c.name: "" for c in table.columns}
        for known, text in zip(header, cells, strict=False):
            if known is not None:
                row[known] = text
        count += 1
        source.tables[table.name] = count
        yield Row(table.name, line, row)
    if header is None:
        source.tables.setdefault(table.name, 0)


def _text(value: Any) -> str:
    """A cell as text: days as in French, whole numbers without their decimals."""
    if value is None:
        return ""
    if isinstance(value, str):
        return " ".join(value.replace("\x00", "").split())
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.strftime("%d/%m/%Y")
    return str(value)
