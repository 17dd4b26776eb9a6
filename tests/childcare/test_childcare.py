"""The crèche: a list by date, a place given, a contract by the week; and its screens."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.urls import reverse

from preau.accounts.enums import Role
from preau.childcare import queries, services
from preau.childcare.errors import AlreadyWaiting, BadDates, BadWeek, ContractOverlaps, NotWaiting
from preau.childcare.rules import week_words
from preau.kernel.clock import utc_now
from preau.kernel.enums import Channel
from tests.bookings.world import make_site
from tests.harness.people import AGENT, NOW, child_of, make_agent, make_family, make_town
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db
day = dt.date.fromisoformat
WEEK = [540, 540, 0, 540, 0]
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def world():
    make_town()
    family = make_family(children=3)
    return SimpleNamespace(
        family=family,
        children=[child_of(family, i) for i in range(3)],
        site=make_site("Crèche des Lilas", "CRECHE"),
        other=make_site("Crèche du Parc", "CRECHE"),
    )


def wait(world, order=0, *, asked_at=NOW, **fields):
    return services.preregister(
        **{
            "child_id": world.children[order].pk,
            "family_id": world.family.pk,
            "establishment_id": None,
            "wished_from": day("2027-01-04"),
            "weekly_minutes": WEEK,
            "channel": Channel.PORTAL,
            "now": NOW,
            "actor": AGENT,
            "asked_at": asked_at,
            **fields,
        }
    )


def contract(world, order=0, **fields):
    return services.sign_contract(
        **{
            "child_id": world.children[order].pk,
            "family_id": world.family.pk,
            "establishment_id": world.site.pk,
            "starts_on": day("2027-01-04"),
            "ends_on": day("2027-07-31"),
            "weekly_minutes": WEEK,
            "now": NOW,
            "actor": AGENT,
            **fields,
        }
    )


def test_a_week_in_words():
    assert week_words(WEEK) == "lundi, mardi et jeudi, 27\u00a0h par semaine"


def test_ranks_follow_the_day_of_asking(world):
    late = wait(world, 0, asked_at=NOW + MINUTE)
    early = wait(world, 1)
    assert [(row.pk, row.rank) for row in queries.waiting_list()] == [(early.pk, 1), (late.pk, 2)]
    assert queries.rank_of(late.pk) == 2
    with pytest.raises(AlreadyWaiting):
        wait(world, 0)
    for bad in ([0] * 5, [800, 0, 0, 0, 0], [60] * 4, [-5, 60, 0, 0, 0]):
        with pytest.raises(BadWeek):
            wait(world, 2, weekly_minutes=bad)
    services.withdraw(preregistration_id=early.pk, reason="déménage", now=NOW, actor=AGENT)
    assert queries.rank_of(late.pk) == 1 and queries.rank_of(early.pk) is None
    with pytest.raises(NotWaiting):
        services.withdraw(preregistration_id=early.pk, reason="", now=NOW, actor=AGENT)


def test_contracts_never_overlap(world):
    first = contract(world)
    with pytest.raises(ContractOverlaps):
        contract(world, starts_on=day("2027-07-31"), ends_on=day("2027-12-31"))
    with pytest.raises(BadDates):
        contract(world, 1, ends_on=day("2026-01-01"))
    services.end_contract(
        contract_id=first.pk, ends_on=day("2027-03-31"), reason="départ", now=NOW, actor=AGENT
    )
    contract(world, starts_on=day("2027-04-01"))
    with pytest.raises(BadDates):
        services.end_contract(
            contract_id=first.pk, ends_on=day("2026-03-31"), reason="", now=NOW, actor=AGENT
        )
    assert queries.contracts_of(world.family.pk).count() == 2


def test_the_screens_from_the_list_to_the_end_of_a_contract(world):
    client = client_of(make_agent(Role.CRECHE, now=utc_now()))
    assert "Personne n’attend" in client.get(reverse("townhall:childcare")).content.decode()
    row = wait(world)
    text = client.get(reverse("townhall:childcare")).content.decode()
    assert "Lina Rousseau" in text and "27\u00a0h par semaine" in text
    export = client.get(f"{reverse('townhall:childcare')}?export=csv")
    assert "Lina" in b"".join(export.streaming_content).decode()
    address = reverse("townhall:childcare-admit", args=[row.pk])
    assert 'value="9.0"' in client.get(address).content.decode()
    assert client.post(address, {}).status_code == 422
    answers = {
        "establishment": world.site.pk,
        "starts_on": "2027-01-04",
        "ends_on": "2027-07-31",
        "day_0": "9",
        "day_1": "4.5",
    }
    assert client.post(address, {**answers, "ends_on": "2026-01-01"}).status_code == 422
    page = client.post(address, answers)
    assert page.status_code == 302
    signed = queries.contracts_of(world.family.pk).get()
    assert signed.weekly_minutes == [540, 270, 0, 0, 0]
    assert client.get(address).status_code == 404
    assert "Lina" in client.get(reverse("townhall:childcare-contracts")).content.decode()
    address = reverse("townhall:childcare-contract", args=[signed.pk])
    assert client.get(address).status_code == 200
    assert (
        client.post(address, {"ends_on": "2027-03-31", "reason": "déménagement"}).status_code == 302
    )
    signed.refresh_from_db()
    assert signed.ends_on == day("2027-03-31")


def test_a_creche_s_own_agent_sees_its_list_and_contracts(world):
    here = wait(world, 0, establishment_id=world.site.pk)
    there = wait(world, 1, establishment_id=world.other.pk)
    signed = contract(world, 2, establishment_id=world.other.pk)
    client = client_of(make_agent(Role.CRECHE, site=world.site.pk, now=utc_now()))
    assert client.get(reverse("townhall:childcare-admit", args=[here.pk])).status_code == 200
    for name, pk in (("admit", there.pk), ("contract", signed.pk)):
        assert client.get(reverse(f"townhall:childcare-{name}", args=[pk])).status_code == 404
    page = client.post(reverse("townhall:childcare-withdraw", args=[there.pk]))
    assert page.status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_whoever_waits(world, count, django_assert_max_num_queries):
    for order in range(count):
        wait(world, order)
    client = client_of(make_agent(Role.CRECHE, now=utc_now()))
    # One of the nine counts the requests to handle, for the menu.
    with django_assert_max_num_queries(9):
        client.get(reverse("townhall:childcare"))
