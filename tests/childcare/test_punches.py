"""The door's tablets: once and only once, the same day in any order, every act kept."""

import datetime as dt
import itertools
import uuid

import pytest
from django.db import transaction
from django.db.utils import Error as DatabaseError

from preau.childcare import services
from preau.childcare.models import Presence, Punch
from preau.kernel.ticks import TickData
from tests.childcare.world import AGENT, day, make_world, sign

pytestmark = pytest.mark.django_db
EVENING = dt.datetime(2026, 10, 5, 17, 0, tzinfo=dt.UTC)


@pytest.fixture
def world():
    world = make_world()
    world.contract = sign(world)
    return world


def at(clock: str) -> dt.datetime:
    """A time of 5 October in Paris, two hours ahead of UTC."""
    return dt.datetime.fromisoformat(f"2026-10-05T{clock}:00+02:00")


def said(world, act, clock, *, code=False, key=None, undoes=None, child=True):
    return TickData(
        key=key or uuid.uuid4(),
        slot_id=world.site.pk,
        act=act,
        at=at(clock),
        child_id=world.baby.pk if child else None,
        code=world.contract.punch_code if code else "",
        undoes=undoes,
    )


def send(world, *ticks, now=EVENING, sent_at=None, **more):
    return services.receive_punches(
        ticks=ticks,
        establishment_id=world.site.pk,
        sent_at=sent_at or now,
        now=now,
        actor=AGENT,
        **more,
    )


def hours():
    row = Presence.objects.first()
    if row is None:
        return None
    return tuple(
        one and one.astimezone(at("00:00").tzinfo).strftime("%H:%M")
        for one in (row.arrived_at, row.left_at)
    )


def test_sent_again_nothing_changes_and_the_answer_is_the_same(world):
    tick = said(world, "PRESENT", "08:20")
    first, again = send(world, tick)[0], send(world, tick, now=EVENING + dt.timedelta(hours=1))[0]
    assert first == again and first.outcome == "APPLIED"
    assert Punch.objects.count() == Presence.objects.count() == 1
    with pytest.raises(DatabaseError):
        Punch.objects.update(outcome="KEPT")


def test_two_tablets_make_one_day_in_any_order(world):
    undone = said(world, "LEFT", "12:00")
    acts = [
        said(world, "PRESENT", "08:25"),
        # The other tablet saw the code at the arrival, and knew of none in the evening.
        said(world, "PRESENT", "08:20", code=True),
        said(world, "PRESENT", "17:40", code=True),
        undone,
        said(world, "UNDO", "12:01", undoes=undone.key),
    ]
    for order in list(itertools.permutations(acts))[::5]:
        with transaction.atomic():
            for tick in order:
                send(world, tick)
            assert hours() == ("08:20", "17:40")
            transaction.set_rollback(True)


def test_a_hand_beats_what_was_earlier_and_a_departure_waits_for_its_arrival(world):
    (answer,) = send(world, said(world, "LEFT", "17:30"))
    assert answer.outcome == "KEPT" and "arrivée" in answer.sentence and hours() is None
    send(world, said(world, "PRESENT", "08:30"))
    assert hours() == ("08:30", "17:30")
    services.correct_presence(
        contract_id=world.contract.pk,
        day=day("2026-10-05"),
        arrived=dt.time(9),
        left=dt.time(17),
        reason="feuille",
        now=EVENING,
        actor=AGENT,
    )
    (answer,) = send(world, said(world, "PRESENT", "08:10"), now=EVENING + dt.timedelta(hours=1))
    assert (answer.outcome, answer.sentence) == ("KEPT", "Corrigé à la main depuis.")
    assert hours() == ("09:00", "17:00")


def test_codes_clocks_and_what_is_refused(world):
    # A clock ten minutes fast; a card that the server names; a code that nobody has; a week late.
    fast = said(world, "PRESENT", "08:40", code=True, child=False)
    send(world, fast, sent_at=EVENING + dt.timedelta(minutes=10))
    assert hours() == ("08:30", None)
    assert send(world, said(world, "LEFT", "08:31", code=True))[0].outcome == "KEPT"
    card = TickData(uuid.uuid4(), world.site.pk, "LEFT", at("17:00"), code="CARTE-1")
    assert send(world, card, cards={"CARTE-1": world.baby.pk})[0].name == "Zélie Rousseau"
    assert hours() == ("08:30", "17:00")
    unknown = TickData(uuid.uuid4(), world.site.pk, "PRESENT", at("09:00"), code="AAAAAA")
    assert send(world, unknown)[0].outcome == "REFUSED"
    late = send(
        world,
        said(world, "PRESENT", "08:00"),
        now=EVENING + dt.timedelta(days=7),
        sent_at=EVENING + dt.timedelta(days=7),
    )
    assert "trois jours" in late[0].sentence
    assert send(world, said(world, "ABSENT", "08:00"))[0].outcome == "REFUSED"
