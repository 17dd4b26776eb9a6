"""Someone at a browser: signs in, follows links, reads. Every page arrived at is looked at."""

import contextlib
import io
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect
from pypdf import PdfReader

from preau.demo.town.people import AGENT_PASSWORD
from tests.harness.browser import overflow_of
from tests.harness.stack import Site

TRIES = 300
PAUSE_MS = 200
SPACES = re.compile(r"\s+")


def plain(text: str) -> str:
    """Any run of spaces, narrow and no-break ones too, as one space."""
    return SPACES.sub(" ", text).strip()


def pdf_text(content: bytes) -> str:
    assert content.startswith(b"%PDF-")
    return plain(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def once_a_page(look: Callable[[Any], None]) -> Callable[[Any], None]:
    """`look`, but not again at a page that has not changed since."""
    seen: set[tuple[str, str]] = set()

    def check(page: Any) -> None:
        key = (page.url, page.locator("body").inner_text())
        if key not in seen:
            seen.add(key)
            look(page)

    return check


class Person:
    """A page of one's own. `look` reads each page (by axe, say); without it, its width is read."""

    def __init__(
        self,
        page: Any,
        site: Site,
        look: Callable[[Any], None] | None = None,
        *,
        javascript: bool = True,
    ) -> None:
        self.page = page
        self.site = site
        self.javascript = javascript
        self._look = look
        page.on("dialog", lambda dialog: dialog.accept())

    def look(self) -> None:
        """Check the page that is open: one title, nothing for axe, nothing too wide."""
        expect(self.page.locator("h1")).to_have_count(1)
        if self._look is not None:
            self._look(self.page)
        else:
            overflow = overflow_of(self.page)
            assert overflow <= 0, f"{self.page.url} scrolls sideways by {overflow} px"

    def text(self) -> str:
        return plain(self.page.locator("body").inner_text())

    def sees(self, *words: str) -> None:
        """Find these words on the page, and look at it."""
        text = self.text()
        for word in words:
            assert word in text, f"{self.page.url} does not say «{word}»:\n{text}"
        self.look()

    def go(self, address: str, *words: str) -> None:
        """Open an address that the page at hand links to."""
        links = self.page.locator(f'a[href="{address}"]')
        assert links.count(), f"{self.page.url} has no link to {address}"
        answer = self.page.goto(address)
        assert answer.status == 200, f"{address}: {answer.status}"
        self.sees(*words)

    def follow(self, name: str, *words: str) -> None:
        """Follow the first link of this name."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name).first.click()
        self.sees(*words)

    def press(self, name: str, *words: str, last: bool = False) -> None:
        """Press the first button of this name (the last one when said)."""
        buttons = self.page.get_by_role("button", name=name)
        with self.page.expect_navigation():
            (buttons.last if last else buttons.first).click()
        self.sees(*words)

    def download(self, address: str) -> bytes:
        """What a link of this page serves to this person."""
        answer = self.page.context.request.get(f"{self.site.url}{address}")
        assert answer.status == 200, f"{address}: {answer.status}"
        return bytes(answer.body())

    def sign_in(self, door: str, username: str, password: str) -> None:
        self.page.goto(door)
        self.look()
        self.page.locator("[name=username]").fill(username)
        self.page.locator("[name=password]").fill(password)
        self.press("Se connecter")

    def sign_in_as_agent(self, email: str) -> None:
        self.sign_in("/mairie/connexion/", email, AGENT_PASSWORD)
        assert "/connexion/" not in self.page.url

    def wait_for(self, *words: str) -> None:
        """Wait until the page says the first of these words: the worker's or the bank's doing.

        With JavaScript the page brings itself up to date; without, it is asked for again, unless
        it is doing so at that very moment.
        """
        for _ in range(TRIES):
            if words[0] in self.text():
                break
            self.page.wait_for_timeout(PAUSE_MS)
            if not self.javascript:
                with contextlib.suppress(PlaywrightError):
                    self.page.goto(self.page.url)
        self.sees(*words)


# What the keyboard stands on: its words, and whether an outline shows it, on it or on its label.
FOCUSED = """() => {
  const here = document.activeElement;
  if (here === document.body) return ["", true];  // past the last stop, before the first
  const label = here.labels && here.labels[0];
  const shown = [here, label, label && label.querySelector("span")].some((one) => {
    if (!one) return false;
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
  });
  const words = here.getAttribute("aria-label") || (label || here).innerText || here.name || "";
  return [words, shown];
}"""
MOST_TABS = 150


class Typist(Person):
    """Someone who has a keyboard and nothing else."""

    def reach(self, words: str) -> None:
        """Tab to what is called so; each stop on the way can be seen."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            name, shown = self.page.evaluate(FOCUSED)
            assert shown, f"{self.page.url}: the focus on «{plain(name)}» cannot be seen"
            if words in plain(name):
                return
        raise AssertionError(f"{self.page.url}: no way to «{words}» by Tab:\n{self.text()}")

    def type_in(self, label: str, text: str) -> None:
        self.reach(label)
        self.page.keyboard.type(text)

    def enter(self, words: str, *seen: str) -> None:
        """Tab to a link or a button, press Enter, read the page it leads to."""
        self.reach(words)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.sees(*seen)
