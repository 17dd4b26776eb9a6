"""Reading contracts, their terms, and what happened under them."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Prefetch, QuerySet

from preau.childcare.models import (
    Absence,
    Contract,
    FamilyIncome,
    Presence,
    PresenceCorrection,
    Terms,
)


def contracts_of(family_id: int) -> QuerySet[Contract]:
    """The contracts of a household, latest first."""
    return (
        Contract.objects.filter(family_id=family_id)
        .select_related("child", "establishment", "section")
        .order_by("-starts_on", "-pk")
    )


def running_contracts(
    day: date, establishment_ids: Iterable[int] | None = None
) -> QuerySet[Contract]:
    """The contracts in force on a day or to begin, by crèche then child."""
    found = Contract.objects.filter(ends_on__gte=day)
    if establishment_ids is not None:
        found = found.filter(establishment_id__in=list(establishment_ids))
    return found.select_related("child", "family", "establishment", "section").order_by(
        "establishment__name", "child__search_key", "pk"
    )


def all_contracts(establishment_ids: Iterable[int] | None = None) -> QuerySet[Contract]:
    """Running, to come and over, by crèche then child."""
    found = Contract.objects.all()
    if establishment_ids is not None:
        found = found.filter(establishment_id__in=list(establishment_ids))
    return found.select_related("child", "family", "establishment", "section").order_by(
        "establishment__name", "child__search_key", "pk"
    )


def get_contract(contract_id: int) -> Contract | None:
    """One contract with its terms."""
    return (
        Contract.objects.filter(pk=contract_id)
        .select_related("child", "family", "establishment", "section")
        .prefetch_related(Prefetch("terms", Terms.objects.order_by("applies_from", "pk")))
        .first()
    )


def terms_on(contract: Contract, day: date) -> Terms | None:
    """The terms in force on a day; the first ones before."""
    found = None
    for terms in contract.terms.all():
        if found is None or terms.applies_from <= day:
            found = terms
    return found


def absences_of(contract_id: int) -> QuerySet[Absence]:
    return Absence.objects.filter(contract_id=contract_id).order_by("-starts_on", "-pk")


def get_absence(absence_id: int, *, contract_id: int) -> Absence | None:
    return Absence.objects.filter(pk=absence_id, contract_id=contract_id).first()


def presences_of(contract_id: int, month: date) -> QuerySet[Presence]:
    """What the tablet noted in a month."""
    first = month.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return Presence.objects.filter(contract_id=contract_id, day__gte=first, day__lt=after).order_by(
        "day"
    )


def corrections_of(contract_id: int) -> QuerySet[PresenceCorrection]:
    return PresenceCorrection.objects.filter(contract_id=contract_id).order_by(
        "-corrected_at", "-pk"
    )


def incomes_of(family_id: int) -> QuerySet[FamilyIncome]:
    """What was recorded of a household's income, latest first."""
    return FamilyIncome.objects.filter(family_id=family_id).order_by("-recorded_at", "-pk")
