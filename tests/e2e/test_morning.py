"""An agent's morning by keyboard alone: thirty requests, five overtaken by the file."""

from typing import Any

import pytest
from django.urls import reverse

from preau.accounts.enums import Role
from preau.casework.models import Request
from preau.families.models import Child, Family, Guardian
from preau.families.services import change_address
from preau.families.values import AddressData
from preau.kernel.clock import utc_now
from tests.casework.world import submit
from tests.e2e.walk import FOCUSED, MOST_TABS, plain
from tests.harness.people import AGENT, adult_of, child_of, make_agent, make_family, make_town
from tests.harness.requests import session_of

pytestmark = pytest.mark.django_db(transaction=True)
REQUESTS, CONFLICTS = 30, 5


def a_street(number: int) -> dict[str, Any]:
    street = {"line1": f"{number} rue des Tilleuls", "postcode": "94300", "city": "Vincennes"}
    return street | {"since": utc_now().date().isoformat()}


@pytest.fixture
def morning() -> list[Request]:
    """Thirty requests of six kinds; five of them ask for what an agent has changed since."""
    make_town()
    now = utc_now()
    rows = []
    for number in range(REQUESTS):
        family = make_family(
            children=1,
            adults=1,
            last_name=f"Famille{number}",
            email=f"f{number}@example.org",
            now=now,
        )
        child, adult = child_of(family, day=now.date()), adult_of(family)
        asked: tuple[str, dict[str, Any], Any] = (
            ("ADDRESS_CHANGE", a_street(number + 1), None),
            ("DIET", {"diet": "NO_PORK"}, child),
            (
                "CONTACT_CHANGE",
                {
                    "guardian": adult.pk,
                    "email": adult.email,
                    "mobile_phone": f"06399811{number:02d}",
                },
                None,
            ),
            ("QUESTION", {"subject": "Une question", "message": "Bonjour"}, None),
            ("CARD", {"reason": "LOST"}, child),
        )[number % 5]
        kind, payload, about = asked
        rows.append(submit(family, kind, payload, child=about, now=now))
        if number < CONFLICTS * 5 and kind == "ADDRESS_CHANGE":
            change_address(
                family_id=family.pk,
                address=AddressData("99 quai Neuf", "94300", "Vincennes"),
                now=now,
                actor=AGENT,
            )
    return rows


class Desk:
    """An agent who has a keyboard and nothing else."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def reach(self, words: str) -> None:
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            name, shown = self.page.evaluate(FOCUSED)
            assert shown, f"{self.page.url}: the focus on «{plain(name)}» cannot be seen"
            if words in plain(name):
                return
        raise AssertionError(f"{self.page.url}: no way to «{words}» by Tab")

    def key(self, key: str) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def says(self, words: str) -> bool:
        return words in plain(self.page.locator("main").inner_text())


def test_an_agent_handles_thirty_requests_and_is_told_of_five_conflicts(
    live_server: Any, open_page: Any, assert_accessible: Any, morning: list[Request]
) -> None:
    assert {row.kind for row in morning} == {
        "ADDRESS_CHANGE",
        "DIET",
        "CONTACT_CHANGE",
        "QUESTION",
        "CARD",
    }
    agent = make_agent(Role.ADMINISTRATOR, now=utc_now())
    page = open_page(1280, expected=("422",))
    page.context.add_cookies(
        [{"name": "preau_session", "value": session_of(agent), "url": live_server.url}]
    )
    page.goto(live_server.url + reverse("townhall:inbox"))
    assert_accessible(page)
    desk = Desk(page)
    desk.key("j")
    told = kept = 0
    looked: set[str] = set()
    for _turn in range(REQUESTS * 2):
        if not Request.objects.filter(status="SUBMITTED").exists():
            break
        reference = page.url.split("/demandes/")[-1].split("/")[0]
        row = Request.objects.get(reference=reference)
        if row.kind not in looked:
            looked.add(row.kind)
            assert_accessible(page)
        if desk.says("Le dossier a changé depuis cette demande"):
            told += 1
            assert desk.says("99 quai Neuf")  # what it is now, beside what it was then
            if told == 1:
                assert_accessible(page)
            if told % 2:
                desk.key("a")  # approving blindly is refused, with the sentence
                assert page.locator(".errors").count()
                page.keyboard.press("c")  # the key goes to the box
                page.keyboard.press("Space")
                assert page.locator("[name=despite]").is_checked()
                desk.key("a")
            else:
                kept += 1
                desk.reach("Un mot pour la famille")
                page.keyboard.type("Votre adresse a été changée depuis, au guichet.")
                page.keyboard.press("Escape")
                desk.reach("Refuser")
                desk.key("Enter")
        elif row.kind == "QUESTION":
            desk.reach("Votre réponse à la famille")
            page.keyboard.type("Bonjour, oui.")
            desk.reach("Répondre et clore")
            desk.key("Enter")
        else:
            desk.key("a")
        assert Request.objects.get(pk=row.pk).status in {"APPROVED", "REFUSED"}, (
            row.kind,
            page.locator("main").inner_text(),
        )
    assert not Request.objects.filter(status__in=("SUBMITTED", "WAITING_FAMILY")).exists()
    assert (told, kept) == (CONFLICTS, 2)
    neuf = Family.objects.filter(address_line1="99 quai Neuf").count()
    assert neuf == kept  # the others are where the family asked
    assert Child.objects.filter(diet="NO_PORK").count() == 6
    assert Guardian.objects.filter(mobile_phone__startswith="06399811").count() >= 6
