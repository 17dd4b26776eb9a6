"""Families' files on the agents' side: search, acts with their channel, letters, rights."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from preau.accounts.enums import Role
from preau.audit.models import Entry
from preau.families import queries, services
from preau.families.models import Family, LetterBatch
from preau.journeys.letters import make_batch
from preau.kernel.clock import paris_day, utc_now
from preau.messaging.models import Message
from tests.harness.people import (
    PASSWORD,
    adult_of,
    child_of,
    make_account,
    make_agent,
    make_family,
    make_town,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town():
    return make_town()


@pytest.fixture
def day():
    return paris_day(utc_now())


@pytest.fixture
def family():
    return make_family(now=utc_now(), email="amina@example.org")


def signed_in(*roles, email="sonia.lopes@saint-aubin.example", site=None):
    agent = make_agent(*roles, email=email, site=site)
    client = Client()
    client.force_login(agent, backend="preau.accounts.auth.AgentBackend")
    return client


@pytest.fixture
def counter():
    return signed_in(Role.COUNTER)


def test_search_goes_straight_to_the_only_answer(counter, family):
    for typed in (family.printed_code, "amina belka", "06 39 98 11 20", "amina@example.org"):
        answer = counter.get("/mairie/recherche/", {"q": typed})
        assert answer["Location"] == f"/mairie/dossiers/{family.code}/", typed
    make_family(last_name="Belkacem-Durand", now=utc_now())
    page = counter.get("/mairie/recherche/", {"q": "belkacem"})
    assert page.status_code == 200 and "Belkacem-Durand" in page.content.decode()
    fragment = counter.get("/mairie/recherche/", {"q": "belkacem"}, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert counter.get("/mairie/recherche/", {"q": "zzzz"}).status_code == 200


def test_the_list_pages_sorts_filters_and_leaves(counter, family):
    for n in range(3):
        make_family(last_name=f"Zola-{n}", children=n, now=utc_now())
    page = counter.get("/mairie/dossiers/?sort=-name").content.decode()
    assert page.index("Zola-2") < page.index("Zola-0") < page.index("Belkacem – Rousseau")
    csv = b"".join(counter.get("/mairie/dossiers/?q=zola&export=csv").streaming_content).decode()
    assert csv.count("Zola-") >= 3 and "Belkacem" not in csv
    assert counter.get("/mairie/dossiers/?export=xlsx").status_code == 200
    assert counter.get("/mairie/dossiers/?access=seen").status_code == 200
    assert counter.get("/mairie/dossiers/?resident=no&status=all&page=99").status_code == 200


def test_lists_and_files_ask_as_many_queries_for_one_as_for_three(counter):
    def count(address):
        counter.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert counter.get(address).status_code == 200
        return len(asked)

    small = make_family(children=1, now=utc_now())
    one_line = count("/mairie/dossiers/")
    large = make_family(children=3, last_name="Grand", now=utc_now())
    make_family(children=3, last_name="Autre", now=utc_now())
    assert count("/mairie/dossiers/") == one_line
    assert count(f"/mairie/dossiers/{small.code}/") == count(f"/mairie/dossiers/{large.code}/")


def test_what_the_counter_does_leaves_the_same_trace_with_its_channel(counter, family):
    base = f"/mairie/dossiers/{family.code}"
    counter.post(f"{base}/canal/", {"channel": "PHONE"})
    counter.post(
        f"{base}/adresse/",
        {
            "line1": "3 rue Neuve",
            "line2": "",
            "postcode": "75012",
            "city": "Paris",
            "country": "FRANCE",
        },
    )
    family.refresh_from_db()
    assert (family.address_line1, family.is_resident) == ("3 rue Neuve", False)
    entry = Entry.objects.latest("pk")
    assert (entry.action, entry.channel) == ("families.change_address", "PHONE")
    assert entry.actor_label == "Sonia Lopes"
    assert counter.post(f"{base}/canal/", {"channel": "PORTAL"}).status_code == 302
    assert counter.session["channel"] == "PHONE"


def test_each_form_of_the_file_writes(counter, family, day):
    base = f"/mairie/dossiers/{family.code}"
    amina, thomas = queries.guardians_of(family)
    lina = child_of(family, day=day)
    posts = [
        ("quotient/", {"value": "742,50", "source": "CAF", "starts_on": "2026-01-01"}),
        ("nom/", {"name": "Belkacem et Rousseau"}),
        ("adultes/nouveau/", {"first_name": "Léa", "last_name": "Petit", "has_authority": "on"}),
        (f"adultes/{thomas.pk}/", {"first_name": "Tom", "last_name": "Rousseau"}),
        (f"adultes/{thomas.pk}/redevable/", {}),
        (
            "enfants/nouveau/",
            {
                "first_name": "Zoé",
                "last_name": "Petit",
                "birth_on": "2021-02-03",
                "diet": "NO_PORK",
                "weeks": "ALL",
                "starts_on": day.isoformat(),
            },
        ),
        (
            f"enfants/{lina.pk}/",
            {
                "first_name": "Lina",
                "last_name": "Rousseau",
                "sex": "F",
                "birth_on": "2016-06-09",
                "diet": "NO_MEAT",
                "has_pai": "on",
                "photo_consent": "0",
            },
        ),
        (
            f"enfants/{lina.pk}/garde/",
            {"weeks": "EVEN", "holidays": "AS_WEEKS", "starts_on": day.isoformat()},
        ),
        (f"adultes/{amina.pk}/retirer/", {"day": day.isoformat()}),
    ]
    for path, data in posts:
        answer = counter.post(f"{base}/{path}", data)
        assert answer.status_code == 302, (path, answer.content.decode()[:3000])
    family.refresh_from_db()
    assert family.name == "Belkacem et Rousseau"
    assert queries.quotient_on(family.pk, day).value_cents == 74_250
    assert queries.payer_of(family).first_name == "Tom"
    assert [str(a) for a in queries.guardians_of(family)] == ["Tom Rousseau", "Léa Petit"]
    children = {c.first_name: c for c in queries.children_of(family, day)}
    assert set(children) == {"Lina", "Noé", "Zoé"}
    assert (children["Lina"].diet, children["Lina"].weeks) == ("NO_MEAT", "EVEN")
    assert children["Lina"].photo_consent is False and children["Lina"].has_pai
    counter.post(f"{base}/fermer/", {"reason": "déménagement"})
    assert (
        counter.post(
            f"{base}/quotient/", {"value": "1", "source": "CAF", "starts_on": "2026-01-01"}
        ).status_code
        == 422
    )
    counter.post(f"{base}/rouvrir/")
    family.refresh_from_db()
    assert family.status == "ACTIVE"


def test_bad_input_is_said_and_kept(counter, family):
    base = f"/mairie/dossiers/{family.code}"
    for path, data, words in [
        ("quotient/", {"value": "beaucoup", "source": "CAF", "starts_on": "2026-01-01"}, "742"),
        ("quotient/", {"value": "12", "source": "CAF", "starts_on": "2026-02-31"}, "existe pas"),
        (
            "adresse/",
            {"line1": "x", "postcode": "123", "city": "y", "country": "FRANCE"},
            "cinq chiffres",
        ),
        (
            "enfants/nouveau/",
            {
                "first_name": "A",
                "last_name": "B",
                "diet": "STANDARD",
                "weeks": "ALL",
                "starts_on": "2026-01-01",
            },
            "date de naissance",
        ),
    ]:
        answer = counter.post(f"{base}/{path}", data)
        assert answer.status_code == 422 and words in answer.content.decode(), path
    assert counter.get("/mairie/dossiers/1234567Z/").status_code == 404
    assert counter.get("/mairie/dossiers/inconnu/").status_code == 404
    other = make_family(last_name="Autre", now=utc_now())
    assert counter.get(f"{base}/adultes/{adult_of(other).pk}/").status_code == 404


def new_file(**more):
    return {
        "address-line1": "5 rue des Lilas",
        "address-line2": "",
        "address-postcode": "94300",
        "address-city": "Vincennes",
        "address-country": "FRANCE",
        "first-first_name": "Paul",
        "first-last_name": "Martin",
        "first-email": "",
        "first-has_authority": "on",
        "second-first_name": "",
        "second-last_name": "",
        "second-has_authority": "on",
        "children-TOTAL_FORMS": "3",
        "children-INITIAL_FORMS": "0",
        "children-0-first_name": "Zoé",
        "children-0-last_name": "Martin",
        "children-0-birth_on": "2019-05-04",
        "children-0-weeks": "ALL",
        "children-1-weeks": "ALL",
        "children-2-weeks": "ALL",
        **more,
    }


def test_a_file_opens_at_the_counter_once_its_likes_were_shown(counter, day):
    answer = counter.post("/mairie/dossiers/nouveau/", new_file())
    family = Family.objects.get()
    assert answer["Location"] == f"/mairie/dossiers/{family.code}/"
    assert (family.name, family.channel) == ("Martin", "COUNTER")
    assert [c.first_name for c in queries.children_of(family, day)] == ["Zoé"]
    again = counter.post("/mairie/dossiers/nouveau/", new_file())
    page = again.content.decode()
    assert again.status_code == 422 and family.printed_code in page and "même enfant" in page
    assert Family.objects.count() == 1
    counter.post("/mairie/dossiers/nouveau/", new_file(anyway="1"))
    assert Family.objects.count() == 2


def test_a_child_joins_its_second_household(counter, family, day):
    other = make_family(last_name="Martin", children=0, adults=1, now=utc_now())
    lina = child_of(family, day=day)
    base = f"/mairie/dossiers/{other.code}/enfants/rattacher/"
    assert "Lina" in counter.get(base, {"q": "belkacem"}).content.decode()
    answer = counter.post(base, {"child_id": lina.pk, "weeks": "ODD", "starts_on": day.isoformat()})
    assert answer.status_code == 302
    assert {f.pk for f in queries.families_of_child(lina, day)} == {family.pk, other.pk}
    page = counter.get(f"/mairie/dossiers/{family.code}/").content.decode()
    assert "Garde à préciser" in page and "Martin" in page


class TestLetters:
    def test_one_letter_at_the_counter(self, counter, family):
        answer = counter.post(
            f"/mairie/dossiers/{family.code}/adultes/{adult_of(family).pk}/lettre/"
        )
        assert answer["Content-Type"] == "application/pdf" and answer.content[:5] == b"%PDF-"
        assert "no-store" in answer["Cache-Control"]
        guardian = adult_of(family)
        assert guardian.user.must_change_password
        assert Entry.objects.filter(action="families.letter", family_id=family.pk).exists()

    def test_a_batch_leaves_out_who_already_came(self, counter, family):
        user = make_account(family, 1, now=utc_now())
        user.last_login = utc_now()
        user.save()
        answer = counter.post("/mairie/lettres/nouvelles/")
        batch = LetterBatch.objects.get()
        assert answer["Location"] == f"/mairie/lettres/{batch.pk}/"
        assert batch.guardian_ids == [adult_of(family, 0).pk]
        assert counter.get(f"/mairie/lettres/{batch.pk}.pdf").status_code == 404
        make_batch(batch_id=batch.pk)
        batch.refresh_from_db()
        assert (batch.status, batch.done) == ("DONE", 1)
        pdf = counter.get(f"/mairie/lettres/{batch.pk}.pdf")
        assert pdf.content[:5] == b"%PDF-"
        assert b"%PDF" not in bytes(batch.sealed_pdf)
        user.refresh_from_db()
        assert user.check_password(PASSWORD)  # who already came keeps his password
        make_batch(batch_id=batch.pk)  # a second run of the job changes nothing
        services.wipe_expired_batches(now=utc_now() + dt.timedelta(days=4))
        assert counter.get(f"/mairie/lettres/{batch.pk}.pdf").status_code == 404
        for address in ("/mairie/lettres/", f"/mairie/lettres/{batch.pk}/"):
            assert counter.get(address).status_code == 200

    def test_an_invitation_leaves_by_email(self, counter, family):
        base = f"/mairie/dossiers/{family.code}/adultes"
        counter.post(f"{base}/{adult_of(family, 0).pk}/inviter/")
        link = re.search(r"/mot-de-passe/[\w-]+/", Message.objects.latest("pk").body)[0]
        answer = Client().post(link, {"new_password": "Enfin mon mot de passe"})
        assert answer["Location"] == "/espace/"
        counter.post(f"{base}/{adult_of(family, 1).pk}/inviter/")
        assert Message.objects.filter(is_secret=True).count() == 1  # no address, no message


class TestRights:
    def test_who_may_only_see_does_not_change(self, family):
        cashier = signed_in(Role.CASHIER, email="regie@example.org")
        base = f"/mairie/dossiers/{family.code}"
        page = cashier.get(f"{base}/").content.decode()
        assert "Changer l’adresse" not in page
        for path in ("adresse/", "quotient/", "fermer/", "adultes/nouveau/", "enfants/nouveau/"):
            assert cashier.get(f"{base}/{path}").status_code == 403
        letter = f"{base}/adultes/{adult_of(family).pk}/lettre/"
        assert cashier.post(letter).status_code == 403

    def test_a_site_manager_sees_no_file(self, family):
        manager = signed_in(Role.SITE_MANAGER, email="site@example.org", site=4)
        for address in (
            "/mairie/dossiers/",
            f"/mairie/dossiers/{family.code}/",
            "/mairie/recherche/?q=belkacem",
        ):
            assert manager.get(address).status_code == 403

    def test_an_agent_of_one_site_sees_its_families_only(self, family, day):
        from tests.bookings import world

        site = world.make_site("Les Lilas", "CRECHE")
        inside = make_family(last_name="Dedans", children=1, now=utc_now())
        offering = world.make_offering("creche-lilas", name="Crèche", kind="CRECHE", site=site)
        world.enrol(inside, offering, child_of(inside, day=day))
        nurse = signed_in(Role.CRECHE, email="creche@example.org", site=site.pk)
        assert nurse.get(f"/mairie/dossiers/{inside.code}/").status_code == 200
        assert nurse.get(f"/mairie/dossiers/{family.code}/").status_code == 404
        page = nurse.get("/mairie/dossiers/").content.decode()
        assert "Dedans" in page and "Belkacem" not in page
        assert "Belkacem" not in nurse.get("/mairie/recherche/?q=belkacem").content.decode()
        # Without the right to see accounts, the file shows none.
        assert 'id="compte"' not in nurse.get(f"/mairie/dossiers/{inside.code}/").content.decode()
