"""Every route says who may come in, and keeps its word to a stranger.

A new route without a rule fails here; so does one whose rule lets a stranger in.
"""

import pytest
from django.test import Client

from preau.accounts.enums import Permission
from tests.harness.routes import routes

AUDIENCES = {"public", "family", "agent", "machine"}


def test_the_table_is_walked_whole() -> None:
    names = {route.name for route in routes()}
    assert {"healthz", "portal:sign-in"} <= names


def test_every_route_declares_its_rule() -> None:
    bare = [
        f"{route} ({route.view.__module__})"
        for route in routes()
        if route.access is None or route.access.audience not in AUDIENCES
    ]
    assert "\n".join(bare) == ""


# Open to every agent, whatever the role: its own account, and the page where it lands.
ANY_AGENT = {
    "townhall:first-password",
    "townhall:home",
    "townhall:password",
    "townhall:sign-out",
    "townhall:channel",
    "townhall:factor",
    "townhall:factor-confirm",
    "townhall:factor-renew",
    "townhall:factor-remove",
}


def test_every_agent_route_names_a_permission_that_exists() -> None:
    vague = [
        str(route)
        for route in routes()
        if route.access
        and route.access.audience == "agent"
        and not (
            set(route.access.permission.split()) <= set(Permission.values)
            and (route.access.permission or route.name in ANY_AGENT)
        )
    ]
    assert "\n".join(vague) == ""


def test_the_address_and_the_rule_agree() -> None:
    """What lies under /espace/ is a family's, what lies under /mairie/ an agent's."""
    wrong = [
        f"{route.pattern} is for {route.access.audience}"
        for route in routes()
        if route.access
        and (
            (route.pattern.startswith("espace/") and route.access.audience not in {"family"})
            or (route.pattern.startswith("mairie/") and route.access.audience == "family")
        )
    ]
    assert "\n".join(wrong) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_kept_out(client: Client, method: str) -> None:
    """Signed out, a family's or an agent's route answers a redirection to sign-in, 403 or 404."""
    client.raise_request_exception = False
    wrong = []
    for route in routes():
        if route.access is None or route.access.audience not in {"family", "agent"}:
            continue
        answer = getattr(client, method)(route.address)
        if answer.status_code not in {302, 403, 404, 405}:
            wrong.append(f"{method} {route.address} -> {answer.status_code}")
        elif answer.status_code == 302 and "/connexion/" not in answer["Location"]:
            wrong.append(f"{method} {route.address} -> {answer['Location']}")
    assert "\n".join(wrong) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_open_route_breaks(client: Client, method: str) -> None:
    """Called with nothing, or with an object that does not exist, a route never answers 500."""
    client.raise_request_exception = False
    broken = [
        f"{method} {route.address} -> {answer.status_code}"
        for route in routes()
        if route.access is None or route.access.audience in {"public", "machine"}
        for answer in [getattr(client, method)(route.address)]
        if answer.status_code >= 500
    ]
    assert "\n".join(broken) == ""
