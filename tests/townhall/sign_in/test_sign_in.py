"""The agents' door."""

import re

import pytest
from django.conf import settings as django_settings
from django.test import Client

from preau.accounts import services
from preau.accounts.enums import Role
from preau.kernel.actors import Actor
from preau.kernel.clock import utc_now
from preau.messaging.models import Message
from tests.harness.people import PASSWORD, make_account, make_agent, make_family, make_town

pytestmark = pytest.mark.django_db
DOOR = "/mairie/connexion/"


@pytest.fixture(autouse=True)
def town():
    return make_town()


def come_in(client, username, password=PASSWORD, **more):
    return client.post(DOOR, {"username": username, "password": password, **more})


def test_an_agent_comes_in_for_a_day_at_most(client):
    agent = make_agent()
    assert come_in(client, agent.email.upper()).status_code == 302
    age = client.session.get_expiry_age()
    assert django_settings.AGENT_SESSION_AGE - 60 < age <= django_settings.AGENT_SESSION_AGE


def test_families_do_not_come_in_by_this_door(client):
    family = make_family()
    make_account(family, email="a@example.org")
    assert come_in(client, "a@example.org").status_code == 422
    client.force_login(make_account(family, 1), backend="preau.families.auth.FamilyBackend")
    for address in ("/mairie/dossiers/", "/mairie/agents/", "/mairie/recherche/"):
        assert client.get(address).status_code == 404


def test_a_closed_account_is_out_at_the_next_click(client):
    make_agent(Role.ADMINISTRATOR, email="chef@example.org")
    agent = make_agent()
    come_in(client, agent.email)
    assert client.get("/mairie/dossiers/").status_code == 200
    services.set_active(user=agent, is_active=False, now=utc_now(), actor=Actor.system())
    assert client.get("/mairie/dossiers/").status_code == 302
    assert come_in(client, agent.email).status_code == 422


def test_a_one_time_password_opens_one_page(client):
    agent = make_agent()
    password = services.set_initial_password(user=agent, now=utc_now())
    assert come_in(client, agent.email, password)["Location"] == "/mairie/premiere-connexion/"
    assert client.get("/mairie/dossiers/")["Location"] == "/mairie/premiere-connexion/"
    answer = client.post("/mairie/premiere-connexion/", {"new_password": "Le mien désormais"})
    assert answer.status_code == 302
    assert client.get("/mairie/dossiers/").status_code == 200
    assert come_in(Client(), agent.email, password).status_code == 422


def test_a_link_serves_once_and_only_for_agents(client):
    agent = make_agent()
    services.send_agent_link(
        user=agent,
        purpose=services.RESET,
        address="http://x/mairie/mot-de-passe/{token}/",
        now=utc_now(),
        actor=Actor.system(),
    )
    link = re.search(r"/mairie/mot-de-passe/[\w-]+/", Message.objects.latest("pk").body)[0]
    # The family's page does not take an agent's link.
    stranger = Client()
    assert (
        stranger.post(
            link.replace("/mairie", ""), {"new_password": "Tout neuf et long"}
        ).status_code
        == 410
    )
    assert client.post(link, {"new_password": "Tout neuf et long"}).status_code == 302
    assert client.get("/mairie/dossiers/").status_code == 200
    assert Client().get(link)["Location"] == DOOR


@pytest.mark.parametrize("wanted", ["https://x.example/mairie/", "/espace/", "/mairie/../espace/"])
def test_next_never_leaves_the_town_hall(client, wanted):
    make_agent()
    answer = come_in(client, "sonia.lopes@saint-aubin.example", next=wanted)
    assert answer["Location"].startswith("/mairie/") and ".." not in answer["Location"]


def test_forgotten_says_the_same_to_all(client):
    agent = make_agent()
    told = [
        client.post("/mairie/mot-de-passe-oublie/", {"username": email}, follow=True).content
        for email in (agent.email, "nobody@example.org")
    ]
    strip = [re.sub(rb'value="[^"]*"', b"", page) for page in told]
    assert strip[0] == strip[1]
