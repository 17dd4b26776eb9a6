"""Reading families. What a family sees is always scoped by its own id."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, Q, QuerySet

from preau.accounts import queries as accounts
from preau.accounts.enums import Permission
from preau.families import custody
from preau.families.enums import ExceptionStatus, FamilyStatus, ParentingEffect
from preau.families.models import (
    Child,
    Custody,
    CustodyException,
    Family,
    Guardian,
    LetterBatch,
    ParentingRecord,
    Quotient,
)
from preau.families.rules import colour_index
from preau.families.search import matches
from preau.families.values import AddressData
from preau.kernel.codes import normalise_family_code
from preau.kernel.kept import Kept
from preau.kernel.text import search_key

if TYPE_CHECKING:
    from preau.accounts.models import User


def _in_force(day: date) -> Q:
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))


# --- One family ------------------------------------------------------------------------------


def get_guardian_of(user: "User") -> Guardian | None:
    """The adult whose account this is, with its family; None when it left the household.

    No query when the account was read by its session (`auth.FamilyBackend.get_user`).
    """
    read: Guardian | None = getattr(user, "adult", None)
    if read is not None:
        return read if read.left_on is None else None
    return (
        Guardian.objects.select_related("family")
        .filter(user_id=user.pk, left_on__isnull=True)
        .first()
    )


def get_family(pk: int) -> Family | None:
    return Family.objects.filter(pk=pk).first()


def get_families(ids: Iterable[int]) -> dict[int, Family]:
    """The families by id, one query."""
    return Family.objects.in_bulk(list(set(ids)))


def get_family_by_code(code: str) -> Family | None:
    """«4027316 k», as a person types it."""
    normal = normalise_family_code(code)
    return Family.objects.filter(code=normal).first() if normal else None


def address_of(family: Family) -> AddressData:
    return AddressData(
        line1=family.address_line1,
        line2=family.address_line2,
        postcode=family.postcode,
        city=family.city,
        country=family.country,
    )


def guardians_of(family: Family | int, *, with_left: bool = False) -> QuerySet[Guardian]:
    """The adults of the household, with their accounts; those who left only when asked."""
    found = Guardian.objects.filter(family_id=_id(family)).select_related("user").order_by("pk")
    return found if with_left else found.filter(left_on__isnull=True)


read_emails = Kept(
    lambda family_id: (
        Guardian.objects.filter(family_id=family_id, left_on__isnull=True, has_authority=True)
        .exclude(email="")
        .order_by("pk")
        .values_list("email")
    )
)
"""The e-mail addresses of the adults who hold authority, in their order, as (address,) rows."""


def get_guardian(guardian_id: int, *, family_id: int) -> Guardian | None:
    """One adult, within a family's scope."""
    return guardians_of(family_id).filter(pk=guardian_id).first()


def guardians_in(child_ids: Iterable[int], day: date) -> list[tuple[int, Guardian]]:
    """Each child with each adult of each of its homes on the day: for a site's list; two
    queries."""
    homes: dict[int, list[int]] = {}
    for child_id, family_id in Custody.objects.filter(
        _in_force(day), child_id__in=list(child_ids)
    ).values_list("child_id", "family_id"):
        homes.setdefault(family_id, []).append(child_id)
    return [
        (child_id, adult)
        for adult in Guardian.objects.filter(family_id__in=homes, left_on__isnull=True).order_by(
            "family_id", "pk"
        )
        for child_id in homes[adult.family_id]
    ]


def own_files(family: Family) -> list[int]:
    """The file, and those that joined it, whose papers it reads as its own. No query most often."""
    found = [family.pk]
    if not family.has_joined:
        return found
    rank = 0
    while rank < len(found):
        found += (
            Family.objects.filter(merged_into_id=found[rank], status=FamilyStatus.CLOSED)
            .exclude(pk__in=found)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        rank += 1
    return found


def payer_of(family: Family | int) -> Guardian | None:
    """The adult to whom invoices are addressed: the named payer, else the first adult."""
    return (
        Guardian.objects.filter(family_id=_id(family), left_on__isnull=True)
        .order_by("-is_payer", "pk")
        .first()
    )


def payers_of(family_ids: Iterable[int]) -> dict[int, Guardian]:
    """The payer of each family, one query."""
    rows = (
        Guardian.objects.filter(family_id__in=list(family_ids), left_on__isnull=True)
        .order_by("family_id", "-is_payer", "pk")
        .distinct("family_id")
    )
    return {row.family_id: row for row in rows}


# --- Children and where they live ------------------------------------------------------------


def children_queryset(family: Family | int, day: date) -> QuerySet[Child]:
    """The children who live in the household on the day: to scope what hangs on a child."""
    custodies = Custody.objects.filter(_in_force(day), family_id=_id(family))
    return Child.objects.filter(pk__in=custodies.values("child_id")).filter(
        Q(left_on__isnull=True) | Q(left_on__gt=day)
    )


def children_of(family: Family | int, day: date) -> list[Child]:
    """The children of the household on the day, eldest first; one query.

    Each has `.colour` (1 to 4, its rank in the family), `.weeks` and `.stay` (its custody here).
    """
    children = []
    for order, stay in enumerate(_read_custodies(_id(family), day)):
        child = stay.child
        child.colour = colour_index(order) + 1  # type: ignore[attr-defined]
        child.weeks = stay.weeks  # type: ignore[attr-defined]
        child.stay = stay  # type: ignore[attr-defined]
        children.append(child)
    return children


def _custodies(family_id: int, day: date) -> QuerySet[Custody]:
    return (
        Custody.objects.filter(_in_force(day), family_id=family_id)
        .filter(Q(child__left_on__isnull=True) | Q(child__left_on__gt=day))
        .select_related("child")
        .order_by("child__birth_on", "child_id")
    )


_read_custodies = Kept(_custodies)


def people_of_household(
    family: Family | int, day: date
) -> tuple[list[Child], list[Child], dict[int, list[Custody]]]:
    """(`children_of`, `former_children_of`, `custodies_on` of the first): one query for the three,
    for agents' eyes."""
    family_id = _id(family)
    mine = Custody.objects.filter(family_id=family_id)
    rows = (
        Custody.objects.filter(child_id__in=mine.values("child_id"))
        .select_related("child", "family")
        .order_by("child__birth_on", "child_id", "pk")
    )
    children: dict[int, Child] = {}
    former: dict[int, Child] = {}
    homes: dict[int, list[Custody]] = {}
    for row in rows:
        running = row.starts_on <= day and (row.ends_on is None or row.ends_on >= day)
        if running:
            homes.setdefault(row.child_id, []).append(row)
        if row.family_id != family_id:
            continue
        child = row.child
        if running and (child.left_on is None or child.left_on > day):
            child.colour = colour_index(len(children)) + 1  # type: ignore[attr-defined]
            child.weeks = row.weeks  # type: ignore[attr-defined]
            child.stay = row  # type: ignore[attr-defined]
            children[child.pk] = child
        else:
            former[child.pk] = child
    return (
        list(children.values()),
        [child for pk, child in former.items() if pk not in children],
        {pk: found for pk, found in homes.items() if pk in children},
    )


def colours_of(child_ids: Iterable[int], day: date) -> dict[int, int]:
    """Each child's colour (1 to 4), the same as on its family's pages: its rank by birth in its
    (first) home on the day; one query."""
    wanted = set(child_ids)
    homes = Custody.objects.filter(_in_force(day), child_id__in=wanted)
    ranks: dict[int, int] = {}
    colours: dict[int, int] = {}
    for family_id, child_id in (
        Custody.objects.filter(_in_force(day), family_id__in=homes.values("family_id"))
        .filter(Q(child__left_on__isnull=True) | Q(child__left_on__gt=day))
        .order_by("family_id", "child__birth_on", "child_id")
        .values_list("family_id", "child_id")
    ):
        order = ranks[family_id] = ranks.get(family_id, -1) + 1
        if child_id in wanted:
            colours.setdefault(child_id, colour_index(order) + 1)
    return colours


def former_children_of(family: Family | int, day: date) -> list[Child]:
    """Children who lived here before the day, or left the town; one query."""
    here = Custody.objects.filter(family_id=_id(family))
    now_here = children_queryset(family, day)
    return list(
        Child.objects.filter(pk__in=here.values("child_id")).exclude(pk__in=now_here.values("pk"))
    )


def get_child(child_id: int, *, family_id: int, day: date) -> Child | None:
    """One child, within a family's scope on the day."""
    return children_queryset(family_id, day).filter(pk=child_id).first()


def get_children(ids: Iterable[int]) -> dict[int, Child]:
    """Children by id, one query: for lists whose rows were scoped already."""
    return Child.objects.in_bulk(list(set(ids)))


def families_of_child(child: Child | int, day: date) -> QuerySet[Family]:
    """The household or households where the child lives on the day."""
    custodies = Custody.objects.filter(_in_force(day), child_id=_id(child))
    return Family.objects.filter(pk__in=custodies.values("family_id")).order_by("pk")


def custodies_of_child(child: Child | int, day: date) -> QuerySet[Custody]:
    """Where the child lives on the day, with the households: for agents' eyes only."""
    return (
        Custody.objects.filter(_in_force(day), child_id=_id(child))
        .select_related("family")
        .order_by("pk")
    )


def custodies_on(child_ids: Iterable[int], day: date) -> dict[int, list[Custody]]:
    """Where each child lives on the day, one query."""
    found: dict[int, list[Custody]] = {}
    rows = Custody.objects.filter(_in_force(day), child_id__in=list(child_ids))
    for stay in rows.select_related("family").order_by("pk"):
        found.setdefault(stay.child_id, []).append(stay)
    return found


def household_on(child_ids: Iterable[int], first: date, last: date) -> dict[int, dict[date, int]]:
    """For each child, the household (id) that books and pays on each day: weeks, chosen days,
    holidays and exceptions. Days when it lives nowhere in the town are left out; three queries
    at most. One day or one child at a time: `families.custody.custody_calendars`."""
    return custody.households_on(child_ids, first, last)


def custodies_between(family_id: int, first: date, last: date) -> QuerySet[Custody]:
    """Who lives in the household at some time of the period, eldest first: for calendars."""
    return Custody.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=first), family_id=family_id, starts_on__lte=last
    ).order_by("child__birth_on", "child_id", "starts_on")


def swaps_of_child(child_id: int, today: date) -> QuerySet[CustodyException]:
    """Days exchanged or proposed, from a month back, the latest first: scope the child before."""
    return CustodyException.objects.filter(
        child_id=child_id, ends_on__gte=today - timedelta(days=31)
    ).order_by("-starts_on", "-pk")


def swaps_to_answer(family_id: int, today: date) -> QuerySet[CustodyException]:
    """What the other home of a child proposed and this one has not answered."""
    here = Custody.objects.filter(_in_force(today), family_id=family_id)
    return (
        CustodyException.objects.filter(
            child_id__in=here.values("child_id"),
            status=ExceptionStatus.PROPOSED,
            ends_on__gte=today,
        )
        .exclude(asked_by_id=family_id)
        .select_related("child")
        .order_by("starts_on", "pk")
    )


def parenting_in_force(child_ids: Iterable[int], day: date) -> dict[int, list[ParentingRecord]]:
    """The disagreements and judgments in force of each child; one query."""
    found: dict[int, list[ParentingRecord]] = {}
    for record in (
        ParentingRecord.objects.filter(
            _in_force(day), child_id__in=list(child_ids), lifted_at__isnull=True
        )
        .select_related("guardian")
        .order_by("starts_on", "pk")
    ):
        found.setdefault(record.child_id, []).append(record)
    return found


def parenting_of(child_id: int) -> QuerySet[ParentingRecord]:
    """All that was recorded about a child, latest first: for agents."""
    return (
        ParentingRecord.objects.filter(child_id=child_id)
        .select_related("guardian")
        .order_by("-recorded_at", "-pk")
    )


def both_must_sign(child_ids: Iterable[int] | None, day: date) -> set[int]:
    """The children for whom an act of one parent no longer presumes the other's agreement; among
    these, or of the whole town (None)."""
    found = ParentingRecord.objects.filter(
        _in_force(day), lifted_at__isnull=True, effect=ParentingEffect.BOTH_SIGN
    )
    if child_ids is not None:
        found = found.filter(child_id__in=list(child_ids))
    return set(found.values_list("child_id", flat=True))


def find_children(*, birth_on: date, key: str = "") -> QuerySet[Child]:
    """Children born on a day, narrowed to one search key (`kernel.text.search_key`)."""
    found = Child.objects.filter(birth_on=birth_on)
    return found.filter(search_key=key) if key else found


def search_children(text: str, limit: int = 20) -> list[Child]:
    """Children whose name holds each word typed, for a site's sheet; none for an empty text."""
    words = search_key(text).split()
    if not words:
        return []
    found = Child.objects.filter(left_on__isnull=True)
    for word in words[:6]:
        found = found.filter(search_key__contains=word)
    return list(found.order_by("search_key", "pk")[:limit])


def find_child_by_ine(ine: str) -> Child | None:
    return Child.objects.filter(ine=ine).first()


# --- The quotient ----------------------------------------------------------------------------


def quotient_on(family_id: int, day: date) -> Quotient | None:
    """The quotient in force: the last recorded among those whose period holds the day."""
    return (
        Quotient.objects.filter(_in_force(day), family_id=family_id)
        .order_by("-recorded_at", "-pk")
        .first()
    )


def quotients_on(family_ids: Iterable[int], day: date) -> dict[int, Quotient]:
    """The quotient in force of each family that has one, one query."""
    rows = (
        Quotient.objects.filter(_in_force(day), family_id__in=list(family_ids))
        .order_by("family_id", "-recorded_at", "-pk")
        .distinct("family_id")
    )
    return {row.family_id: row for row in rows}


def list_quotients(family_id: int) -> QuerySet[Quotient]:
    """All that were recorded, latest first."""
    return Quotient.objects.filter(family_id=family_id).order_by("-recorded_at", "-pk")


read_quotients = Kept(list_quotients)
"""As `list_quotients`, at the price of its plain SQL."""


# --- For agents ------------------------------------------------------------------------------


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
        homes = Custody.objects.filter(_in_force(day), child_id__in=ids)
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
            Custody.objects.filter(_in_force(day))
            .select_related("child")
            .order_by("child__birth_on", "child_id"),
            to_attr="homes",
        ),
    )


def active_families() -> QuerySet[Family]:
    return Family.objects.filter(status=FamilyStatus.ACTIVE)


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


def guardians_by_id(ids: Iterable[int]) -> dict[int, Guardian]:
    """Adults by id, with their families, one query: for jobs that scoped them already."""
    found = Guardian.objects.filter(pk__in=list(ids), left_on__isnull=True)
    return {guardian.pk: guardian for guardian in found.select_related("family", "user")}


def list_letter_batches() -> QuerySet[LetterBatch]:
    return LetterBatch.objects.defer("sealed_pdf").order_by("-created_at", "-pk")


def get_letter_batch(pk: int) -> LetterBatch | None:
    return LetterBatch.objects.filter(pk=pk).first()


def users_of(family: Family | int) -> Sequence[int]:
    """The accounts (ids) of the household's adults."""
    return list(
        Guardian.objects.filter(
            family_id=_id(family), left_on__isnull=True, user__isnull=False
        ).values_list("user_id", flat=True)
    )


def _id(thing: Family | Child | int) -> int:
    return thing if isinstance(thing, int) else thing.pk


def guardians_of_families(family_ids: Iterable[int]) -> QuerySet[Guardian]:
    """The adults of many households, in the order of each; one query."""
    return Guardian.objects.filter(family_id__in=list(family_ids), left_on__isnull=True).order_by(
        "family_id", "pk"
    )
