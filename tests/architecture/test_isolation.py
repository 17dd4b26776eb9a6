"""The URL table walked by people who are signed in, but not as those whom a route is for."""

from typing import Any

import pytest
from django.test import Client

from preau.accounts.enums import ROLE_PERMISSIONS, Role
from tests.harness.people import make_account, make_agent, make_family, make_town
from tests.harness.routes import Route, routes

pytestmark = pytest.mark.django_db
METHODS = ("get", "post")


def routes_for(audience: str) -> list[Route]:
    return [route for route in routes() if route.access and route.access.audience == audience]


def answers(client: Client, walked: list[Route], accepted: set[int]) -> str:
    """What was answered outside of `accepted`, one line each."""
    client.raise_request_exception = False
    return "\n".join(
        f"{method} {route.address} -> {answer.status_code}"
        for route in walked
        for method in METHODS
        for answer in [getattr(client, method)(route.address)]
        if answer.status_code not in accepted
    )


def signed_in(user: Any, backend: str) -> Client:
    client = Client()
    client.force_login(user, backend=backend)
    return client


@pytest.fixture
def family_client() -> Client:
    make_town()
    return signed_in(make_account(make_family()), "preau.families.auth.FamilyBackend")


def agent_client(*roles: Role) -> Client:
    make_town()
    user = make_agent(*roles)
    if not roles:
        user.roles.all().delete()
    return signed_in(user, "preau.accounts.auth.AgentBackend")


def test_a_family_does_not_see_the_town_hall(family_client: Client) -> None:
    assert answers(family_client, routes_for("agent"), {404, 405}) == ""


def test_a_family_s_own_pages_never_break(family_client: Client) -> None:
    """With nothing in its file, and with objects that do not exist."""
    assert (
        answers(family_client, routes_for("family"), {200, 302, 303, 400, 403, 404, 405, 409, 422})
        == ""
    )


def test_an_agent_is_no_family() -> None:
    assert answers(agent_client(Role.ADMINISTRATOR), routes_for("family"), {404, 405}) == ""


def test_an_agent_without_role_may_do_nothing() -> None:
    walked = [route for route in routes_for("agent") if route.access.permission]
    assert answers(agent_client(), walked, {403, 404, 405}) == ""


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_its_own_routes_alone(role: Role) -> None:
    """What its permissions do not cover answers 403; what they cover never breaks."""
    client = agent_client(role)
    held = ROLE_PERMISSIONS[role]
    closed, open_ = [], []
    for route in routes_for("agent"):
        wanted = set(route.access.permission.split())
        (open_ if not wanted or wanted & held else closed).append(route)
    assert answers(client, closed, {403, 404, 405}) == ""
    assert answers(client, open_, {200, 302, 303, 400, 403, 404, 405, 409, 422}) == ""
