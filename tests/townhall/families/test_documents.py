"""Issued documents: read by their own family, and by agents within what they may see."""

import pytest
from django.test import Client

from preau.accounts.enums import Role
from preau.documents.services import issue_document
from preau.kernel.clock import utc_now
from tests.harness.people import make_account, make_agent, make_family, make_town

pytestmark = pytest.mark.django_db


def document(family, kind):
    return issue_document(
        kind=kind,
        title="Pièce d’essai",
        template="letter",
        data={"letters": [], "sign_in": "", "until": "", "day": "", "phone": ""},
        public_facts={},
        family_id=family.pk,
        now=utc_now(),
    )


def signed_in(user):
    client = Client()
    backend = (
        "preau.accounts.auth.AgentBackend"
        if user.is_agent
        else ("preau.families.auth.FamilyBackend")
    )
    client.force_login(user, backend=backend)
    return client


def test_a_document_is_for_its_family_and_for_agents_who_may_see_it():
    make_town()
    family, other = make_family(now=utc_now()), make_family(last_name="Autre", now=utc_now())
    school, invoice = document(family, "SCHOOL_CERTIFICATE"), document(family, "INVOICE")
    parent = signed_in(make_account(family, now=utc_now()))
    stranger = signed_in(make_account(other, now=utc_now()))
    for number in (school.number, invoice.number):
        assert parent.get(f"/espace/documents/{number}.pdf").status_code == 200
        assert stranger.get(f"/espace/documents/{number}.pdf").status_code == 404
    counter = signed_in(make_agent(Role.COUNTER))
    pupils = signed_in(make_agent(Role.SCHOOL_OFFICE, email="ecoles@example.org"))
    nurse = signed_in(make_agent(Role.CRECHE, email="creche@example.org", site=9))
    seen = {
        number: [
            client.get(f"/mairie/documents/{number}.pdf").status_code
            for client in (counter, pupils, nurse)
        ]
        for number in (school.number, invoice.number)
    }
    assert seen == {school.number: [200, 200, 404], invoice.number: [200, 404, 404]}
