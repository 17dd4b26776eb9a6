"""The family's home and its own data: what is told, in how few queries, and to whom."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from preau.attendance.models import AbsenceReport
from preau.bookings.models import Slot
from preau.bookings.services import open_slots
from preau.enrolments.models import DocumentKind, RequiredDocument
from preau.families import queries, services
from preau.families.values import AddressData, ChildData, GuardianData
from preau.journeys.family_home import family_home
from preau.kernel.actors import Actor
from tests.bookings import world
from tests.harness.people import AGENT, PASSWORD, make_account, make_family, make_town

pytestmark = pytest.mark.django_db
# A Monday in term time, in the morning.
NOW = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 23)


@pytest.fixture(autouse=True)
def town(monkeypatch):
    monkeypatch.setattr("preau.portal.home.views.utc_now", lambda: NOW)
    return make_town()


def sign_in(family):
    user = make_account(family, now=NOW)
    client = Client()
    client.force_login(user, backend="preau.families.auth.FamilyBackend")
    return client


def full_family(children):
    """Enrolled in two activities, booked in one, with something of everything."""
    family = make_family(children=children, now=NOW)
    canteen = world.make_offering()
    evening = world.make_offering(
        "soir",
        name="Accueil du soir",
        kind="EVENING_CARE",
        hours=("16:30", "18:30"),
        product="soirée",
    )
    judo = world.make_offering("judo", name="Judo", kind="SPORT", mode="WHOLE_PERIOD")
    open_slots(
        offering_ids=[canteen.pk, evening.pk],
        first=TODAY,
        last=TODAY + dt.timedelta(days=30),
        now=NOW,
        actor=Actor.system(),
    )
    kind, _ = DocumentKind.objects.get_or_create(slug="assurance", defaults={"name": "Assurance"})
    RequiredDocument.objects.get_or_create(activity=judo.activity, kind=kind)
    kids = queries.children_of(family, TODAY)
    for child in kids:
        for offering in (canteen, evening, judo):
            world.enrol(family, offering, child)
        for slot in Slot.objects.filter(offering=canteen).order_by("day")[:8]:
            world.book(slot, child, family)
    AbsenceReport.objects.create(
        reference=f"A-{family.pk}",
        child=kids[0],
        family=family,
        reason="ILLNESS",
        starts_on=TODAY + dt.timedelta(days=1),
        ends_on=TODAY + dt.timedelta(days=1),
        reported_at=NOW,
        channel="PORTAL",
    )
    return family


def test_enrolled_is_never_left_to_mean_booked():
    home = family_home(full_family(2), NOW)
    assert [state.sentence for state in home.warnings] == [
        "Lina est inscrite à l’activité «\u00a0Accueil du soir\u00a0», mais aucun jour n’est "
        "réservé.",
        "Noé est inscrit à l’activité «\u00a0Accueil du soir\u00a0», mais aucun jour n’est "
        "réservé.",
    ]
    assert [(state.activity, state.sentence) for state in home.lines] == [
        (
            "Cantine",
            "Lina et Noé sont inscrits. 16\u00a0réservations jusqu’au vendredi 4 décembre.",
        ),
    ]
    assert len(home.missing) == 2
    assert home.lead == "Deux choses à faire."
    first_day = home.cards[0].days[0]
    assert (first_day.nearness, [item.word for item in first_day.items]) == (
        "aujourd’hui",
        ["Réservé"],
    )
    assert [item.word for item in home.cards[0].days[1].items] == ["Absence signalée"]
    assert [item.word for item in home.cards[1].days[1].items] == ["Réservé"]


def test_in_the_evening_the_page_looks_at_tomorrow():
    home = family_home(full_family(1), NOW.replace(hour=20))
    assert home.greeting == "Bonsoir"
    assert home.cards[0].days[0].nearness == "demain"


def test_an_empty_file_says_where_to_begin():
    family = make_family(children=0, now=NOW)
    page = sign_in(family).get("/espace/").content.decode()
    assert "n’a pas encore d’enfant" in page
    assert sign_in(make_family(children=1, last_name="Seul", now=NOW)).get("/espace/")


def test_the_pages_ask_few_queries_whatever_the_family():
    counts = {}
    for number in (1, 3):
        client = sign_in(full_family(number))
        for address in ("/espace/", "/espace/famille/"):
            client.get(address)
            with CaptureQueriesContext(
                connection,
            ) as asked:
                assert client.get(address).status_code == 200
            counts.setdefault(address, []).append(len(asked))
    for address, (one, three) in counts.items():
        assert one == three, address
        assert three <= 15, (address, three)


def test_the_other_household_of_a_child_is_invisible():
    family = full_family(1)
    (child,) = queries.children_of(family, TODAY)
    services.record_quotient(
        family_id=family.pk,
        value_cents=74_200,
        source="CAF",
        starts_on=dt.date(2026, 1, 1),
        now=NOW,
        actor=AGENT,
    )
    other = services.open_family(
        address=AddressData("3 rue Neuve", "75012", "Paris"),
        guardians=[GuardianData("Martin", "Paul", email="paul@example.org")],
        children=[ChildData(child_id=child.pk, weeks="ODD")],
        channel="COUNTER",
        now=NOW,
        actor=AGENT,
    )
    client = sign_in(other)
    for address in ("/espace/", "/espace/famille/", "/espace/famille/messages/"):
        page = client.get(address).content.decode()
        # Any figures may stand in a version, a token or the household's own code.
        page = re.sub(r"\?v=\d+|value=\"\w{64}\"", "", page).replace(other.printed_code, "")
        for secret in (
            "Belkacem",
            "Lavoir",
            "0639981120",
            "98\u00a011\u00a020",
            "742",
            family.code,
            "Cantine",
        ):
            assert secret not in page, (address, secret)
    assert "Lina" in client.get("/espace/famille/").content.decode()


def test_a_stranger_and_an_agent_see_nothing():
    from tests.harness.people import make_agent

    assert Client().get("/espace/").status_code == 302
    agent = Client()
    make_agent()
    agent.post(
        "/mairie/connexion/",
        {"username": "sonia.lopes@saint-aubin.example", "password": PASSWORD},
    )
    assert agent.get("/espace/").status_code == 404
    assert agent.get("/espace/famille/").status_code == 404
