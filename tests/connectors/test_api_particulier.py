"""The State's quotient, spoken over HTTP with its simulator: asked, recorded, refused in words."""

import datetime as dt
import json
import logging
import threading
from pathlib import Path
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from preau.audit.models import Entry
from preau.connectors.api_particulier import _read
from preau.demo.bank import state
from preau.demo.bank.app import Bank
from preau.families import state_quotient as port
from preau.families.models import Guardian, Quotient
from preau.families.state_quotient import BirthIdentity
from preau.journeys.state_quotient import MOST_A_DAY, NotThisPerson, fetch_quotient
from tests.harness.people import (
    AGENT,
    NOW,
    adult_of,
    make_account,
    make_agent,
    make_family,
    make_town,
)
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db
MONTH = dt.date(2026, 10, 1)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "api_particulier"
BORN = dt.date(1985, 4, 12)


class _Silent(WSGIRequestHandler):
    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def server():
    """The simulator on a port of its own, as `make run` serves it; what it was asked."""
    asked = []
    bank = Bank([])

    def app(environ, start):
        asked.append(environ["QUERY_STRING"])
        return bank(environ, start)

    with make_server("127.0.0.1", 0, app, handler_class=_Silent) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        httpd.asked = asked
        yield httpd
        httpd.shutdown()


@pytest.fixture
def town(server, settings):
    make_town()
    settings.API_PARTICULIER = {
        "url": f"http://127.0.0.1:{server.server_port}/etat",
        "token": state.TOKEN,
        "recipient": "21940080300014",
    }
    settings.QUOTIENT_SERVICE = "preau.connectors.api_particulier.ApiParticulier"
    server.asked.clear()
    family = make_family(children=1, adults=2)
    Guardian.objects.filter(pk=adult_of(family).pk).update(birth_on=BORN)
    return family


def who(family, **changes):
    adult = adult_of(family)
    return BirthIdentity(
        **{
            "last_name": adult.last_name,
            "first_names": (adult.first_name, "Anne"),
            "sex": "F",
            "birth_on": BORN,
            "commune": "Créteil",
            "department": "94",
        }
        | changes
    )


def fetch(family, identity=None, **changes):
    given = {
        "family": family,
        "guardian_id": adult_of(family).pk,
        "identity": identity or who(family),
        "agreed": True,
        "now": NOW,
        "actor": AGENT,
    }
    return fetch_quotient(**given | changes)


def test_it_is_asked_as_the_state_wants_and_recorded(town, server, caplog):
    caplog.set_level(logging.DEBUG)
    found = fetch(town)
    [query] = server.asked
    sent = parse_qsl(query)
    assert ("recipient", "21940080300014") in sent and ("annee", "2026") in sent
    assert [value for name, value in sent if name == "prenoms[]"] == list(who(town).first_names)
    assert ("codeCogInseePaysNaissance", "99100") in sent
    assert ("codeCogInseeDepartementNaissance", "94") in sent
    assert (found.source in ("CAF", "MSA"), found.starts_on) == (True, MONTH)
    assert 18_000 <= found.value_cents < 208_000 and found.value_cents % 100 == 0
    told = Entry.objects.filter(action="families.ask_state_quotient").get()
    assert "avec son accord" in told.summary and "quotient de 10/2026" in told.summary
    kept = json.dumps(list(Entry.objects.values_list("summary", "data")), default=str)
    for secret in ("Créteil", "Anne", "nomNaissance", state.TOKEN):
        assert secret not in kept + repr(who(town))
        assert secret not in "".join(r.getMessage() for r in caplog.records if r.name != "urllib3")
    assert fetch(town).pk == found.pk, "the same quotient again is not recorded twice"


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("Inconnu", port.QuotientNotFound),
        ("Desfouin", port.StateTooBusy),
        ("Delanoue", port.StateUnreachable),
        ("Situdi", port.StateUnreachable),
    ],
)
def test_each_refusal_of_the_state_is_told_and_records_nothing(town, name, refusal, caplog):
    Guardian.objects.filter(pk=adult_of(town).pk).update(last_name=name)
    with pytest.raises(refusal) as raised:
        fetch(town, who(town, last_name=name))
    assert Quotient.objects.count() == 0
    assert refusal.code in Entry.objects.get(action="families.ask_state_quotient").summary
    assert name not in str(raised.value) + caplog.text


def test_a_wrong_token_a_silent_state_and_no_access(town, settings, caplog):
    settings.API_PARTICULIER = settings.API_PARTICULIER | {"token": "other"}
    with pytest.raises(port.NoStateAccess):
        fetch(town)
    settings.API_PARTICULIER = settings.API_PARTICULIER | {"url": "http://127.0.0.1:1"}
    with pytest.raises(port.StateUnreachable) as raised:
        fetch(town)
    assert raised.value.__cause__ is None and raised.value.__suppress_context__
    assert "nomNaissance" not in caplog.text
    settings.QUOTIENT_SERVICE = ""
    with pytest.raises(port.NoStateAccess):
        fetch(town)
    assert Quotient.objects.count() == 0


def test_nobody_asks_for_somebody_else(town, server):
    for identity in (
        who(town, last_name="Autre"),
        who(town, first_names=("Anne", adult_of(town).first_name)),
        who(town, birth_on=dt.date(1980, 1, 1)),
    ):
        with pytest.raises(NotThisPerson):
            fetch(town, identity)
    with pytest.raises(NotThisPerson):
        fetch(town, guardian_id=adult_of(make_family(children=1)).pk)
    with pytest.raises(port.StateQuotientRefused, match="accord"):
        fetch(town, agreed=False)
    assert server.asked == []
    for _again in range(MOST_A_DAY):
        fetch(town)
    with pytest.raises(port.StateQuotientRefused, match="plusieurs fois"):
        fetch(town)
    assert len(server.asked) == MOST_A_DAY


def test_the_parents_page_and_the_agents(town, settings):
    parent = client_of(make_account(town))
    page = "/espace/famille/quotient/"
    assert page in parent.get("/espace/famille/").content.decode()
    asked = {
        "first_names": f"{adult_of(town).first_name} Anne",
        "sex": "F",
        "where": "FRANCE",
        "commune": "Créteil",
        "department": "94",
    }
    refused = parent.post(page, asked | {"department": "Val"})
    assert refused.status_code == 422
    assert "Cochez cette case" in refused.content.decode()
    assert "numéro du département" in refused.content.decode()
    abroad = parent.post(page, asked | {"where": "ABROAD", "agreed": "on"})
    assert "code du pays" in abroad.content.decode()
    done = parent.post(page, asked | {"agreed": "on"}, follow=True).content.decode()
    assert "Votre quotient est enregistré" in done and Quotient.objects.count() == 1
    agent = client_of(make_agent("COUNTER", email="nadia@saint-aubin.example"))
    file = f"/mairie/dossiers/{town.code}/"
    desk = f"{file}quotient/adultes/{adult_of(town).pk}/"
    assert desk in agent.get(file).content.decode()
    assert "devant moi" in agent.get(desk).content.decode()
    born = asked | {"where": "ABROAD", "country": "99350", "agreed": "on"}
    assert agent.post(desk, born).status_code == 302
    other = make_family(children=1)
    assert agent.get(f"{file}quotient/adultes/{adult_of(other).pk}/").status_code == 404
    settings.QUOTIENT_SERVICE = ""
    assert parent.get(page).status_code == 404 and agent.get(desk).status_code == 404
    assert page not in parent.get("/espace/famille/").content.decode()


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the State's own payloads are not beside the project"
)
def test_the_states_own_payloads_are_read():
    yaml = pytest.importorskip("yaml")
    folder = SHARED / "api_particulier_v3_cnav_quotient_familial_with_civility"
    read = 0
    for path in sorted(folder.glob("200-*.yaml")):
        body = json.loads(yaml.safe_load(path.read_text())["payload"])
        found = _read(body)
        assert found.value == body["data"]["quotient_familial"]["valeur"], path.name
        assert found.names and found.month.day == 1
        read += 1
    assert read > 10


def test_the_simulator_wants_what_the_state_wants():
    good = [
        ("recipient", "21940080300014"),
        ("nomNaissance", "Martin"),
        ("prenoms[]", "Rose"),
        ("sexeEtatCivil", "F"),
        ("codeCogInseePaysNaissance", "99100"),
        ("codeCogInseeCommuneNaissance", "94028"),
    ]
    key = f"Bearer {state.TOKEN}"
    status, body = state.quotient(good, key, MONTH)
    assert status == 200 and _read(json.loads(body)).names == ("MARTIN",)
    assert state.quotient(good, "", MONTH)[0] == 401
    for missing in range(len(good)):
        assert state.quotient(good[:missing] + good[missing + 1 :], key, MONTH)[0] == 422
