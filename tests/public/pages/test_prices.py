"""Prices shown to all come from the rules in force, or are not shown."""

import datetime as dt
from pathlib import Path

import pytest
from django.test import Client

from preau.bookings.rates import forget_rates
from preau.catalogue.queries import get_activity, list_activities
from preau.public.pages.prices import price_examples, price_words
from preau.rulebook import services as rulebook
from tests.harness.offer import WHO, make_offer

pytestmark = pytest.mark.django_db
DEMO = (Path(__file__).parents[3] / "examples/rulebooks/demo.yaml").read_text(encoding="utf-8")
DAY = dt.date(2026, 11, 23)


@pytest.fixture(autouse=True)
def fresh_rates():
    forget_rates()
    yield
    forget_rates()


@pytest.fixture
def rules():
    draft = rulebook.save_draft(text=DEMO, **WHO)
    rulebook.publish(version_id=draft.pk, **WHO)


def test_without_rules_no_price_is_told(client: Client):
    make_offer()
    assert price_words(list_activities(), DAY) == {}
    html = client.get("/activites/cantine/").content.decode()
    assert "€" not in html.split("<main", 1)[1]


def test_the_range_and_the_examples_are_those_of_the_rules(client: Client, rules):
    make_offer()
    said = price_words(list_activities(), DAY)
    assert said["cantine"].startswith("de ") and "€" in said["cantine"]
    found = price_examples(get_activity("cantine"), DAY)
    amounts = [cents[0] for _label, cents in found.rows if cents[0] is not None]
    assert amounts[:5] == sorted(amounts[:5]) and len(set(amounts)) > 2
    html = client.get("/activites/cantine/").content.decode()
    assert "Quotient familial" in html and "Hors commune" in html
    assert said["cantine"] in client.get("/").content.decode()


def test_a_day_to_come_tells_until_when_it_is_booked_and_cancelled(client: Client, rules):
    make_offer()
    html = client.get("/activites/cantine/").content.decode()
    assert "Inscrit n’est pas réservé." in html and "réservable jusqu" in html
    assert "Inscrit n’est pas réservé." not in client.get("/activites/judo/").content.decode()
