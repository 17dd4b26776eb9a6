"""An address has one school by cycle, whatever the way it is written."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.kernel.actors import Actor
from preau.schools import sectors
from preau.schools.enums import Cycle
from tests.harness.people import NOW, make_agent, make_town
from tests.journeys.conftest import schools  # noqa: F401

pytestmark = pytest.mark.django_db
WHO = {"now": NOW, "actor": Actor.system()}
FILE = """\
voie;cote;du;au;cycle;ecole
rue du Lavoir;impair;1;25;maternelle;Aulnes
rue du Lavoir;pair;2;;maternelle;Tilleuls
rue du Lavoir;impair;27;;maternelle;Tilleuls
rue du Lavoir;tous;;;élémentaire;Curie
Bd. du Général-de-Gaulle;;;;elementaire;Moulin
"""


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("Bd. du Général-de-Gaulle", "boulevard general de gaulle"),
        ("R. de l'Église", "rue eglise"),
        ("AV ST MANDE", "avenue saint mandé"),
        ("allée des Tilleuls", "ALL TILLEULS"),
    ],
)
def test_a_street_is_known_however_it_is_written(written: str, same: str) -> None:
    assert sectors.street_key(written) == sectors.street_key(same)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("8 rue du Lavoir", 8),
        ("8bis, rue du Lavoir", 8),
        ("12 B rue du Lavoir", 12),
        ("rue X", None),
    ],
)
def test_the_number_is_read(line: str, number: int | None) -> None:
    assert sectors.parse_address(line)[0] == number


def test_sides_and_ranges_give_the_school(schools) -> None:  # noqa: F811
    assert sectors.replace_sectors(content=FILE.encode("cp1252"), **WHO) == 5
    found = sectors.SectorMap()

    def nursery(line: str) -> str:
        by_id = {site.pk: site.name for site in schools.all}
        return by_id.get(found.school_of(line, Cycle.NURSERY), "")

    assert nursery("7 rue du Lavoir") == "Aulnes"
    assert nursery("8 bis rue du lavoir") == "Tilleuls"
    assert nursery("27, r. du Lavoir") == "Tilleuls"
    assert nursery("rue du Lavoir") == ""  # no number: several schools
    assert nursery("3 rue Inconnue") == ""
    both = sectors.schools_for_address("25 RUE DU LAVOIR")
    assert {cycle: row.establishment.name for cycle, row in both.items()} == {
        "NURSERY": "Aulnes",
        "ELEMENTARY": "Curie",
    }
    whole = sectors.schools_for_address("boulevard du général de gaulle")
    assert whole["ELEMENTARY"].establishment.name == "Moulin"


def test_a_wrong_file_replaces_nothing_and_says_each_line(schools) -> None:  # noqa: F811
    sectors.replace_sectors(content=FILE.encode(), **WHO)
    wrong = FILE + "rue du Lavoir;impair;9;11;maternelle;Aulnes\nrue A;;5;3;maternelle;Aulnes\n"
    wrong += "rue B;haut;;;maternelle;Aulnes\nrue C;;;;maternelle;Nulle-part\n"
    read = sectors.read_sectors(wrong.encode())
    assert [line for line, _reason in read.problems] == [7, 8, 9, 10]
    with pytest.raises(sectors.BadSegment):
        sectors.replace_sectors(content=wrong.encode(), **WHO)
    assert sectors.list_segments().count() == 5
    with pytest.raises(sectors.BadSegment):
        sectors.read_sectors(b"rue;ecole\n")


def test_the_screens_edit_import_try_and_export(schools, client: Client) -> None:  # noqa: F811
    make_town()
    client.force_login(make_agent(Role.SCHOOL_OFFICE), backend="preau.accounts.auth.AgentBackend")
    for act in ("read", "apply"):
        sent = {"act": act, "file": SimpleUploadedFile("s.csv", FILE.encode())}
        client.post(reverse("townhall:sectors-import"), sent)
    page = client.get(reverse("townhall:sectors"), {"adresse": "7 rue du Lavoir"})
    assert "Aulnes" in page.content.decode()
    segment = {"street": "rue Massue", "side": "EVEN", "first": "2", "last": "10"}
    segment |= {"cycle": "NURSERY", "school": schools.all[0].pk}
    client.post(reverse("townhall:sector-new"), segment)
    again = client.post(reverse("townhall:sector-new"), segment | {"first": "10", "last": ""})
    assert "déjà une école" in again.content.decode()
    row = sectors.list_segments(text="massue").get()
    assert client.get(reverse("townhall:sector", args=[row.pk])).status_code == 200
    client.post(reverse("townhall:sector-delete", args=[row.pk]))
    for file_format in ("csv", "xlsx"):
        answer = client.get(reverse("townhall:sectors"), {"export": file_format})
        assert answer.status_code == 200
    public = Client().get(reverse("public:find-school"), {"adresse": "8 rue du Lavoir"})
    assert "Tilleuls" in public.content.decode() and "Curie" in public.content.decode()
    lost = Client().get(reverse("public:find-school"), {"adresse": "8 rue du Lavoire"})
    assert "rue du Lavoir" in lost.content.decode()
