"""ONDE, the Ministry's pupil register: its two exports, read line by line.

Format, read on the Ministry's exports: CP1252 (UTF-8 is accepted), `;`, CRLF, one header line.
In the adults' file the last four columns repeat once per child. A bad line is reported with its
number and the reason, and never stops the others.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime

from preau.schools.register import (
    ADULTS,
    PUPILS,
    AdultRow,
    ChildLink,
    NotARegisterFile,
    PostalAddress,
    Problem,
    PupilRow,
    Register,
)

LEVELS = ("TPS", "PS", "MS", "GS", "CP", "CE1", "CE2", "CM1", "CM2", "ULIS")
OLDEST, YOUNGEST = 16, 1

_PUPIL_COLUMNS = {
    "last_name": "Nom élève",
    "usage_name": "Nom d'usage élève",
    "first_name": "Prénom élève",
    "birth": "Date naissance",
    "sex": "Sexe",
    "ine": "INE",
    "line1": "Adresse1",
    "postcode1": "Cp1",
    "city1": "Commune1",
    "country1": "Pays1",
    "line2": "Adresse2",
    "postcode2": "Cp2",
    "city2": "Commune2",
    "country2": "Pays2",
    "level": "Niveau",
    "class_name": "Libellé classe",
    "class_id": "Identifiant classe",
    "photo": "Autorisation photo",
}
_ADULT_COLUMNS = {
    "civility": "Civilité Responsable",
    "usage_name": "Nom usage responsable",
    "last_name": "Nom responsable",
    "first_name": "Prénom responsable",
    "line": "Adresse responsable",
    "postcode": "CP responsable",
    "city": "Commune responsable",
    "country": "Pays",
    "email": "Courriel",
    "home_phone": "Téléphone domicile",
    "work_phone": "Téléphone travail",
    "mobile_phone": "Téléphone portable",
}
_CHILD_COLUMNS = ("Nom d'usage enfant", "Nom de famille enfant", "Prénom enfant", "Classes enfants")


class _BadLine(ValueError):
    pass


def read_onde(pupils: bytes, adults: bytes, *, today: date) -> Register:
    """Both files, with every problem found. Raises NotARegisterFile for any other file."""
    files = Register()
    seen: dict[str, int] = {}
    for number, row in _rows(pupils, PUPILS, required=list(_PUPIL_COLUMNS.values())):
        try:
            pupil = _pupil(number, row, today)
            if first := seen.get(pupil.ine):
                raise _BadLine(f"l’INE est déjà celui de la ligne {first}")
            seen[pupil.ine] = number
            files.pupils.append(pupil)
        except _BadLine as error:
            files.problems.append(Problem(PUPILS, number, str(error)))
    for number, row in _rows(adults, ADULTS, required=list(_ADULT_COLUMNS.values())):
        try:
            files.adults.append(_adult(number, row))
        except _BadLine as error:
            files.problems.append(Problem(ADULTS, number, str(error)))
    return files


def _rows(
    content: bytes, file: str, *, required: list[str]
) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Line number and the values of each column (a column may repeat)."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    try:
        header = [name.strip().replace("’", "'") for name in next(reader)]
    except (StopIteration, csv.Error) as error:
        raise NotARegisterFile(f"Le fichier {file} est vide.") from error
    missing = [name for name in required if name not in header]
    if missing:
        raise NotARegisterFile(
            f"Le fichier {file} n’est pas un export d’ONDE : il manque la colonne "
            f"«\u202f{missing[0]}\u202f»"
            + (f" et {len(missing) - 1} autres." if len(missing) > 1 else ".")
        )
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise NotARegisterFile(
                f"Le fichier {file} est illisible à la ligne {reader.line_num}."
            ) from error
        if not any(cell.strip() for cell in cells):
            continue
        row: dict[str, list[str]] = {}
        for name, cell in zip(header, cells, strict=False):
            row.setdefault(name, []).append(" ".join(cell.replace("\x00", "").split()))
        yield reader.line_num, row


def _cell(row: dict[str, list[str]], name: str, limit: int = 120) -> str:
    value = row.get(name, [""])[0]
    if len(value) > limit:
        raise _BadLine(f"«\u202f{name}\u202f» dépasse {limit} caractères")
    return value


def _pupil(number: int, row: dict[str, list[str]], today: date) -> PupilRow:
    cells = {key: _cell(row, name) for key, name in _PUPIL_COLUMNS.items()}
    if not cells["last_name"] or not cells["first_name"]:
        raise _BadLine("il manque le nom ou le prénom de l’élève")
    ine = cells["ine"].upper()
    if not ine:
        raise _BadLine("il manque l’INE")
    if len(ine) != 11 or not ine.isalnum():
        raise _BadLine(f"l’INE «\u202f{ine}\u202f» n’a pas 11 lettres et chiffres")
    level = cells["level"].upper()
    if level not in LEVELS:
        raise _BadLine(f"le niveau «\u202f{cells['level']}\u202f» est inconnu")
    if cells["sex"] not in {"F", "M"}:
        raise _BadLine(f"le sexe «\u202f{cells['sex']}\u202f» n’est ni F ni M")
    if not cells["class_name"]:
        raise _BadLine("il manque la classe")
    addresses = tuple(
        PostalAddress(
            cells[f"line{n}"],
            cells[f"postcode{n}"],
            cells[f"city{n}"],
            cells[f"country{n}"] or "FRANCE",
        )
        for n in (1, 2)
        if cells[f"line{n}"] or cells[f"city{n}"]
    )
    return PupilRow(
        line=number,
        ine=ine,
        last_name=cells["last_name"][:80],
        usage_name=cells["usage_name"][:80],
        first_name=cells["first_name"][:80],
        birth_on=_birth(cells["birth"], today),
        sex=cells["sex"],
        level=level,
        class_id=cells["class_id"] or cells["class_name"],
        class_name=cells["class_name"][:60],
        addresses=addresses,
        photo_consent={"oui": True, "non": False}.get(cells["photo"].lower()),
    )


def _birth(text: str, today: date) -> date:
    if not text:
        raise _BadLine("il manque la date de naissance")
    try:
        birth = datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007  (a day has no zone)
    except ValueError:
        raise _BadLine(f"la date de naissance «\u202f{text}\u202f» n’existe pas") from None
    if not YOUNGEST <= (today - birth).days / 365.25 <= OLDEST:
        raise _BadLine(f"la date de naissance «\u202f{text}\u202f» n’est pas celle d’un élève")
    return birth


def _adult(number: int, row: dict[str, list[str]]) -> AdultRow:
    cells = {key: _cell(row, name, 254) for key, name in _ADULT_COLUMNS.items()}
    if not cells["last_name"] or not cells["first_name"]:
        raise _BadLine("il manque le nom ou le prénom du responsable")
    if not cells["line"] and not cells["city"]:
        raise _BadLine("il manque l’adresse du responsable")
    columns = [row.get(name, []) for name in _CHILD_COLUMNS[1:]]
    children = tuple(
        ChildLink(last_name, first_name, class_name)
        for last_name, first_name, class_name in zip(*columns, strict=False)
        if last_name or first_name
    )
    if not children:
        raise _BadLine("ce responsable n’a aucun enfant dans le fichier")
    return AdultRow(
        line=number,
        civility={"M.": "M", "M": "M", "MME": "MME", "MME.": "MME"}.get(
            cells["civility"].upper(), ""
        ),
        last_name=cells["last_name"][:80],
        usage_name=cells["usage_name"][:80],
        first_name=cells["first_name"][:80],
        address=PostalAddress(
            cells["line"][:120],
            cells["postcode"][:10],
            cells["city"][:80],
            cells["country"][:60] or "FRANCE",
        ),
        email=cells["email"].lower() if "@" in cells["email"] else "",
        home_phone=cells["home_phone"][:20],
        work_phone=cells["work_phone"][:20],
        mobile_phone=cells["mobile_phone"][:20],
        children=children,
    )
