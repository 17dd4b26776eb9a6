"""Absences and cards in the family's space: said before it is sent, dead at once."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from preau.attendance.models import AbsenceReport, Attendance, Card, CardOrder
from preau.attendance.services import issue_card
from preau.kernel.actors import Actor
from tests.bookings import world

pytestmark = pytest.mark.django_db
ABSENCES, CARDS = "/espace/absences/", "/espace/cartes/"


@pytest.fixture(autouse=True)
def at_nine(monkeypatch, now):
    for module in (
        "preau.ui.days.absences",
        "preau.ui.days.cards",
        "preau.ui.days.planning",
        "preau.ui.days.checkout",
    ):
        monkeypatch.setattr(f"{module}.utc_now", lambda: now)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        }
    }


@pytest.fixture
def family():
    return world.make_family(2)


def sign_in(family):
    client = Client()
    client.force_login(world.user_of(family), backend="preau.families.auth.FamilyBackend")
    return client


@pytest.fixture
def client(family):
    return sign_in(family)


def photo(name="certificat.jpg"):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(buffer, "JPEG")
    return SimpleUploadedFile(name, buffer.getvalue(), "image/jpeg")


def answers(child, **more):
    return {
        "child": child.pk,
        "starts_on_day": "15",
        "starts_on_month": "10",
        "starts_on_year": "2026",
        "reason": "ILLNESS",
        "comment": "",
        **more,
    }


def hidden(page):
    return dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', page))


def test_an_absence_is_said_day_by_day_before_it_is_sent(client, family):
    lina = world.children_of(family)[0]
    booking = world.book(world.make_slot("2026-10-15"), lina, family)
    page = client.post(f"{ABSENCES}signaler/", answers(lina, do="check", document=photo()))
    text = page.content.decode()
    assert "Jeudi 15 octobre" in text and "la réservation est retirée" in text
    assert "certificat.jpg" in text and not AbsenceReport.objects.exists()
    fields = hidden(text)
    sent = client.post(f"{ABSENCES}signaler/", fields | {"do": "send"})
    report = AbsenceReport.objects.get()
    assert sent.url == f"{ABSENCES}{report.reference}/" and report.document_id
    booking.refresh_from_db()
    assert booking.status == "CANCELLED"
    # The same form again: the same report.
    assert client.post(f"{ABSENCES}signaler/", fields | {"do": "send"}).url == sent.url
    detail = client.get(sent.url).content.decode()
    assert "Signalée" in detail and "Non dû" in detail
    file = client.get(f"{ABSENCES}pieces/{report.document_id}/")
    assert file["Content-Type"] == "image/jpeg"
    assert report.reference in client.get(ABSENCES).content.decode()


def test_a_certificate_may_come_later(client, family, now):
    lina = world.children_of(family)[0]
    client.post(f"{ABSENCES}signaler/", answers(lina, do="send", key=str(world.key())))
    report = AbsenceReport.objects.get()
    url = f"{ABSENCES}{report.reference}/"
    assert client.post(url, {}).status_code == 422
    bad = SimpleUploadedFile("a.exe", b"MZ" + b"\0" * 300)
    assert client.post(url, {"document": bad}).status_code == 422
    client.post(url, {"document": photo()})
    report.refresh_from_db()
    assert report.document_at == now


@pytest.mark.parametrize(
    "changes",
    [
        {"child": ""},
        {"reason": ""},
        {"starts_on_day": "41"},
        {"starts_on_year": "2020"},
        {"ends_on_day": "1", "ends_on_month": "1", "ends_on_year": "2026"},
    ],
)
def test_what_cannot_be_is_said_in_words_and_nothing_is_lost(client, family, changes):
    lina = world.children_of(family)[0]
    page = client.post(f"{ABSENCES}signaler/", answers(lina, do="check", comment="Gare") | changes)
    assert page.status_code == 422 and "à revoir" in page.content.decode()
    assert "Gare" in page.content.decode()


def test_the_month_shows_who_came(client, family, now):
    lina, noe = world.children_of(family)
    slot = world.make_slot("2026-10-05")
    world.book(slot, lina, family), world.book(slot, noe, family)
    for child, presence in ((lina, "PRESENT"), (noe, "ABSENT")):
        Attendance.objects.create(
            slot=slot, child=child, family=family, presence=presence, recorded_at=now
        )
    text = client.get(ABSENCES, {"mois": "2026-10"}).content.decode()
    assert "Lundi 5 octobre" in text and "Présent" in text and "Absent, non prévenu" in text
    assert "Rien n’était prévu" in client.get(ABSENCES, {"mois": "2026-12"}).content.decode()


def test_a_lost_card_is_dead_and_the_next_is_asked_for(client, family, now):
    lina = world.children_of(family)[0]
    card = issue_card(child_id=lina.pk, family_id=family.pk, now=now, actor=Actor.system())
    assert card.code[:5] in client.get(CARDS).content.decode()
    lost = f"{CARDS}{card.pk}/perdue/"
    assert "tout de suite" in client.get(lost).content.decode()
    client.post(lost, {"order": "1"})
    card.refresh_from_db()
    assert card.status == "LOST" and CardOrder.objects.filter(child=lina, card=None).exists()
    assert "Carte demandée" in client.get(CARDS).content.decode()
    client.post(f"{CARDS}enfants/{lina.pk}/demander/")
    assert CardOrder.objects.count() == 1


def test_another_family_gets_404_everywhere(client, family, now):
    lina = world.children_of(family)[0]
    card = issue_card(child_id=lina.pk, family_id=family.pk, now=now, actor=Actor.system())
    client.post(
        f"{ABSENCES}signaler/", answers(lina, do="send", document=photo(), key=str(world.key()))
    )
    report = AbsenceReport.objects.get()
    stranger = sign_in(world.make_family())
    for url in (
        f"{ABSENCES}{report.reference}/",
        f"{ABSENCES}pieces/{report.document_id}/",
        f"{CARDS}{card.pk}/perdue/",
    ):
        assert stranger.get(url).status_code == 404, url
    assert stranger.post(f"{CARDS}{card.pk}/perdue/").status_code == 404
    assert stranger.post(f"{CARDS}enfants/{lina.pk}/demander/").status_code == 404
    assert stranger.post(f"{ABSENCES}signaler/", answers(lina, do="send")).status_code == 422
    assert Card.objects.get().status == "ACTIVE"


@pytest.mark.parametrize("children", [1, 3])
@pytest.mark.parametrize("url", [ABSENCES, f"{ABSENCES}signaler/", CARDS])
def test_fifteen_queries_at_most(url, children, django_assert_max_num_queries, now):
    family = world.make_family(children)
    slots = [world.make_slot(f"2026-10-{n:02d}") for n in (5, 6, 8, 9)]
    for child in world.children_of(family):
        issue_card(child_id=child.pk, family_id=family.pk, now=now, actor=Actor.system())
        for slot in slots:
            world.book(slot, child, family)
    client = sign_in(family)
    client.get(url)
    with django_assert_max_num_queries(15):
        assert client.get(url, {"mois": "2026-10"}).status_code == 200
