"""Days in a real browser, at 360 and 1280 px: taps counted, axe silent, and without script."""

import re

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from preau.attendance.services import issue_card, report_absence
from preau.bookings.models import Booking, Slot
from preau.bookings.services import open_slots
from preau.kernel.actors import Actor
from tests.bookings import world

pytestmark = pytest.mark.django_db(transaction=True)
NOW = world.instant("2026-10-06T16:45")
MODULES = (
    "ui.days.checkout",
    "ui.days.planning",
    "ui.days.absences",
    "ui.days.cards",
    "townhall.sites.places",
    "townhall.sites.register",
    "townhall.sites.views",
    "townhall.sites.sheets",
    "townhall.sites.scope",
    "townhall.sites.cards",
    "townhall.sites.absences",
    "townhall.sites.family",
    "townhall.families.scope",
    "townhall.access",
)


@pytest.fixture(autouse=True)
def at_a_quarter_to_five(monkeypatch):
    for module in MODULES:
        monkeypatch.setattr(f"preau.{module}.utc_now", lambda: NOW)


def sign_in(page, server, user, backend):
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = backend
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    page.context.add_cookies(
        [{"name": "preau_session", "value": session.session_key, "url": server.url}]
    )


def family_page(open_page, server, family, **options):
    page = open_page(**options)
    sign_in(page, server, world.user_of(family), "preau.families.auth.FamilyBackend")
    return page


@pytest.fixture
def family():
    canteen = world.make_offering()
    family = world.make_family(2)
    world.enrol_all(family, canteen)
    open_slots(
        offering_ids=[canteen.pk],
        first=world.day("2026-09-28"),
        last=world.day("2026-12-31"),
        now=NOW,
        actor=Actor.system(),
    )
    Slot.objects.filter(day="2026-11-19").update(capacity=0)
    return family


def test_a_month_for_two_children_in_under_twelve_taps(live_server, open_page, family):
    page = family_page(open_page, live_server, family, width=360)
    page.clock.install()
    page.goto(f"{live_server.url}/espace/reservations/?mois=2026-11")
    taps = 0
    week = page.locator("section.week", has_text="2 – 6 novembre")
    for name in ("lundi 2", "mardi 3", "jeudi 5", "vendredi 6"):
        week.locator("label.slot", has_text=re.compile(rf"Lina, {name}\b")).click()
        taps += 1
    expect(page.locator("[data-recap-count]")).to_have_text("4\u00a0changements")
    week.get_by_text("Copier").click()
    week.get_by_role("button", name="de Lina vers Noé").click()
    taps += 2
    week = page.locator("section.week", has_text="2 – 6 novembre")
    week.get_by_text("Copier").click()
    week.get_by_role("button", name=re.compile("vers toutes")).click()
    taps += 2
    expect(page.locator("label.slot.added")).to_have_count(40)
    page.get_by_role("button", name="Vérifier et envoyer").last.click()
    expect(page.locator("body")).to_contain_text("Complets")
    # The places are held, on the town's clock: minutes pass, a word comes before the end, then
    # they may be held again. The town's own clock stands still here: they are held all the while.
    held, again = page.locator("[data-hold]"), page.get_by_role("button", name="Garder à nouveau")
    for minutes, words in (
        (5, "encore 10 minutes"),
        (8, "Encore deux minutes"),
        (3, "Le temps est passé"),
    ):
        page.clock.fast_forward(minutes * 60_000)
        expect(held).to_contain_text(words)
        expect(again).to_be_visible(visible=words == "Le temps est passé")
    page.get_by_role("button", name="Envoyer").click()
    taps += 2
    expect(page.locator("body")).to_contain_text("C’est envoyé")
    expect(page.locator("body")).to_contain_text("1er de la liste d’attente")
    assert taps < 12
    assert Booking.objects.filter(status="CONFIRMED").count() == 38
    assert Booking.objects.filter(status="WAITING").count() == 2


@pytest.mark.parametrize("width", [360, 1280])
def test_the_same_path_without_script(live_server, open_page, family, width):
    page = family_page(open_page, live_server, family, width=width, javascript=False)
    page.goto(f"{live_server.url}/espace/reservations/?mois=2026-11")
    page.locator("label.slot", has_text=re.compile(r"Noé, lundi 2\b")).locator("input").check()
    page.get_by_role("button", name="Vérifier et envoyer").last.click()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("body")).to_contain_text("C’est envoyé")
    page.get_by_role("link", name="Retour au calendrier").click()
    page.goto(f"{live_server.url}/espace/reservations/?mois=2026-11")
    page.locator("label.slot", has_text=re.compile(r"Noé, lundi 2\b")).locator("input").uncheck()
    page.get_by_role("button", name="Garder mes choix").click()
    page.get_by_role("button", name=re.compile("Annuler")).click()
    page.locator("label.slot").first.wait_for()
    expect(page.locator("label.slot.removed")).to_have_count(0)


def test_leaving_the_month_keeps_the_choices(live_server, open_page, family):
    page = family_page(open_page, live_server, family, width=1280)
    page.goto(f"{live_server.url}/espace/reservations/?mois=2026-11")
    page.locator("label.slot", has_text=re.compile(r"Noé, lundi 2\b")).click()
    page.get_by_role("link", name="Décembre").click()
    page.wait_for_url(re.compile("mois=2026-12"))
    expect(page.locator("body")).to_contain_text("1 changement gardé")
    page.get_by_role("link", name="Novembre").click()
    expect(page.locator("label.slot.added")).to_have_count(1)


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_axe_finds_nothing_in_the_familys_space(
    live_server, open_page, assert_accessible, family, width, scheme
):
    lina, noe = world.children_of(family)
    for n, slot in enumerate(Slot.objects.filter(day__lte="2026-10-16").order_by("day")):
        world.book(slot, lina, family)
        if n == 8:
            world.book(
                slot,
                noe,
                family,
                status="OFFERED",
                offer_expires_at=world.instant("2026-10-07T09:00"),
            )
    card = issue_card(child_id=lina.pk, family_id=family.pk, now=NOW, actor=Actor.system())
    report = report_absence(
        family_id=family.pk,
        child_id=lina.pk,
        starts_on=world.day("2026-10-06"),
        ends_on=world.day("2026-10-08"),
        reason="ILLNESS",
        channel="PORTAL",
        now=NOW,
        actor=world.parent(family),
    )
    page = family_page(open_page, live_server, family, width=width)
    page.emulate_media(color_scheme=scheme)
    for path in (
        "reservations/",
        "reservations/?mois=2026-11",
        "reservations/recapitulatif/",
        "absences/",
        "absences/signaler/",
        f"absences/{report.reference}/",
        "cartes/",
        f"cartes/{card.pk}/perdue/",
    ):
        page.goto(f"{live_server.url}/espace/{path}")
        assert_accessible(page)
    page.goto(f"{live_server.url}/espace/absences/signaler/")
    page.get_by_label("Noé").check()
    page.get_by_label("Maladie").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Voir ce que cela change").click()
    assert_accessible(page)
    page.goto(f"{live_server.url}/espace/reservations/?mois=2026-11")
    page.locator("label.slot", has_text=re.compile(r"Noé, lundi 2\b")).click()
    with page.expect_navigation():
        page.get_by_role("button", name="Vérifier et envoyer").last.click()
    assert_accessible(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Envoyer").click()
    assert_accessible(page)


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_at_the_sites(live_server, open_page, assert_accessible, family, width):
    lina, noe = world.children_of(family)
    slot = Slot.objects.get(day="2026-10-06")
    world.book(slot, lina, family), world.book(slot, noe, family, status="WAITING")
    report = report_absence(
        family_id=family.pk,
        child_id=noe.pk,
        starts_on=world.day("2026-10-06"),
        ends_on=world.day("2026-10-06"),
        reason="FAMILY",
        channel="PORTAL",
        now=NOW,
        actor=world.parent(family),
    )
    card = issue_card(child_id=lina.pk, family_id=family.pk, now=NOW, actor=Actor.system())
    page = open_page(width=width)
    sign_in(page, live_server, world.make_agent(), "preau.accounts.auth.AgentBackend")
    seat, file = f"sites/seances/{slot.pk}/", f"dossiers/{family.code}/"
    for path in (
        "sites/?jour=2026-10-06",
        f"sites/{slot.offering.establishment_id}/",
        "sites/registre/",
        seat,
        f"{seat}liste/",
        f"{seat}attente/",
        f"{seat}ajouter/?q=bouv",
        f"{seat}enfants/{lina.pk}/",
        "absences/",
        f"absences/{report.reference}/",
        "cartes/",
        f"{file}reservations/?mois=2026-11",
        f"{file}absences/",
        f"{file}absences/signaler/",
        f"{file}cartes/",
        f"{file}cartes/{card.pk}/imprimer/",
    ):
        page.goto(f"{live_server.url}/mairie/{path}")
        assert_accessible(page)
    page.goto(f"{live_server.url}/mairie/{seat}")
    page.get_by_role("button", name="Présent : Lina Bouvier").click()
    page.get_by_text("Corriger").first.wait_for()
    page.get_by_label("Carte scannée").fill(card.code)
    page.get_by_role("button", name="Pointer la carte").click()
    expect(page.locator("body")).to_contain_text("déjà pointé")
