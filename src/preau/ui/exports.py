"""Tables leave as CSV, XLSX or ODS: what an agent sees, with its filters, never cut to a page.

    return export_table(request.GET["export"], "classes", COLUMNS, rows)

A cell is a text, a whole number, a Decimal, a day, an instant (told in Paris), a boolean, None,
or `Cents(1250)`. A text that a spreadsheet would take for a formula is made harmless.
"""

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from operator import attrgetter
from typing import Any

import odswriter
import xlsxwriter
from django.http import FileResponse, Http404, HttpResponseBase, StreamingHttpResponse
from django.utils.text import slugify

from preau.kernel.clock import paris, utc_now

FORMATS = {
    "csv": ("CSV", "text/csv; charset=utf-8"),
    "xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "ods": ("LibreOffice", "application/vnd.oasis.opendocument.spreadsheet"),
}
# Who exports, while a view of the town hall runs; nobody elsewhere.
_watch: ContextVar["Watch | None"] = ContextVar("export_watch", default=None)
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CELL_MAX = 32_000


class TooManyRows(Exception):
    """The table has more rows than its reader may take out today; nothing was written."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks at what leaves: how many rows may (None: all of them), and whom to tell after.

    `written` is called with the table's name, its format and its rows.
    """

    allowance: Callable[[], int | None]
    written: Callable[[str, str, int], None]


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Within this block, each table exported is measured and told."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


@dataclass(frozen=True, slots=True)
class Cents:
    """An amount in a table: shown and stored as euros, never through a float in CSV."""

    cents: int

    @property
    def euros(self) -> Decimal:
        return Decimal(self.cents) / 100


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and where its value is (an attribute path, or a function of the row)."""

    title: Any  # a text, perhaps a lazy translation
    value: str | Callable[[Any], Any]

    def of(self, row: Any) -> Any:
        if callable(self.value):
            return self.value(row)
        found: Any = attrgetter(self.value)(row)
        return found() if callable(found) else found


def safe_text(text: str) -> str:
    """A text that no spreadsheet runs: one that starts like a formula gets an apostrophe.

    Plain numbers and telephone numbers («+33 1 99…», «-3,50») stay as they are.
    """
    text = text[:CELL_MAX].replace("\x00", "")
    if text.startswith(_DANGEROUS):
        rest = text[1:]
        harmless = text[0] in "+-" and rest and all(c in "0123456789 .,\u202f\u00a0" for c in rest)
        if not harmless:
            return f"'{text}"
    return text


def export_table(
    file_format: str, name: str, columns: Iterable[Column], rows: Iterable[Any]
) -> HttpResponseBase:
    """The whole table as a download. Raises Http404 for an unknown format.

    CSV streams row by row; the others are written to a temporary file first, in little memory for
    XLSX. Pass `queryset.iterator()` for long tables. Raises TooManyRows, which the town hall's
    access turns into words.
    """
    if file_format not in FORMATS:
        raise Http404
    columns = list(columns)
    day = paris(utc_now()).date().isoformat()
    filename = f"{slugify(name)}-{day}.{file_format}"
    content_type = FORMATS[file_format][1]
    lines = _watched(
        ([column.of(row) for column in columns] for row in rows), str(name), file_format
    )
    titles = [str(column.title) for column in columns]
    response: HttpResponseBase
    if file_format == "csv":
        response = StreamingHttpResponse(_csv(titles, lines), content_type=content_type)
        response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
        (_xlsx if file_format == "xlsx" else _ods)(file, titles, lines)
        file.seek(0)
        response = FileResponse(
            file, content_type=content_type, as_attachment=True, filename=filename
        )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def csv_response(
    filename: str, titles: Iterable[str], rows: Iterable[Iterable[Any]]
) -> StreamingHttpResponse:
    """Rows of plain cells as a CSV download, made harmless like `export_table`."""
    response = StreamingHttpResponse(
        _csv(
            [str(title) for title in titles],
            _watched((list(row) for row in rows), filename.rpartition(".")[0], "csv"),
        ),
        content_type=FORMATS["csv"][1],
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _watched(lines: Iterable[list[Any]], name: str, file_format: str) -> Iterable[list[Any]]:
    """The same lines, counted for who watches. Where a limit holds they are read first, so that a
    refused table is refused whole; elsewhere they stream, and are told once gone."""
    watch = _watch.get()
    if watch is None:
        return lines
    limit = watch.allowance()
    if limit is not None:
        kept = list(islice(lines, limit + 1))
        if len(kept) > limit:
            raise TooManyRows
        watch.written(name, file_format, len(kept))
        return kept
    return _told(lines, watch, name, file_format)


def _told(
    lines: Iterable[list[Any]], watch: Watch, name: str, file_format: str
) -> Iterator[list[Any]]:
    count = 0
    try:
        for line in lines:
            yield line
            count += 1
    finally:
        watch.written(name, file_format, count)


class _Echo:
    def write(self, text: str) -> str:
        return text


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, Cents):
        return f"{value.euros:.2f}".replace(".", ",")
    if isinstance(value, Decimal):
        return str(value).replace(".", ",")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return (paris(value) if value.tzinfo else value).strftime("%d/%m/%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return safe_text(str(value))


def _csv(titles: list[str], lines: Iterable[list[Any]]) -> Iterator[str]:
    # Semicolons and a byte order mark: what a French spreadsheet opens without a question.
    writer = csv.writer(_Echo(), delimiter=";", quoting=csv.QUOTE_MINIMAL)
    yield "\ufeff" + writer.writerow([safe_text(title) for title in titles])
    for line in lines:
        yield writer.writerow([_csv_cell(value) for value in line])


def _naive(value: Any) -> Any:
    return paris(value).replace(tzinfo=None) if value.tzinfo else value


def _xlsx(file: Any, titles: list[str], lines: Iterable[list[Any]]) -> None:
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    formats = {
        "day": book.add_format({"num_format": "dd/mm/yyyy"}),
        "instant": book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
        "time": book.add_format({"num_format": "hh:mm"}),
        "euros": book.add_format({"num_format": '#,##0.00 "€"'}),
    }
    for column, title in enumerate(titles):
        sheet.set_column(column, column, max(12, min(40, len(title) + 4)))
        sheet.write_string(0, column, title, bold)
    for row, line in enumerate(lines, 1):
        for column, value in enumerate(line):
            _xlsx_cell(sheet, row, column, value, formats)
    sheet.freeze_panes(1, 0)
    book.close()


def _xlsx_cell(sheet: Any, row: int, column: int, value: Any, formats: dict[str, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_string(row, column, "oui" if value else "non")
    elif isinstance(value, Cents):
        sheet.write_number(row, column, float(value.euros), formats["euros"])
    elif isinstance(value, int | Decimal):
        sheet.write_number(row, column, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, _naive(value), formats["instant"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats["day"])
    elif isinstance(value, time):
        sheet.write_datetime(row, column, value, formats["time"])
    else:
        sheet.write_string(row, column, safe_text(str(value)))


def _ods(file: Any, titles: list[str], lines: Iterable[list[Any]]) -> None:
    def plain(value: Any) -> Any:
        if isinstance(value, Cents):
            return value.euros
        if isinstance(value, bool):
            return "oui" if value else "non"
        if value is None:
            return ""
        if isinstance(value, datetime):
            return _naive(value)
        if isinstance(value, time):
            return value.strftime("%H:%M")
        if isinstance(value, int | Decimal | date):
            return value
        return safe_text(str(value))

    with odswriter.writer(file) as book:
        book.writerow(titles)
        for line in lines:
            book.writerow([plain(value) for value in line])
