"""Agents sign in with their e-mail address and password, apart from families."""

from typing import Any

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest  # noqa: TID251  (an authentication backend is called with one)

from preau.accounts.models import User
from preau.accounts.queries import get_agent_with_roles
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.codes import normalise_code


def password_matches(user: User, password: str) -> bool:
    """Whether this is the account's password; always one hash, whatever the account's state.

    The password of a letter is typed from paper: spaces, hyphens and case do not count.
    """
    typed = normalise_code(password) if user.must_change_password else password
    return user.check_password(typed)


def is_expired(user: User) -> bool:
    """Whether the letter's password is too old to open anything."""
    limit = user.initial_password_expires_at
    return user.must_change_password and limit is not None and limit <= utc_now()


class AgentBackend:
    """Answers only a sign-in that names itself `kind="agent"`."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str = "",
        password: str = "",
        kind: str = "",
        **kwargs: Any,
    ) -> User | None:
        if kind != User.Kind.AGENT or not username or not password:
            return None
        user = User.objects.filter(kind=User.Kind.AGENT, email=username.strip().lower()).first()
        if user is None:
            make_password(password)  # same time whether the account exists or not
            return None
        if not password_matches(user, password) or not user.is_active:
            return None
        if is_expired(user):
            if request is not None:
                request.initial_password_expired = True  # type: ignore[attr-defined]
            return None
        return user

    def get_user(self, user_id: int) -> User | None:
        """The account with its roles of the day in one query: every page asks for both."""
        return get_agent_with_roles(user_id, paris_day(utc_now()))
