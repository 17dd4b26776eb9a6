"""What an absence would change for a child under contract, said before it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from preau.bookings.rates import rates_on
from preau.childcare.enums import CareAbsence
from preau.childcare.models import Contract
from preau.childcare.monthly import planned_days_of, read_facts
from preau.childcare.tariffs import Missed, care_activities, freed_days


@dataclass(frozen=True, slots=True)
class ForeseenDay:
    """A planned day of a contract. `charged` False: not due, or already off the instalment."""

    contract_id: int
    day: date
    site: str
    charged: bool
    sentence: str


def contracts_on(*, child_id: int, family_id: int, first: date, last: date) -> list[Contract]:
    """The child's contracts with this household that some of these days concern."""
    return list(
        Contract.objects.filter(
            child_id=child_id, family_id=family_id, starts_on__lte=last, ends_on__gte=first
        )
        .select_related("establishment", "child")
        .order_by("starts_on", "pk")
    )


def foresee(
    contracts: Sequence[Contract],
    *,
    first: date,
    last: date,
    reason: CareAbsence,
    has_certificate: bool,
    now: datetime,
) -> list[ForeseenDay]:
    """Day by day, by the rules of today; days on which the child came are left out."""
    if not contracts:
        return []
    activities = care_activities()
    facts = read_facts(contracts, first, last, activities)
    found = []
    for contract in contracts:
        known = facts.get(contract.pk)
        if known is None:
            continue
        days = planned_days_of(known, first, last)
        activity = activities.get(contract.establishment_id) or activities.get(None)
        missed = Missed(reason, days, now, now if has_certificate else None)
        freed = freed_days(rates_on(days[0]), activity, missed) if days else {}
        for day in days:
            if day in known.came:
                continue
            charged = day not in freed and reason != CareAbsence.LEAVE
            sentence = freed[day].sentence if day in freed else _words(reason, has_certificate)
            found.append(
                ForeseenDay(contract.pk, day, contract.establishment.name, charged, sentence)
            )
    return found


def _words(reason: CareAbsence, has_certificate: bool) -> str:
    if reason == CareAbsence.LEAVE:
        return "Congé prévu au contrat : il est déjà ôté de la mensualité."
    if reason == CareAbsence.ILLNESS and not has_certificate:
        return (
            "Ce jour reste dû tant que la crèche n’a pas de certificat : avec lui, les jours à "
            "partir du quatrième sont déduits."
        )
    if reason == CareAbsence.ILLNESS:
        return "Maladie : le premier jour et les deux suivants restent dus."
    return "Les heures du contrat restent dues."
