"""The family's planning in a browser's eyes: choose, check, send, receipt; without script too."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from preau.bookings.models import Booking, PlanningDraft
from preau.kernel import clock
from tests.bookings import world

pytestmark = pytest.mark.django_db
URL = "/espace/reservations/"


@pytest.fixture(autouse=True)
def at_nine(monkeypatch, now):
    """Tuesday 6 October 2026, 9:00."""
    for module in ("preau.ui.days.planning", "preau.ui.days.checkout"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: now, raising=False)


@pytest.fixture
def family():
    canteen = world.make_offering()
    family = world.make_family(2)
    world.enrol_all(family, canteen)
    return family


@pytest.fixture
def client(family):
    client = Client()
    client.force_login(world.user_of(family), backend="preau.families.auth.FamilyBackend")
    return client


def pairs(slots, children):
    return [f"{s.pk}-{c.pk}" for s in slots for c in children]


def post(client, do, checked=(), held="", added="", mois="2026-10", **more):
    return client.post(
        URL,
        {
            "mois": mois,
            "activite": "cantine",
            "held": held,
            "added": added,
            "c": list(checked),
            "do": do,
            **more,
        },
    )


def test_choose_check_send_and_read_the_receipt(client, family):
    slots = [world.make_slot("2026-10-15"), world.make_slot("2026-10-16", capacity=0)]
    lina, noe = world.children_of(family)
    page = client.get(URL, {"mois": "2026-10"}).content.decode()
    assert "Lina, jeudi 15" in page and "Complet" in page and page.count('type="checkbox"') == 4
    assert post(client, "review", pairs(slots, [lina, noe])).url == f"{URL}recapitulatif/"
    assert Booking.objects.count() == 0

    recap = client.get(f"{URL}recapitulatif/").content.decode()
    assert "À réserver" in recap and "liste d’attente" in recap
    key = re.search(r'name="key" value="([^"]+)"', recap)[1]
    sent = client.post(f"{URL}recapitulatif/", {"key": key, "full": "wait"})
    receipt = client.get(sent.url).content.decode()
    assert "2\u00a0jours réservés" in receipt and "1er de la liste d’attente" in receipt
    # The same form sent again shows the same receipt; the draft is gone.
    assert client.post(f"{URL}recapitulatif/", {"key": key, "full": "wait"}).url == sent.url
    assert Booking.objects.count() == 4 and not PlanningDraft.objects.exists()
    page = client.get(URL, {"mois": "2026-10"}).content.decode()
    assert "Réservé" in page and "en liste d’attente" in page


def test_a_page_left_open_never_undoes_what_was_booked_meanwhile(client, family):
    slot = world.make_slot("2026-10-15")
    lina, noe = world.children_of(family)
    # The page was opened when nothing was held; the other adult has booked Noé since.
    world.book(slot, noe, family)
    post(client, "review", pairs([slot], [lina]))
    assert PlanningDraft.objects.get().changes == {f"{slot.pk}-{lina.pk}": True}


def test_removing_and_undoing(client, family):
    slot = world.make_slot("2026-10-15")
    lina = world.children_of(family)[0]
    world.book(slot, lina, family)
    name = f"{slot.pk}-{lina.pk}"
    post(client, "keep", held=name)
    assert PlanningDraft.objects.get().changes == {name: False}
    page = client.get(URL, {"mois": "2026-10"}).content.decode()
    assert "Retiré" in page and 'value="undo"' in page
    post(client, "undo", held=name)
    assert PlanningDraft.objects.get().changes == {}


def test_a_week_is_copied_to_the_next_and_to_a_sibling(client, family):
    slots = [world.make_slot(f"2026-10-{d:02d}") for d in (8, 9, 12, 13, 15, 16)]
    lina, noe = world.children_of(family)
    name = f"{slots[0].pk}-{lina.pk}"
    answer = post(client, "copy:2026-10-05:next", [name])
    assert answer.url.endswith("#s1005")
    changes = PlanningDraft.objects.get().changes
    assert changes == {name: True, f"{slots[4].pk}-{lina.pk}": True}
    post(client, f"kid:2026-10-05:{lina.pk}:{noe.pk}", [name], added=name)
    assert PlanningDraft.objects.get().changes[f"{slots[0].pk}-{noe.pk}"] is True
    stranger = world.children_of(world.make_family())[0]
    assert post(client, f"kid:2026-10-05:{stranger.pk}:{noe.pk}").status_code == 404
    assert post(client, "copy:n'importe:next").status_code == 404


def test_a_week_is_copied_to_the_end_of_the_year(client, family):
    slots = [world.make_slot(d) for d in ("2026-10-08", "2026-11-05", "2027-05-20")]
    lina = world.children_of(family)[0]
    post(client, "copy:2026-10-05:year", [f"{slots[0].pk}-{lina.pk}"])
    assert len(PlanningDraft.objects.get().changes) == 3


def test_a_freed_place_is_taken_or_refused_from_the_page(client, family, now):
    slot = world.make_slot("2026-10-15")
    lina, noe = world.children_of(family)
    limit = world.instant("2026-10-07T09:00")
    for child in (lina, noe):
        world.book(slot, child, family, status="OFFERED", offer_expires_at=limit)
    assert "Une place se libère" in client.get(URL).content.decode()
    one, two = Booking.objects.order_by("pk")
    client.post(f"{URL}places/{one.pk}/", {"answer": "yes"})
    client.post(f"{URL}places/{two.pk}/", {"answer": "no"})
    one.refresh_from_db(), two.refresh_from_db()
    assert (one.status, two.status) == ("CONFIRMED", "CANCELLED")
    page = client.get(URL).content.decode()
    assert "Une place se libère" not in page
    assert "rendue" in page


def test_another_familys_objects_answer_404(client, family):
    slot = world.make_slot("2026-10-15")
    stranger = world.make_family()
    child = world.children_of(stranger)[0]
    offer = world.book(
        slot, child, stranger, status="OFFERED", offer_expires_at=world.instant("2026-10-07T09:00")
    )
    assert client.post(f"{URL}places/{offer.pk}/", {"answer": "yes"}).status_code == 404
    assert client.get(f"{URL}recus/R-2026-XXXX/").status_code == 404
    assert client.post(f"{URL}recapitulatif/", {"key": "x"}).status_code == 404
    # Forged pairs are refused by the service, in words, and touch nothing.
    post(client, "review", pairs([slot], [child]))
    assert "pas dans votre dossier" in client.get(f"{URL}recapitulatif/").content.decode()


@pytest.mark.parametrize("query", ["?mois=rien", "?mois=9999-12", "?mois=2026-13", "?activite=x"])
def test_addresses_that_make_no_sense_show_the_current_month(client, family, query):
    world.make_slot("2026-10-15")
    assert "Octobre 2026" in client.get(URL + query).content.decode()


def test_without_an_enrolment_the_page_says_what_to_do(now):
    client = Client()
    user = world.user_of(world.make_family())
    client.force_login(user, backend="preau.families.auth.FamilyBackend")
    assert "Aucune activité à réserver" in client.get(URL).content.decode()


@pytest.mark.parametrize("children", [1, 3])
def test_the_page_takes_twelve_queries_whatever_the_children(
    children, django_assert_max_num_queries, monkeypatch, now
):
    from preau.bookings import rates
    from preau.town import queries as town

    canteen = world.make_offering()
    family = world.make_family(children)
    world.enrol_all(family, canteen)
    world.set_quotient(family, 812)
    for n in (6, 8, 9, 12, 13, 15, 16):
        slot = world.make_slot(f"2026-10-{n:02d}")
        for child in world.children_of(family):
            world.book(slot, child, family, status="WAITING" if n == 16 else "CONFIRMED")
    client = Client()
    client.force_login(world.user_of(family), backend="preau.families.auth.FamilyBackend")
    # As in production, where rules, calendar and town are kept for some seconds.
    monkeypatch.setattr(rates, "KEEP_SECONDS", 60)
    rates.forget_rates()
    found = town.get_town()
    monkeypatch.setattr(town, "_kept", (float("inf"), found))
    try:
        with django_assert_max_num_queries(15):  # a process that knows nothing yet but the town
            client.get(URL, {"mois": "2026-10"})
        with django_assert_max_num_queries(12):
            page = client.get(URL, {"mois": "2026-10"})
    finally:
        rates.forget_rates()
    assert len(page.content) < 120_000
    assert reverse("portal:planning") == URL and clock


def open_on(slot, text):
    from preau.kernel.actors import Actor
    from preau.openings.services import save_window

    save_window(
        offering_id=slot.offering_id,
        audience="ALL",
        opens_at=world.instant(text),
        first_day=slot.day,
        last_day=slot.day,
        now=world.NOW,
        actor=Actor.system(),
    )


def test_sending_from_the_planning_in_one_step(client, family):
    slots = [world.make_slot("2026-10-15"), world.make_slot("2026-10-16", capacity=0)]
    lina, _noe = world.children_of(family)
    html = client.get(URL, {"mois": "2026-10"}).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', html)[1]
    chosen = pairs(slots, [lina])
    response = post(client, "send", chosen, key=key)
    assert response.status_code == 302 and "/recus/" in response["Location"]
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["CONFIRMED", "WAITING"]
    # The answer was lost, the browser sends again: the same receipt.
    again = post(client, "send", chosen, key=key)
    assert again["Location"] == response["Location"]
    assert Booking.objects.count() == 2 and not PlanningDraft.objects.exists()
    assert post(client, "send", chosen, key="x").status_code == 404


def test_choices_kept_elsewhere_are_checked_before_they_are_sent(client, family):
    slots = [world.make_slot("2026-10-15"), world.make_slot("2026-10-16")]
    lina, _noe = world.children_of(family)
    post(client, "keep", pairs(slots[:1], [lina]))
    key = str(world.key())  # of a page opened before
    response = post(client, "send", pairs(slots[1:], [lina]), key=key)
    assert response["Location"].endswith("/recapitulatif/")
    assert not Booking.objects.exists()
    assert len(PlanningDraft.objects.get().changes) == 2


def test_before_the_hour_the_page_says_when_and_waits(client, family):
    slot = world.make_slot("2026-10-15")
    open_on(slot, "2026-10-06T09:30")
    page = client.get(URL, {"mois": "2026-10"}).content.decode()
    assert "Les réservations ouvrent mardi 6 octobre à 9" in page and "Pas ouvert" in page
    assert f'value="{slot.pk}-' not in page
    waiting = client.get("/espace/reservations/ouverture/", {"mois": "2026-10"})
    delay = int(re.search(r"load delay:(\d+)s", waiting.content.decode())[1])
    assert 1800 <= delay < 1806
    assert f'content="{delay};url=' in waiting.content.decode()


def test_the_page_that_waits_is_of_no_use_once_open_and_quiet_days_before(client, family):
    slot = world.make_slot("2026-10-15")
    open_on(slot, "2026-10-06T08:00")
    url = "/espace/reservations/ouverture/?mois=2026-10"
    assert client.get(url)["Location"].startswith(URL)
    assert client.get(url, headers={"HX-Request": "true"})["HX-Redirect"].startswith(URL)
    later = world.make_slot("2026-10-16")
    open_on(later, "2026-10-09T08:00")
    page = client.get(url).content.decode()
    assert "hx-trigger" not in page and "vendredi 9 octobre" in page
