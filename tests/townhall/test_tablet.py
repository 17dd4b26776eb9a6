"""The tablet's side at the town hall: the shell, the day, what is sent, health on a touch."""

import datetime as dt
import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from preau.attendance.models import Attendance, StaffDuty, Tick
from preau.attendance.services import issue_first_cards
from preau.audit.models import Entry
from preau.childsheet.health import Health
from preau.childsheet.services import add_collector, write_health
from preau.documents.models import Print
from preau.documents.prints import wipe_prints
from preau.journeys.card_prints import run_cards
from preau.journeys.site_tablet import card_mark
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day, utc_now
from tests.bookings import world
from tests.harness.people import make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    """A slot of today with two children expected; one has an allergy."""
    make_town()
    now = utc_now()
    slot = world.make_slot(paris_day(now))
    family = world.make_family(children=2)
    children = world.children_of(family)
    for child in children:
        world.book(slot, child, family)
    write_health(
        child_id=children[0].pk,
        family_id=family.pk,
        health=Health(allergens=("PEANUTS",), treatment="Anapen"),
        now=now,
        actor=Actor.system(),
    )
    return slot, family, children


def sign_in(role="SITE_MANAGER", site=None):
    client = Client()
    client.force_login(
        world.make_agent(role, site or world.make_site()),
        backend="preau.accounts.auth.AgentBackend",
    )
    return client


def url(name, slot, *more):
    return reverse(f"townhall:{name}", args=[slot.offering.establishment_id, *more])


def send(client, slot, *ticks):
    return client.post(
        url("tablet-ticks", slot),
        json.dumps({"sent_at": utc_now().isoformat(), "device": "T1", "ticks": list(ticks)}),
        content_type="application/json",
    )


def tick(slot, child, act="PRESENT", **more):
    return {
        "key": str(uuid.uuid4()),
        "slot": slot.pk,
        "child": child.pk,
        "act": act,
        "at": utc_now().isoformat(),
        **more,
    }


def test_the_shell_holds_nothing_personal(place):
    slot, _family, children = place
    client = sign_in()
    text = client.get(url("tablet", slot)).content.decode()
    for child in children:
        assert child.last_name not in text and child.first_name not in text
    worker = client.get(reverse("townhall:tablet-worker"))
    assert worker["Service-Worker-Allowed"] == "/mairie/tablette/"
    assert worker["Content-Type"].startswith("text/javascript")


def test_the_day_says_signs_and_no_word_of_health(place):
    slot, family, children = place
    issue_first_cards(child_ids=[c.pk for c in children], now=world.NOW, actor=Actor.system())
    add_collector(
        child_id=children[0].pk,
        family_id=family.pk,
        kind="ALLOWED",
        name="Rose Martin",
        phone="0601020304",
        now=world.NOW,
        actor=Actor.system(),
    )
    client = sign_in()
    answer = client.get(url("tablet-data", slot))
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode()
    for secret in ("Anapen", "arachide", "PEANUTS", "0601020304", "rue du Préau"):
        assert secret not in text
    day = answer.json()
    kid = day["children"][str(children[0].pk)]
    assert kid["allergy"] and not kid["pai"] and "Rose Martin" in kid["collect"]
    assert [day["children"][str(c.pk)]["colour"] for c in children] == [1, 2]
    from preau.attendance.models import Card

    card = Card.objects.get(child=children[0])
    assert card.code not in text and day["cards"][card_mark(card.code)] == children[0].pk
    assert Entry.objects.filter(action="childsheet.read_health").count() == 0


def test_a_queue_sent_twice_is_kept_once(place):
    slot, _family, (child, other) = place
    client = sign_in()
    lines = [tick(slot, child), tick(slot, other, "ABSENT")]
    first, again = send(client, slot, *lines).json(), send(client, slot, *lines).json()
    assert first == again
    assert [a["outcome"] for a in first["answers"]] == ["APPLIED", "APPLIED"]
    assert Tick.objects.count() == 2 and Attendance.objects.count() == 2
    bad = client.post(url("tablet-ticks", slot), "{", content_type="application/json")
    assert bad.status_code == 400


def test_another_site_neither_reads_nor_sends(place):
    slot, _family, (child, _other) = place
    elsewhere = sign_in(site=world.make_site("École Pasteur"))
    for name in ("tablet", "tablet-data"):
        assert elsewhere.get(url(name, slot)).status_code == 404
    assert send(elsewhere, slot, tick(slot, child)).status_code == 404
    assert elsewhere.post(url("tablet-health", slot, child.pk)).status_code == 404
    pasteur = world.make_site("École Pasteur")
    sent = elsewhere.post(
        reverse("townhall:tablet-ticks", args=[pasteur.pk]),
        json.dumps({"sent_at": utc_now().isoformat(), "ticks": [tick(slot, child)]}),
        content_type="application/json",
    ).json()
    assert sent["answers"][0]["outcome"] == "REFUSED" and not Attendance.objects.exists()
    counter = sign_in("COUNTER", slot.offering.establishment)
    assert send(counter, slot, tick(slot, child)).status_code == 403


def test_health_on_a_touch_is_journaled(place):
    slot, _family, (child, _other) = place
    page = url("tablet-health", slot, child.pk)
    assert sign_in("COUNTER", slot.offering.establishment).post(page).status_code == 403
    found = sign_in().post(page).json()
    assert dict(found["lines"])["Allergies"] == "arachide"
    assert Entry.objects.filter(action="childsheet.read_health", object_id=child.pk).count() == 1
    stranger = world.children_of(world.make_family())[0]
    assert sign_in().post(url("tablet-health", slot, stranger.pk)).status_code == 404


def test_the_day_is_closed_from_the_tablet(place):
    slot, _family, (child, _other) = place
    client = sign_in()
    send(client, slot, tick(slot, child))
    assert client.post(url("tablet-close", slot)).json() == {"closed": 1}
    assert dict(Attendance.objects.values_list("child_id", "presence")) == {
        child.pk: "PRESENT",
        _other.pk: "ABSENT",
    }


def test_prints_say_health_to_who_may_and_keep_a_line(place):
    slot, _family, (child, _other) = place
    pdf = reverse("townhall:sheet-children-pdf", args=[slot.pk])
    client = sign_in()
    assert client.get(pdf).getvalue()[:5] == b"%PDF-"
    assert not Entry.objects.filter(action="childsheet.read_health").exists()
    assert client.get(f"{pdf}?sante=1").status_code == 200
    assert Entry.objects.filter(action="childsheet.read_health").count() == 2
    counter = sign_in("COUNTER", slot.offering.establishment)
    assert counter.get(pdf).status_code == 200
    assert counter.get(f"{pdf}?sante=1").status_code == 404
    one = reverse("townhall:sheet-child-pdf", args=[slot.pk, child.pk])
    assert client.get(one).content[:5] == b"%PDF-"


def test_the_team_and_the_groups(place):
    slot, *_ = place
    client = sign_in()
    page = url("site-staff", slot)
    assert client.get(page).status_code == 200
    data = {"act": "add", "name": "Léa Petit", "starts_at": "16:00", "ends_at": "18:30"}
    assert client.post(page, data).status_code == 302
    assert client.post(page, {**data, "ends_at": "15:00"}).status_code == 422
    duty = StaffDuty.objects.get()
    assert client.post(page, {"act": "absent", "duty": duty.pk}).status_code == 302
    groups = {"act": "groups", "name-0": "Petits", "from-0": "3", "to-0": "5"}
    assert client.post(page, groups).status_code == 302
    next_week = paris_day(utc_now()) + dt.timedelta(days=7)
    copied = client.post(f"{page}?jour={next_week}", {"act": "copy"})
    assert copied.status_code == 302
    assert StaffDuty.objects.filter(day=next_week).count() == 1
    assert client.get(page).status_code == 200


def test_cards_are_paged_and_printed(place, django_assert_max_num_queries):
    from preau.schools.models import Schooling

    slot, _family, children = place
    issue_first_cards(child_ids=[c.pk for c in children], now=world.NOW, actor=Actor.system())
    for child in children:
        Schooling.objects.create(
            child=child,
            establishment=slot.offering.establishment,
            school_year=world.make_year(),
            level="CP",
            starts_on=world.YEAR[0],
            created_at=world.NOW,
            ends_on=world.YEAR[1],
        )
    client = sign_in()
    with django_assert_max_num_queries(15):
        assert client.get(url("site-cards", slot)).content.decode().count("<svg") >= 2
    site = slot.offering.establishment_id
    asked = client.post(reverse("townhall:site-cards-ask", args=[site]))
    row = Print.objects.get()
    assert asked["Location"].endswith(f"/impressions/{row.pk}/")
    client.post(reverse("townhall:site-cards-ask", args=[site]))
    assert Print.objects.count() == 1, "one is being set already"
    pdf = reverse("townhall:site-cards-print-pdf", args=[site, row.pk])
    assert client.get(pdf).status_code == 404
    assert "0 sur 2" in client.get(asked["Location"]).content.decode()
    run_cards(print_id=row.pk, establishment_id=site, now=utc_now())
    assert "Le PDF est prêt" in client.get(asked["Location"]).content.decode()
    assert client.get(pdf).getvalue()[:5] == b"%PDF-"
    other = world.make_site("École Pasteur")
    assert client.get(pdf.replace(f"/{site}/", f"/{other.pk}/", 1)).status_code == 404
    assert wipe_prints(now=utc_now() + dt.timedelta(days=4)) == 1
    assert client.get(pdf).status_code == 404


def test_sheets_to_follow_name_no_illness(place):
    slot, _family, (child, other) = place
    write_health(
        child_id=other.pk,
        family_id=_family.pk,
        health=Health(),
        now=utc_now(),
        actor=Actor.system(),
    )
    page = reverse("townhall:sheets-to-follow")
    whole = sign_in("CRECHE", None)
    from preau.accounts.models import RoleAssignment

    RoleAssignment.objects.update(establishment_id=None)
    text = whole.get(page, {"q": other.last_name.lower()}).content.decode()
    assert other.first_name in text and "pièce attendue" in text
    for word in ("vaccin", "arachide", "DTP"):
        assert word not in text.lower()
    assert whole.get(page, {"export": "csv"}).status_code == 200
    assert child.first_name in text, "her vaccinations are awaited too"
    assert sign_in("COUNTER", slot.offering.establishment).get(page).status_code == 403
