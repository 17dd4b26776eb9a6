"""The kitchen's pages: meals against what was sent, settings, menus and their allergens."""

import datetime as dt
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from preau.catalogue.models import Menu
from preau.catalogue.services import save_menu
from preau.journeys.menu_import import read_menus
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day, utc_now
from preau.kitchen.models import KitchenSetting, MealCount
from preau.messaging.models import Message
from tests.bookings import world
from tests.harness.people import make_town

pytestmark = pytest.mark.django_db
MONDAY = dt.date(2026, 11, 30)
FILE = (
    "Jour;Entrée;Plat;Allergènes plat;Dessert\n"
    "2026-11-30;Betteraves;Poisson pané;poisson, gluten;Pomme\n"
    "01/12/2026;;Lasagnes;Lait/gluten;\n"
)


def sign_in(role="ADMINISTRATOR", site=None):
    make_town()
    client = Client()
    client.force_login(world.make_agent(role, site), backend="preau.accounts.auth.AgentBackend")
    return client


@pytest.fixture
def meal():
    slot = world.make_slot(paris_day(utc_now()))
    family = world.make_family(children=2)
    for child in world.children_of(family):
        world.book(slot, child, family)
    return slot


def test_meals_are_counted_sent_and_compared(meal):
    client = sign_in()
    settings = reverse("townhall:kitchen-settings")
    data = {"emails": "cuisine@x.example", "days_before": "1", "hour": "10:00"}
    assert client.post(settings, {**data, "emails": "n’importe quoi"}).status_code == 422
    assert client.post(settings, {**data, "is_active": "on"}).status_code == 302
    own = {**data, "site": meal.offering.establishment_id, "emails": "a@x.example, b@x.example"}
    assert client.post(settings, own).status_code == 302
    assert client.get(settings).status_code == 200
    assert len(KitchenSetting.objects.get(establishment__isnull=False).emails) == 2
    page = reverse("townhall:kitchen")
    assert "Pas encore envoyé" in client.get(page).content.decode()
    assert client.post(page).status_code == 302
    count = MealCount.objects.get()
    assert count.total == 2 and Message.objects.count() == 2
    child = world.children_of(world.make_family())[0]
    world.book(meal, child, child.custodies.get().family)
    assert "Changé depuis" in client.get(page).content.decode()
    client.post(page)
    change = MealCount.objects.get(rank=2)
    for name in ("kitchen-count", "kitchen-count-pdf", "kitchen-count-csv"):
        assert client.get(reverse(f"townhall:{name}", args=[change.pk])).status_code == 200
    assert client.get(reverse("townhall:kitchen-sent"), {"q": "Marron"}).status_code == 200
    for url in (page, reverse("townhall:kitchen-sent")):
        assert client.get(url, {"export": "csv"}).status_code == 200
    elsewhere = sign_in("SITE_MANAGER", world.make_site("École Pasteur"))
    assert elsewhere.get(reverse("townhall:kitchen-count", args=[change.pk])).status_code == 404
    assert "Marronniers" not in elsewhere.get(page).content.decode()
    assert sign_in("CASHIER").get(page).status_code == 403


def test_allergens_are_ticked_and_shown_to_all():
    client = sign_in()
    save_menu(day=MONDAY, main="Poisson pané", now=utc_now(), actor=Actor.system())
    page = f"{reverse('townhall:kitchen-allergens')}?semaine={MONDAY}"
    assert "Poisson pané" in client.get(page).content.decode()
    assert client.post(page, {f"{MONDAY}-main": ["FISH", "GLUTEN"]}).status_code == 302
    assert Menu.objects.get().allergens == {"main": ["GLUTEN", "FISH"]}
    public = Client().get(f"{reverse('public:menus')}?semaine={MONDAY}").content.decode()
    assert "contient gluten, poisson" in public


def test_menus_come_from_a_file_whole_or_not_at_all():
    client = sign_in()
    page = reverse("townhall:kitchen-import")
    bad = FILE + "2026-12-03;;Riz;cailloux;\n2026-12-99;;Riz;;\n"
    refused = client.post(page, {"file": SimpleUploadedFile("m.csv", bad.encode())})
    text = refused.content.decode()
    assert refused.status_code == 422 and "Ligne 4" in text and "Ligne 5" in text
    assert not Menu.objects.exists()
    preview = client.post(page, {"file": SimpleUploadedFile("m.csv", FILE.encode("cp1252"))})
    assert preview.status_code == 200 and not Menu.objects.exists()
    kept = read_menus("m.csv", FILE.encode())[2]
    assert client.post(page, {"act": "apply", "kept": kept}).status_code == 302
    assert Menu.objects.get(day=MONDAY).allergens == {"main": ["GLUTEN", "FISH"]}
    book = openpyxl.Workbook()
    book.active.append(["Jour", "Plat", "Allergènes plat"])
    book.active.append([dt.datetime(2026, 12, 3), "Couscous", "gluten"])
    raw = io.BytesIO()
    book.save(raw)
    rows, errors, _kept = read_menus("m.xlsx", raw.getvalue())
    assert errors == [] and rows[0].day == dt.date(2026, 12, 3)
    broken = client.post(page, {"file": SimpleUploadedFile("m.xlsx", b"PK\x03\x04nonsense")})
    assert broken.status_code == 422
