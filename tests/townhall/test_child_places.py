"""One child's places at the counter: book, move, cancel, pass a rule with a reason, undo."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from preau.audit.models import Entry
from preau.bookings.models import Booking, Slot, Submission
from preau.messaging.models import Message
from preau.openings.models import Window
from tests.bookings import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_nine(monkeypatch, now):
    """Tuesday 6 October 2026, 9:00."""
    for module in ("ui.days.checkout", "townhall.sites.child_places", "townhall.families.scope"):
        monkeypatch.setattr(f"preau.{module}.utc_now", lambda: now)


@pytest.fixture
def slots():
    return [world.make_slot(f"2026-10-{d}", capacity=1) for d in (12, 13, 15, 16)]


@pytest.fixture
def family(slots):
    family = world.make_family(1)
    world.enrol_all(family, slots[0].offering)
    return family


@pytest.fixture
def child(family):
    return world.children_of(family)[0]


@pytest.fixture
def counter():
    client = Client()
    user = world.make_agent("COUNTER")
    client.force_login(user, backend="preau.accounts.auth.AgentBackend")
    return client


@pytest.fixture
def url(family):
    return reverse("townhall:family-places", args=[family.code])


def read(response):
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def check(counter, url, act, slots, **more):
    """The page that says what the act would do."""
    data = {"act": act, "slot": [slot.pk for slot in slots], **more}
    return counter.post(f"{url}?du=2026-10-12&au=2026-10-31", data)


def send(counter, url, child, page, **more):
    """Send what that page holds: its receipt's page, and the sending."""
    context = page.context
    data = {
        "do": "send",
        "enfant": child.pk,
        "key": str(context["key"]),
        "book": context["act"].book,
        "leave": context["act"].leave,
        "channel": "PHONE",
        **more,
    }
    answer = counter.post(url, data, follow=True)
    return answer, Submission.objects.order_by("-pk").first()


def states():
    return dict(Booking.objects.order_by("pk").values_list("slot__day__day", "status"))


def test_several_days_with_their_outcome_before_and_an_undo_after(
    counter, url, child, slots, family
):
    other = world.make_family(1)
    world.book(slots[1], world.children_of(other)[0], other)
    page = read(counter.get(f"{url}?du=2026-10-10&au=2026-10-31"))
    assert "Lundi 12 octobre" in page and "Toute la période : les 4 jours" in page
    looked = check(counter, url, "book", slots[:3])
    assert "À réserver" in read(looked) and "liste d’attente" in read(looked)
    assert states() == {13: "CONFIRMED"}  # nothing is written yet
    receipt, sent = send(counter, url, child, looked)
    mine = Booking.objects.for_family(family.pk)
    assert list(mine.values_list("status", flat=True)) == ["CONFIRMED", "WAITING", "CONFIRMED"]
    assert sent.channel == "PHONE" and "Défaire cet envoi" in read(receipt)
    # The same form again is the same sending.
    send(counter, url, child, looked)
    assert Submission.objects.count() == 1
    undo = reverse("townhall:family-planning-undo", args=[family.code, sent.reference])
    assert "Écrivez pourquoi" in read(counter.post(undo, follow=True))
    answer = read(counter.post(undo, {"reason": "Mauvais enfant"}, follow=True))
    assert "3 jours retirés." in answer and "Défait" in answer
    assert not mine.filter(status__in=("CONFIRMED", "WAITING")).exists()
    assert not mine.filter(is_charged=True).exists()
    assert set(Slot.objects.values_list("taken", flat=True)) == {0, 1}
    assert "Mauvais enfant" in Entry.objects.get(action="bookings.undo_submission").summary
    assert "défait" in Message.objects.order_by("-pk").first().subject
    assert "déjà défait" in read(counter.post(undo, {"reason": "x"}, follow=True))


def test_a_day_moves_to_another_only_when_it_has_a_place(counter, url, child, slots, family):
    held = world.book(slots[0], child, family)
    other = world.make_family(1)
    world.book(slots[1], world.children_of(other)[0], other)
    moving = f"{url}?du=2026-10-12&au=2026-10-31&deplacer={slots[0].pk}"
    page = read(counter.get(moving))
    assert "Déplacer : lundi 12 octobre, Cantine" in page and page.count('name="vers"') == 3

    def move(to):
        data = {"act": "move", "vers": to.pk, "deplacer": slots[0].pk}
        return counter.post(moving, data)

    # Full: the old day stays unless the family would rather wait.
    answer, _ = send(counter, url, child, move(slots[1]), full="all")
    assert "rien n’a été envoyé" in read(answer) and states() == {12: "CONFIRMED", 13: "CONFIRMED"}
    answer, sent = send(counter, url, child, move(slots[2]), full="all")
    held.refresh_from_db()
    assert held.status == "CANCELLED" and states()[15] == "CONFIRMED"
    # Undone: the old day comes back, the new one is free again.
    undo = reverse("townhall:family-planning-undo", args=[family.code, sent.reference])
    counter.post(undo, {"reason": "La famille a changé d’avis"})
    held.refresh_from_db()
    assert held.status == "CONFIRMED" and states()[15] == "CANCELLED"
    assert [Slot.objects.get(pk=s.pk).taken for s in slots] == [1, 1, 0, 0]


def test_a_whole_period_before_the_opening_and_a_full_slot_with_a_reason(
    counter, url, child, slots, family, now
):
    Slot.objects.filter(pk=slots[3].pk).update(capacity=1, kept=1)
    Window.objects.create(
        offering=slots[0].offering,
        audience="ALL",
        first_day=world.day("2026-10-12"),
        last_day=world.day("2026-10-13"),
        opens_at=world.instant("2026-10-09T09:00"),
    )
    looked = check(counter, url, "book", [], all="1")
    text = read(looked)
    assert "Réservations pas ouvertes" in text and "Passer outre" in text
    assert "Donner une place gardée par la ville" in text
    answer, _ = send(counter, url, child, looked, late="1")
    assert "Écrivez pourquoi" in read(answer) and states() == {}
    send(counter, url, child, looked, late="1", reason="Hospitalisation", kept="1")
    assert states() == {12: "CONFIRMED", 13: "CONFIRMED", 15: "CONFIRMED", 16: "CONFIRMED"}
    assert "Hospitalisation" in Entry.objects.filter(action="bookings.submit_planning")[0].summary
    # The whole period given up, at once.
    looked = check(counter, url, "leave", [], all="1")
    assert "À retirer" in read(looked)
    send(counter, url, child, looked)
    assert set(states().values()) == {"CANCELLED"}
    assert Slot.objects.get(pk=slots[3].pk).kept == 1  # it is the town's again


def test_from_the_register_to_the_child(counter, slots, child, family, url):
    booking = world.book(slots[0], child, family)
    register = reverse("townhall:register") + "?jour=2026-10-12"
    page = read(counter.get(register))
    assert "Réserver pour un enfant" in page
    link = re.search(rf'href="([^"]*places/{booking.pk}/)"', page)[1]
    assert counter.get(link).url.startswith(f"{url}?enfant={child.pk}&activite=cantine&du=2026-10-")
    found = read(counter.get(reverse("townhall:register-book") + "?jour=2026-10-12&q=lina"))
    assert f"enfant={child.pk}" in found
    none = read(counter.get(reverse("townhall:register-book") + "?jour=2026-10-12&q=zzz"))
    assert "Aucun enfant" in none


def test_what_is_not_theirs_is_not_found(counter, url, slots):
    stranger = world.make_family(1)
    world.enrol_all(stranger, slots[0].offering)
    theirs = world.children_of(stranger)[0]
    data = {"do": "send", "enfant": theirs.pk, "key": str(world.key()), "book": [slots[0].pk]}
    assert counter.post(url, data).status_code == 404
    assert check(counter, url, "book", []).status_code == 302  # nothing checked
    assert Booking.objects.count() == 0
