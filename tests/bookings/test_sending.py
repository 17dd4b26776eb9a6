"""Sending a planning: each day has its own answer, and sending twice is harmless."""

import pytest

from preau.audit.models import Entry
from preau.bookings.errors import NotAllFree, NothingToSend
from preau.bookings.models import Booking, Slot, Submission
from preau.bookings.services import (
    accept_offer,
    decline_offer,
    expire_offers,
    submit_planning,
)
from preau.messaging.models import Message
from tests.bookings import world

pytestmark = pytest.mark.django_db


def send(family, now, *, add=(), remove=(), key=None, **more):
    return submit_planning(
        family_id=family.pk,
        add=add,
        remove=remove,
        key=key or world.key(),
        channel="PORTAL",
        now=now,
        actor=world.parent(family),
        **more,
    )


def outcomes(submission):
    return [line["outcome"] for line in submission.receipt]


@pytest.fixture
def canteen():
    return world.make_offering()


@pytest.fixture
def family(canteen):
    family = world.make_family(2)
    world.enrol_all(family, canteen)
    return family


def taken(slot):
    slot.refresh_from_db()
    assert slot.taken == slot.bookings.holding_a_place().count()
    return slot.taken


def test_days_are_booked_with_a_receipt_an_email_and_a_line_in_the_journal(family, canteen, now):
    lina, noe = world.children_of(family)
    slots = [world.make_slot(d) for d in ("2026-10-15", "2026-10-16")]
    sent = send(family, now, add=[(s.pk, c.pk) for s in slots for c in (lina, noe)])
    assert outcomes(sent) == ["CONFIRMED"] * 4
    assert sent.reference.startswith("R-2026-")
    assert [taken(s) for s in slots] == [2, 2]
    assert list(Booking.objects.order_by("pk").values_list("ordinal", flat=True)) == [1, 2, 1, 2]
    mail = Message.objects.get()
    assert sent.reference in mail.body
    assert "Lina, jeudi 15 octobre : Cantine" in mail.body
    assert Entry.objects.filter(action="bookings.submit_planning", family_id=family.pk).exists()


def test_the_same_key_again_returns_the_first_receipt(family, now):
    slot, lina = world.make_slot(), world.children_of(family)[0]
    key = world.key()
    first = send(family, now, add=[(slot.pk, lina.pk)], key=key)
    again = send(family, now, add=[(slot.pk, lina.pk)], key=key)
    assert again.pk == first.pk and again.receipt == first.receipt
    assert Booking.objects.count() == 1 and Message.objects.count() == 1
    assert taken(slot) == 1


def test_a_day_held_already_is_left_as_it_is(family, now):
    slot, lina = world.make_slot(), world.children_of(family)[0]
    send(family, now, add=[(slot.pk, lina.pk)])
    assert outcomes(send(family, now, add=[(slot.pk, lina.pk)])) == ["ALREADY"]
    assert taken(slot) == 1


def test_nothing_to_send(family, now):
    with pytest.raises(NothingToSend):
        send(family, now)
    assert not Submission.objects.exists()


def test_full_waits_with_its_rank_and_the_freed_place_goes_to_the_first(family, canteen, now):
    slot = world.make_slot(capacity=1)
    others = [world.make_family(1, name=n) for n in ("Martin", "Roux")]
    for other in others:
        world.enrol_all(other, canteen)
    lina = world.children_of(family)[0]
    held = send(family, now, add=[(slot.pk, lina.pk)])
    waiting = [send(o, now, add=[(slot.pk, world.children_of(o)[0].pk)]) for o in others]
    assert [outcomes(w) for w in waiting] == [["WAITING"], ["WAITING"]]
    assert [w.receipt[0]["rank"] for w in waiting] == [1, 2]

    booking = Booking.objects.get(pk=held.receipt[0]["booking"])
    assert outcomes(send(family, now, remove=[booking.pk])) == ["CANCELLED"]
    first, second = Booking.objects.filter(child__last_name__in=("Martin", "Roux")).order_by("pk")
    assert (first.status, second.status) == ("OFFERED", "WAITING")
    assert taken(slot) == 1
    offer = Message.objects.get(subject__startswith="Une place se libère")
    assert offer.family_id == others[0].pk and "jusqu’au mercredi 7 octobre" in offer.body

    decline_offer(
        booking_id=first.pk, family_id=others[0].pk, now=now, actor=world.parent(others[0])
    )
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.status, first.is_charged, second.status) == ("CANCELLED", False, "OFFERED")
    accept_offer(
        booking_id=second.pk, family_id=others[1].pk, now=now, actor=world.parent(others[1])
    )
    second.refresh_from_db()
    assert second.status == "CONFIRMED" and taken(slot) == 1


def test_an_offer_without_answer_lapses_and_goes_to_the_next(family, canteen, now):
    slot = world.make_slot(capacity=1)
    other = world.make_family(1, name="Martin")
    world.enrol_all(other, canteen)
    lina, noe = world.children_of(family)
    send(other, now, add=[(slot.pk, world.children_of(other)[0].pk)])
    send(family, now, add=[(slot.pk, lina.pk), (slot.pk, noe.pk)])
    send(other, now, remove=[Booking.objects.get(family=other).pk])
    assert Booking.objects.get(child=lina).status == "OFFERED"
    assert expire_offers(now=world.instant("2026-10-07T08:59")) == 0
    assert expire_offers(now=world.instant("2026-10-07T09:00")) == 1
    assert Booking.objects.get(child=lina).status == "CANCELLED"
    assert Booking.objects.get(child=noe).status == "OFFERED"
    assert taken(slot) == 1


def test_a_lapsed_offer_is_passed_on_by_whoever_comes_next(family, canteen, now):
    slot = world.make_slot(capacity=1)
    other = world.make_family(1, name="Martin")
    world.enrol_all(other, canteen)
    lina, noe = world.children_of(family)
    world.book(
        slot,
        world.children_of(other)[0],
        other,
        status="OFFERED",
        offer_expires_at=world.instant("2026-10-06T08:00"),
    )
    sent = send(family, now, add=[(slot.pk, lina.pk), (slot.pk, noe.pk)])
    assert sorted(outcomes(sent)) == ["CONFIRMED", "WAITING"]
    assert taken(slot) == 1


def test_full_may_be_skipped_or_nothing_sent_at_all(family, now):
    full, free = world.make_slot(capacity=0), world.make_slot("2026-10-16")
    lina = world.children_of(family)[0]
    wanted = [(full.pk, lina.pk), (free.pk, lina.pk)]
    with pytest.raises(NotAllFree):
        send(family, now, add=wanted, when_full="skip", all_or_nothing=True)
    assert not Booking.objects.exists() and taken(free) == 0
    assert outcomes(send(family, now, add=wanted, when_full="skip")) == ["FULL", "CONFIRMED"]


def test_what_is_not_theirs_is_refused_in_words(family, canteen, now):
    slot = world.make_slot()
    stranger = world.make_family(1, name="Martin")
    child = world.children_of(stranger)[0]
    theirs = world.book(slot, child, stranger)
    sent = send(family, now, add=[(slot.pk, child.pk), (999_999, child.pk)], remove=[theirs.pk])
    assert outcomes(sent) == ["REFUSED"]
    theirs.refresh_from_db()
    assert theirs.status == "CONFIRMED"


def test_not_enrolled_cancelled_started_or_the_other_parents_week(family, canteen, now):
    other_school = world.make_offering(site=world.make_site("École Pasteur"))
    elsewhere = world.make_slot(offering=other_school)
    cancelled = world.make_slot("2026-10-16")
    Slot.objects.filter(pk=cancelled.pk).update(status="CANCELLED", cancelled_reason="grève")
    begun = world.make_slot("2026-10-05")
    shared = world.add_child(family, "Adam", weeks="EVEN")
    world.enrol(family, canteen, shared)
    odd, even = world.make_slot("2026-10-13"), world.make_slot("2026-10-08")
    lina = world.children_of(family)[0]
    sent = send(
        family,
        now,
        add=[
            (elsewhere.pk, lina.pk),
            (cancelled.pk, lina.pk),
            (begun.pk, lina.pk),
            (odd.pk, shared.pk),
            (even.pk, shared.pk),
        ],
    )
    by_slot = {line["slot"]: line for line in sent.receipt}
    assert "n’est pas inscrit" in by_slot[elsewhere.pk]["sentence"]
    assert "annulée : grève" in by_slot[cancelled.pk]["sentence"]
    assert by_slot[begun.pk]["outcome"] == "TOO_LATE"
    assert by_slot[even.pk]["outcome"] == "REFUSED"
    assert "autre parent" in by_slot[even.pk]["sentence"]
    assert by_slot[odd.pk]["outcome"] == "CONFIRMED"


def test_two_products_at_the_same_hours_do_not_mix(family, now):
    day_offering = world.make_offering(
        "mercredi", name="Mercredi", kind="WEDNESDAY", product="journée", hours=("08:00", "18:00")
    )
    morning = day_offering.activity.products.create(
        slug="matin", name="Matin", starts_at="08:00", ends_at="12:00", position=2
    )
    whole = world.make_slot("2026-10-14", offering=day_offering)
    half = Slot.objects.create(
        offering=day_offering,
        product=morning,
        day=whole.day,
        starts_at="08:00",
        ends_at="12:00",
        period_kind="WEDNESDAYS",
        capacity=5,
    )
    lina = world.children_of(family)[0]
    world.enrol(family, day_offering, lina)
    sent = send(family, now, add=[(whole.pk, lina.pk), (half.pk, lina.pk)])
    assert sorted(outcomes(sent)) == ["CONFIRMED", "REFUSED"]
    swapped = send(
        family,
        now,
        add=[(half.pk, lina.pk)],
        remove=[Booking.objects.get(slot=whole, status="CONFIRMED").pk],
    )
    assert sorted(outcomes(swapped)) == ["CANCELLED", "CONFIRMED"]


def test_two_sendings_never_bear_one_reference(now, monkeypatch):
    codes = iter(["AAAAAA", "AAAAAA", "BBBBBB"])
    monkeypatch.setattr("preau.bookings.services.sending.random_code", lambda length: next(codes))
    sent = []
    for n in (1, 2):
        family = world.make_family(1)
        slot = world.make_slot(f"2026-12-{n:02d}")
        child = world.children_of(family)[0]
        world.enrol(family, slot.offering, child)
        sent.append(send(family, now, add=[(slot.pk, child.pk)]).reference)
    assert sent == ["R-2026-AAAAAA", "R-2026-BBBBBB"]
