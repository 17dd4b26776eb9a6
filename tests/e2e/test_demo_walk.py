"""Each demo account walks through its space: no page is broken, no link leads nowhere.

A bounded walk with a real browser: one page of each kind is opened, at most `MOST` per account.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error as PlaywrightError

from preau.demo.accounts import accounts
from preau.demo.town.people import AGENTS, CARE_FAMILIES, FAMILIES
from tests.harness.stack import Site

MOST = 12
# Leaving, files, and the same list in another order.
LEFT_ASIDE = re.compile(r"deconnexion|/demo/|\.(pdf|csv|ods|xlsx)|export|format=|sort=|page=")


def kind_of(address: str) -> str:
    """Addresses that differ by a number, a day or a reference alone show the same page."""
    parts = urlsplit(address)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<id>", parts.path)
    path = re.sub(r"(?<=/)[A-Z0-9-]*\d[A-Z0-9-]*(?=/|$)", "<n>", path)
    names = sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair)
    return f"{path}?{','.join(names)}"


def test_every_account_walks_through_its_pages(
    demo_site: Site, open_page: Callable[..., Any]
) -> None:
    rows = accounts()
    assert len(rows) == len(FAMILIES) + len(CARE_FAMILIES) + len(AGENTS)
    broken = []
    for row in rows:
        page = open_page(base_url=demo_site.url)
        page.goto(urlsplit(row["address"]).path)
        page.fill("#id_username", row["identifier"])
        page.fill("#id_password", row["password"])
        page.click("form button[type=submit]")
        page.wait_for_load_state()
        assert not page.url.endswith("/connexion/"), row
        broken += [f"{row['role']}: {line}" for line in walk(page, demo_site.url)]
        page.context.close()
    assert not broken, "\n".join(broken)


def walk(page: Any, base: str) -> list[str]:
    """Open one page of each kind, from link to link; what did not answer 200.

    Whether each can be read by all is told by tests/architecture/test_crawl.py, of every page.
    """
    todo, seen, broken = [(urlsplit(page.url).path, "")], set(), []
    while todo and len(seen) < MOST:
        address, origin = todo.pop(0)
        kind = kind_of(address)
        if kind in seen:
            continue
        seen.add(kind)
        try:
            answer = page.goto(address)
        except PlaywrightError as error:
            if "Download is starting" in str(error):
                continue
            raise
        if answer.status != 200:
            broken.append(f"{answer.status} {address} from {origin}")
            continue
        for link in page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)"):
            parts = urlsplit(link)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            if f"{parts.scheme}://{parts.netloc}" == base and not LEFT_ASIDE.search(target):
                todo.append((target, address))
    return broken


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("/espace/demandes/2026-00012/", "/espace/demandes/<n>/?"),
        ("/espace/reservations/?mois=2026-11", "/espace/reservations/?mois"),
    ],
)
def test_tells_kinds_of_pages_apart(address: str, kind: str) -> None:
    assert kind_of(address) == kind
