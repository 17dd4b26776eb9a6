"""The two groups of a slot: the age that parts them, and the rank in one's own group."""

import itertools

import pytest
from django.db import connection

from preau.bookings import rules
from preau.bookings.models import Slot
from preau.bookings.queries import bookings_at, ranks_of, upcoming
from preau.bookings.services import (
    apply_offering,
    book_place,
    open_slots,
    save_terms,
    submit_planning,
)
from preau.catalogue.models import Offering, Product
from preau.messaging.models import Message
from tests.bookings import world
from tests.bookings.test_places import OLD, TOWN, YOUNG, child_of, take

pytestmark = pytest.mark.django_db


def test_python_and_the_database_say_alike_whose_rank_it_is(now):
    slots = world.make_centre()
    names = ("capacity", "taken", "young_taken", "young_capacity", "old_capacity", "adults")
    cases = itertools.product((8,), (6, 8, 10), (0, 4), (None, 4), (None, 2, 4), (None, 2))
    slot, told = slots["morning"], set()
    connection.check_constraints()  # nothing waits: the guards may be put aside
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bookings_slot DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE bookings_pool DISABLE TRIGGER USER")
    pool = slot.pools.get().pool
    for at, case in enumerate(cases):
        values = dict(zip(names, case, strict=True)) | {"young_per_adult": 3, "old_per_adult": 5}
        counters = [slot, pool] if at % 3 else [slot]
        for counter in counters:
            for name, value in values.items():
                setattr(counter, name, value)
            if counter is pool and at % 2:
                counter.capacity, counter.old_capacity = 30, None
        slot.save(), pool.save()
        for young in (True, False):
            with connection.cursor() as cursor:
                cursor.execute("SELECT bookings_in_group(%s, %s)", [slot.pk, young])
                said = cursor.fetchone()[0]
            assert said == rules.waits_in_group([slot, pool], young=young), (young, case)
            told.add((said, young))
    assert len(told) == 4


def test_the_rank_is_the_groups_where_its_limit_is_the_groups(now):
    slot = world.make_slot(capacity=2, young_capacity=1, old_capacity=1)
    for year in (YOUNG, OLD):
        take(slot, year, now=now)
    said = []
    for year in (YOUNG, OLD, OLD, YOUNG):
        family = world.make_family(0)
        child = world.add_child(family, "Lina", year)
        world.enrol(family, slot.offering, child)
        line = submit_planning(
            family_id=family.pk,
            add=[(slot.pk, child.pk)],
            key=world.key(),
            channel="PORTAL",
            now=now,
            actor=world.parent(family),
        ).receipt[0]
        said.append((line["rank"], line["group"]))
        ranks = ranks_of([line["booking"]])
        assert list(ranks.values()) == [said[-1]]
        row = next(r for r in bookings_at(family.pk, [slot.pk]))
        assert (row.rank, rules.group_of(row.among)) == said[-1]
        home = upcoming(family.pk, slot.day)[0]
        assert (home.rank, home.among) == (row.rank, row.among)
    young, old = "moins de 6 ans", "6 ans et plus"
    assert said == [(1, young), (1, old), (2, old), (2, young)]
    assert "2e des moins de 6 ans de la liste" in Message.objects.latest("pk").body
    # The whole queue's where a place of either group would do.
    Slot.objects.filter(pk=slot.pk).update(young_capacity=None, old_capacity=None)
    last = slot.bookings.order_by("ordinal").last()
    assert ranks_of([last.pk]) == {last.pk: (4, "")}


def test_the_age_is_the_openings_the_products_or_the_towns_never_under_the_laws(now):
    offering = world.make_offering()
    product = offering.activity.products.get()
    save_terms(hold_minutes=15, offer_hours=24, age_cut=7, now=now, actor=TOWN)
    opened = {"first": world.day("2026-10-12"), "last": world.day("2026-10-13")}
    open_slots(offering_ids=[offering.pk], now=now, actor=TOWN, **opened)
    ages = Slot.objects.values_list("age_cut", flat=True)
    assert set(ages) == {7}
    family, child = child_of(2020)  # six years old
    enrolment = world.enrol(family, offering, child)
    slot = Slot.objects.first()
    book_place(
        slot_id=slot.pk,
        child_id=child.pk,
        family_id=family.pk,
        enrolment_id=enrolment.pk,
        channel="PORTAL",
        now=now,
        actor=TOWN,
    )
    take(slot, OLD, now=now)
    slot.refresh_from_db()
    assert (slot.taken, slot.young_taken) == (2, 1)
    # What the opening says is given to the sessions already open, their children counted again.
    cut = {"adults": 1, "supervision": "OWN", "young_per_adult": 1, "old_per_adult": 1}
    Offering.objects.filter(pk=offering.pk).update(age_cut=5, **cut)
    apply_offering(offering_id=offering.pk, now=now, actor=TOWN, **opened)
    slot.refresh_from_db()
    assert (slot.age_cut, slot.taken, slot.young_taken) == (5, 2, 0)
    assert not slot.bookings.filter(is_young=True).exists() and slot.is_over
    # With the law's numbers, children under 6 stay together.
    Offering.objects.filter(pk=offering.pk).update(supervision="TERM")
    Product.objects.filter(pk=product.pk).update(age_cut=8)
    apply_offering(offering_id=offering.pk, now=now, actor=TOWN, **opened)
    assert set(ages.all()) == {6}
    Offering.objects.filter(pk=offering.pk).update(age_cut=None)
    apply_offering(offering_id=offering.pk, now=now, actor=TOWN, **opened)
    assert set(ages.all()) == {8}
    slot.refresh_from_db()
    assert slot.young_taken == 1
