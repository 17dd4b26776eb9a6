"""What no honest page sends gets a page of its own, never a failure."""

import pytest
from django.urls import reverse

from preau.accounts.enums import Role
from tests.harness.people import make_agent, make_town
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db


def test_a_nul_is_refused_in_an_address_and_in_a_form(client):
    make_town()
    assert client.get("/tarifs/?enfants=%00").status_code == 400
    assert client.get("/connexion/%00").status_code == 400
    sent = {"username": "4027316\x00K", "password": "x"}
    assert client.post("/connexion/", sent).status_code == 400


def test_a_day_out_of_all_bounds_is_no_day():
    make_town()
    agent = client_of(make_agent(Role.ADMINISTRATOR))
    for day in ("0001-01-01", "9999-12-31"):
        assert agent.get(f"{reverse('townhall:sites')}?jour={day}").status_code == 200
    # The day after the last one of all.
    payments = reverse("townhall:counter-payments")
    assert agent.get(f"{payments}?until=9999-12-31").status_code == 400
