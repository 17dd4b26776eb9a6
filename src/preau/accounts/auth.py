"""Agents sign in with their e-mail address and password, apart from families."""

from typing import Any

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from preau.accounts.models import User


class AgentBackend:
    """Answers only a sign-in that names itself `kind="agent"`."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "",
        kind: str = "", **kwargs: Any,
    ) -> User | None:
        if kind != User.Kind.AGENT or not username or not password:
            return None
        user = User.objects.filter(kind=User.Kind.AGENT, email=username.strip().lower()).first()
        if user is None:
            make_password(password)  # same time whether the account exists or not
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, kind=User.Kind.AGENT, is_active=True).first()
