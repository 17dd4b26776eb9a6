"""The take-over file: which tables and columns it holds. docs/take-over.md tells it in words.

One workbook (a sheet per table), one ZIP or folder (a CSV per table), or one CSV where a line
«[familles]» opens each table. Names are read without accents, case nor underscores.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import xlsxwriter

from preau.kernel.text import search_key


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the file, what it holds, an example; required or not."""

    name: str
    holds: str
    example: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table. Without a `required` one, the file is no take-over file."""

    name: str
    title: str
    columns: tuple[Column, ...]
    required: bool = False

    def column(self, header: str) -> Column | None:
        """The column that a header names, as people write it."""
        wanted = header_key(header)
        return next((c for c in self.columns if header_key(c.name) == wanted), None)

    @property
    def missing_from(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.required)


def header_key(text: str) -> str:
    """«Code_Postal» and «code postal» are one name."""
    return search_key(text).replace("_", " ").replace(".", " ").strip()


_FAMILY = Column("famille", "code de la famille dans l’ancien logiciel", "F00412", True)

TABLES: tuple[Table, ...] = (
    Table(
        "familles",
        "Familles",
        (
            Column("code", "code de la famille dans l’ancien logiciel", "F00412", True),
            Column("nom", "nom du dossier ; vide : le nom des adultes", "Rousseau – Belkacem"),
            Column("adresse", "numéro et rue", "8 rue du Lavoir", True),
            Column("complement", "bâtiment, étage, chez…", "Bâtiment B"),
            Column("code_postal", "cinq chiffres en France", "94300", True),
            Column("commune", "commune", "Vincennes", True),
            Column("pays", "vide : France", ""),
            Column("depuis_le", "à cette adresse depuis le", "01/09/2024"),
        ),
        required=True,
    ),
    Table(
        "adultes",
        "Adultes",
        (
            _FAMILY,
            Column("civilite", "Mme ou M.", "Mme"),
            Column("nom", "nom de naissance", "Belkacem", True),
            Column("nom_usage", "nom d’usage", ""),
            Column("prenom", "prénom", "Amina", True),
            Column("ne_le", "date de naissance", "14/05/1988"),
            Column("lien", "mère, père, tuteur…", "mère"),
            Column("courriel", "adresse e-mail", "amina@example.org"),
            Column("portable", "téléphone portable", "06 39 98 11 20"),
            Column("domicile", "téléphone du domicile", ""),
            Column("travail", "téléphone du travail", ""),
            Column("autorite", "autorité parentale : oui (si vide) ou non", "oui"),
            Column("redevable", "reçoit les factures : oui ou non", "oui"),
        ),
        required=True,
    ),
    Table(
        "enfants",
        "Enfants",
        (
            _FAMILY,
            Column("enfant", "code de l’enfant ; le même dans ses deux foyers", "E01207", True),
            Column("nom", "nom", "Rousseau", True),
            Column("nom_usage", "nom d’usage", ""),
            Column("prenom", "prénom", "Lina", True),
            Column("ne_le", "date de naissance", "14/03/2020", True),
            Column("sexe", "F ou M", "F"),
            Column("ine", "identifiant national (11 caractères)", ""),
            Column("repas", "standard (si vide), sans porc ou sans viande", ""),
            Column("pai", "a un PAI : oui ou non", ""),
            Column("photo", "photos autorisées : oui, non, ou vide", "oui"),
            Column("garde", "toutes (si vide), paires ou impaires", "toutes"),
            Column("depuis_le", "vit dans ce foyer depuis le", ""),
        ),
        required=True,
    ),
    Table(
        "quotients",
        "Quotients",
        (
            _FAMILY,
            Column("quotient", "en euros", "742", True),
            Column("source", "CAF, MSA, ville ou déclaré", "CAF"),
            Column("du", "valable du", "01/01/2026", True),
            Column("au", "valable jusqu’au ; vide : sans fin", "31/12/2026"),
        ),
    ),
    Table(
        "inscriptions",
        "Inscriptions",
        (
            _FAMILY,
            Column("enfant", "code de l’enfant", "E01207", True),
            Column("activite", "nom de l’activité, comme dans l’offre", "Cantine", True),
            Column("site", "nom de l’établissement, comme dans l’offre", "Simone-Veil", True),
            Column("du", "premier jour", "01/09/2026", True),
            Column("au", "dernier jour ; vide : fin de l’ouverture", ""),
        ),
    ),
    Table(
        "mandats",
        "Mandats de prélèvement",
        (
            _FAMILY,
            Column("reference", "référence unique du mandat (RUM)", "VIN-2023-00412", True),
            Column("regie", "code de la régie ; vide s’il n’y en a qu’une", "enfance"),
            Column("titulaire", "titulaire du compte", "Belkacem Amina", True),
            Column("iban", "IBAN", "FR7630006000011234567890189", True),
            Column("bic", "BIC", ""),
            Column("signe_le", "signé le", "12/09/2023", True),
            Column("dernier_prelevement", "dernier prélèvement", "05/10/2026"),
        ),
    ),
    Table(
        "soldes",
        "Soldes",
        (
            _FAMILY,
            Column("regie", "code de la régie", "enfance", True),
            Column("doit", "ce que la famille doit, en euros", "45,30"),
            Column("avance", "ce qu’elle a d’avance, en euros", ""),
        ),
    ),
)
BY_NAME = {table.name: table for table in TABLES}


def find_table(name: str) -> Table | None:
    """The table that a sheet or a file is named after («Familles», «1-familles.csv»)."""
    words = header_key(name).split()
    return next(
        (t for t in TABLES if t.name in words or header_key(t.title) in " ".join(words)), None
    )


def template() -> bytes:
    """The empty workbook: a sheet per table, its columns explained, one example line."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    bold = book.add_format({"bold": True, "bg_color": "#f3ead9", "border": 1})
    needed = book.add_format({"bold": True, "bg_color": "#f0d3b8", "border": 1})
    for table in TABLES:
        sheet = book.add_worksheet(table.name)
        for index, column in enumerate(table.columns):
            sheet.write_string(0, index, column.name, needed if column.required else bold)
            sheet.write_comment(0, index, column.holds)
            sheet.write_string(1, index, column.example)
        sheet.set_column(0, len(table.columns) - 1, 18)
        sheet.freeze_panes(1, 0)
    guide = book.add_worksheet("mode d’emploi")
    guide.set_column(0, 1, 22)
    guide.set_column(2, 2, 60)
    for row, cells in enumerate(guide_rows()):
        for index, text in enumerate(cells):
            guide.write_string(row, index, text, bold if row == 0 else None)
    book.close()
    return buffer.getvalue()


def guide_rows() -> Iterator[tuple[str, str, str, str]]:
    """Table, column, what it holds, required or not: for the guide and its test."""
    yield ("table", "colonne", "ce qu’elle contient", "obligatoire")
    for table in TABLES:
        for column in table.columns:
            yield (table.name, column.name, column.holds, "oui" if column.required else "non")
