"""A family's file on one page, and who among the agents may open it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from preau.accounts.enums import Permission
from preau.accounts.queries import establishment_scope
from preau.attendance.queries import absence_spans, cards_of
from preau.audit.queries import list_family_entries
from preau.billing.queries import family_accounts
from preau.bookings.queries import upcoming
from preau.casework import queries as casework
from preau.catalogue.queries import list_all_offerings
from preau.childcare.queries import (
    contracts_of,
    preregistrations_of,
    running_contracts,
    waiting_list,
)
from preau.documents.queries import list_issued
from preau.enrolments.queries import (
    active_enrolments,
    documents_of,
    enrolments_for_offerings,
    with_missing,
)
from preau.families import queries as families
from preau.families.rules import custody_warning
from preau.families.values import AddressData
from preau.journeys.family_days import (
    HORIZON,
    ChildDays,
    Standing,
    children_days,
    next_days,
    school_words,
    standings,
)
from preau.journeys.merging.undo import acts_of
from preau.kernel.clock import paris_day
from preau.kernel.codes import normalise_family_code
from preau.messaging.queries import list_messages
from preau.payments.queries import pending_of
from preau.schools.queries import schooling_on, schoolings_at

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from preau.accounts.models import User
    from preau.families.models import Family


def visible_families(user: "User", day: date, text: str = "") -> "QuerySet[Family]":
    """The files an agent may open, narrowed by what was typed.

    An agent whose right holds for some sites sees the families that have, there, a child
    enrolled, at school, in a crèche or waiting for a place in it.
    """
    scope = establishment_scope(user, Permission.SEE_FAMILIES, day)
    within = None
    if scope:
        offerings = list_all_offerings().filter(establishment_id__in=scope)
        within = families.families_linked(
            family_ids=[
                enrolments_for_offerings(offerings.values_list("pk", flat=True), day, day)
                .order_by()
                .values("family_id"),
                running_contracts(day, scope).order_by().values("family_id"),
                [row.family_id for site in scope for row in waiting_list(site)],
            ],
            child_ids=[schoolings_at(scope, day).values("child_id")],
            day=day,
        )
    return families.families_for_agent(user, text, day=day, within=within)


def visible_family(user: "User", code: str, day: date) -> "Family | None":
    """The file under this code, if the agent may open it."""
    normal = normalise_family_code(code)
    if normal is None:
        return None
    return visible_families(user, day).filter(code=normal).first()


def visible_child(user: "User", child_id: int, day: date) -> Any:
    """A child of a file that the agent may open; None otherwise."""
    homes = families.custodies_on([child_id], day).get(child_id, [])
    seen = visible_families(user, day).filter(pk__in=[home.family_id for home in homes])
    return families.get_children([child_id]).get(child_id) if seen.exists() else None


def find_children(user: "User", text: str, day: date, limit: int = 20) -> list[Any]:
    """Where children live (custodies, with child and family) in the files that this text finds."""
    found: list[Any] = list(families.with_people(visible_families(user, day, text)[:limit], day))
    return [home for family in found for home in family.homes]


# A quotient or two a year: more than a childhood.
QUOTIENTS = 60


@dataclass(slots=True)
class FileChild:
    """A child as the file shows it."""

    child: Any
    school: str
    homes: list[Any]  # the other households, for agents' eyes
    warning: str
    card: Any = None


@dataclass(slots=True)
class FamilyFile:
    """All that an agent sees of a family at a glance; what its rights hide is left empty."""

    today: date
    address: AddressData
    adults: list[Any]
    former_adults: list[Any]
    children: list[FileChild]
    former_children: list[Any]
    quotient: Any
    quotients: list[Any]
    standings: list[Standing]
    enrolments: list[Any]
    cards: list[ChildDays]
    accounts: list[tuple[Any, int]]  # each cash office, and what the bank is about to confirm
    pieces: list[Any]
    requests: list[Any]
    contracts: list[Any]
    waiting: list[Any]
    messages: list[Any]
    issued: list[Any]
    journal: list[Any]
    acts: list[Any]  # files joined to it, households parted from it

    @property
    def waiting_requests(self) -> list[Any]:
        return [r for r in self.requests if r.status in ("SUBMITTED", "WAITING_FAMILY")]

    @property
    def warnings(self) -> list[Standing]:
        return [state for state in self.standings if state.is_warning]


def family_file(family: "Family", *, permissions: frozenset[str], now: datetime) -> FamilyFile:
    """The file on one page: some twenty queries, whatever the family's size."""
    today = paris_day(now)
    children, former, homes = families.people_of_household(family, today)
    ids = [child.pk for child in children]
    quotients = list(families.list_quotients(family.pk)[:QUOTIENTS])
    schoolings = schooling_on(ids, today)
    coming = upcoming(family.pk, today, HORIZON)
    days = next_days(today)
    enrolments = list(with_missing(active_enrolments(family.pk, today), today))
    sees_accounts = Permission.SEE_ACCOUNTS in permissions
    cards = {card.child_id: card for card in reversed(list(cards_of(ids)))}
    adults = list(families.guardians_of(family, with_left=True))
    pending: dict[int, int] = {}
    for attempt in pending_of(family.pk) if sees_accounts else ():
        office = attempt.cash_office_id
        pending[office] = pending.get(office, 0) + attempt.amount_cents
    return FamilyFile(
        today=today,
        address=families.address_of(family),
        adults=[adult for adult in adults if adult.left_on is None],
        former_adults=[adult for adult in adults if adult.left_on is not None],
        children=[
            FileChild(
                child=child,
                school=school_words(schoolings.get(child.pk)),
                homes=[c for c in homes.get(child.pk, []) if c.family_id != family.pk],
                warning=custody_warning(homes.get(child.pk, [])),
                card=cards.get(child.pk),
            )
            for child in children
        ],
        former_children=former,
        # The last recorded of those in force, as `families.quotient_on` says.
        quotient=next((q for q in quotients if q.starts_on <= today <= (q.ends_on or today)), None),
        quotients=quotients[:8],
        standings=standings(enrolments, children, coming, today=today),
        enrolments=enrolments,
        cards=children_days(
            children,
            schoolings,
            coming,
            absence_spans(family.pk, days[0], days[-1]),
            today=today,
            days=days,
        ),
        accounts=[
            (account, pending.get(account.office.pk, 0))
            for account in (family_accounts(family.pk) if sees_accounts else ())
        ],
        pieces=list(documents_of(family.pk)[:12]),
        requests=list(casework.for_family(family.pk)[:10]),
        contracts=list(contracts_of(family.pk)[:6]),
        waiting=list(preregistrations_of(family.pk)[:6]),
        messages=list(list_messages(family.pk)[:8]),
        issued=list(list_issued(*families.own_files(family))[:8]),
        journal=list(list_family_entries(family.pk)[:12]),
        acts=list(acts_of(family.pk)[:6]),
    )
