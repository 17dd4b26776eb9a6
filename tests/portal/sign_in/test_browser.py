"""The way in, in a real browser: without script on a telephone, and read by axe."""

import re

import pytest
from playwright.sync_api import expect

from preau.accounts.enums import Role
from preau.families import services
from preau.kernel.clock import utc_now
from tests.harness.people import (
    AGENT,
    PASSWORD,
    adult_of,
    child_of,
    make_account,
    make_agent,
    make_family,
    make_town,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_the_letter_to_the_home_without_script(live_server, open_page):
    make_town()
    now = utc_now()
    family = make_family(now=now)
    _, password = services.grant_first_password(
        family_id=family.pk, guardian_id=adult_of(family).pk, now=now, actor=AGENT
    )
    page = open_page(360, javascript=False, base_url=live_server.url, expected=("status of 422",))
    page.goto("/espace/")
    page.get_by_label("Code famille ou adresse e-mail").fill(family.printed_code)
    page.get_by_label("Mot de passe", exact=True).fill("faux")
    page.get_by_role("button", name="Se connecter").click()
    # Said in the summary and at the field.
    expect(page.get_by_text("ne vont pas ensemble")).to_have_count(2)
    page.get_by_label("Mot de passe", exact=True).fill(password.lower())
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_label("Nouveau mot de passe").fill("Un long mot de passe à moi")
    page.get_by_role("button", name="Entrer dans notre espace").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Amina$"))
    page.get_by_role("link", name="Notre dossier et nos coordonnées").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Belkacem – Rousseau")
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url("**/connexion/")


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(live_server, open_page, assert_accessible, width):
    make_town()
    now = utc_now()
    family = make_family(now=now, children=2)
    make_account(family, email="amina@example.org", now=now)
    agent = make_agent(Role.ADMINISTRATOR, now=now)
    base = f"/mairie/dossiers/{family.code}"
    child, adult = child_of(family, day=now.date()), adult_of(family)
    journeys = {
        ("/connexion/", "amina@example.org"): [
            "/espace/",
            "/espace/famille/",
            "/espace/mot-de-passe/",
        ],
        ("/mairie/connexion/", agent.email): [
            "/mairie/agents/",
            f"/mairie/agents/{agent.pk}/",
            "/mairie/agents/nouveau/",
            "/mairie/dossiers/",
            "/mairie/dossiers/nouveau/",
            f"{base}/",
            f"{base}/adresse/",
            f"{base}/adultes/{adult.pk}/",
            f"{base}/enfants/{child.pk}/garde/",
            f"{base}/tout/journal/",
            "/mairie/recherche/?q=bel",
            "/mairie/lettres/",
        ],
    }
    for (door, username), addresses in journeys.items():
        page = open_page(width, base_url=live_server.url)
        page.goto(door)
        assert_accessible(page)
        page.locator("[name=username]").fill(username)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main button.btn").click()
        page.wait_for_url(lambda url: "connexion" not in url)
        for address in addresses:
            page.goto(address)
            assert_accessible(page)


def test_an_agent_finds_a_family_and_acts_by_keyboard(live_server, open_page):
    make_town()
    now = utc_now()
    family = make_family(now=now)
    agent = make_agent(Role.COUNTER, now=now)
    page = open_page(base_url=live_server.url)
    page.goto("/mairie/connexion/")
    page.locator("[name=username]").fill(agent.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "connexion" not in url)
    page.goto("/mairie/dossiers/")
    page.keyboard.press("/")
    page.keyboard.type("belkacem ami")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/mairie/dossiers/{family.code}/")
    page.keyboard.press("n")
    page.get_by_role("link", name="Enregistrer un quotient").first.click()
    page.get_by_label("Quotient familial").fill("742")
    page.get_by_role("button", name="Enregistrer le quotient").click()
    page.wait_for_url(f"**/mairie/dossiers/{family.code}/")
    expect(page.locator(".file-h")).to_contain_text("QF 742")
