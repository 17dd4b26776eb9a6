"""Exports: what a spreadsheet opens is what was on the screen, and runs nothing."""

import datetime as dt
import io
import zipfile
from types import SimpleNamespace

import openpyxl
import pytest
from django.http import Http404

from preau.ui.exports import Cents, Column, csv_response, export_table, safe_text

ROWS = [
    SimpleNamespace(
        name="=1+1",
        day=dt.date(2026, 11, 23),
        due=1250,
        ok=True,
        at=dt.datetime(2026, 11, 23, 21, 40, tzinfo=dt.UTC),
        owner=None,
    ),
    SimpleNamespace(
        name="Élise", day=None, due=-640, ok=False, at=None, owner=SimpleNamespace(name="@x")
    ),
]
COLUMNS = [
    Column("Nom", "name"),
    Column("Jour", "day"),
    Column("Dû", lambda r: Cents(r.due)),
    Column("Réglé", "ok"),
    Column("À", "at"),
    Column("Chez", lambda r: r.owner and r.owner.name),
]


def content(file_format: str) -> bytes:
    return b"".join(export_table(file_format, "Mes lignes", COLUMNS, ROWS).streaming_content)


def test_csv():
    response = export_table("csv", "Mes lignes", COLUMNS, ROWS)
    assert "mes-lignes-" in response.headers["Content-Disposition"]
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == [
        "Nom;Jour;Dû;Réglé;À;Chez",
        "'=1+1;23/11/2026;12,50;oui;23/11/2026 22:40;",
        "Élise;;-6,40;non;;'@x",
    ]


def test_xlsx_keeps_types_and_runs_nothing():
    sheet = openpyxl.load_workbook(io.BytesIO(content("xlsx"))).active
    assert [c.value for c in sheet[2]] == [
        "'=1+1",
        dt.datetime(2026, 11, 23),
        12.5,
        "oui",
        dt.datetime(2026, 11, 23, 22, 40),
        None,
    ]
    assert sheet["A2"].data_type == "s"


def test_ods():
    with zipfile.ZipFile(io.BytesIO(content("ods"))) as book:
        xml = book.read("content.xml").decode()
    assert "12.5" in xml and "'=1+1" in xml and "table:formula" not in xml


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("+33 1 99 00 12 34", "+33 1 99 00 12 34"),
        ("-3,50", "-3,50"),
        ("-", "'-"),
        ("+cmd", "'+cmd"),
        ("\t=1", "'\t=1"),
        ("Noé", "Noé"),
        ("", ""),
    ],
)
def test_only_what_could_run_is_quoted(text, safe):
    assert safe_text(text) == safe


def test_unknown_format_is_404():
    with pytest.raises(Http404):
        export_table("exe", "x", COLUMNS, ROWS)


def test_plain_rows():
    body = b"".join(csv_response("a.csv", ["A"], [["=x"]]).streaming_content).decode()
    assert body == "\ufeffA\r\n'=x\r\n"
