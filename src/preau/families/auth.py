"""Families sign in with their code or e-mail address, and a password of each adult's own."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import make_password
from django.db.models import Q, QuerySet
from django.http import HttpRequest  # noqa: TID251  (an authentication backend is called with one)

from preau.accounts.auth import is_expired, password_matches
from preau.accounts.queries import active_family_users
from preau.families.models import Family, Guardian
from preau.kernel.codes import normalise_family_code
from preau.kernel.kept import Kept

if TYPE_CHECKING:
    from preau.accounts.models import User

FAMILY = "FAMILY"
# A household has one or two adults: any code costs two hashes at least, known or not.
HASHES_PER_CODE = 2


def _adult(user_id: int) -> "QuerySet[Guardian]":
    return (
        Guardian.objects.select_related("user", "family")
        .filter(user_id=user_id, user__kind=FAMILY, user__is_active=True)
        .order_by("pk")[:1]
    )


_read_adult = Kept(_adult)


class FamilyBackend:
    """Answers only a sign-in that names itself `kind="family"`.

    An e-mail address names one account. A family code names the household: the password says
    which adult; should two adults have chosen the same one, the code opens neither (the e-mail
    address does). An unknown identifier costs as much time as a known one, so that time tells
    nothing.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str = "",
        password: str = "",
        kind: str = "",
        **kwargs: Any,
    ) -> "User | None":
        if kind != FAMILY or not username or not password:
            return None
        candidates, least = self._candidates(username.strip())
        matching = [user for user in candidates if password_matches(user, password)]
        for _ in range(least - len(candidates)):
            make_password(password)
        if len(matching) != 1:
            return None
        user = matching[0]
        if is_expired(user):
            if request is not None:
                request.initial_password_expired = True  # type: ignore[attr-defined]
            return None
        return user

    def get_user(self, user_id: int) -> "User | None":
        """The account, its adult and its household in one query: every page asks for the three
        (`queries.get_guardian_of` finds them on the account)."""
        adult = _read_adult.first(user_id)
        if adult is None or adult.user is None:
            return active_family_users().filter(pk=user_id).first()
        user: User = adult.user
        user.adult = adult  # type: ignore[attr-defined]
        return user

    @staticmethod
    def _candidates(identifier: str) -> tuple[list["User"], int]:
        active = active_family_users()
        if "@" in identifier:
            return list(active.filter(email=identifier.lower())), 1
        code = normalise_family_code(identifier)
        if code is None:
            return [], HASHES_PER_CODE
        adults = Guardian.objects.filter(
            # The code of a file that joined another still opens it.
            Q(family__code=code)
            | Q(family__in=Family.objects.filter(code=code).values("merged_into_id")),
            left_on__isnull=True,
        ).values("user_id")
        return list(active.filter(pk__in=adults)), HASHES_PER_CODE
