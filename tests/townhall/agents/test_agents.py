"""Managing agents: who may, what it changes, what is never shown twice."""

import datetime as dt
import re

import pytest
from django.test import Client

from preau.accounts import queries
from preau.accounts.enums import TOWN_WIDE, Role
from preau.accounts.errors import RoleOfTheTown
from preau.accounts.services import assign_role
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day, utc_now
from preau.messaging.models import Message
from tests.bookings.world import make_site
from tests.harness.people import PASSWORD, make_agent, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    make_town()
    agent = make_agent(Role.ADMINISTRATOR, email="chef@example.org")
    client.post("/mairie/connexion/", {"username": agent.email, "password": PASSWORD})
    return agent


def new_agent(client, **more):
    day = paris_day(utc_now())
    return client.post(
        "/mairie/agents/nouveau/",
        {
            "first_name": "Yves",
            "last_name": "Roy",
            "email": "yves.roy@example.org",
            "role": "CASHIER",
            "establishment": "",
            "starts_on_day": day.day,
            "starts_on_month": day.month,
            "starts_on_year": day.year,
            **more,
        },
    )


def test_only_those_who_manage_agents_come_here():
    make_town()
    for role in Role:
        client = Client()
        agent = make_agent(role, email=f"{role.lower()}@example.org")
        client.post("/mairie/connexion/", {"username": agent.email, "password": PASSWORD})
        expected = 200 if role == Role.ADMINISTRATOR else 403
        for address in ("", "nouveau/", f"{agent.pk}/"):
            assert client.get(f"/mairie/agents/{address}").status_code == expected, (role, address)


def test_a_new_agent_gets_a_role_and_a_link(client, admin):
    answer = new_agent(client)
    agent = queries.find_agent_by_email("yves.roy@example.org")
    assert answer["Location"] == f"/mairie/agents/{agent.pk}/"
    assert "take_payments" in queries.permissions_of(agent, paris_day(utc_now()))
    message = Message.objects.latest("pk")
    assert message.to == "yves.roy@example.org" and message.is_secret
    link = re.search(r"/mairie/mot-de-passe/[\w-]+/", message.body)[0]
    assert Client().post(link, {"new_password": "Mon mot de passe à moi"}).status_code == 302
    again = new_agent(client)
    assert again.status_code == 422
    assert "sert déjà" in again.content.decode()


def test_a_role_of_the_whole_town_is_not_given_for_one_site(client, admin):
    """Who bills, or manages agents, does so everywhere: a site would limit nothing."""
    site = make_site().pk
    for role in TOWN_WIDE:
        answer = new_agent(client, role=role, establishment=site)
        assert answer.status_code == 422 and "toute la ville" in answer.content.decode(), role
        with pytest.raises(RoleOfTheTown):
            assign_role(
                user=admin,
                role=role,
                establishment_id=site,
                starts_on=paris_day(utc_now()),
                now=utc_now(),
                actor=Actor.system(),
            )
    assert queries.find_agent_by_email("yves.roy@example.org") is None
    assert new_agent(client, role="SITE_MANAGER", establishment=site).status_code == 302


def test_roles_begin_and_end(client, admin):
    new_agent(client)
    agent = queries.find_agent_by_email("yves.roy@example.org")
    wrong = client.post(
        f"/mairie/agents/{agent.pk}/roles/",
        {"role-role": "COUNTER", "role-starts_on": "2026-12-01", "role-ends_on": "2026-11-01"},
    )
    assert wrong.status_code == 422
    client.post(
        f"/mairie/agents/{agent.pk}/roles/",
        {"role-role": "COUNTER", "role-starts_on": "2030-12-01", "role-ends_on": ""},
    )
    assert "see_register" in queries.permissions_of(agent, dt.date(2031, 1, 1))
    future = agent.roles.get(role="COUNTER")
    client.post(f"/mairie/agents/{agent.pk}/roles/{future.pk}/fin/")
    assert not agent.roles.filter(role="COUNTER").exists()
    other = make_agent(email="autre@example.org")
    role = other.roles.get()
    assert client.post(f"/mairie/agents/{agent.pk}/roles/{role.pk}/fin/").status_code == 404


def test_a_one_time_password_is_shown_once(client, admin):
    agent = make_agent(email="autre@example.org")
    page = client.post(f"/mairie/agents/{agent.pk}/mot-de-passe/").content.decode()
    password = re.search(r"\b[3-9C-Y]{4}-[3-9C-Y]{4}-[3-9C-Y]{4}\b", page)[0]
    assert password not in client.get(f"/mairie/agents/{agent.pk}/").content.decode()
    answer = Client().post("/mairie/connexion/", {"username": agent.email, "password": password})
    assert answer["Location"] == "/mairie/premiere-connexion/"


def test_nobody_closes_the_last_door(client, admin):
    client.post(f"/mairie/agents/{admin.pk}/etat/", {"active": "0"})
    admin.refresh_from_db()
    assert admin.is_active
    role = admin.roles.get()
    client.post(f"/mairie/agents/{admin.pk}/roles/{role.pk}/fin/")
    role.refresh_from_db()
    assert role.ends_on is None


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "ods"])
def test_the_list_filters_sorts_and_leaves(client, admin, file_format):
    make_agent(Role.SITE_MANAGER, email="site@example.org")
    page = client.get("/mairie/agents/?role=SITE_MANAGER&sort=-name").content.decode()
    assert "site@example.org" in page and "chef@example.org" not in page
    answer = client.get(f"/mairie/agents/?export={file_format}")
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
