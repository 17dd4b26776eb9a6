"""What a family's home page says: what to do now, the coming days, how things stand."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from preau.attendance.queries import absence_spans
from preau.billing.queries import read_unpaid
from preau.bookings.enums import BookingStatus
from preau.bookings.queries import Coming, upcoming
from preau.casework import queries as casework
from preau.childcare.queries import CareTodo, care_todo, may_be_at_creche
from preau.enrolments.queries import read_with_missing
from preau.families.queries import children_of
from preau.journeys.family_days import (
    HORIZON,
    ChildDays,
    Standing,
    children_days,
    next_days,
    standings,
)
from preau.kernel import french
from preau.kernel.clock import paris, paris_day
from preau.payments.queries import read_pending
from preau.schools.queries import schooling_on
from preau.town.queries import read_notices

if TYPE_CHECKING:
    from preau.families.models import Child, Family, Guardian

# After this hour the day is over for its activities: the page looks at tomorrow.
EVENING = 18


@dataclass(frozen=True, slots=True)
class Offer:
    """A place kept for a child until it is taken or declined."""

    booking_id: int
    child: "Child"
    activity: str
    product: str
    day: date
    until: datetime


@dataclass(slots=True)
class ToPay:
    """What is left to pay, all cash offices together; `pending_cents` is on its way."""

    left_cents: int = 0
    pending_cents: int = 0
    due_on: date | None = None
    months: list[date] = field(default_factory=list)
    is_late: bool = False


@dataclass(slots=True)
class FamilyHome:
    today: date
    greeting: str
    lead: str
    children: list["Child"]
    offers: list[Offer]
    care: CareTodo
    pay: ToPay
    requests: list[Any]  # that wait for the family
    to_sign: list[Any]  # another adult's, about these children, that wait for this parent
    pending_requests: list[Any]
    missing: list[Standing]
    cards: list[ChildDays]
    warnings: list[Standing]
    lines: list[Standing]
    notices: list[Any]

    @property
    def todo_count(self) -> int:
        return (
            len(self.offers)
            + len(self.care.offers)
            + len(self.care.signings)
            + bool(self.pay.left_cents)
            + len(self.requests)
            + len(self.missing)
            + len(self.to_sign)
        )


def family_home(
    family: "Family", now: datetime, *, guardian: "Guardian | None" = None
) -> FamilyHome:
    """Twelve queries at most, whatever the number of children, days and invoices; two more with a
    child not yet at school, who may be offered a place in a crèche.

    `guardian`: who reads, for what waits for its own agreement.
    """
    today = paris_day(now)
    children = children_of(family, today)
    ids = [child.pk for child in children]
    known = {child.pk: child for child in children}
    coming = upcoming(family.pk, today, HORIZON)
    first = today if paris(now).hour < EVENING else today + timedelta(days=1)
    days = next_days(first)
    states = standings(
        read_with_missing(family.pk, today),
        children,
        coming,
        today=today,
    )
    schooling = schooling_on(ids, today) if ids else {}
    is_young = any(
        child.pk not in schooling and may_be_at_creche(child.birth_on, today) for child in children
    )
    requests = casework.read_open(family.pk)
    home = FamilyHome(
        today=today,
        greeting="Bonsoir" if paris(now).hour >= EVENING or paris(now).hour < 5 else "Bonjour",
        lead="",
        children=children,
        offers=_offers(coming, known, now),
        care=care_todo(family.pk, now) if is_young else CareTodo(),
        pay=_to_pay(family.pk, today),
        requests=[r for r in requests if r.status == "WAITING_FAMILY"],
        to_sign=casework.to_sign(guardian, today)
        if guardian and casework.may_wait(ids, today)
        else [],
        pending_requests=[r for r in requests if r.status != "WAITING_FAMILY"],
        missing=[state for state in states if state.missing],
        cards=children_days(
            children,
            schooling,
            coming,
            absence_spans(family.pk, days[0], days[-1]),
            today=today,
            days=days,
        ),
        warnings=[state for state in states if state.unbooked],
        lines=[state for state in states if not state.is_warning],
        notices=read_notices(today),
    )
    home.lead = _lead(home)
    return home


def _offers(coming: list[Coming], known: dict[int, "Child"], now: datetime) -> list[Offer]:
    offers = [
        Offer(
            row.booking_id,
            known[row.child_id],
            row.activity,
            row.product,
            row.day,
            row.offer_expires_at,
        )
        for row in coming
        if row.status == BookingStatus.OFFERED
        and row.offer_expires_at is not None
        and row.offer_expires_at > now
        and row.child_id in known
    ]
    return sorted(offers, key=lambda offer: offer.until)


def _to_pay(family_id: int, today: date) -> ToPay:
    """Unpaid invoices, less what the bank is about to confirm. «En cours» is never «impayé»."""
    invoices: list[Any] = read_unpaid(family_id)
    if not invoices:
        return ToPay()
    pending = sum(attempt.amount_cents for attempt in read_pending(family_id))
    left = sum(invoice.left_cents for invoice in invoices)
    return ToPay(
        left_cents=max(left - pending, 0),
        pending_cents=min(pending, left),
        due_on=invoices[0].due_on,
        months=sorted({invoice.month for invoice in invoices}),
        is_late=invoices[0].due_on < today,
    )


_NUMBERS = ("", "Une chose", "Deux choses", "Trois choses", "Quatre choses", "Cinq choses")


def _lead(home: FamilyHome) -> str:
    """The first sentence answers: is there anything to do?"""
    if not home.children:
        return "Votre dossier n’a pas encore d’enfant. Ajoutez-le pour commencer."
    count = home.todo_count
    if count:
        said = _NUMBERS[count] if count < len(_NUMBERS) else french.count(count, "chose")
        rest = "" if home.warnings else " Le reste est en ordre."
        return f"{said} à faire.{rest}"
    if home.warnings:
        return "Rien à payer ni à compléter, mais des jours restent à réserver."
    if not (home.lines or home.pending_requests or home.missing):
        return "Aucun de vos enfants n’est inscrit à une activité."
    if home.pay.pending_cents:
        return "Rien à faire : un paiement est en cours, la banque va confirmer."
    return "Rien à faire. Tout est en ordre."
