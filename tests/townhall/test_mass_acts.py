"""The agents' screens for acts on many children: read first, then apply; each at his sites."""

import datetime as dt
import re

import pytest
from django.test import Client

from preau.bookings.models import Booking
from preau.journeys.mass_acts import MassAct, run_mass_act, run_undo
from tests.bookings import world

pytestmark = pytest.mark.django_db
NEW = "/mairie/sites/actes/nouveau/"
ASKED = {"acte": "CLOSED_DAY", "du": "2026-10-15", "motif": "Panne de chauffage"}


@pytest.fixture(autouse=True)
def at_nine(monkeypatch, now):
    for module in (
        "townhall.sites.cancelling",
        "townhall.sites.mass_acts",
        "townhall.sites.scope",
        "townhall.access",
    ):
        monkeypatch.setattr(f"preau.{module}.utc_now", lambda: now)


def sign_in(role, site=None):
    client = Client()
    client.force_login(world.make_agent(role, site), backend="preau.accounts.auth.AgentBackend")
    return client


@pytest.fixture
def slot():
    slot = world.make_slot("2026-10-15")
    family = world.make_family(2)
    for child in world.children_of(family):
        world.book(slot, child, family)
    return slot


def read(response):
    """The page, its narrow and unbreakable spaces made plain."""
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def hidden(page):
    pairs = re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)">', page)
    return {name: value for name, value in pairs if name != "csrfmiddlewaretoken"}


def test_an_agent_reads_then_applies_then_undoes(slot, now):
    agent = sign_in("COUNTER")
    page = read(agent.get(NEW))
    assert "Que se passe-t-il" in page and 'value="2026-10-06"' in page
    preview = read(agent.get(NEW, ASKED))
    assert "<b>2 enfants</b>" in preview and "1 famille" in preview and "toute la ville" in preview
    assert "Lina" in preview and "rien n’est dû" in preview
    assert Booking.objects.filter(status="CONFIRMED").count() == 2
    asked = hidden(preview)
    back = agent.post(NEW, asked)
    act = MassAct.objects.get()
    assert back.url == f"/mairie/sites/actes/{act.pk}/"
    assert agent.post(NEW, asked).url == back.url and MassAct.objects.count() == 1
    assert "En cours" in read(agent.get(back.url))
    run_mass_act(act_id=act.pk, now=now)
    page = read(agent.get(back.url))
    assert "2 réservations retirées" in page and "Défaire" in page
    assert "Panne de chauffage" in read(agent.get("/mairie/sites/actes/"))
    undo = f"{back.url}defaire/"
    page = read(agent.get(undo))
    assert "séance rouverte" in page and "de nouveau réservé" in page and "Lina" in page
    assert agent.post(undo, hidden(page)).status_code == 422  # why is not said
    assert agent.post(undo, hidden(page) | {"motif": "Réparé"}).url == back.url
    act.refresh_from_db()
    assert act.status == "UNDOING"
    run_undo(act_id=act.pk, user_id=None, label="Samia", now=now)
    page = read(agent.get(back.url))
    assert "2 réservations remises" in page and "Réparé" in page
    assert agent.get(undo).url == back.url


def test_sessions_of_a_sites_day_are_cancelled_and_undone_from_it(slot, now):
    agent = sign_in("COUNTER")
    site = f"/mairie/sites/{slot.offering.establishment_id}/"
    day = f"{site}?jour=2026-10-15"
    assert "Annuler les séances cochées" in read(agent.get(day))
    assert "au moins une" in read(agent.get(f"{site}annuler/?jour=2026-10-15", follow=True))
    other_day = world.make_slot("2026-10-16")  # of another day: left out
    address = f"{site}annuler/?jour=2026-10-15&seance={slot.pk}&seance={other_day.pk}"
    preview = read(agent.get(address))
    assert "<b>2 enfants</b>" in preview and "Lina" in preview
    asked = hidden(preview)
    assert agent.post(address, asked).status_code == 422 and not MassAct.objects.exists()
    asked["motif"] = "Panne"
    back = agent.post(address, asked)
    assert agent.post(address, asked).url == back.url
    act = MassAct.objects.get()
    run_mass_act(act_id=act.pk, now=now)
    other_day.refresh_from_db()
    assert other_day.status == "OPEN"
    page = read(agent.get(day))
    assert "Panne" in page and f'href="/mairie/sites/actes/{act.pk}/defaire/"' in page
    elsewhere = sign_in("COUNTER", world.make_site("École Pasteur"))
    assert elsewhere.get(address).status_code == 404
    assert elsewhere.post(address, asked).status_code == 404


def test_what_changed_since_the_preview_is_shown_again(slot):
    agent = sign_in("COUNTER")
    asked = hidden(read(agent.get(NEW, ASKED)))
    world.book(slot, world.children_of(other := world.make_family())[0], other)
    again = agent.post(NEW, asked)
    assert again.status_code == 422 and not MassAct.objects.exists()
    page = read(again)
    assert "relisez" in page and "<b>3 enfants</b>" in page
    assert agent.post(NEW, hidden(page)).status_code == 302


def test_refusals_are_said_in_the_form(slot):
    agent = sign_in("COUNTER")
    trip = agent.get(NEW, ASKED | {"acte": "SCHOOL_TRIP"})
    assert trip.status_code == 422 and "Choisissez la classe" in read(trip)
    assert agent.get(NEW, ASKED | {"du": "hier"}).status_code == 422
    assert agent.get(NEW, ASKED | {"site": "999"}).status_code == 422


def test_an_agent_of_one_site_acts_there_alone(slot):
    school = slot.offering.establishment
    pasteur = world.make_site("École Pasteur")
    theirs = sign_in("COUNTER", pasteur)
    page = read(theirs.get(NEW, ASKED))
    assert "<b>0 enfant</b>" in page and "tous mes sites" in page
    assert school.name not in page
    assert theirs.get(NEW, ASKED | {"site": school.pk}).status_code == 422
    whole = sign_in("COUNTER")
    whole.post(NEW, hidden(read(whole.get(NEW, ASKED))))
    act = MassAct.objects.get()
    assert theirs.get(f"/mairie/sites/actes/{act.pk}/").status_code == 404
    assert theirs.post(f"/mairie/sites/actes/{act.pk}/defaire/").status_code == 404
    assert "Panne" not in read(theirs.get("/mairie/sites/actes/"))
    manager = sign_in("SITE_MANAGER", school)
    for address in (NEW, "/mairie/sites/actes/", f"/mairie/sites/actes/{act.pk}/"):
        assert manager.get(address).status_code == 403


def test_past_days_cannot_be_undone(slot, now, monkeypatch):
    agent = sign_in("COUNTER")
    agent.post(NEW, hidden(read(agent.get(NEW, ASKED))))
    act = MassAct.objects.get()
    run_mass_act(act_id=act.pk, now=now)
    monkeypatch.setattr(
        "preau.townhall.sites.mass_acts.utc_now", lambda: now + dt.timedelta(days=30)
    )
    undo = f"/mairie/sites/actes/{act.pk}/defaire/"
    page = read(agent.get(undo))
    assert "Rien ne peut revenir" in page and "reste annulée" in page
    assert agent.post(undo, {"motif": "Réparé"}).status_code == 422
    act.refresh_from_db()
    assert act.status == "DONE"
