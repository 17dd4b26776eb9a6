"""A weekly pattern over a month or a year, with exceptions; then sent with its places held."""

from pathlib import Path

import pytest
from django.test import Client

from preau.bookings import rates
from preau.bookings.models import Booking, Hold, PlanningDraft
from preau.bookings.services import open_slots
from preau.kernel.actors import Actor
from preau.rulebook.services import publish, save_draft
from tests.bookings import world

pytestmark = pytest.mark.django_db
RULES = Path(__file__).parents[2] / "examples" / "rulebooks" / "demo.yaml"
URL = "/espace/reservations/semaine-type/"
PERIOD = {"weeks": "ALL", "activite": "cantine", "mois": "2026-10"}


@pytest.fixture(autouse=True)
def at_nine(monkeypatch, now):
    for module in ("planning", "checkout", "pattern"):
        monkeypatch.setattr(f"preau.ui.days.{module}.utc_now", lambda: now)


@pytest.fixture
def family(now):
    canteen = world.make_offering()
    family = world.make_family(3)
    world.enrol_all(family, canteen)
    open_slots(
        offering_ids=[canteen.pk],
        first=world.day("2026-09-01"),
        last=world.day("2027-07-02"),
        now=now,
        actor=Actor.system(),
    )
    return family


@pytest.fixture
def client(family):
    client = Client()
    client.force_login(world.user_of(family), backend="preau.families.auth.FamilyBackend")
    return client


def boxes(family, weekdays):
    return [f"{child.pk}:{n}:0" for child in world.children_of(family) for n in weekdays]


def changes():
    return PlanningDraft.objects.get().changes


def test_the_same_days_over_a_period_but_some(client, family):
    response = client.post(
        URL,
        {
            **PERIOD,
            "d": boxes(family, (0, 3)),
            "first": "2026-11-02",
            "last": "2026-11-30",
            "but_first": "2026-11-09",
            "but_last": "2026-11-13",
        },
        follow=True,
    )
    # Five Mondays and four Thursdays, less those of one week, for three children.
    assert len(changes()) == 7 * 3
    assert "21\u00a0jours de plus" in response.content.decode()
    response = client.post(
        URL,
        {
            **PERIOD,
            "d": boxes(family, (0,)),
            "only": "on",
            "first": "2026-11-02",
            "last": "2026-11-30",
        },
        follow=True,
    )
    assert len(changes()) == 5 * 3
    client.post("/espace/reservations/", {"do": "undo", "activite": "cantine", "mois": "2026-11"})
    assert len(changes()) == 7 * 3


def test_every_other_week(client, family):
    client.post(
        URL,
        {
            **PERIOD,
            "weeks": "EVEN",
            "d": boxes(family, (0,)),
            "first": "2026-11-02",
            "last": "2026-11-30",
        },
    )
    assert len(changes()) == 2 * 3


def test_nothing_chosen_or_dates_the_wrong_way_are_told(client, family):
    response = client.post(URL, {**PERIOD, "first": "2026-11-30", "last": "2026-11-02"})
    assert response.status_code == 422
    assert "Cochez au moins un jour" in response.content.decode()
    assert "avant le premier" in response.content.decode()
    assert not PlanningDraft.objects.exists()


def test_a_year_for_three_children_is_composed_held_and_sent_in_few_questions(
    client, family, django_assert_max_num_queries, monkeypatch, now
):
    # With the demonstration's rules, and as a serving process does: read once, not once a day.
    draft = save_draft(text=RULES.read_text(encoding="utf-8"), now=now, actor=Actor.system())
    publish(version_id=draft.pk, now=now, actor=Actor.system())
    world.set_quotient(family, 812)
    monkeypatch.setattr(rates, "KEEP_SECONDS", 30.0)
    rates.forget_rates()
    year = {
        **PERIOD,
        "d": boxes(family, (0, 1, 3, 4)),
        "first": "2026-10-07",
        "last": "2027-07-02",
    }
    client.post(URL, year)
    client.post("/espace/reservations/", {"do": "undo", "activite": "cantine", "mois": "2026-11"})
    with django_assert_max_num_queries(25):
        client.post(URL, year)
    asked = len(changes())
    assert asked > 380
    with django_assert_max_num_queries(60):
        client.post("/espace/reservations/", {"do": "review", "activite": "cantine"})
    assert Hold.objects.count() == asked
    page = client.get("/espace/reservations/recapitulatif/")
    assert f"{asked}\u00a0places sont gardées" in page.content.decode()
    with django_assert_max_num_queries(60):
        client.post(
            "/espace/reservations/recapitulatif/",
            {"key": page.context["review"].key, "full": "wait"},
        )
    assert Booking.objects.filter(status="CONFIRMED").count() == asked
    assert not Hold.objects.exists()
    rates.forget_rates()
