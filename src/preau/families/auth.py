"""Families sign in with their code or e-mail address, and a password of each adult's own."""

from typing import Any

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from preau.accounts.models import User
from preau.families.models import Guardian
from preau.kernel.codes import normalise_family_code


class FamilyBackend:
    """Answers only a sign-in that names itself `kind="family"`.

    An e-mail address names one account. A family code names the household: the password says
    which adult; should two adults have chosen the same one, the code opens neither (the e-mail
    address does). An unknown identifier costs one hash too, so that time tells nothing.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "",
        kind: str = "", **kwargs: Any,
    ) -> User | None:
        if kind != User.Kind.FAMILY or not username or not password:
            return None
        candidates = self._candidates(username.strip())
        if not candidates:
            make_password(password)
            return None
        matching = [user for user in candidates if user.check_password(password)]
        return matching[0] if len(matching) == 1 else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, kind=User.Kind.FAMILY, is_active=True).first()

    @staticmethod
    def _candidates(identifier: str) -> list[User]:
        active = User.objects.filter(kind=User.Kind.FAMILY, is_active=True)
        if "@" in identifier:
            return list(active.filter(email=identifier.lower()))
        code = normalise_family_code(identifier)
        if code is None:
            return []
        adults = Guardian.objects.filter(family__code=code, left_on__isnull=True).values("user_id")
        return list(active.filter(pk__in=adults))
