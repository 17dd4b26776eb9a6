"""Cards: lost is dead at once, the next one lives, a scan marks present or says why not."""

import pytest

from preau.attendance.errors import CardDead, CardRefused, NotExpected
from preau.attendance.models import Attendance, Card, CardOrder
from preau.attendance.services import (
    declare_card_lost,
    issue_card,
    issue_first_cards,
    order_card,
    scan_card,
)
from preau.kernel.errors import Refusal
from tests.bookings import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def family():
    return world.make_family()


@pytest.fixture
def child(family):
    return world.children_of(family)[0]


def test_a_lost_card_is_dead_at_once_and_the_next_one_lives(family, child, now):
    agent, slot = world.agent(world.make_agent()), world.make_slot("2026-10-06")
    world.book(slot, child, family)
    card = issue_card(child_id=child.pk, family_id=family.pk, now=now, actor=agent)
    with pytest.raises(Refusal):
        order_card(child_id=child.pk, family_id=family.pk, channel="PORTAL", now=now, actor=agent)
    declare_card_lost(card_id=card.pk, family_id=family.pk, now=now, actor=world.parent(family))
    with pytest.raises(CardDead, match="déclarée perdue"):
        scan_card(code=card.code, slot_id=slot.pk, now=now, actor=agent)
    order = order_card(
        child_id=child.pk,
        family_id=family.pk,
        channel="PORTAL",
        now=now,
        actor=world.parent(family),
    )
    issued = issue_card(child_id=child.pk, family_id=family.pk, now=now, actor=agent)
    order.refresh_from_db()
    assert order.card == issued and issued.rank == 2
    scan = scan_card(code=f" {issued.code.lower()} ", slot_id=slot.pk, now=now, actor=agent)
    assert not scan.already and Attendance.objects.get().source == "CARD"
    assert scan_card(code=issued.code, slot_id=slot.pk, now=now, actor=agent).already


def test_issuing_replaces_the_living_card(family, child, now):
    agent = world.agent(world.make_agent())
    first = issue_card(child_id=child.pk, family_id=family.pk, now=now, actor=agent)
    issue_card(child_id=child.pk, family_id=family.pk, now=now, actor=agent)
    first.refresh_from_db()
    assert first.status == "REPLACED"
    with pytest.raises(CardDead, match="plus récente"):
        scan_card(code=first.code, slot_id=world.make_slot("2026-10-06").pk, now=now, actor=agent)


def test_unknown_codes_and_children_not_expected(family, child, now):
    agent, slot = world.agent(world.make_agent()), world.make_slot("2026-10-06")
    for code in ("", "XXXX", "é"):
        with pytest.raises(CardRefused, match="pas connue"):
            scan_card(code=code, slot_id=slot.pk, now=now, actor=agent)
    card = issue_card(child_id=child.pk, family_id=family.pk, now=now, actor=agent)
    with pytest.raises(NotExpected, match="Lina Bouvier"):
        scan_card(code=card.code, slot_id=slot.pk, now=now, actor=agent)
    scan_card(code=card.code, slot_id=slot.pk, now=now, actor=agent, walk_in=True)
    assert Attendance.objects.get().is_walk_in


def test_first_cards_for_many_children_once(now):
    children = [world.children_of(world.make_family())[0] for _ in range(5)]
    agent = world.agent(world.make_agent())
    ids = [c.pk for c in children]
    assert issue_first_cards(child_ids=ids, now=now, actor=agent) == 5
    assert issue_first_cards(child_ids=ids, now=now, actor=agent) == 0
    assert Card.objects.filter(status="ACTIVE").count() == 5
    assert not CardOrder.objects.exists()
