"""Signed-in clients and browsers, without the cost of a sign-in."""

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from preau.accounts.models import User

BACKENDS = {
    User.Kind.FAMILY: "preau.families.auth.FamilyBackend",
    User.Kind.AGENT: "preau.accounts.auth.AgentBackend",
}


def client_of(user: User, **kwargs: Any) -> Client:
    """A client whose session is this account's."""
    client = Client(**kwargs)
    client.cookies["preau_session"] = session_of(user)
    return client


def session_of(user: User) -> str:
    """The key of a new session of this account."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKENDS[user.kind]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)
