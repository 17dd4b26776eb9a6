"""The journal is searched, exports are measured and journaled, and nothing changes it."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from preau.accounts.enums import Role
from preau.audit.models import Entry
from preau.audit.services import record, record_many
from preau.kernel.clock import utc_now
from tests.harness.people import AGENT, make_agent, make_family, make_town

pytestmark = pytest.mark.django_db
BACKEND = "preau.accounts.auth.AgentBackend"


@pytest.fixture(autouse=True)
def town():
    return make_town()


@pytest.fixture
def admin(client):
    client.force_login(make_agent(Role.ADMINISTRATOR), backend=BACKEND)
    return client


def test_found_by_words_file_agent_and_kind_of_act(admin):
    family, now = make_family(), utc_now()
    record(
        actor=AGENT, now=now, action="bookings.cancel", summary="Jeudi retiré", family_id=family.pk
    )
    record(actor=AGENT, now=now, action="billing.issue", summary="Facture émise")
    record(
        actor=AGENT, now=now - timedelta(days=90), action="bookings.cancel", summary="Vieux retrait"
    )
    page = admin.get("/mairie/journal/").content.decode()
    assert "Jeudi retiré" in page and "Facture émise" in page and "Vieux retrait" not in page
    today = now.date().isoformat()
    wide = {"first": (now - timedelta(days=200)).date().isoformat(), "last": today}

    def found(**wish):
        return admin.get("/mairie/journal/", {**wide, **wish}).content.decode()

    assert "Vieux retrait" in found()
    assert "Facture émise" not in found(domain="bookings.")
    assert "Jeudi retiré" in found(q="jeudi retiré")
    by_file = found(family=family.code)
    assert "Jeudi retiré" in by_file and "Vieux retrait" not in by_file
    assert "Aucun acte" in found(q="introuvable")
    assert admin.get("/mairie/journal/", {"first": today, "last": "2020-01-01"}).status_code == 422


def test_read_page_by_page_without_counting(admin, django_assert_max_num_queries):
    family = make_family()
    lines = [(family.pk, f"Acte {n:03}") for n in range(150)]
    record_many(actor=AGENT, now=utc_now(), action="bookings.book", entries=lines)
    with django_assert_max_num_queries(12):
        page = admin.get("/mairie/journal/").content.decode()
    assert "Acte 149" in page and "Acte 080" not in page
    link = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    older = admin.get(f"/mairie/journal/{link}").content.decode()
    assert "Acte 080" in older and "Acte 149" not in older


def test_nobody_changes_it():
    record(actor=AGENT, now=utc_now(), action="a.b", summary="Écrit")
    for sql in (
        "UPDATE audit_entry SET summary = 'Autre'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert Entry.objects.get(action="a.b").summary == "Écrit"


def test_an_export_is_journaled_and_measured(client):
    make_town(export_rows_a_day=3)
    for name in ("Arnaud", "Bernard"):
        make_family(last_name=name)
    agent = make_agent(Role.COUNTER)
    client.force_login(agent, backend=BACKEND)
    first = client.get("/mairie/dossiers/?export=csv")
    assert first.status_code == 200
    assert b"".join(first).count(b"\n") == 3
    kept = Entry.objects.get(action="export.table")
    assert (kept.actor_user_id, kept.data["rows"]) == (agent.pk, 2)
    for file_format in ("csv", "xlsx", "ods"):  # two more would make four
        refused = client.get(f"/mairie/dossiers/?export={file_format}")
        assert refused.status_code == 403
        assert "Rien n’est parti" in refused.content.decode()
    assert Entry.objects.filter(action="export.table").count() == 1
    # The control: who exports without limit does, and is journaled too.
    client.force_login(make_agent(Role.ADMINISTRATOR, email="a@ville.example"), backend=BACKEND)
    free = client.get("/mairie/dossiers/?export=csv")
    b"".join(free)
    assert Entry.objects.filter(action="export.table").count() == 2
