"""«Tout voir»: each list of a file whole, searched, filtered, exported, within one's rights."""

import pytest
from django.urls import reverse

from preau.accounts.enums import Role
from preau.families.services import record_quotient
from preau.kernel.clock import paris_day, utc_now
from preau.messaging.services import queue_email
from preau.townhall.families.lists import PANELS
from tests.bookings import world as bookings
from tests.casework.world import make_document_kind, make_file, submit
from tests.harness.money import make_invoice, make_office
from tests.harness.people import AGENT, child_of, make_agent, make_family, make_town
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def family():
    make_town()
    now = utc_now()
    family = make_family()
    child = child_of(family)
    slot = bookings.make_slot(paris_day(now))
    bookings.book(slot, child, family)
    make_invoice(family, make_office("enfance"), 1250)
    submit(family, "QUESTION", {"subject": "Horaires", "message": "Quand ?"}, now=now)
    from preau.enrolments.services import provide_document

    provide_document(
        kind_id=make_document_kind("assurance").pk,
        family_id=family.pk,
        child_id=child.pk,
        file_id=make_file(family).pk,
        now=now,
        actor=AGENT,
    )
    record_quotient(
        family_id=family.pk,
        value_cents=70000,
        source="CAF",
        starts_on=paris_day(now),
        ends_on=None,
        now=now,
        actor=AGENT,
    )
    queue_email(to="a@x.example", subject="Bonjour", body="Un mot.", now=now, family_id=family.pk)
    return family


EXPECTED = {
    "inscriptions": "Cantine",
    "jours": "Lina",
    "pieces": "Assurance",
    "demandes": "Horaires",
    "courriers": "Bonjour",
    "documents": "",
    "mouvements": "12,50",
    "quotients": "700",
    "journal": "Sonia",
}


def test_each_list_is_whole_searched_and_exported(family, django_assert_max_num_queries):
    agent = client_of(make_agent(Role.ADMINISTRATOR))
    assert set(EXPECTED) == set(PANELS)
    for what, word in EXPECTED.items():
        url = reverse("townhall:family-panel", args=[family.code, what])
        with django_assert_max_num_queries(16):
            page = agent.get(url).content.decode()
        assert word in page, what
        for state in [one.value for one in PANELS[what].states]:
            assert agent.get(url, {"etat": state}).status_code == 200
        assert "Rien ne répond" in agent.get(url, {"q": "introuvable"}).content.decode()
        table = b"".join(agent.get(url, {"export": "csv"})).decode("utf-8-sig")
        assert table.count("\r\n") >= 1 + bool(word), what
    assert (
        agent.get(reverse("townhall:family-panel", args=[family.code, "rien"])).status_code == 404
    )


def test_money_is_for_who_may_see_accounts(family):
    office = client_of(make_agent(Role.SCHOOL_OFFICE))
    assert office.get(f"/mairie/dossiers/{family.code}/tout/pieces/").status_code == 200
    assert office.get(f"/mairie/dossiers/{family.code}/tout/mouvements/").status_code == 404
    page = office.get(f"/mairie/dossiers/{family.code}/tout/documents/").content.decode()
    assert "Mouvements" not in page


def test_the_file_itself_asks_little_even_on_a_process_first_page(
    family, django_assert_max_num_queries
):
    agent = client_of(make_agent(Role.ADMINISTRATOR))
    with django_assert_max_num_queries(25):
        page = agent.get(f"/mairie/dossiers/{family.code}/").content.decode()
    for what in PANELS:
        assert f"/tout/{what}/" in page
