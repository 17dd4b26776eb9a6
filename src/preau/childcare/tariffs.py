"""The hourly price, and the days that cost nothing: the town's rulebook always says so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from preau.bookings.rates import Rates, rates_on
from preau.catalogue import queries as catalogue
from preau.catalogue.enums import ActivityKind
from preau.childcare.enums import CareAbsence
from preau.childcare.errors import NoIncome, NoPrice
from preau.childcare.models import FamilyIncome
from preau.childcare.rules.month import Freed
from preau.families import queries as families
from preau.kernel import french
from preau.rulebook import api

REASONS = {
    CareAbsence.ILLNESS: "illness",
    CareAbsence.HOSPITAL: "hospital",
    CareAbsence.EVICTION: "eviction",
    CareAbsence.CLOSURE: "closure",
}
LABELS = {
    CareAbsence.ILLNESS: "maladie",
    CareAbsence.HOSPITAL: "hospitalisation",
    CareAbsence.EVICTION: "éviction",
    CareAbsence.CLOSURE: "fermeture",
}


@dataclass(frozen=True, slots=True)
class CareActivity:
    """The activity under which a crèche is priced and billed, and its hourly product."""

    pk: int
    slug: str
    product: str


@dataclass(frozen=True, slots=True)
class Tariff:
    """The price of an hour for a family, in cents, with the sentences that explain it."""

    hourly_cents: int
    sentences: tuple[str, ...]
    version_id: int | None
    regime: str


def care_activities() -> dict[int | None, CareActivity]:
    """By establishment; under None the town's first one. Three queries."""
    found: dict[int | None, CareActivity] = {}
    known = {}
    for activity in catalogue.list_activities(published=False).filter(kind=ActivityKind.CRECHE):
        products = list(activity.products.all())
        slug = products[0].slug if products else ""
        known[activity.pk] = CareActivity(activity.pk, activity.slug, slug)
        found.setdefault(None, known[activity.pk])
    rows = catalogue.list_all_offerings().filter(activity_id__in=list(known)).order_by("pk")
    for site, activity_id in rows.values_list("establishment_id", "activity_id"):
        found[site] = known[activity_id]
    return found


def care_activity(establishment_id: int) -> CareActivity | None:
    found = care_activities()
    return found.get(establishment_id) or found.get(None)


def income_on(family_id: int, day: date) -> FamilyIncome | None:
    """The last recorded among those that began by the day."""
    return incomes_on([family_id], day).get(family_id)


def incomes_on(family_ids: Iterable[int], day: date) -> dict[int, FamilyIncome]:
    """One query. An income that begins later holds until then when there is no other."""
    found: dict[int, FamilyIncome] = {}
    for row in FamilyIncome.objects.filter(family_id__in=list(family_ids)).order_by(
        "family_id", "recorded_at", "pk"
    ):
        if row.starts_on <= day or row.family_id not in found:
            found[row.family_id] = row
    return found


def hourly_tariff(*, family_id: int, establishment_id: int, day: date) -> Tariff:
    """The price of an hour for this family on a day. Raises NoIncome, NoPrice."""
    income = income_on(family_id, day)
    if income is None:
        raise NoIncome
    activity = care_activity(establishment_id)
    family = families.get_family(family_id)
    return price_hour(
        rates_on(day), activity, income, day, is_resident=bool(family and family.is_resident)
    )


def price_hour(
    rates: Rates,
    activity: CareActivity | None,
    income: FamilyIncome,
    day: date,
    *,
    is_resident: bool,
) -> Tariff:
    """The same for values already read. Raises NoPrice."""
    values: dict[str, Any] = {
        "children": income.children,
        "disabled_household": income.has_disabled_child,
        "resident": is_resident,
    }
    if income.annual_cents is not None:
        values["annual_income"] = Decimal(income.annual_cents) / 100
        values["monthly_income"] = Decimal((2 * income.annual_cents + 12) // 24) / 100
    price = (
        rates.price(activity.slug, activity.product, day, api.Facts(values)) if activity else None
    )
    if price is None:
        raise NoPrice
    version = rates.book.version if rates.book else ""
    return Tariff(
        price.cents,
        (*_income_words(income), *price.sentences),
        int(version) if version.isdigit() else None,
        income.regime,
    )


def _income_words(income: FamilyIncome) -> tuple[str, ...]:
    if income.annual_cents is None:
        return ("Ressources non communiquées.",)
    monthly = (2 * income.annual_cents + 12) // 24
    return (
        f"Ressources : {french.euros(income.annual_cents)} par an ÷ 12 = {french.euros(monthly)} "
        "par mois.",
    )


@dataclass(frozen=True, slots=True)
class Missed:
    """An absence that rules look at, with the planned days that it covers."""

    reason: str
    days: Sequence[date]
    reported_at: datetime
    certificate_at: datetime | None


def freed_days(rates: Rates, activity: CareActivity | None, missed: Missed) -> dict[date, Freed]:
    """The days of an absence that are not charged, each with its sentence.

    Without rules that speak of it, the national reference holds: closing, hospital and eviction
    from the first day; illness with a certificate from the fourth calendar day.
    """
    reason = CareAbsence(missed.reason)
    if reason not in REASONS or not missed.days:
        return {}
    label = LABELS[reason]
    if activity is None or rates.book is None or not rates.knows(activity.slug, activity.product):
        return _by_reference(reason, missed, label)
    values: dict[str, Any] = {
        "reason": REASONS[reason],
        "child_ill": reason == CareAbsence.ILLNESS,
        "certificate": missed.certificate_at is not None,
        "notice_at": missed.reported_at,
        "attended": False,
    }
    if missed.certificate_at:
        values |= {"certificate_at": missed.certificate_at, "document": "medical"}
    found = rates.book.activity(activity.slug)
    product = activity.product if found and found.product(activity.product) else None
    answers = api.spell(
        rates.book,
        activity.slug,
        product,
        list(missed.days),
        api.Facts(values),
        rates.calendar,
        missed.reported_at,
    )
    return {
        day: Freed(label, " ".join(decision.sentences) or _reference_words(reason))
        for day, decision in answers
        if decision.charged is False
    }


def _by_reference(reason: CareAbsence, missed: Missed, label: str) -> dict[date, Freed]:
    words = _reference_words(reason)
    first = min(missed.days)
    if reason == CareAbsence.ILLNESS:
        if missed.certificate_at is None:
            return {}
        return {day: Freed(label, words) for day in missed.days if (day - first).days >= 3}
    return {day: Freed(label, words) for day in missed.days}


def _reference_words(reason: CareAbsence) -> str:
    if reason == CareAbsence.ILLNESS:
        return "Maladie avec certificat : le premier jour et les deux suivants restent dus."
    return f"{LABELS[reason].capitalize()} : déduite dès le premier jour."
