"""What leaves a file: suggestions while typing, the printed sheet, a message to the family."""

import datetime as dt

import pytest
from django.test import Client

from preau.accounts.enums import Role
from preau.audit.models import Entry
from preau.families import services
from preau.families.values import ChildData
from preau.kernel.actors import Actor
from preau.kernel.clock import utc_now
from preau.messaging.models import Message
from tests.harness.people import adult_of, make_agent, make_family, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def family():
    make_town()
    return make_family(now=utc_now(), email="amina@example.org")


def signed_in(*roles):
    client = Client()
    agent = make_agent(*roles, email=f"{roles[0]}@example.org".lower())
    client.force_login(agent, backend="preau.accounts.auth.AgentBackend")
    return client


def test_the_search_box_suggests_files_while_one_types(family):
    counter = signed_in(Role.COUNTER)
    asked = {"headers": {"HX-Request": "true"}}
    found = counter.get("/mairie/recherche/", {"q": family.name[:4]}, **asked).content.decode()
    assert f'href="/mairie/dossiers/{family.code}/"' in found and "<html" not in found
    assert counter.get("/mairie/recherche/", {"q": "a"}, **asked).content.strip() == b""
    assert (
        "Rien de ce nom"
        in counter.get("/mairie/recherche/", {"q": "zzzz"}, **asked).content.decode()
    )


def test_the_sheet_of_a_file_prints_what_the_agent_may_see(family):
    page = signed_in(Role.COUNTER).get(f"/mairie/dossiers/{family.code}/fiche/")
    text = page.content.decode()
    assert family.printed_code in text and "amina@example.org" in text
    assert signed_in(Role.SITE_MANAGER).get(page.request["PATH_INFO"]).status_code == 403


def test_a_message_to_the_family_leaves_once_and_stays_in_its_file(family):
    counter, adult = signed_in(Role.COUNTER), adult_of(family)
    address = f"/mairie/dossiers/{family.code}/ecrire/"
    empty = counter.post(address, {"to": [adult.pk], "subject": "", "body": ""})
    assert empty.status_code == 422 and not Message.objects.exists()
    counter.post(
        address, {"to": [adult.pk], "subject": "Votre dossier", "body": "Merci de passer."}
    )
    message = Message.objects.get()
    assert (message.to, message.subject) == ("amina@example.org", "Votre dossier")
    assert message.family_id == family.pk and family.printed_code in message.body
    assert Entry.objects.filter(action="families.write", family_id=family.pk).exists()
    page = counter.get(f"/mairie/dossiers/{family.code}/").content.decode()
    assert "Merci de passer." in page


def test_a_message_goes_only_to_adults_of_this_file(family):
    stranger = adult_of(make_family(last_name="Autre", now=utc_now(), email="autre@example.org"))
    answer = signed_in(Role.COUNTER).post(
        f"/mairie/dossiers/{family.code}/ecrire/",
        {"to": [stranger.pk], "subject": "Bonjour", "body": "Texte"},
    )
    assert answer.status_code == 422 and not Message.objects.exists()


def test_files_of_that_name_come_before_those_of_its_people(family):
    namesake = make_family(last_name="Zola", now=utc_now())
    services.add_child(
        family_id=family.pk,
        child=ChildData(first_name="Zoé", last_name="Zola", birth_on=dt.date(2019, 5, 2)),
        now=utc_now(),
        actor=Actor.system(),
    )
    found = signed_in(Role.COUNTER).get(
        "/mairie/recherche/", {"q": "zola"}, headers={"HX-Request": "true"}
    )
    text = found.content.decode()
    assert -1 < text.index(namesake.code) < text.index(family.code)


def test_the_search_box_stands_only_where_it_answers(family):
    assert b'role="search"' in signed_in(Role.COUNTER).get("/mairie/demandes/").content
    assert b'role="search"' not in signed_in(Role.SITE_MANAGER).get("/mairie/sites/").content
