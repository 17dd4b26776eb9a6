"""The parts in a real browser: accessible in both themes, at every width, by keyboard, and
without script."""

from pathlib import Path
from typing import Any

import pytest

OURS = Path(__file__).parent / "templates"


@pytest.fixture
def parts(live_server: Any, settings: Any) -> str:
    """The address of the pages of tests/ui/urls.py."""
    settings.ROOT_URLCONF = "tests.ui.urls"
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(OURS)]}]
    return str(live_server.url)


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_is_accessible(
    parts: str, open_page: Any, assert_accessible: Any, width: int, scheme: str
) -> None:
    page = open_page(width, scheme=scheme)
    for path in ("/famille/planning", "/famille/planning?children=3", "/mairie/inbox"):
        page.goto(parts + path)
        assert_accessible(page)


def test_targets_are_large_enough(parts: str, phone: Any) -> None:
    phone.goto(f"{parts}/famille/planning")
    small = phone.evaluate(
        """[...document.querySelectorAll(".btn, .slot:has(input), .nav a, .nav button, summary,\
          .pick, .picks label, .pages a, .doors a, .tabs a")]
          .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 43.5)
          .map((e) => e.outerHTML.slice(0, 90))"""
    )
    assert small == []


@pytest.mark.parametrize("javascript", [True, False])
def test_a_cell_tells_what_changed_even_without_script(
    parts: str, open_page: Any, javascript: bool
) -> None:
    page = open_page(360, javascript=javascript)
    page.goto(f"{parts}/famille/planning")
    box = page.locator("#planning label:has(input:checked)").first
    assert "Réservé" in box.inner_text()
    box.click()
    changed = page.locator("#planning label:has(input[data-was='1']:not(:checked))").first
    assert "Retiré" in changed.inner_text()
    free = page.locator("#planning label:has(input:not(:checked)):has-text('Libre')").first
    name = free.locator("input").get_attribute("value")
    free.click()
    assert "Ajouté" in page.locator(f"#planning label:has(input[value='{name}'])").inner_text()


def test_the_recap_follows_and_undo_goes_back(parts: str, desk: Any) -> None:
    desk.goto(f"{parts}/famille/planning")
    count = desk.locator("[data-recap-count]")
    price = desk.locator("[data-recap-price]")
    assert count.inner_text() == "Aucun changement"
    desk.locator("#planning label:has-text('Libre')").first.click()
    assert count.inner_text() == "1\u00a0changement"
    assert price.inner_text() == "+3,18\u202f€"
    desk.locator("#planning label:has-text('Réservé')").first.click()
    assert count.inner_text() == "2\u00a0changements"
    assert price.inner_text() == "0,00\u202f€"
    assert "1\u00a0ajouté" in desk.locator("[data-recap-text]").inner_text()
    desk.get_by_role("button", name="Annuler").click()
    assert count.inner_text() == "1\u00a0changement"


def test_keys_of_agents(parts: str, desk: Any) -> None:
    desk.goto(f"{parts}/mairie/inbox")
    desk.keyboard.press("/")
    assert desk.evaluate("document.activeElement.type") == "search"
    desk.keyboard.type("ja?")
    assert desk.evaluate("document.activeElement.value") == "ja?", "typing is not a shortcut"
    desk.keyboard.press("Escape")
    desk.keyboard.press("j")
    desk.keyboard.press("j")
    assert "Haddad c" in desk.evaluate("document.activeElement.textContent")
    desk.keyboard.press("k")
    assert "Haddad b" in desk.evaluate("document.activeElement.textContent")
    desk.keyboard.press("?")
    assert desk.locator("dialog[open]").is_visible()
    desk.locator("dialog [data-keys-on]").uncheck()
    desk.keyboard.press("Escape")
    desk.keyboard.press("j")
    assert "Haddad c" not in desk.evaluate("document.activeElement.textContent")


def test_the_first_error_takes_the_focus_and_leads_to_its_field(parts: str, desk: Any) -> None:
    desk.goto(f"{parts}/famille/planning")
    assert desk.evaluate("document.activeElement.className") == "errors"
    desk.get_by_role("link", name="Choisissez la date d’arrivée.").click()
    assert desk.evaluate("location.hash") == "#id_arrival_0"


def test_the_skip_link_comes_first(parts: str, desk: Any) -> None:
    desk.goto(f"{parts}/mairie/inbox")
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.className") == "skip"
    desk.keyboard.press("Enter")
    assert desk.evaluate("document.activeElement.id") == "contenu"


def test_print_keeps_the_content_only(parts: str, desk: Any) -> None:
    desk.goto(f"{parts}/famille/planning")
    desk.emulate_media(media="print")
    for hidden in (".top nav", ".foot", ".recap", ".btn"):
        assert not desk.locator(hidden).first.is_visible()
    assert desk.locator("h1").is_visible()
