"""Who must agree to a request beside who asked, and what they answered."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q, QuerySet

from preau.casework.models import OPEN_STATUSES, Request, Signature
from preau.families import queries as families
from preau.families.enums import ParentingEffect
from preau.kernel import french
from preau.kernel.kept import Kept

if TYPE_CHECKING:
    from preau.families.models import Guardian

UNKNOWN = "l’autre parent, inconnu de nos dossiers"


@dataclass(frozen=True, slots=True)
class Signer:
    """A parent whose agreement is needed; `guardian` None: one whom no file of ours knows."""

    guardian: Any
    signature: Signature | None

    @property
    def name(self) -> str:
        return str(self.guardian) if self.guardian else UNKNOWN

    @property
    def agrees(self) -> bool:
        return self.signature is not None and self.signature.agrees

    @property
    def objects(self) -> bool:
        return self.signature is not None and not self.signature.agrees

    @property
    def reach(self) -> str:
        """How an agent reaches it: e-mail, else a telephone, else nothing."""
        adult = self.guardian
        if adult is None:
            return ""
        return adult.email or french.telephone(adult.mobile_phone or adult.home_phone)


def signers_of(request: Request, day: date) -> list[Signer]:
    """The parents who must agree to this request beside who asked for it; none most often.

    Five queries at most, none for a usual act. An adult whom a judgment keeps from acting is not
    asked; what an agent filed for the family is asked of both.
    """
    from preau.casework.kinds import get_kind

    child_id = request.child_id
    if child_id is None or not get_kind(request.kind).needs_both_parents:
        return []
    judged = families.parenting_in_force([child_id], day).get(child_id, [])
    if not any(one.effect == ParentingEffect.BOTH_SIGN for one in judged):
        return []
    barred = {one.guardian_id for one in judged if one.effect == ParentingEffect.SOLE}
    parents = [
        adult
        for _child, adult in families.guardians_in([child_id], day)
        if adult.has_authority and adult.pk not in barred
    ]
    given = {one.guardian_id: one for one in request.signatures.all()}
    others = [a for a in parents if request.user_id is None or a.user_id != request.user_id]
    if len(parents) < 2:
        # The judgment or the disagreement speaks of a parent who has no file here.
        return [Signer(None, given.get(None))]
    return [Signer(adult, given.get(adult.pk)) for adult in others]


def _to_sign(
    family_id: int, guardian_id: int, user_id: int, kinds: list[str], day: date
) -> QuerySet[Request]:
    both: Any = Q(
        child__parenting_records__effect=ParentingEffect.BOTH_SIGN,
        child__parenting_records__lifted_at__isnull=True,
        child__parenting_records__starts_on__lte=day,
    ) & (
        Q(child__parenting_records__ends_on__isnull=True)
        | Q(child__parenting_records__ends_on__gte=day)
    )
    lives: Any = Q(child__custodies__family_id=family_id, child__custodies__starts_on__lte=day) & (
        Q(child__custodies__ends_on__isnull=True) | Q(child__custodies__ends_on__gte=day)
    )
    return (
        Request.objects.filter(both, kind__any_of=kinds, status__in=OPEN_STATUSES)
        .filter(lives)
        .exclude(user_id=user_id)
        .exclude(pk__in=Signature.objects.filter(guardian_id=guardian_id).values("request_id"))
        .select_related("child")
        .distinct()
        .order_by("submitted_at", "pk")
    )


_read_to_sign = Kept(_to_sign)


HINT_SECONDS = 30.0
_hint: tuple[float, date, set[int]] | None = None


def may_wait(child_ids: Iterable[int], day: date) -> bool:
    """Whether a request about one of these children may wait for its other parent: no query most
    often, told half a minute late at most. For a page that is asked by thousands at once."""
    global _hint
    now = time.monotonic()
    if _hint is None or now - _hint[0] >= HINT_SECONDS or _hint[1] != day:
        found = families.both_must_sign(None, day)
        if settings.MODE == "test":
            return not found.isdisjoint(child_ids)
        _hint = (now, day, found)
    return not _hint[2].isdisjoint(child_ids)


def to_sign(guardian: "Guardian", day: date) -> list[Request]:
    """The requests of another adult about this parent's children that wait for its answer: one
    query, at the price of its plain SQL."""
    from preau.casework.kinds import all_kinds

    if not guardian.has_authority or guardian.user_id is None:
        return []
    kinds = [str(kind.kind) for kind in all_kinds() if kind.needs_both_parents]
    found: list[Request] = _read_to_sign(
        guardian.family_id, guardian.pk, guardian.user_id, kinds, day
    )
    return found


def signed_by(guardian: "Guardian") -> QuerySet[Signature]:
    """What this parent answered, latest first."""
    return (
        Signature.objects.filter(guardian=guardian)
        .select_related("request__child")
        .order_by("-at", "-pk")
    )


def names_of(signers: Iterable[Signer]) -> list[str]:
    return [one.name for one in signers]
