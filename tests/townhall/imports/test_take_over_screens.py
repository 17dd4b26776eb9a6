"""The school office takes over a file on the screen: sent, read, previewed, applied, exported."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.families.models import Family
from preau.journeys.models import TakeOver
from preau.journeys.takeover.services import run_reading, run_take_over
from tests.harness.people import NOW, make_agent, make_town

pytestmark = pytest.mark.django_db
FILE = """\
[familles]
code;adresse;code_postal;commune
F1;8 rue du Lavoir;94300;Vincennes
F2;;94300;Vincennes
[adultes]
famille;nom;prenom
F1;Belkacem;Amina
F2;Rousseau;Thomas
[enfants]
famille;enfant;nom;prenom;ne_le
F1;E1;Rousseau;Lina;14/03/2020
"""


@pytest.fixture
def office(client: Client, settings) -> Client:
    make_town()
    client.force_login(make_agent(Role.SCHOOL_OFFICE), backend="preau.accounts.auth.AgentBackend")
    return client


def test_from_the_file_to_the_reconciliation(office: Client) -> None:
    assert office.get(reverse("townhall:take-over-model")).status_code == 200
    page = reverse("townhall:take-overs")
    assert "Aucune reprise" in office.get(page).content.decode()
    sent = {"as_of": "2026-09-30", "file": SimpleUploadedFile("reprise.csv", FILE.encode())}
    answer = office.post(page, sent)
    row = TakeOver.objects.get()
    address = reverse("townhall:take-over", args=[row.pk])
    assert answer["Location"] == address
    assert "Lecture du fichier" in office.get(address).content.decode()
    run_reading(take_over_id=row.pk, now=NOW)
    shown = office.get(address).content.decode()
    assert "Reprendre 1\u00a0dossier" in shown and "Remarques par ligne" in shown
    assert not Family.objects.exists()
    office.post(reverse("townhall:take-over-approve", args=[row.pk]))
    run_take_over(take_over_id=row.pk, now=NOW)
    run_take_over(take_over_id=row.pk, now=NOW)
    assert Family.objects.get().former_code == "F1"
    assert "appliquée" in office.get(address).content.decode()
    notes = office.get(reverse("townhall:take-over-notes", args=[row.pk]), {"export": "csv"})
    assert "F2" in b"".join(notes.streaming_content).decode()
    again = office.post(reverse("townhall:take-over-abandon", args=[row.pk]), follow=True)
    assert "déjà partie" in again.content.decode()


def test_a_file_that_is_none_is_said(office: Client) -> None:
    for name, content in (("photo.png", b"\x89PNG"), ("faux.xlsx", b"rien")):
        sent = {"as_of": "2026-09-30", "file": SimpleUploadedFile(name, content)}
        office.post(reverse("townhall:take-overs"), sent)
    row = TakeOver.objects.get()  # the picture was refused at once
    run_reading(take_over_id=row.pk, now=NOW)
    shown = office.get(reverse("townhall:take-over", args=[row.pk])).content.decode()
    assert "illisible" in shown
