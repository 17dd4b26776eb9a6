"""What a first visit costs, and what a browser is allowed to do with it."""

import gzip
from typing import Any

import pytest

from tests.harness.people import make_town

FIRST_VIEWS = ["/", "/connexion/", "/activites/", "/menus/", "/aide/", "/mairie/connexion/"]
MOST_BYTES = 100_000
COMPRESSED = ("text/", "application/javascript", "image/svg+xml", "application/json")


def on_the_wire(response: Any) -> int:
    """The size of an answer as it travels: `make run` serves text compressed."""
    body = response.body() if response.status == 200 else b""
    kind = response.headers.get("content-type", "")
    return len(gzip.compress(body)) if kind.startswith(COMPRESSED) else len(body)


@pytest.mark.parametrize("address", FIRST_VIEWS)
def test_a_first_view_is_light_and_strict(site: Any, open_page: Any, address: str) -> None:
    make_town()
    page = open_page(360, base_url=site.url)
    seen: list[Any] = []
    page.on("response", lambda response: seen.append(response))
    answer = page.goto(address, wait_until="networkidle")
    assert answer.status == 200
    assert sum(map(on_the_wire, seen)) <= MOST_BYTES
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "default-src 'none'" in policy
    assert (
        page.locator("[style], style, script:not([src]):not([type='application/json'])").count()
        == 0
    )
