"""Reading the months: closed statements, and those to come."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from preau.childcare.models import Contract, Statement


def contracts_of_month(month: date, establishment_ids: Iterable[int] | None) -> QuerySet[Contract]:
    """Contracts that a month concerns, their adaptation included."""
    first = month.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    found = Contract.objects.filter(
        Q(starts_on__lt=after, ends_on__gte=first)
        | Q(starts_on__gte=after, starts_on__lt=after + timedelta(days=92)) & ~Q(adaptation=[])
    )
    if establishment_ids is not None:
        found = found.filter(establishment_id__in=list(establishment_ids))
    return found.select_related("child", "family", "section", "establishment").order_by(
        "establishment__name", "child__search_key", "pk"
    )


def statements(
    *, month: date | None = None, establishment_ids: Iterable[int] | None = None
) -> QuerySet[Statement]:
    """Closed statements, by crèche then child."""
    found = Statement.objects.select_related("child", "family", "establishment", "contract")
    if month is not None:
        found = found.filter(month=month.replace(day=1))
    if establishment_ids is not None:
        found = found.filter(establishment_id__in=list(establishment_ids))
    return found.order_by("-month", "establishment__name", "child__search_key", "pk")


def statements_of_contract(contract_id: int) -> QuerySet[Statement]:
    return statements().filter(contract_id=contract_id).order_by("-month")


def statements_of_family(family_id: int) -> QuerySet[Statement]:
    """A household's own statements, latest first."""
    return statements().filter(family_id=family_id).order_by("-month", "child_id", "pk")
