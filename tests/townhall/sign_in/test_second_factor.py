"""The agents' second factor, through the door itself; codes are computed by another library's rule.

The digits are worked out here from RFC 6238 with `hmac`, not by the code under test.
"""

import base64
import hashlib
import hmac
import re
import struct
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client

from preau.accounts import second_factor
from preau.accounts.enums import Role
from preau.accounts.models import Authenticator, RecoveryCode
from preau.audit.models import Entry
from tests.harness.people import PASSWORD, make_agent, make_town

pytestmark = pytest.mark.django_db
DOOR = "/mairie/connexion/"
CODE = "/mairie/connexion/code/"
INSTANT = int(time.time())
PAGE = "/mairie/second-facteur/"


@pytest.fixture(autouse=True)
def half_minute(monkeypatch):
    """No half minute ends between the reading of a code and its typing."""
    monkeypatch.setattr(second_factor, "time", SimpleNamespace(time=lambda: INSTANT))


@pytest.fixture(autouse=True)
def town():
    return make_town()


def digits(secret: str, *, shift: int = 0) -> str:
    """RFC 6238: the six digits of now, `shift` half minutes away."""
    step = INSTANT // 30 + shift
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    number = struct.unpack(">I", mac[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def come_in(client, agent, **more):
    return client.post(DOOR, {"username": agent.email, "password": PASSWORD, **more})


def secret_on(page) -> str:
    return re.search(r"<code>([A-Z2-7 ]+)</code>", page.content.decode())[1].replace(" ", "")


def set_up(client, agent) -> tuple[str, list[str]]:
    """An application in place; returns its secret and the recovery codes shown."""
    come_in(client, agent)
    secret = secret_on(client.get(PAGE))
    done = client.post(f"{PAGE}ajouter/", {"code": digits(secret, shift=-1)})
    assert done.status_code == 200
    codes = re.findall(r"<li><code>([0-9A-Z-]+)</code></li>", done.content.decode())
    client.post("/mairie/deconnexion/")
    return secret, codes


def test_after_the_password_the_code_opens_and_nothing_before_it(client):
    agent = make_agent(Role.COUNTER)
    secret, codes = set_up(client, agent)
    assert len(codes) == 10
    answer = come_in(client, agent, next="/mairie/dossiers/")
    assert answer.headers["Location"] == CODE
    assert client.get("/mairie/dossiers/").status_code == 302  # the password alone opens nothing
    answer = client.post(CODE, {"code": digits(secret), "next": "/mairie/dossiers/"})
    assert answer.headers["Location"] == "/mairie/dossiers/"
    assert client.get("/mairie/dossiers/").status_code == 200


def test_a_code_serves_once_and_wrong_ones_wait(client):
    agent = make_agent(Role.COUNTER)
    secret, _codes = set_up(client, agent)
    code = digits(secret)
    come_in(client, agent)
    assert client.post(CODE, {"code": code}).status_code == 302
    again = Client()
    come_in(again, agent)
    answer = again.post(CODE, {"code": code})
    assert answer.status_code == 422
    assert "déjà servi" in answer.content.decode()
    # Right, but too soon after a miss, however slow the machine is.
    device = Authenticator.objects.get(user=agent, confirmed=True)
    device.throttling_failure_timestamp += timedelta(minutes=1)
    device.save()
    answer = again.post(CODE, {"code": digits(secret, shift=1)})
    assert "Trop d’essais" in answer.content.decode()
    assert again.get("/mairie/dossiers/").status_code == 302
    # The control: once the wait is over, the same right code opens.
    device.throttling_failure_timestamp -= timedelta(minutes=2)
    device.save()
    assert again.post(CODE, {"code": digits(secret, shift=1)}).status_code == 302


def test_a_recovery_code_opens_once(client):
    agent = make_agent(Role.COUNTER)
    _secret, codes = set_up(client, agent)
    come_in(client, agent)
    assert client.post(CODE, {"code": codes[0].lower().replace("-", " ")}).status_code == 302
    again = Client()
    come_in(again, agent)
    assert again.post(CODE, {"code": codes[0]}).status_code == 422
    assert RecoveryCode.objects.filter(user=agent, used_at__isnull=True).count() == 9
    assert Entry.objects.filter(action="accounts.recovery_code_used").exists()


def test_a_trusted_device_skips_the_code_until_the_password_changes(client):
    agent = make_agent(Role.COUNTER)
    secret, _codes = set_up(client, agent)
    come_in(client, agent)
    client.post(CODE, {"code": digits(secret), "trust": "on"})
    client.post("/mairie/deconnexion/")
    assert come_in(client, agent).headers["Location"] != CODE
    client.post("/mairie/deconnexion/")
    agent.set_password(PASSWORD)  # another salt: another mark
    agent.save()
    assert come_in(client, agent).headers["Location"] == CODE
    other = make_agent(Role.COUNTER, email="autre@ville.example")
    set_up(Client(), other)
    # Another agent on the same device is asked for his own code.
    assert come_in(client, other).headers["Location"] == CODE


def test_the_secret_is_sealed_and_no_code_is_kept_in_clear(client):
    agent = make_agent(Role.COUNTER)
    secret, codes = set_up(client, agent)
    device = Authenticator.objects.get(user=agent, confirmed=True)
    assert secret not in device.sealed_secret
    kept = " ".join(RecoveryCode.objects.values_list("code_hash", flat=True))
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_where_the_town_asks_for_it_nothing_else_opens_first(client):
    make_town(second_factor="SENSITIVE")
    cashier = make_agent(Role.CASHIER)
    come_in(client, cashier)
    assert client.get("/mairie/dossiers/").headers["Location"] == PAGE
    page = client.get(PAGE)
    assert page.status_code == 200
    client.post(f"{PAGE}ajouter/", {"code": digits(secret_on(page))})
    assert client.get("/mairie/dossiers/").status_code == 200
    # It may be replaced, not taken away.
    secret = Authenticator.objects.get(user=cashier, confirmed=True).pk
    client.post(f"{PAGE}retirer/", {"code": "000000"})
    assert Authenticator.objects.filter(pk=secret).exists()
    # The control: whoever handles no money is let in without one.
    counter = make_agent(Role.SCHOOL_OFFICE, email="ecole@ville.example")
    other = Client()
    make_town(second_factor="OFFERED")
    come_in(other, counter)
    assert other.get("/mairie/dossiers/").status_code == 200


def test_an_administrator_takes_it_away_with_a_reason(client):
    agent = make_agent(Role.COUNTER)
    set_up(client, agent)
    admin = make_agent(Role.ADMINISTRATOR, email="admin@ville.example")
    boss = Client()
    come_in(boss, admin)
    address = f"/mairie/agents/{agent.pk}/second-facteur/"
    boss.post(address, {"reason": ""})
    assert Authenticator.objects.filter(user=agent).exists()
    boss.post(address, {"reason": "Téléphone volé, reconnue de vive voix"})
    assert not Authenticator.objects.filter(user=agent).exists()
    assert Entry.objects.filter(summary__contains="reconnue de vive voix").exists()
    assert come_in(client, agent).headers["Location"] != CODE


def test_an_idle_session_ends(client):
    agent = make_agent(Role.COUNTER)
    come_in(client, agent)
    assert client.get("/mairie/dossiers/").status_code == 200
    session = client.session
    session["seen"] -= 121 * 60
    session.save()
    assert "/mairie/connexion/" in client.get("/mairie/dossiers/").headers["Location"]
