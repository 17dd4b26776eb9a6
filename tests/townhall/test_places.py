"""The places of a site's sessions on screen: counted, and changed for one, a day, a period."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from preau.attendance.models import Attendance, StaffDuty
from preau.audit.models import Entry
from preau.bookings.models import Pool, Slot, Terms
from preau.catalogue.models import Offering
from tests.bookings import world

pytestmark = pytest.mark.django_db


def signed_in(user):
    client = Client()
    client.force_login(user, backend="preau.accounts.auth.AgentBackend")
    return client


@pytest.fixture
def slots():
    return world.make_centre(capacity=10)


@pytest.fixture
def site(slots):
    return slots["day"].offering.establishment


@pytest.fixture
def town(slots):
    return signed_in(world.make_agent())


def place_url(site, **query):
    days = "&".join(f"{k}={v}" for k, v in query.items())
    return f"{reverse('townhall:site-places', args=[site.pk])}?{days}"


def test_a_day_tells_its_places_and_changes_them_at_once(town, slots, site):
    family = world.make_family(4)
    for child in world.children_of(family):
        world.book(slots["day"], child, family)
    # The morning has places of its own left, but the day's four take all those they share.
    day = reverse("townhall:site", args=[site.pk]) + "?jour=2026-10-14"
    assert "avec les autres formules" not in town.get(day).content.decode()
    Pool.objects.update(capacity=4)
    told = town.get(day).content.decode()
    assert told.count("avec les autres formules") == 3 and "4 sur 4" in told
    assert (
        "Complet"
        in town.get(reverse("townhall:slot-queue", args=[slots["day"].pk])).content.decode()
    )
    Pool.objects.update(capacity=10)
    page = town.get(place_url(site, jour="2026-10-14")).content.decode()
    assert page.count('data-l="Prises sur places"') == 3 and "dès 8" in page
    url = reverse("townhall:site-places-change", args=[site.pk]) + "?jour=2026-10-14"
    response = town.post(
        url,
        {"all": "1", "capacity": "3", "young_capacity": "1", "shared": "4", "adults": "2"},
        follow=True,
    )
    text = response.content.decode()
    assert "3 séances changées" in text.replace("\u00a0", " ") and "Dépassé" in text
    assert set(Slot.objects.values_list("capacity", "young_capacity", "adults")) == {(3, 1, 2)}
    assert set(Pool.objects.values_list("capacity", "adults")) == {(4, 2)}
    # «sans» takes a limit away; only those checked are touched.
    town.post(url, {"slot": [slots["morning"].pk], "young_capacity": "sans"})
    slots["morning"].refresh_from_db(), slots["day"].refresh_from_db()
    assert (slots["morning"].young_capacity, slots["day"].young_capacity) == (None, 1)


def test_nothing_checked_or_written_is_told(town, slots, site):
    url = reverse("townhall:site-places-change", args=[site.pk]) + "?jour=2026-10-14"
    assert "Cochez au moins" in town.post(url, {"capacity": "3"}, follow=True).content.decode()
    written = {"all": "1", "capacity": "beaucoup"}
    assert "en chiffres" in town.post(url, written, follow=True).content.decode()
    assert "au moins un nombre" in town.post(url, {"all": "1"}, follow=True).content.decode()


def test_one_session_from_its_queue(town, slots):
    slot = slots["afternoon"]
    town.post(reverse("townhall:slot-places", args=[slot.pk]), {"kept": "2", "reason": "Urgences"})
    slot.refresh_from_db()
    assert slot.kept == 2
    page = town.get(reverse("townhall:slot-queue", args=[slot.pk])).content.decode()
    assert "gardées par la ville" in page


def test_another_sites_places_are_not_there(slots, site):
    away = signed_in(world.make_agent("SITE_MANAGER", world.make_site("Ailleurs")))
    assert away.get(place_url(site)).status_code == 404
    url = reverse("townhall:slot-places", args=[slots["day"].pk])
    assert away.post(url, {"capacity": "1"}).status_code in (403, 404)


def test_rights_of_two_sites_do_not_add_up(slots, site):
    """Books at one site, takes attendance at another: there, it sees places and changes none."""
    user = world.make_agent("COUNTER", world.make_site("Ailleurs"))
    user.roles.create(role="SITE_MANAGER", establishment_id=site.pk, starts_on=world.YEAR[0])
    both, slot = signed_in(user), slots["day"]
    change = reverse("townhall:site-places-change", args=[site.pk])
    page = both.get(place_url(site, jour="2026-10-14"))
    assert page.status_code == 200 and change not in page.content.decode()
    for url, sent in (
        (f"{change}?jour=2026-10-14", {"all": "1", "capacity": "1"}),
        (reverse("townhall:slot-places", args=[slot.pk]), {"capacity": "1"}),
        (reverse("townhall:slot-reorder", args=[slot.pk]), {"booking": "1", "reason": "x"}),
        (f"/mairie/sites/{site.pk}/annuler/?jour=2026-10-14", {"slot": slot.pk, "reason": "x"}),
    ):
        assert both.post(url, sent).status_code == 404, url
    slot.refresh_from_db()
    assert (slot.capacity, slot.status) == (10, "OPEN")


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "ods"])
def test_the_list_is_exported(town, slots, site, file_format):
    response = town.get(place_url(site, jour="2026-10-14", export=file_format))
    assert response.status_code == 200 and b"".join(response).strip()


def test_an_openings_places_and_then_its_sessions(town, slots):
    offering = slots["day"].offering
    url = reverse("townhall:catalogue-places", args=[offering.pk])
    said = {
        "young_capacity": "4",
        "kept": "1",
        "shares_places": "on",
        "supervision": "TERM_PEDT",
        "adults": "2",
    }
    town.post(url, said)
    offering = Offering.objects.get(pk=offering.pk)
    assert (offering.young_capacity, offering.supervision) == (4, "TERM_PEDT")
    slots["day"].refresh_from_db()
    assert slots["day"].young_capacity is None  # the sessions open keep theirs
    town.post(url, {"act": "apply", "first": "2026-10-14", "last": "2026-10-14"})
    slots["day"].refresh_from_db()
    assert (slots["day"].young_capacity, slots["day"].kept) == (4, 1)
    assert (slots["day"].young_per_adult, slots["day"].old_per_adult) == (10, 14)
    # The town's own numbers are asked for when it is they that count.
    assert town.post(url, {**said, "supervision": "OWN"}).status_code == 422


def test_how_long_places_wait_and_when_children_change_groups(town, slots):
    url = reverse("townhall:catalogue-terms")
    town.post(url, {"hold_minutes": "10", "offer_hours": "48", "age_cut": "7"})
    assert Terms.objects.values_list("hold_minutes", "offer_hours", "age_cut").get() == (10, 48, 7)
    wrong = {"hold_minutes": "500", "offer_hours": "1", "age_cut": "40"}
    assert town.post(url, wrong).status_code == 422
    # An opening may have its own; never under the law's age with the law's numbers.
    own = reverse("townhall:catalogue-places", args=[slots["day"].offering_id])
    page = town.get(own).content.decode()
    assert "Au plus, moins de 7 ans" in page and "R227-16" in page
    data = {"kept": "0", "age_cut": "5", "supervision": "TERM"}
    assert "restent ensemble" in town.post(own, data).content.decode()
    town.post(own, data | {"age_cut": "8"})
    assert Offering.objects.get(pk=slots["day"].offering_id).age_cut == 8
    Slot.objects.filter(pk=slots["day"].pk).update(age_cut=8)
    page = town.get(place_url(slots["day"].offering.establishment, jour="2026-10-14"))
    assert "moins de 8 ans" in page.content.decode() and "Plus jeunes" in page.content.decode()


def test_the_register_tells_who_is_here_against_places_and_adults(slots, site, monkeypatch, now):
    day = slots["day"]
    family = world.make_family(4)
    for child in world.children_of(family):
        world.book(day, child, family)
    Slot.objects.filter(pk=day.pk).update(adults=1, young_per_adult=2, old_per_adult=2)
    town = signed_in(world.make_agent())
    url = f"{reverse('townhall:register')}?jour=2026-10-14&site={site.pk}"
    page = " ".join(town.get(url).content.decode().replace("\u00a0", " ").split())
    assert "<b>4</b> sur 10" in page and "il en faut 3" in page and "Pas assez d’adultes" in page
    for child in world.children_of(family)[:2]:
        Attendance.objects.create(
            slot=day, child=child, family=family, presence="PRESENT", recorded_at=now
        )
    StaffDuty.objects.create(
        establishment=site,
        day=day.day,
        name="Inès",
        starts_at=dt.time(7),
        ends_at=dt.time(19),
        recorded_at=now,
    )
    page = " ".join(town.get(url).content.decode().replace("\u00a0", " ").split())
    assert "<b>2</b>" in page and "sur place" in page and "il en faut 1" in page
    young = town.get(f"{url}&groupe=moins-6").content.decode()
    assert "Jeanne" in young and "Lina" not in young


def test_at_the_counter_a_place_kept_back_is_given_on_purpose(monkeypatch, now):
    for module in ("planning", "checkout"):
        monkeypatch.setattr(f"preau.ui.days.{module}.utc_now", lambda: now)
    slot = world.make_slot("2026-10-15", capacity=1, kept=1)
    family = world.make_family(1)
    world.enrol_all(family, slot.offering)
    child = world.children_of(family)[0]
    counter = signed_in(world.make_agent("COUNTER"))
    file = f"/mairie/dossiers/{family.code}/reservations/"
    counter.get(f"/mairie/dossiers/{family.code}/")
    form = {"mois": "2026-10", "activite": "cantine", "c": [f"{slot.pk}-{child.pk}"]}
    page = counter.post(file, {**form, "do": "review"}, follow=True)
    assert "Donner une place gardée par la ville" in page.content.decode()
    key = page.context["review"].key
    counter.post(f"{file}recapitulatif/", {"key": key, "full": "wait", "kept": "1"})
    booking = slot.bookings.get()
    assert (booking.status, booking.from_kept) == ("CONFIRMED", True)
    told = Entry.objects.get(action="bookings.submit_planning")
    assert "1\u00a0place gardée par la ville" in told.summary
