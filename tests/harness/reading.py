"""Pages read by axe without a server: the browser's requests are answered by Django's own client.

    reader = Reader(page)
    wrong = reader.read(address, answer, client)

No process to start, no sign-in, and whatever a page writes is rolled back with the test. Each page
is read by all of axe's rules in one of four looks, always the same one for its name: what pages
share is read in the four. Its width is looked at at 360 px too. `all_looks` reads each in the four.
"""

import contextvars
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.test import Client

BASE = "http://localhost"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 780}
LOOKS = [(size, scheme) for size in (WIDE, NARROW) for scheme in ("light", "dark")]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
KEPT = ("/static/", "/theme.css", "/favicon", "/logo")
RUN = """async (rules) => {
  const only = rules.length ? {runOnly: {type: 'rule', values: rules}} : {};
  const found = await axe.run(document, {resultTypes: ['violations'], ...only});
  return found.violations.map(v => [v.id, v.help, v.nodes.slice(0, 3).map(n => n.html)]);
}"""
# Once a page was read by every rule, what another look of it may change.
SEEN_AGAIN = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"]
# What pages say to the console here and nowhere else: a script of the tablet's is not fetched.
EXPECTED = ("An unknown error occurred when fetching the script",)


class Reader:
    """A browser's page whose requests are answered in this process, by one client or another."""

    def __init__(self, page: Any, *, all_looks: bool = False) -> None:
        self.page, self.all_looks = page, all_looks
        self.client = Client(raise_request_exception=False)
        self.kept: dict[str, dict[str, Any]] = {}
        self.given: dict[str, dict[str, Any]] = {}
        # Playwright answers requests in greenlets of its own, where Django would open another
        # connection to the database: they work in the test's context.
        self.context = contextvars.copy_context()
        self.look: Any = None
        page.context.add_init_script(Axe().axe_script)
        page.route("**/*", self._answer)

    def _answer(self, route: Any) -> None:
        parts = urlsplit(route.request.url)
        address = parts.path + (f"?{parts.query}" if parts.query else "")
        if route.request.method != "GET":
            route.abort()
            return
        found = self.given.pop(address, None) or self.kept.get(address)
        if found is None:
            found = told(self.context.run(self.client.get, address))
            if address.startswith(KEPT):
                self.kept[address] = found
        route.fulfill(**found)

    def read(self, name: str, address: str, answer: Any, client: Client) -> list[str]:
        """What is wrong on the page that `client` was answered at this address; [] if nothing."""
        self.client, self.context = client, contextvars.copy_context()
        self.given[address] = told(answer)
        first = LOOKS[zlib.crc32(name.encode()) % len(LOOKS)]
        self._wear(first)
        self.page.goto(f"{BASE}{address}")
        wrong = self._axe([])
        for look in [one for one in LOOKS if one != first] if self.all_looks else []:
            self._wear(look)
            wrong += self._axe(SEEN_AGAIN)
        self._wear((NARROW, self.look[1]))
        if (overflow := self.page.evaluate(OVERFLOW)) > 0:
            wrong.append(f"scrolls sideways by {overflow} px at 360 px")
        return [f"{name} {address}: {line}" for line in wrong]

    def _wear(self, look: Any) -> None:
        """Change the page's width and colours, without loading it again."""
        size, scheme = look
        if self.look is None or self.look[1] != scheme:
            self.page.emulate_media(color_scheme=scheme)
        if self.look is None or self.look[0] != size:
            self.page.set_viewport_size(size)
        self.look = look

    def _axe(self, rules: list[str]) -> list[str]:
        size, scheme = self.look
        return [
            f"{rule} ({size['width']} px, {scheme}): {words} -> "
            + "; ".join(html[:200] for html in nodes)
            for rule, words, nodes in self.page.evaluate(RUN, rules)
        ]


def told(answer: Any) -> dict[str, Any]:
    """A response of Django as the browser's interception wants it: always as a page that is."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return {"status": 200, "headers": dict(answer.items()), "body": body}


class _Forms(HTMLParser):
    """The forms of a page that send something: where, and what they send untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = said.get("method", "").lower() == "post"
            if self.inside:
                self.found.append((said.get("action", ""), {}))
        elif (
            self.inside
            and said.get("name")
            and (
                (tag == "input" and said.get("type") == "hidden")
                or (tag == "button" and said.get("value"))
            )
        ):
            self.found[-1][1].setdefault(said["name"], said.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def refusals(address: str, answer: Any, client: Client) -> Iterator[tuple[str, Any]]:
    """Each form of the page sent empty: the pages that refuse it. Nothing that it wrote stays."""
    forms = _Forms()
    forms.feed(answer.content.decode())
    seen = set()
    for action, fields in forms.found:
        target = action or address
        if not target.startswith("/") or "deconnexion" in target or target in seen:
            continue
        seen.add(target)
        with transaction.atomic():
            refused = client.post(target, fields)
            transaction.set_rollback(True)
        if refused.status_code != 302 and "html" in refused.headers.get("Content-Type", ""):
            yield target, refused
