"""/tarifs/: the month's price without signing in, from the same engine as the invoices."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client

from preau.bookings.rates import forget_rates
from preau.journeys import price_simulation as simulation
from preau.rulebook import services as rulebook
from tests.harness.offer import WHO, make_offer

pytestmark = pytest.mark.django_db
DEMO = (Path(__file__).parents[3] / "examples/rulebooks/demo.yaml").read_text(encoding="utf-8")
NOVEMBER = dt.date(2026, 11, 1)
CANTEEN = ("cantine", "repas")


@pytest.fixture(autouse=True)
def rules(monkeypatch):
    monkeypatch.setattr(
        "preau.public.tarifs.views.utc_now", lambda: dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
    )
    forget_rates()
    draft = rulebook.save_draft(text=DEMO, **WHO)
    rulebook.publish(version_id=draft.pk, **WHO)
    make_offer()
    yield
    forget_rates()


def kid(**more):
    return simulation.Child(week={CANTEEN: frozenset({"mon", "thu"})}, **more)


def test_a_month_of_ticked_days_line_by_line():
    house = simulation.Household((kid(), kid(), kid()), quotient=Decimal(812))
    found = simulation.simulate(house, NOVEMBER)
    # Five Mondays and four Thursdays of class in November 2026.
    assert [(line.child, line.cents) for line in found.lines] == [(1, 3060), (2, 3060), (3, 1530)]
    assert found.cents == 7650
    assert "3e enfant" in found.lines[2].why[1]
    assert "Délibération 2026-06-18/27" in found.decision


def test_an_unknown_quotient_is_computed_with_the_town_s_formula():
    house = simulation.Household((kid(),), annual_income=Decimal(24000), tax_parts=Decimal(4))
    found = simulation.simulate(house, NOVEMBER)
    assert "500" in found.quotient and found.cents == 9 * 180
    assert simulation.simulate(simulation.Household((kid(),)), NOVEMBER).cents == 9 * 510


def test_the_page_asks_then_answers(client: Client):
    html = client.get("/tarifs/").content.decode()
    assert "Quotient familial" in html and "Votre mois" not in html
    response = client.get(
        "/tarifs/",
        {
            "qf": "812",
            "commune": "oui",
            "enfants": "1",
            "mois": "2026-11",
            "e1-niveau": "elementary",
            "e1-j": ["cantine:repas:mon", "cantine:repas:thu"],
        },
    )
    html = response.content.decode()
    assert "30,60" in html and "tranche plus de 800 à 1" in html
    assert not response.cookies


def test_the_number_of_children_can_be_changed_before_their_days_are_told(client: Client):
    html = client.get(
        "/tarifs/", {"qf": "", "commune": "non", "enfants": "3", "mois": "2026-11"}
    ).content.decode()
    assert html.count("e3-niveau") and "Cochez des jours" in html


@pytest.mark.parametrize(
    "asked",
    [
        {"qf": "beaucoup"},
        {"qf": "-5"},
        {"mois": "1999-01"},
        {"enfants": "99"},
        {"enfants": "x"},
        {"enfants": "²"},
        {"enfants": "9" * 5000},
        {"e1-j": "cantine:repas:sun"},
        {"commune": "peut-être"},
    ],
)
def test_nonsense_is_told_and_never_priced(client: Client, asked):
    wanted = {
        "qf": "812",
        "commune": "oui",
        "enfants": "1",
        "mois": "2026-11",
        "e1-niveau": "elementary",
        **asked,
    }
    response = client.get("/tarifs/", wanted)
    assert response.status_code == 200
    assert "Votre mois" not in response.content.decode()


def test_without_published_rules_nothing_is_guessed(client: Client, monkeypatch):
    monkeypatch.setattr(
        "preau.journeys.price_simulation.rates_on", lambda day: type("R", (), {"book": None})()
    )
    html = client.get("/tarifs/").content.decode()
    assert "€" not in html.split("<main", 1)[1]


def test_registration_fees_are_told_once_for_the_household():
    """The demo's rules: 12 € a year for who does judo or swimming, 24 € from elsewhere."""
    judo = {("judo", "seance"): frozenset({"tue"})}
    two = simulation.Household((simulation.Child(week=judo), kid(), simulation.Child(week=judo)))
    [fee] = [line for line in simulation.simulate(two, NOVEMBER).yearly if line.child == 0]
    assert (fee.cents, fee.count) == (1200, "une fois par année scolaire")
    far = simulation.Household((simulation.Child(week=judo),), resident=False)
    assert [line.cents for line in simulation.simulate(far, NOVEMBER).yearly] == [2400]
    assert simulation.simulate(simulation.Household((kid(),)), NOVEMBER).yearly == ()
    assert "adhesion-sports" not in {choice.activity for choice in simulation.choices(NOVEMBER)}
