"""Follow every link of a space as someone signed in, as that person's browser could."""

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, resolve


class _Links(HTMLParser):
    """The addresses of a page: where its links lead, where its forms send."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        if tag == "form":
            self.forms.append(found.get("action") or "")
            if (found.get("method") or "get").lower() == "get":
                self.links.append(found.get("action") or "")
        for name in ("hx-get", "hx-post"):
            if found.get(name):
                (self.links if name == "hx-get" else self.forms).append(found[name] or "")


@dataclass
class Crawl:
    """What was seen."""

    pages: dict[str, int] = field(default_factory=dict)  # address -> status
    queries: dict[str, int] = field(default_factory=dict)  # address -> number of queries
    forms: set[str] = field(default_factory=set)

    @property
    def broken(self) -> list[str]:
        """Links that lead nowhere, or to an error."""
        return [f"{where} -> {status}" for where, status in self.pages.items() if status >= 400]

    def objects(self) -> set[str]:
        """The addresses, without their query, that name an object (their route has a parameter)."""
        found = set()
        for address in [*self.pages, *self.forms]:
            path = urlsplit(address).path
            try:
                if resolve(path).kwargs:
                    found.add(path)
            except Resolver404:
                continue
        return found


def crawl(client: Client, start: str, *, per_route: int = 4, most: int = 500) -> Crawl:
    """Follow the links under `start`'s first folder, a few addresses for each route."""
    space = "/" + start.strip("/").split("/")[0] + "/"
    seen = Crawl()
    taken: Counter[str] = Counter()
    queue = [start]
    while queue and len(seen.pages) < most:
        address = queue.pop(0)
        if address in seen.pages:
            continue
        try:
            match = resolve(urlsplit(address).path)
        except Resolver404:
            seen.pages[address] = 404
            continue
        kind = f"{match.view_name}?{'q' if urlsplit(address).query else ''}"
        taken[kind] += 1
        if taken[kind] > per_route:
            continue
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
        seen.pages[address] = answer.status_code
        seen.queries[address] = len(captured)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            if getattr(answer, "streaming", False):
                b"".join(answer.streaming_content)
            continue
        page = _Links()
        page.feed(answer.content.decode())
        queue += [found for link in page.links if (found := _inside(address, link, space))]
        seen.forms |= {found for form in page.forms if (found := _inside(address, form, space))}
    return seen


def _inside(page: str, link: str, space: str) -> str:
    """The link's address without its fragment, or "" when it leaves the space."""
    parts = urlsplit(urljoin(page, link))
    if parts.netloc or parts.scheme or not parts.path.startswith(space):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")
