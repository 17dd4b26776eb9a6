"""From the cells of a line to values: pure, each error told in a French sentence."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from preau.directdebit.iban import clean_bic, clean_iban
from preau.families.enums import CustodyWeeks, Diet, QuotientSource
from preau.families.values import AddressData, ChildData, GuardianData
from preau.journeys.takeover.reading import Row
from preau.kernel.errors import Refusal
from preau.kernel.money import parse_euros
from preau.kernel.text import search_key

_YES = {"oui", "o", "1", "vrai", "true", "x"}
_NO = {"non", "n", "0", "faux", "false"}
_WEEKS = {
    "": CustodyWeeks.ALL,
    "toutes": CustodyWeeks.ALL,
    "toutes les semaines": CustodyWeeks.ALL,
    "paires": CustodyWeeks.EVEN,
    "semaines paires": CustodyWeeks.EVEN,
    "impaires": CustodyWeeks.ODD,
    "semaines impaires": CustodyWeeks.ODD,
}
_DIETS = {
    "": Diet.STANDARD,
    "standard": Diet.STANDARD,
    "sans restriction": Diet.STANDARD,
    "sans porc": Diet.NO_PORK,
    "sans viande": Diet.NO_MEAT,
    "vegetarien": Diet.NO_MEAT,
}
_SOURCES = {
    "": QuotientSource.DECLARED,
    "caf": QuotientSource.CAF,
    "msa": QuotientSource.MSA,
    "ville": QuotientSource.TOWN,
    "calcule": QuotientSource.TOWN,
    "declare": QuotientSource.DECLARED,
}


class BadCell(ValueError):
    """A cell that cannot be read; `str(error)` is the reason, in French."""


@dataclass(frozen=True, slots=True)
class OldQuotient:
    value_cents: int
    source: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class OldEnrolment:
    child: str
    offering_id: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class OldMandate:
    """A SEPA mandate: its reference, the account, when it was signed and last used."""

    cash_office_id: int
    reference: str
    holder: str
    iban: str
    bic: str
    signed_on: date
    last_used_on: date | None


def needed(row: Row, name: str, limit: int) -> str:
    """A cell that must be filled."""
    text = row.cells[name]
    if not text:
        raise BadCell(f"il manque «\u00a0{name}\u00a0»")
    if len(text) > limit:
        raise BadCell(f"«\u00a0{name}\u00a0» dépasse {limit} caractères")
    return text


def day(row: Row, name: str) -> date | None:
    """A day, «14/03/2020» or «2020-03-14»; None when nothing is written."""
    text = row.cells[name].split(" ")[0]
    if not text:
        return None
    for shape in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y"):
        try:
            return datetime.strptime(text, shape).date()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            continue
    raise BadCell(f"«\u00a0{name}\u00a0» : la date «\u00a0{text[:20]}\u00a0» n’existe pas")


def needed_day(row: Row, name: str) -> date:
    found = day(row, name)
    if found is None:
        raise BadCell(f"il manque «\u00a0{name}\u00a0»")
    return found


def yes(row: Row, name: str, default: bool | None) -> bool | None:
    """Oui, non, or the default when nothing is written."""
    text = search_key(row.cells[name])
    if not text:
        return default
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise BadCell(f"«\u00a0{name}\u00a0» se lit oui ou non")


def cents(row: Row, name: str) -> int:
    """An amount in cents; 0 when nothing is written."""
    text = row.cells[name]
    if not text:
        return 0
    try:
        return parse_euros(text)
    except Refusal:
        raise BadCell(
            f"«\u00a0{name}\u00a0» : «\u00a0{text[:20]}\u00a0» n’est pas un montant"
        ) from None


def address(row: Row) -> AddressData:
    return AddressData(
        line1=row.cells["adresse"],
        line2=row.cells["complement"],
        postcode=_postcode(row.cells["code_postal"]),
        city=row.cells["commune"],
        country=row.cells["pays"] or "FRANCE",
    )


def _postcode(text: str) -> str:
    # A spreadsheet eats the first zero of «01000».
    return text.zfill(5) if text.isdigit() and len(text) == 4 else text


def adult(row: Row) -> GuardianData:
    civility = {"mme": "MME", "madame": "MME", "m": "M", "mr": "M", "monsieur": "M", "": ""}
    key = search_key(row.cells["civilite"]).rstrip(".")
    if key not in civility:
        raise BadCell("«\u00a0civilite\u00a0» se lit Mme ou M.")
    return GuardianData(
        last_name=needed(row, "nom", 80),
        first_name=needed(row, "prenom", 80),
        usage_name=row.cells["nom_usage"],
        civility=civility[key],
        birth_on=day(row, "ne_le"),
        relationship=row.cells["lien"],
        email=row.cells["courriel"],
        mobile_phone=_phone(row.cells["portable"]),
        home_phone=_phone(row.cells["domicile"]),
        work_phone=_phone(row.cells["travail"]),
        has_authority=bool(yes(row, "autorite", True)),
        is_payer=bool(yes(row, "redevable", False)),
    )


def _phone(text: str) -> str:
    # A spreadsheet eats the zero of «0639981120».
    return f"0{text}" if re.fullmatch(r"[1-9]\d{8}", text) else text


def child(row: Row) -> ChildData:
    sex = search_key(row.cells["sexe"])[:1].upper()
    sex = {"G": "M"}.get(sex, sex)
    if sex not in {"", "F", "M"}:
        raise BadCell("«\u00a0sexe\u00a0» se lit F ou M")
    weeks, diet = search_key(row.cells["garde"]), search_key(row.cells["repas"])
    if weeks not in _WEEKS:
        raise BadCell("«\u00a0garde\u00a0» se lit toutes, paires ou impaires")
    if diet not in _DIETS:
        raise BadCell("«\u00a0repas\u00a0» se lit standard, sans porc ou sans viande")
    ine = row.cells["ine"].upper()
    if ine and (len(ine) != 11 or not ine.isalnum()):
        raise BadCell(f"l’INE «\u00a0{ine[:20]}\u00a0» n’a pas 11 lettres et chiffres")
    return ChildData(
        last_name=needed(row, "nom", 80),
        first_name=needed(row, "prenom", 80),
        usage_name=row.cells["nom_usage"],
        birth_on=needed_day(row, "ne_le"),
        sex=sex,
        ine=ine or None,
        diet=_DIETS[diet],
        has_pai=bool(yes(row, "pai", False)),
        photo_consent=yes(row, "photo", None),
        weeks=_WEEKS[weeks],
    )


def quotient(row: Row) -> OldQuotient:
    needed(row, "quotient", 20)
    value = cents(row, "quotient")
    if not 0 <= value <= 10_000_000:
        raise BadCell("un quotient est un nombre d’euros entre 0 et 100 000")
    source = search_key(row.cells["source"])
    if source not in _SOURCES:
        raise BadCell("«\u00a0source\u00a0» se lit CAF, MSA, ville ou déclaré")
    starts_on, ends_on = needed_day(row, "du"), day(row, "au")
    if ends_on is not None and ends_on < starts_on:
        raise BadCell("la fin précède le début")
    return OldQuotient(value, _SOURCES[source], starts_on, ends_on)


def mandate(row: Row, cash_office_id: int, today: date) -> OldMandate:
    iban, bic = clean_iban(needed(row, "iban", 42)), clean_bic(row.cells["bic"])
    reference = needed(row, "reference", 35)
    if not re.fullmatch(r"[A-Za-z0-9/\-?:().,'+ ]{1,35}", reference):
        raise BadCell("la référence du mandat a un caractère que les banques refusent")
    signed_on, last = needed_day(row, "signe_le"), day(row, "dernier_prelevement")
    if signed_on > today or (last is not None and not signed_on <= last <= today):
        raise BadCell("les dates du mandat ne se suivent pas")
    return OldMandate(
        cash_office_id,
        reference,
        needed(row, "titulaire", 70),
        iban,
        bic,
        signed_on,
        last,
    )
