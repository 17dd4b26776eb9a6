"""One search for all: accents, compound names, code, phone, e-mail, card."""

import pytest

from preau.accounts.enums import Role
from preau.accounts.queries import permissions_of
from preau.attendance.services import issue_card
from preau.journeys.search import search_all
from tests.harness.people import AGENT, DAY, NOW, child_of, make_agent, make_family, make_town

pytestmark = pytest.mark.django_db


def test_a_family_is_found_by_whatever_the_agent_holds() -> None:
    make_town()
    family = make_family(children=1, last_name="D’Almeida-Élan", email="amina@example.org")
    make_family(children=0, adults=1, last_name="Autre")
    card = issue_card(child_id=child_of(family).pk, family_id=family.pk, now=NOW, actor=AGENT)
    agent = make_agent(Role.COUNTER)
    held = permissions_of(agent, DAY)
    for typed in (
        "almeida",
        "D'ALMEIDA elan",
        "Élan amina",
        "lina",
        family.printed_code,
        "06 39 98 11",
        "+33639981120",
        "amina@exam",
        card.code,
        card.code.lower(),
    ):
        found = search_all(agent, typed, permissions=held, now=NOW)
        assert [f.pk for f in found.families] == [family.pk] or (
            typed.startswith(("06", "+33")) and family.pk in [f.pk for f in found.families]
        ), typed
    assert search_all(agent, "zzzz", permissions=held, now=NOW).is_empty
