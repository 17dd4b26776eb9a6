"""Places held from «Vérifier» on, as a family meets them: told, found elsewhere, over, given up."""

import datetime as dt
import re

import pytest
from django.test import Client

from preau.bookings.models import Booking, Hold
from preau.bookings.services import expire_holds
from tests.bookings import world

pytestmark = pytest.mark.django_db
URL = "/espace/reservations/"
REVIEW = f"{URL}recapitulatif/"


@pytest.fixture
def clock(monkeypatch, now):
    """An instant that the test moves."""
    instants = [now]
    for module in ("planning", "checkout"):
        monkeypatch.setattr(f"preau.ui.days.{module}.utc_now", lambda: instants[-1])
    return instants


@pytest.fixture
def slot():
    return world.make_slot(capacity=1)


def home(slot):
    family = world.make_family(1)
    world.enrol_all(family, slot.offering)
    return family


def device(family):
    client = Client()
    client.force_login(world.user_of(family), backend="preau.families.auth.FamilyBackend")
    return client


def check(client, family, slot):
    """The day chosen, then «Vérifier»: the recap's text."""
    pair = f"{slot.pk}-{world.children_of(family)[0].pk}"
    form = {"mois": "2026-10", "activite": "cantine", "c": [pair], "do": "review"}
    return read(client.post(URL, form, follow=True))


def read(response):
    text = re.sub(r"</?span[^>]*>", "", response.content.decode())
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_recap_says_until_when_on_any_device(clock, slot):
    family = home(slot)
    words = "1 place est gardée pour vous jusqu’à 9 h 15, encore 15 minutes."
    assert words in check(device(family), family, slot)
    other = device(family)
    assert words in read(other.get(REVIEW))
    # Full for the others, not for it.
    page = other.get(f"{URL}?mois=2026-10&activite=cantine")
    cells = page.context["board"].cells()
    assert [(c.state, c.chosen) for c in cells] == [("kept", True)]
    assert words in read(page) and "Gardé <small>jusqu’à 9 h 15</small>" in read(page)
    theirs = home(slot)
    assert "Complets : à mettre en liste d’attente" in check(device(theirs), theirs, slot)


def test_when_the_time_is_over_they_may_be_held_again(clock, slot, now):
    family = home(slot)
    client = device(family)
    check(client, family, slot)
    clock.append(now + dt.timedelta(minutes=20))
    expire_holds(now=clock[-1])
    month = read(client.get(f"{URL}?mois=2026-10&activite=cantine"))
    assert "1 place n’est plus gardée depuis 9 h 15." in month
    assert "Ajouté <small>n’est plus gardé</small>" in month
    page = read(client.get(REVIEW))
    assert "Les places ne sont plus gardées" in page and "Garder ces places" in page
    assert "jusqu’à 9 h 35" in read(client.post(REVIEW, {"do": "hold"}, follow=True))
    key = client.get(REVIEW).context["review"].key
    assert "C’est envoyé" in read(client.post(REVIEW, {"key": key, "full": "all"}, follow=True))
    assert Booking.objects.get().status == "CONFIRMED" and not Hold.objects.exists()


def test_giving_up_the_choices_gives_the_places_back(clock, slot):
    family = home(slot)
    client = device(family)
    check(client, family, slot)
    client.post(URL, {"mois": "2026-10", "activite": "cantine", "do": "clear"})
    slot.refresh_from_db()
    assert slot.taken == 0 and not Hold.objects.exists()
