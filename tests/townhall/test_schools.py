"""The school office's screens, on real pupils."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.catalogue.models import SchoolClass
from preau.schools.models import Schooling
from tests.harness.people import NOW, child_of, make_agent, make_family
from tests.journeys.conftest import schools  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def pupil(schools, client: Client, monkeypatch):  # noqa: F811
    monkeypatch.setattr("preau.townhall.schools.views.utc_now", lambda: NOW)
    family = make_family(children=3)
    child = child_of(family)
    classes = [
        SchoolClass.objects.create(
            establishment=schools.all[2], school_year=schools.year, name=name, levels=[level]
        )
        for name, level in (("CE1 A", "CE1"), ("CM1 B", "CM1"))
    ]
    for order in range(3):
        Schooling.objects.create(
            child=child_of(family, order),
            establishment=schools.all[2],
            school_class=classes[0],
            school_year=schools.year,
            level="CE1",
            starts_on=date(2026, 9, 1),
            ends_on=date(2027, 8, 31),
            channel="SYSTEM",
            created_at=NOW,
        )
    client.force_login(make_agent(Role.SCHOOL_OFFICE), backend="preau.accounts.auth.AgentBackend")
    return child, classes


def test_schools_and_pupils_are_counted_filtered_and_exported(pupil, client: Client) -> None:
    child, classes = pupil
    assert "CE1 3" in client.get(reverse("townhall:schools")).content.decode()
    page = client.get(reverse("townhall:pupils"), {"q": child.first_name[:3]})
    assert "1 élève" in page.content.decode().replace("\u00a0", " ")
    assert (
        "Aucun élève ne correspond"
        in client.get(reverse("townhall:pupils"), {"school_class": classes[1].pk}).content.decode()
    )
    for form in ("csv", "xlsx", "ods"):
        assert client.get(reverse("townhall:pupils"), {"export": form}).status_code == 200
    assert client.get(reverse("townhall:pupils"), {"level": "6EME"}).status_code == 200


def test_query_count_does_not_grow(pupil, client: Client, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(12):
        client.get(reverse("townhall:pupils"))


def test_a_pupil_changes_class_then_leaves(pupil, client: Client) -> None:
    child, classes = pupil
    address = reverse("townhall:pupil", args=[child.pk])
    wrong = client.post(
        address, {"school_class": classes[1].pk, "level": "CE1", "starts_on": "2026-10-12"}
    )
    assert "Cette classe n’a pas ce niveau" in wrong.content.decode()
    moved = client.post(
        address, {"school_class": classes[1].pk, "level": "CM1", "starts_on": "2026-10-12"}
    )
    assert moved.status_code == 302
    rows = Schooling.objects.filter(child=child).order_by("starts_on")
    assert [(r.level, r.ends_on) for r in rows] == [
        ("CE1", date(2026, 10, 11)),
        ("CM1", date(2027, 8, 31)),
    ]
    client.post(reverse("townhall:pupil-leaves", args=[child.pk]), {"last_day": "2026-12-18"})
    assert rows.last().ends_on == date(2026, 12, 18)
    page = client.post(
        reverse("townhall:pupil-leaves", args=[child.pk]), {"last_day": "2027-03-01"}, follow=True
    )
    assert "dans aucune de nos écoles à cette date" in page.content.decode()


def test_the_counter_does_not_reach_it(pupil) -> None:
    client = Client()
    client.force_login(
        make_agent(Role.COUNTER, email="guichet@saint-aubin.example"),
        backend="preau.accounts.auth.AgentBackend",
    )
    assert client.get(reverse("townhall:pupils")).status_code == 403
