"""ONDE's two files, good and bad, line by line."""

from datetime import date

import pytest

from preau.connectors.onde import read_onde
from preau.schools.register import NotARegisterFile

PUPILS = (
    "Nom élève;Nom d'usage élève;Prénom élève;Date naissance;Sexe;INE;Adresse1;Cp1;Commune1;Pays1;"
    "Adresse2;Cp2;Commune2;Pays2; Cycle;Niveau;Libellé classe;Identifiant classe;"
    "Attestation fournie;Autorisation associations;Autorisation photo;Décision de passage"
)
ADULTS = (
    "Civilité Responsable;Nom usage responsable;Nom responsable;Prénom responsable;"
    "Adresse responsable;CP responsable;Commune responsable;Pays;Courriel;Téléphone domicile;"
    "Téléphone travail;Téléphone portable"
    + ";Nom d'usage enfant;Nom de famille enfant;Prénom enfant;Classes enfants"
    * 2
)
LUCIE = (
    "ROUX;;Lucie;09/06/2018;F;1234567890A;8 rue du Lavoir;94300;VINCENNES;FRANCE;;;;;CYCLE II;"
    "CE2;CE2 - MME BRUN;101;Oui;Non;Oui;"
)
MOTHER = (
    "MME;;ROUX;Amina;8 rue du Lavoir;94300;VINCENNES;FRANCE;amina@example.org;;;0612345678;"
    ";ROUX;Lucie;CE2 - MME BRUN;;;;"
)
TODAY = date(2026, 11, 23)


def onde(pupils: list[str], adults: list[str]):
    def encode(lines: list[str]) -> bytes:
        return "\r\n".join([*lines, ""]).encode("cp1252")

    return read_onde(encode([PUPILS, *pupils]), encode([ADULTS, *adults]), today=TODAY)


def test_a_good_line_is_read_whole() -> None:
    files = onde([LUCIE], [MOTHER])
    assert files.problems == []
    pupil, adult = files.pupils[0], files.adults[0]
    assert (pupil.ine, pupil.birth_on, pupil.level) == ("1234567890A", date(2018, 6, 9), "CE2")
    assert pupil.photo_consent is True
    assert (adult.civility, adult.email, adult.mobile_phone) == (
        "MME",
        "amina@example.org",
        "0612345678",
    )
    assert [c.first_name for c in adult.children] == ["Lucie"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("09/06/2018", "31/02/2018", "la date de naissance «\u202f31/02/2018\u202f» n’existe pas"),
        ("09/06/2018", "09/06/1918", "n’est pas celle d’un élève"),
        ("09/06/2018", "", "il manque la date de naissance"),
        ("ROUX;;Lucie", ";;Lucie", "il manque le nom ou le prénom"),
        (";CE2;", ";6EME;", "le niveau «\u202f6EME\u202f» est inconnu"),
        ("1234567890A", "12345", "n’a pas 11 lettres et chiffres"),
        ("1234567890A", "", "il manque l’INE"),
        (";F;", ";X;", "n’est ni F ni M"),
        ("8 rue du Lavoir", "8 rue " + "x" * 200, "dépasse 120 caractères"),
    ],
)
def test_a_bad_line_is_reported_and_stops_nothing(old: str, new: str, reason: str) -> None:
    other = LUCIE.replace("1234567890A", "1234567890B").replace("Lucie", "Paul")
    files = onde([LUCIE.replace(old, new), other], [MOTHER])
    assert [p.first_name for p in files.pupils] == ["Paul"]
    (problem,) = files.problems
    assert problem.line == 2
    assert reason in problem.reason


def test_a_duplicate_names_the_first_line() -> None:
    files = onde([LUCIE, LUCIE], [MOTHER])
    assert len(files.pupils) == 1
    assert [str(p) for p in files.problems] == [
        "fichier élèves, ligne 3\u00a0: l’INE est déjà celui de la ligne 2"
    ]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02", b"nom,prenom\r\na,b", b"PK\x03\x04", b'"' + b"x" * 200_000],
)
def test_another_file_is_refused_in_french(content: bytes) -> None:
    with pytest.raises(NotARegisterFile, match="Le fichier élèves"):
        read_onde(content, b"", today=TODAY)


def test_utf8_is_read_too() -> None:
    pupils = "\r\n".join([PUPILS, LUCIE.replace("Lucie", "Zoé"), ""]).encode()
    adults = "\r\n".join([ADULTS, MOTHER, ""]).encode()
    assert read_onde(pupils, adults, today=TODAY).pupils[0].first_name == "Zoé"
