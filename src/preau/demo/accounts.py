"""The demo's logins, for the command line and the page /demo/."""

from typing import Any

from django.conf import settings

from preau.accounts.enums import Role
from preau.accounts.queries import find_agent_by_email, find_family_users_by_email
from preau.demo.town.people import (
    AGENT_PASSWORD,
    AGENTS,
    CARE_FAMILIES,
    FAMILIES,
    FAMILY_PASSWORD,
    LETTER_PASSWORD,
)
from preau.families.queries import get_guardian_of


def accounts() -> list[dict[str, Any]]:
    """Each demo account: role, name, address, identifier, password, what to try.

    Empty until the demo town is loaded.
    """
    return [*family_accounts(), *agent_accounts()]


def family_accounts() -> list[dict[str, Any]]:
    """The parents, by the code of their family."""
    found = []
    for family in [*FAMILIES, *CARE_FAMILIES]:
        user = find_family_users_by_email(family.email).first()
        guardian = get_guardian_of(user) if user is not None else None
        if guardian is None:
            continue
        found.append(
            _row(
                role=f"Famille : {family.title}",
                name=str(guardian),
                path="/connexion/",
                identifier=guardian.family.printed_code.replace(" ", ""),
                password=LETTER_PASSWORD if family.must_change else FAMILY_PASSWORD,
                try_this=family.try_this,
            )
        )
    return found


def agent_accounts() -> list[dict[str, Any]]:
    """One agent for each role."""
    return [
        _row(
            role=f"Mairie : {Role(agent.role).label}",
            name=f"{agent.first_name} {agent.last_name}",
            path="/mairie/connexion/",
            identifier=agent.email,
            password=AGENT_PASSWORD,
            try_this=agent.try_this,
        )
        for agent in AGENTS
        if find_agent_by_email(agent.email) is not None
    ]


def _row(
    *, role: str, name: str, path: str, identifier: str, password: str, try_this: str
) -> dict[str, Any]:
    return {
        "role": role,
        "name": name,
        "address": settings.BASE_URL + path,
        "identifier": identifier,
        "password": password,
        "try": try_this,
    }
