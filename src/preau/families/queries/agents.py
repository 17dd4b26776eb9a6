"""For agents: the files that one may see, searched, with their people; invitations by letter."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, Q, QuerySet

from preau.accounts import queries as accounts
from preau.accounts.enums import Permission
from preau.families.enums import FamilyStatus
from preau.families.models import Custody, Family, Guardian, LetterBatch
from preau.families.queries._common import in_force
from preau.families.search import matches
from preau.kernel.codes import normalise_family_code

if TYPE_CHECKING:
    from preau.accounts.models import User


def families_for_agent(
    user: "User", text: str = "", *, day: date, within: "QuerySet[Family] | None" = None
) -> QuerySet[Family]:
    """The files that the agent may see, narrowed by what was typed (code, names, phone, e-mail).

    An agent whose right holds for some establishments only sees the families `within` (the
    caller composes them from enrolments and schooling), none when it is not given.
    """
    scope = accounts.establishment_scope(user, Permission.SEE_FAMILIES, day)
    found = Family.objects.all()
    if scope is not None:
        inside = within.values("pk") if scope and within is not None else []
        found = found.filter(pk__in=inside)
    return search(found, text).order_by("sort_key", "pk")


def search(found: QuerySet[Family], text: str) -> QuerySet[Family]:
    """Files whose words begin by those typed; all of them when nothing was typed."""
    if not text.strip():
        return found
    code = normalise_family_code(text)
    if code:
        return found.filter(code=code)
    condition = matches("search_words", text)
    return found.filter(condition) if condition is not None else found.none()


def families_linked(
    *, family_ids: Sequence[Any] = (), child_ids: Sequence[Any] = (), day: date
) -> QuerySet[Family]:
    """Families named by any of these, lists or one-column querysets: the families themselves, or
    a child who lives there on the day."""
    condition = Q(pk__in=[])
    for ids in family_ids:
        condition |= Q(pk__in=ids)
    for ids in child_ids:
        homes = Custody.objects.filter(in_force(day), child_id__in=ids)
        condition |= Q(pk__in=homes.values("family_id"))
    return Family.objects.filter(condition)


def with_people(found: QuerySet[Family], day: date) -> QuerySet[Family]:
    """Adds `people` (adults) and `homes` (custodies with their child): two queries for a page."""
    return found.prefetch_related(
        Prefetch(
            "guardians",
            Guardian.objects.filter(left_on__isnull=True).order_by("pk"),
            to_attr="people",
        ),
        Prefetch(
            "custodies",
            Custody.objects.filter(in_force(day))
            .select_related("child")
            .order_by("child__birth_on", "child_id"),
            to_attr="homes",
        ),
    )


def guardians_to_invite(family_ids: Iterable[int] | None = None) -> QuerySet[Guardian]:
    """Adults of active files who never chose a password: a first letter would serve them.

    All the files when `family_ids` is None.
    """
    found = Guardian.objects.filter(
        Q(user__isnull=True) | Q(user__last_login__isnull=True, user__is_active=True),
        left_on__isnull=True,
        family__status=FamilyStatus.ACTIVE,
    ).select_related("family", "user")
    if family_ids is not None:
        found = found.filter(family_id__in=list(family_ids))
    return found.order_by("family__sort_key", "family_id", "pk")


def list_letter_batches() -> QuerySet[LetterBatch]:
    """The first letters printed, latest first, without their bytes."""
    return LetterBatch.objects.defer("sealed_pdf").order_by("-created_at", "-pk")


def get_letter_batch(pk: int) -> LetterBatch | None:
    """One printing of first letters, with its sealed bytes."""
    return LetterBatch.objects.filter(pk=pk).first()
