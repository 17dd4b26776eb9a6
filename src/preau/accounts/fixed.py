"""Passwords known in advance: for a demonstration and for tests, never in production."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from preau.accounts.models import User
from preau.kernel.codes import normalise_code
from preau.town.queries import get_town


@transaction.atomic
def set_fixed_password(
    *, users: Iterable[User], password: str, now: datetime, must_change: bool = False
) -> None:
    """Give these accounts a password that everyone may read; one slow hash for all of them.

    `must_change`: the one-time password of a letter (compared as a code: without hyphens, in
    capitals), which opens only the page that changes it. Raises RuntimeError in production.
    """
    if settings.PRODUCTION:
        raise RuntimeError("a password known in advance is for demonstrations only")
    encoded = make_password(normalise_code(password) if must_change else password)
    expires = now + timedelta(days=get_town().initial_password_days) if must_change else None
    User.objects.filter(pk__in=[user.pk for user in users]).update(
        password=encoded,
        must_change_password=must_change,
        initial_password_expires_at=expires,
    )
