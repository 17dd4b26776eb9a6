"""The town hall's sites: sheets, cards at the door, the register, and each agent at his own."""

import csv
import re

import pytest
from django.db import connection
from django.test import Client

from preau.attendance.models import Attendance, SheetClosure
from preau.attendance.services import declare_card_lost, issue_card
from preau.audit.models import Entry
from preau.bookings.models import Booking, Slot, Submission
from preau.families.models import Child
from preau.kernel.actors import Actor
from tests.bookings import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_nine(monkeypatch, now):
    """Tuesday 6 October 2026, 9:00."""
    for module in (
        "ui.days.checkout",
        "ui.days.planning",
        "ui.days.absences",
        "ui.days.cards",
        "townhall.sites.places",
        "townhall.sites.views",
        "townhall.sites.sheets",
        "townhall.sites.scope",
        "townhall.sites.cards",
        "townhall.sites.absences",
        "townhall.sites.family",
        "townhall.families.scope",
        "townhall.access",
    ):
        monkeypatch.setattr(f"preau.{module}.utc_now", lambda: now)


def sign_in(user):
    client = Client()
    client.force_login(user, backend="preau.accounts.auth.AgentBackend")
    return client


@pytest.fixture
def school():
    return world.make_site()


@pytest.fixture
def manager(school):
    return sign_in(world.make_agent("SITE_MANAGER", school))


@pytest.fixture
def counter():
    return sign_in(world.make_agent("COUNTER"))


@pytest.fixture
def slot(school):
    return world.make_slot("2026-10-06")


@pytest.fixture
def lina(slot):
    family = world.make_family()
    child = world.children_of(family)[0]
    world.book(slot, child, family)
    return child


def url(slot, end=""):
    return f"/mairie/sites/seances/{slot.pk}/{end}"


def test_a_manager_of_one_site_goes_straight_to_it_and_sees_no_other(manager, school, slot):
    assert manager.get("/mairie/sites/").url == f"/mairie/sites/{school.pk}/"
    page = manager.get(f"/mairie/sites/{school.pk}/").content.decode()
    assert "Cantine" in page and "<b>0</b> sur 10" in page
    other = world.make_site("École Pasteur")
    theirs = world.make_slot("2026-10-06", offering=world.make_offering(site=other))
    child = world.children_of(world.make_family())[0]
    for address in (
        f"/mairie/sites/{other.pk}/",
        url(theirs),
        url(theirs, "liste/"),
        url(theirs, "attente/"),
        f"/mairie/sites/{other.pk}/cartes/",
    ):
        assert manager.get(address).status_code == 404, address
    for end, data in (
        ("pointer/", {"mark": f"present:{child.pk}"}),
        ("tous/", {}),
        ("clore/", {}),
        ("carte/", {"code": "X"}),
        ("ajouter/", {"child": child.pk}),
        (f"enfants/{child.pk}/", {}),
    ):
        assert manager.post(url(theirs, end), data).status_code == 404, end
    assert not Attendance.objects.exists() and not SheetClosure.objects.exists()
    # Nor may he change places, cancel a day or open a family's file.
    assert manager.post(url(slot, "places/"), {"capacity": "3"}).status_code == 403
    assert manager.post(f"/mairie/sites/{school.pk}/annuler/").status_code == 403
    assert manager.get("/mairie/absences/").status_code == 403


def test_the_sheet_from_the_first_child_to_its_closing(manager, slot, lina):
    noe_family = world.make_family()
    noe = world.add_child(noe_family, "Noé", 2019)
    world.book(slot, noe, noe_family)
    page = manager.get(url(slot)).content.decode()
    assert "Lina Bouvier" in page and f'value="present:{lina.pk}"' in page
    back = manager.post(url(slot, "pointer/"), {"mark": f"present:{lina.pk}"})
    assert back.url.endswith(f"#e{lina.pk}")
    manager.post(url(slot, "pointer/"), {"mark": f"absent:{lina.pk}"})
    manager.post(url(slot, "tous/"))
    assert dict(Attendance.objects.values_list("child", "presence")) == {
        lina.pk: "ABSENT",
        noe.pk: "PRESENT",
    }
    manager.post(url(slot, "clore/"))
    assert "Liste close" in manager.get(url(slot)).content.decode()
    fix = url(slot, f"enfants/{lina.pk}/")
    assert "laissera une trace" in manager.get(fix).content.decode()
    wrong = manager.post(fix, {"presence": "PRESENT", "arrived": "midi"})
    assert wrong.status_code == 422 and "17 h 05" in wrong.content.decode()
    manager.post(fix, {"presence": "PRESENT", "arrived": "11h45", "left": "13:30"})
    assert Entry.objects.get(action="attendance.correct").summary.endswith("13\u00a0h\u00a030")
    assert manager.post(url(slot, "pointer/"), {"mark": "x:1"}).status_code == 404
    assert manager.post(url(slot, "pointer/"), {"mark": ""}).status_code == 404


def test_a_card_at_the_door(manager, slot, lina, now):
    family = Booking.objects.get(child=lina).family
    card = issue_card(child_id=lina.pk, family_id=family.pk, now=now, actor=Actor.system())
    say = lambda code: manager.post(url(slot, "carte/"), {"code": code}, follow=True)  # noqa: E731
    assert "pas connue" in say("NIMPORTE").content.decode()
    assert "Lina Bouvier : présent" in say(card.code.lower()).content.decode()
    assert "déjà pointé" in say(card.code).content.decode()
    declare_card_lost(card_id=card.pk, family_id=family.pk, now=now, actor=Actor.system())
    assert "déclarée perdue" in say(card.code).content.decode()

    stranger = world.make_family()
    unexpected = world.add_child(stranger, "Adam", 2018)
    other = issue_card(child_id=unexpected.pk, family_id=stranger.pk, now=now, actor=Actor.system())
    page = say(other.code).content.decode()
    assert "pas attendu" in page and "L’accueillir" in page
    manager.post(url(slot, "carte/"), {"code": other.code, "walk_in": "1"})
    assert Attendance.objects.get(child=unexpected).is_walk_in


def test_a_child_who_was_not_expected_is_found_and_added(manager, slot):
    family = world.make_family(name="Lefèvre")
    child = world.children_of(family)[0]
    page = manager.get(url(slot, "ajouter/"), {"q": "lefev"}).content.decode()
    assert "Lina Lefèvre" in page
    assert "Aucun enfant" in manager.get(url(slot, "ajouter/"), {"q": "zzz"}).content.decode()
    manager.post(url(slot, "ajouter/"), {"child": child.pk})
    assert "Sans réservation" in manager.get(url(slot)).content.decode()
    manager.post(url(slot, "pointer/"), {"mark": f"remove:{child.pk}"})
    assert not Attendance.objects.exists()


def test_print_and_export(manager, slot, lina):
    assert "Bouvier Lina" in manager.get(url(slot, "liste/")).content.decode()
    for kind, start in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("ods", b"PK")):
        answer = manager.get(url(slot), {"export": kind})
        assert b"".join(answer.streaming_content).startswith(start)
    assert manager.get(url(slot), {"export": "exe"}).status_code == 404


def test_places_and_queue(counter, slot, lina):
    waiting = [world.make_family() for _ in range(2)]
    Slot.objects.filter(pk=slot.pk).update(capacity=1)
    slot.refresh_from_db()
    rows = [world.book(slot, world.children_of(f)[0], f, status="WAITING") for f in waiting]
    page = counter.get(url(slot, "attente/")).content.decode()
    assert "Changer son rang" in page
    counter.post(url(slot, "attente/ordre/"), {"booking": rows[1].pk, "reason": "Fratrie"})
    assert counter.post(url(slot, "attente/ordre/"), {"booking": "9"}).status_code == 404
    # Any rank may be given; one that is not in the queue is refused in words.
    for rank, words in (("2", "passe 2e"), ("9", "un rang entre 1 et 2"), ("x", "un rang entre")):
        back = counter.post(
            url(slot, "attente/ordre/"),
            {"booking": rows[1].pk, "reason": "Fratrie", "rank": rank},
            follow=True,
        )
        assert words in back.content.decode(), rank
    counter.post(url(slot, "attente/ordre/"), {"booking": rows[1].pk, "reason": "Fratrie"})
    counter.post(url(slot, "places/"), {"capacity": "2"})
    rows[1].refresh_from_db()
    assert rows[1].status == "OFFERED"
    page = counter.post(url(slot, "places/"), {"capacity": "beaucoup"}, follow=True)
    assert "en chiffres" in page.content.decode()


def test_the_register_filters_and_sorts(manager, counter, slot, lina, school):
    other = world.make_slot(
        "2026-10-06", offering=world.make_offering(site=world.make_site("École Pasteur"))
    )
    family = world.make_family(name="Zola")
    world.book(other, world.children_of(family)[0], family)
    page = counter.get("/mairie/sites/registre/?jour=2026-10-06").content.decode()
    assert "Lina Bouvier" in page and "Lina Zola" in page
    assert (
        "Lina Zola" not in manager.get("/mairie/sites/registre/?jour=2026-10-06").content.decode()
    )
    for query, seen in (
        ("q=zol", "Zola"),
        (f"site={school.pk}", "Bouvier"),
        ("sort=-name", "Zola"),
        ("etat=todo", "Bouvier"),
        ("q=zzz", "Personne"),
        ("q=%27%25", "Bouvier"),
        ("site=999&classe=x&etat=x&page=zz", "Registre"),
    ):
        page = counter.get(f"/mairie/sites/registre/?jour=2026-10-06&{query}")
        assert page.status_code == 200 and seen in page.content.decode(), query
    answer = counter.get("/mairie/sites/registre/?jour=2026-10-06&export=csv")
    assert "Zola" in b"".join(answer.streaming_content).decode()
    # The sign of a health plan leaves for the sites where the agent may read health, no other.
    Child.objects.update(has_pai=True)
    user = world.make_agent("COUNTER")
    user.roles.create(role="SITE_MANAGER", establishment_id=school.pk, starts_on=world.YEAR[0])
    answer = sign_in(user).get("/mairie/sites/registre/?jour=2026-10-06&export=csv")
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    told = {row["Nom"]: row["PAI"] for row in csv.DictReader(rows, delimiter=";")}
    assert told == {"Bouvier": "oui", "Zola": ""}


@pytest.mark.slow
def test_the_register_of_3300_children_asks_and_weighs_little(
    counter, school, django_assert_max_num_queries
):
    slot = world.make_slot("2026-10-06", capacity=4000)
    family = world.make_family()
    world.enrol(family, slot.offering, world.children_of(family)[0])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO families_child (last_name, usage_name, first_name, birth_on, sex, diet, "
            "former_code, has_pai, search_key, created_at) SELECT 'Nom' || g, '', 'Prénom', "
            "'2018-01-01', 'F', 'STANDARD', '', false, 'nom' || g, now() "
            "FROM generate_series(1, 3300) g"
        )
        cursor.execute(
            "INSERT INTO enrolments_enrolment (child_id, family_id, offering_id, starts_on, "
            "ends_on, status, channel, created_at, ended_reason) SELECT c.id, %s, %s, "
            "'2026-09-01', '2027-07-02', 'ACTIVE', 'PORTAL', now(), '' FROM families_child c "
            "WHERE c.id <> %s",
            [family.pk, slot.offering_id, world.children_of(family)[0].pk],
        )
        cursor.execute(
            "INSERT INTO bookings_booking (slot_id, child_id, family_id, enrolment_id, status, "
            "ordinal, channel, booked_at, surcharge_cents, decision_sentence, cancelled_channel, "
            "cancel_reason, is_charged) SELECT %s, child_id, family_id, id, 'CONFIRMED', 1, "
            "'PORTAL', now(), 0, '', '', '', true FROM enrolments_enrolment",
            [slot.pk],
        )
        cursor.execute("ANALYZE")
    address = "/mairie/sites/registre/?jour=2026-10-06&page=33"
    counter.get(address)
    with django_assert_max_num_queries(18):
        page = counter.get(address)
    assert len(page.content) < 100_000


def test_an_agent_books_for_a_family_and_the_channel_is_kept(counter, slot):
    day = world.make_slot("2026-10-15")
    family = world.make_family()
    world.enrol_all(family, day.offering)
    child = world.children_of(family)[0]
    file = f"/mairie/dossiers/{family.code}/"
    counter.post(f"{file}canal/", {"channel": "PHONE"})
    counter.post(
        f"{file}reservations/",
        {
            "mois": "2026-10",
            "activite": "cantine",
            "do": "review",
            "held": "",
            "added": "",
            "c": [f"{day.pk}-{child.pk}"],
        },
    )
    recap = counter.get(f"{file}reservations/recapitulatif/").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', recap)[1]
    sent = counter.post(f"{file}reservations/recapitulatif/", {"key": key})
    assert "1\u00a0jour réservé" in counter.get(sent.url).content.decode()
    assert Booking.objects.get().channel == "PHONE" == Submission.objects.get().channel
    for page in ("reservations/", "absences/", "absences/signaler/", "cartes/"):
        assert counter.get(file + page).status_code == 200, page
    counter.post(f"{file}cartes/enfants/{child.pk}/remettre/")
    cards = counter.get(f"{file}cartes/").content.decode()
    assert "Carte active" in cards
    printed = re.search(r'href="([^"]+imprimer/)"', cards)[1]
    assert "<svg" in counter.get(printed).content.decode()
    assert counter.get("/mairie/dossiers/9999999Z/reservations/").status_code == 404


def test_the_absence_inbox(counter, now):
    from preau.attendance.services import report_absence

    family = world.make_family()
    child = world.children_of(family)[0]
    report = report_absence(
        family_id=family.pk,
        child_id=child.pk,
        starts_on=world.day("2026-10-05"),
        ends_on=world.day("2026-10-05"),
        reason="ILLNESS",
        channel="PORTAL",
        now=now,
        actor=world.parent(family),
    )
    assert "Lina Bouvier" in counter.get("/mairie/absences/").content.decode()
    address = f"/mairie/absences/{report.reference}/"
    assert counter.get(address).status_code == 200
    refused = counter.post(address, {"decision": "no", "comment": ""})
    assert refused.status_code == 422 and "pourquoi" in refused.content.decode()
    counter.post(address, {"decision": "yes"})
    report.refresh_from_db()
    assert report.status == "JUSTIFIED"
    assert "Rien à décider" in counter.get("/mairie/absences/").content.decode()
    assert "Justifiée" in counter.get("/mairie/absences/?etat=toutes").content.decode()


def test_cards_asked_for_are_issued_from_a_list_and_printed_by_school(counter, now):
    from preau.attendance.services import order_card

    family = world.make_family()
    child = world.children_of(family)[0]
    order = order_card(
        child_id=child.pk,
        family_id=family.pk,
        channel="PORTAL",
        now=now,
        actor=world.parent(family),
    )
    assert "Lina Bouvier" in counter.get("/mairie/cartes/").content.decode()
    counter.post(f"/mairie/cartes/{order.pk}/remettre/")
    assert "Aucune carte demandée" in counter.get("/mairie/cartes/").content.decode()
    assert counter.post(f"/mairie/cartes/{order.pk}/remettre/").status_code == 404
    site = world.make_site()
    assert counter.get(f"/mairie/sites/{site.pk}/cartes/").status_code == 200
