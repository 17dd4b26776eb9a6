"""The screen that says when booking opens: rows added, refused, taken away."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.audit.models import Entry
from preau.openings.gate import move_gate
from preau.openings.models import Window
from preau.openings.rush import get_gate
from tests.bookings import world
from tests.harness.people import make_agent

pytestmark = pytest.mark.django_db
FORM = {
    "audience": "RESIDENTS",
    "first_day": "2026-12-01",
    "last_day": "2026-12-31",
    "opens_on": "2026-11-02",
    "opens_time": "09:00",
}


@pytest.fixture
def offering():
    return world.make_offering()


@pytest.fixture
def url(offering):
    return reverse("townhall:catalogue-windows", args=[offering.pk])


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_agent(Role.ADMINISTRATOR), "preau.accounts.auth.AgentBackend")
    return client


def test_a_window_is_added_shown_and_taken_away(admin: Client, url, offering):
    page = reverse("townhall:catalogue-offering", args=[offering.pk])
    assert url in admin.get(page).content.decode()
    assert admin.post(url, FORM).status_code == 302
    window = Window.objects.get()
    assert window.opens_at == world.instant("2026-11-02T09:00") and window.closes_at is None
    assert "Familles de la commune" in admin.get(url).content.decode()
    # The same audience twice for the same days, and a closing before the opening, are refused.
    assert admin.post(url, FORM).status_code == 422
    bad = {**FORM, "audience": "ALL", "closes_on": "2026-10-30"}
    assert admin.post(url, bad).status_code == 422
    delete = reverse("townhall:catalogue-window-delete", args=[offering.pk, window.pk])
    assert admin.get(delete).status_code == 405
    assert admin.post(delete).status_code == 302
    assert not Window.objects.exists()
    assert admin.post(delete).status_code == 404


def test_a_closing_day_alone_counts_to_midnight(admin: Client, url):
    admin.post(url, {**FORM, "closes_on": "2026-11-30"})
    assert Window.objects.get().closes_at == world.instant("2026-12-01T00:00")


def test_a_guichet_agent_does_not_open_bookings(client: Client, url):
    client.force_login(make_agent(Role.SITE_MANAGER), "preau.accounts.auth.AgentBackend")
    assert client.post(url, FORM).status_code in (403, 404)
    assert not Window.objects.exists()


def test_the_opening_day_tells_what_comes_and_holds_the_waiting_room(admin: Client, url):
    page = reverse("townhall:catalogue-rush")
    assert "Rien n’attend d’ouvrir" in admin.get(page).content.decode()
    year = dt.date.today().year + 1
    admin.post(url, {**FORM, "opens_on": f"{year}-03-02"})
    assert "Cantine" in admin.get(page).content.decode()
    admin.post(page, {"hours": "99"})
    assert not get_gate().is_on
    admin.post(page, {"hours": "2"})
    gate = get_gate()
    assert gate.is_on and gate.kept_on_until is not None
    # Quiet for a while, it stays open until then; and closes after.
    quiet = {"busy": 0.0, "seconds": 1.0, "is_full": False}
    assert move_gate(**quiet, now=gate.kept_on_until - dt.timedelta(minutes=1)).is_on
    assert not move_gate(**quiet, now=gate.kept_on_until + dt.timedelta(minutes=1)).is_on
    admin.post(page, {"hours": "1"})
    admin.post(page, {"act": "close"})
    assert not get_gate().is_on
    assert Entry.objects.filter(action__startswith="openings.").count() == 4
