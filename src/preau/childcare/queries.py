"""Reading the crèche's waiting list and contracts."""

from collections.abc import Iterable
from datetime import date

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from preau.childcare.models import Contract, Preregistration


def waiting_list(establishment_id: int | None = None) -> QuerySet[Preregistration]:
    """Who waits, first asked first, with `rank` in the whole town's list."""
    found = (
        Preregistration.objects.filter(status=Preregistration.Status.WAITING)
        .annotate(rank=Window(RowNumber(), order_by=[F("created_at").asc(), F("pk").asc()]))
        .select_related("child", "family", "establishment")
        .order_by("created_at", "pk")
    )
    if establishment_id is not None:
        found = found.filter(establishment_id=establishment_id)
    return found


def get_waiting(preregistration_id: int) -> Preregistration | None:
    return (
        Preregistration.objects.filter(pk=preregistration_id, status=Preregistration.Status.WAITING)
        .select_related("child", "family", "establishment")
        .first()
    )


def rank_of(preregistration_id: int) -> int | None:
    """The rank of a wish in the list; None when it waits no more. Never whom it follows."""
    ids = list(
        Preregistration.objects.filter(status=Preregistration.Status.WAITING)
        .order_by("created_at", "pk")
        .values_list("pk", flat=True)
    )
    return ids.index(preregistration_id) + 1 if preregistration_id in ids else None


def preregistrations_of(family_id: int) -> QuerySet[Preregistration]:
    """The wishes of a household, latest first."""
    return (
        Preregistration.objects.filter(family_id=family_id)
        .select_related("child", "establishment")
        .order_by("-created_at")
    )


def waiting_for_child(child_id: int) -> bool:
    return Preregistration.objects.filter(
        child_id=child_id, status=Preregistration.Status.WAITING
    ).exists()


def contracts_of(family_id: int) -> QuerySet[Contract]:
    """The contracts of a household, latest first."""
    return (
        Contract.objects.filter(family_id=family_id)
        .select_related("child", "establishment")
        .order_by("-starts_on", "-pk")
    )


def running_contracts(
    day: date, establishment_ids: Iterable[int] | None = None
) -> QuerySet[Contract]:
    """The contracts in force on a day or to begin, by crèche then child."""
    found = Contract.objects.filter(ends_on__gte=day)
    if establishment_ids is not None:
        found = found.filter(establishment_id__in=list(establishment_ids))
    return found.select_related("child", "family", "establishment").order_by(
        "establishment__name", "child__search_key", "pk"
    )


def get_contract(contract_id: int) -> Contract | None:
    return (
        Contract.objects.filter(pk=contract_id)
        .select_related("child", "family", "establishment")
        .first()
    )
