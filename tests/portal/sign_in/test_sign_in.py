"""The family's door: who comes in, who does not, and what nobody learns at it."""

import datetime as dt
import json
import re

import pytest
from django.db import connection
from django.test import Client

from preau.accounts.models import User
from preau.families import services
from preau.kernel.clock import utc_now
from preau.messaging.models import Message
from tests.harness.people import (
    AGENT,
    PASSWORD,
    adult_of,
    make_account,
    make_agent,
    make_family,
    make_town,
)

pytestmark = pytest.mark.django_db
DOOR = "/connexion/"


@pytest.fixture(autouse=True)
def town():
    return make_town()


@pytest.fixture
def now():
    return utc_now()


@pytest.fixture
def family(now):
    family = make_family(now=now)
    make_account(family, email="amina@example.org", now=now)
    return family


def come_in(client, username, password=PASSWORD, **more):
    return client.post(DOOR, {"username": username, "password": password, **more})


def jobs():
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args::text FROM procrastinate_jobs ORDER BY id")
        return [(name, json.loads(args)) for name, args in cursor.fetchall()]


@pytest.mark.parametrize("how", ["code", "printed", "spaced", "email", "EMAIL"])
def test_code_or_email_opens_the_door(client, family, how):
    username = {
        "code": family.code,
        "printed": family.printed_code,
        "spaced": f" {family.code.lower()} ",
        "email": "amina@example.org",
        "EMAIL": "Amina@Example.ORG",
    }[how]
    answer = come_in(client, username)
    assert (answer.status_code, answer["Location"]) == (302, "/espace/")
    assert client.get("/espace/").status_code == 200


def test_the_session_changes_at_the_door_and_ends_at_sign_out(client, family):
    client.get(DOOR)
    session = client.session
    session["kept"] = 1
    session.save()
    before = client.session.session_key
    come_in(client, family.code)
    assert client.session.session_key != before
    assert client.get("/deconnexion/").status_code == 405
    client.post("/deconnexion/")
    assert client.get("/espace/").status_code == 302


def test_a_wrong_password_and_an_unknown_code_get_the_same_words(client, family):
    known = come_in(client, family.code, "faux mot de passe")
    unknown = come_in(client, "1000000A", "faux mot de passe")
    strange = come_in(client, "n’importe quoi", "faux mot de passe")

    def words(answer):
        return re.sub(r'value="[^"]*"', "", answer.content.decode())

    assert known.status_code == unknown.status_code == strange.status_code == 422
    assert words(known) == words(unknown) == words(strange)


def test_agents_do_not_come_in_by_this_door(client, now):
    agent = make_agent(now=now)
    assert come_in(client, agent.email).status_code == 422
    client.post("/mairie/connexion/", {"username": agent.email, "password": PASSWORD})
    assert client.get("/espace/").status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        "https://ailleurs.example/espace/",
        "//ailleurs.example/espace/",
        "/mairie/",
        "/espace/../mairie/",
        "javascript:alert(1)",
        "\\\\ailleurs.example",
    ],
)
def test_next_never_leaves_the_family_space(client, family, wanted):
    answer = come_in(client, family.code, next=wanted)
    assert answer["Location"] == "/espace/"


def test_next_leads_back_to_the_page_that_was_asked(client, family):
    first = client.get("/espace/famille/")
    assert first["Location"] == "/connexion/?next=/espace/famille/"
    assert come_in(client, family.code, next="/espace/famille/")["Location"] == "/espace/famille/"


def test_eight_wrong_passwords_hold_this_address_back_and_nobody_else(family, settings):
    thief, home = Client(REMOTE_ADDR="203.0.113.9"), Client(REMOTE_ADDR="198.51.100.7")
    # However the code is spelt, the tries are counted together.
    for n in range(settings.AXES_FAILURE_LIMIT):
        answer = come_in(thief, [family.code, family.printed_code, family.code.lower()][n % 3], "x")
    assert answer.status_code == 429
    assert "Trop d’essais" in answer.content.decode()
    assert come_in(thief, family.code).status_code == 429
    assert come_in(home, family.code).status_code == 302
    # The same address may still sign in to another account.
    other = make_family(last_name="Autre", now=utc_now())
    make_account(other, now=utc_now())
    assert come_in(thief, other.code).status_code == 302


def test_an_address_that_tries_many_accounts_is_held_back_but_known_devices_are_not(
    family, settings
):
    settings.SIGN_IN_ACCOUNTS = 5
    known, shared = Client(REMOTE_ADDR="203.0.113.9"), Client(REMOTE_ADDR="203.0.113.9")
    assert come_in(known, family.code).status_code == 302
    known.post("/deconnexion/")
    for n in range(5):
        assert come_in(shared, f"absent{n}@example.org", "Printemps2026").status_code == 422
    assert come_in(shared, "absent9@example.org", "Printemps2026").status_code == 429
    # The family that shares this address and signed in from its own device before is let in.
    assert come_in(shared, family.code).status_code == 429
    assert come_in(known, family.code).status_code == 302
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert come_in(elsewhere, family.code).status_code == 302


def test_behind_a_proxy_each_visitor_is_told_apart_and_none_may_pretend(family, settings):
    settings.PROXY_COUNT, settings.SIGN_IN_ACCOUNTS = 1, 3

    def visitor(address, pretended=""):
        said = f"{pretended}, {address}" if pretended else address
        return Client(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=said)

    for n in range(3):
        thief = visitor("203.0.113.9", pretended=f"198.51.100.{n}")
        assert come_in(thief, f"absent{n}@example.org", "Printemps2026").status_code == 422
    assert come_in(thief, family.code).status_code == 429
    assert come_in(visitor("198.51.100.7"), family.code).status_code == 302
    # A header that a proxy of ours did not write is no address.
    assert come_in(visitor("nulle part"), family.code).status_code == 302


def test_the_right_password_forgets_the_wrong_ones(client, family, settings):
    for _ in range(3):
        for _ in range(settings.AXES_FAILURE_LIMIT - 1):
            assert come_in(client, family.code, "x").status_code == 422
        assert come_in(client, family.code).status_code == 302
        client.post("/deconnexion/")


class TestFirstSignIn:
    @pytest.fixture
    def letter(self, now):
        family = make_family(now=now)
        _, password = services.grant_first_password(
            family_id=family.pk, guardian_id=adult_of(family).pk, now=now, actor=AGENT
        )
        return family, password

    def test_the_letter_opens_one_page_only(self, client, letter):
        family, password = letter
        assert come_in(client, family.code, password)["Location"] == "/premiere-connexion/"
        for address in ("/espace/", "/espace/famille/", "/espace/mot-de-passe/"):
            assert client.get(address)["Location"] == "/premiere-connexion/"
        page = client.get("/premiere-connexion/")
        assert "Amina" in page.content.decode()

    def test_a_password_is_chosen_and_an_address_given(self, client, letter):
        family, password = letter
        come_in(client, family.code, password)
        answer = client.post(
            "/premiere-connexion/",
            {"new_password": "Le mien à partir d’ici", "email": "amina@example.org"},
        )
        assert answer["Location"] == "/espace/"
        assert client.get("/espace/").status_code == 200  # this session goes on
        again = Client()
        assert come_in(again, family.code, password).status_code == 422
        assert come_in(again, family.code, "Le mien à partir d’ici").status_code == 302
        link = re.search(r"/adresse-e-mail/[\w-]+/", Message.objects.latest("pk").body)[0]
        assert adult_of(family).email == ""
        stranger = Client()
        assert stranger.get(link).status_code == 200
        assert adult_of(family).email == ""  # a mail filter that opens links proves nothing
        stranger.post(link)
        assert adult_of(family).email == "amina@example.org"
        assert stranger.post(link).status_code == 410

    def test_a_weak_choice_is_refused_with_its_reason(self, client, letter):
        family, password = letter
        come_in(client, family.code, password)
        answer = client.post("/premiere-connexion/", {"new_password": "court"})
        assert answer.status_code == 422
        assert "trop court" in answer.content.decode()
        assert client.get("/espace/").status_code == 302

    def test_the_second_of_two_first_sign_ins_is_out(self, client, letter):
        family, password = letter
        other = Client()
        come_in(client, family.code, password)
        come_in(other, family.code, password)
        client.post("/premiere-connexion/", {"new_password": "Le premier arrivé gagne"})
        answer = other.post("/premiere-connexion/", {"new_password": "Le second est refusé"})
        assert answer.status_code == 302 and answer["Location"].startswith("/connexion/")
        assert come_in(Client(), family.code, "Le premier arrivé gagne").status_code == 302

    def test_an_old_letter_says_so(self, client, letter):
        family, password = letter
        User.objects.update(initial_password_expires_at=utc_now() - dt.timedelta(days=1))
        answer = come_in(client, family.code, password)
        assert answer.status_code == 422
        assert "provisoire n’est plus valable" in answer.content.decode()


class TestForgottenPassword:
    def test_the_answer_is_the_same_for_all(self, client, family):
        told = []
        names = ("amina@example.org", family.printed_code, "nobody@example.org", "1000000A")
        for username in names:
            answer = client.post("/mot-de-passe-oublie/", {"username": username})
            told.append((answer.status_code, answer["Location"]))
        assert told == [(302, "/mot-de-passe-oublie/envoye/")] * 4
        assert [name for name, _ in jobs()] == ["families.send_reset_link"] * 4
        assert not Message.objects.exists()

    def test_the_link_serves_once(self, client, family, now):
        client.post("/mot-de-passe-oublie/", {"username": family.code})
        arguments = jobs()[-1][1]
        services.send_password_reset(now=now, **arguments)
        link = re.search(r"/mot-de-passe/[\w-]+/", Message.objects.latest("pk").body)[0]
        open_elsewhere = Client()
        come_in(open_elsewhere, family.code)
        assert client.get(link).status_code == 200
        assert client.post(link, {"new_password": "court"}).status_code == 422
        answer = client.post(link, {"new_password": "Tout neuf et assez long"})
        assert answer["Location"] == "/espace/"
        assert open_elsewhere.get("/espace/").status_code == 302  # its session is over
        assert client.get(link).status_code == 410
        assert client.post(link, {"new_password": "Encore un autre mot"}).status_code == 410

    def test_a_link_that_does_not_exist(self, client):
        assert client.get("/mot-de-passe/inconnu/").status_code == 410
        assert client.post("/adresse-e-mail/inconnu/").status_code == 410


def test_changing_a_password_asks_for_the_current_one_and_ends_other_sessions(client, family):
    other = Client()
    come_in(client, family.code)
    come_in(other, family.code)
    wrong = client.post(
        "/espace/mot-de-passe/", {"current_password": "x", "new_password": "Tout neuf et long"}
    )
    assert wrong.status_code == 422
    client.post(
        "/espace/mot-de-passe/", {"current_password": PASSWORD, "new_password": "Tout neuf et long"}
    )
    assert client.get("/espace/").status_code == 200
    assert other.get("/espace/").status_code == 302


def test_an_adult_who_left_is_out_at_the_next_click(client, now):
    family = make_family(now=now)
    make_account(family, 1, now=now)
    come_in(client, family.code)
    assert client.get("/espace/").status_code == 200
    services.remove_guardian(
        family_id=family.pk, guardian_id=adult_of(family, 1).pk, now=now, actor=AGENT
    )
    assert client.get("/espace/").status_code in (302, 404)
