"""`/mairie/` leads each agent to its own first page."""

import pytest
from django.test import Client

from preau.accounts.enums import Role
from tests.harness.people import make_agent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "first_page"),
    [
        (Role.COUNTER, "/mairie/demandes/"),
        (Role.SITE_MANAGER, "/mairie/sites/"),
        (Role.CASHIER, "/mairie/dossiers/"),
    ],
)
def test_each_role_starts_somewhere(client: Client, role: Role, first_page: str) -> None:
    client.force_login(make_agent(role), backend="preau.accounts.auth.AgentBackend")
    assert client.get("/mairie/").headers["Location"] == first_page


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    assert client.get("/mairie/").headers["Location"] == "/mairie/connexion/?next=/mairie/"
