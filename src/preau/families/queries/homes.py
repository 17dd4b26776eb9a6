"""Where children live and who decides for them: custody, exchanges, judgments."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from preau.families import custody
from preau.families.enums import ExceptionStatus, ParentingEffect
from preau.families.models import (
    Child,
    Custody,
    CustodyException,
    Family,
    Guardian,
    ParentingRecord,
)
from preau.families.queries._common import id_of, in_force


def guardians_in(child_ids: Iterable[int], day: date) -> list[tuple[int, Guardian]]:
    """Each child with each adult of each of its homes on the day: for a site's list; two
    queries."""
    homes: dict[int, list[int]] = {}
    for child_id, family_id in Custody.objects.filter(
        in_force(day), child_id__in=list(child_ids)
    ).values_list("child_id", "family_id"):
        homes.setdefault(family_id, []).append(child_id)
    return [
        (child_id, adult)
        for adult in Guardian.objects.filter(family_id__in=homes, left_on__isnull=True).order_by(
            "family_id", "pk"
        )
        for child_id in homes[adult.family_id]
    ]


def families_of_child(child: Child | int, day: date) -> QuerySet[Family]:
    """The household or households where the child lives on the day."""
    custodies = Custody.objects.filter(in_force(day), child_id=id_of(child))
    return Family.objects.filter(pk__in=custodies.values("family_id")).order_by("pk")


def custodies_of_child(child: Child | int, day: date) -> QuerySet[Custody]:
    """Where the child lives on the day, with the households: for agents' eyes only."""
    return (
        Custody.objects.filter(in_force(day), child_id=id_of(child))
        .select_related("family")
        .order_by("pk")
    )


def custodies_on(child_ids: Iterable[int], day: date) -> dict[int, list[Custody]]:
    """Where each child lives on the day, one query."""
    found: dict[int, list[Custody]] = {}
    rows = Custody.objects.filter(in_force(day), child_id__in=list(child_ids))
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
    here = Custody.objects.filter(in_force(today), family_id=family_id)
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
            in_force(day), child_id__in=list(child_ids), lifted_at__isnull=True
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
        in_force(day), lifted_at__isnull=True, effect=ParentingEffect.BOTH_SIGN
    )
    if child_ids is not None:
        found = found.filter(child_id__in=list(child_ids))
    return set(found.values_list("child_id", flat=True))
