"""Every page of the URL table in the demo town: who opens it, at which address.

    town = WholeTown(now=utc_now())         # the demo town is loaded; what it lacks is made
    for page in town.pages(route): ...

A route gives its pages, or says that it has none: it takes a form's answer alone (405), it answers
a file, it sends elsewhere (`REDIRECTS`). A route that does neither is `NoExample`: the page cannot
be read, which no test lets pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from preau.accounts.models import User
from preau.accounts.queries import permissions_of
from preau.bookings.models import Slot
from preau.demo.town.people import AGENTS, FAMILIES
from preau.enrolments.models import Enrolment
from preau.families.models import Family, Guardian
from preau.families.services import prepare_account
from preau.kernel.clock import paris_day
from preau.openings.models import Window
from tests.harness import rest_of_town
from tests.harness.examples import addresses
from tests.harness.requests import client_of
from tests.harness.routes import Route

# Pages that only send elsewhere; each has an address of its own for old links or the menu.
REDIRECTS = {
    "portal:open-file-link",
    "portal:payment-return",
    "townhall:catalogue",
    "townhall:counter-take",
    "townhall:family-payment",
    "townhall:home",
    "townhall:place",
    "ui:favicon",
}
# Files of which the demo town holds none, or whose address names a sealed file: not pages.
FILES = {
    "demo:attachment",
    "portal:absence-document",
    "portal:child-document",
    "portal:childcare-signed",
    "portal:file",
    "portal:issued",
    "townhall:absence-document",
    "townhall:childcare-door-photo",
    "townhall:childcare-paper-signed",
    "townhall:childcare-piece-file",
    "townhall:dashboard-payments",
    "townhall:dashboard-requests",
    "townhall:debit-letters",
    "townhall:family-absence-document",
    "townhall:family-child-document",
    "townhall:family-judgment",
    "townhall:file",
    "townhall:handover-pdf",
    "townhall:issued",
    "townhall:letter-batch-pdf",
    "townhall:mandate-blank",
    "townhall:menus-export",
    "townhall:message-letters-pdf",
    "townhall:money-export",
    "townhall:refund-file",
    "townhall:renewal-letters-pdf",
    "townhall:site-cards-print-pdf",
    "townhall:tablet-photo",
    "townhall:year-end-table",
    "ui:logo",
}
# How many families get an account of their own to open what is theirs.
MOST_FAMILIES = 12


class NoExample(Exception):
    """No account sees an object of this route."""


@dataclass(frozen=True)
class Page:
    """One page to read: its route's name, its address, who asks, what was answered."""

    name: str
    address: str
    user: Any
    client: Client
    answer: Any


class WholeTown:
    """The demo town with what it lacks, and a signed-in client for each account."""

    def __init__(self, *, now: datetime) -> None:
        self.now, self.day = now, paris_day(now)
        by_email = {user.email: user for user in User.objects.all()}
        # Who may the most comes first: few clients serve nearly all the routes.
        agents = [by_email[agent.email] for agent in reversed(AGENTS)]
        self.agents = {user.pk: user for user in agents}
        self.permissions = {u.pk: set(permissions_of(u, self.day)) for u in agents}
        self.families = [
            guardian
            for family in FAMILIES
            for guardian in Guardian.objects.filter(
                user__email=family.email, family__status="ACTIVE"
            )
        ]
        self.clients: dict[int | None, Client] = {None: Client(raise_request_exception=False)}
        self.users: dict[int, Any] = dict(self.agents)
        self.extra = rest_of_town.complete(
            now=now, agent=agents[0], family=self.families[0].family, user=self.families[0].user
        )
        self.accounts: dict[int, Any] = {}
        for guardian in self.families:
            if not guardian.user.must_change_password:
                self.accounts[guardian.family_id] = guardian.user

        self.extra["portal:planning-opening"] = [self._before_the_hour()]
        self.extra["townhall:site-cancel"] = [(self._ticked_sessions(), self.client(agents[0]))]
        joined = Family.objects.filter(merged_into__isnull=False).first()
        assert joined is not None and joined.merged_into is not None
        self.extra["portal:account-joined"] = [
            (reverse("portal:account-joined"), self.client(self.account_of(joined.merged_into.pk)))
        ]

    def _before_the_hour(self) -> tuple[str, Client]:
        """The page of a family that waits for a booking window to open."""
        window = Window.objects.filter(opens_at__gt=self.now).order_by("opens_at").first()
        assert window is not None
        offering = window.offering
        waiting = Enrolment.objects.filter(
            offering=offering, status="ACTIVE", family__is_resident=True
        ).first()
        assert waiting is not None
        address = (
            f"{reverse('portal:planning-opening')}?mois={window.first_day:%Y-%m}"
            f"&activite={offering.activity.slug}"
        )
        return address, self.client(self.account_of(waiting.family_id))

    def _ticked_sessions(self) -> str:
        """What a site's day asks about the session ticked there."""
        slot = Slot.objects.filter(day__gt=self.day, status="OPEN", taken__gt=0).first()
        assert slot is not None
        site = slot.offering.establishment_id
        address = reverse("townhall:site-cancel", args=[site])
        return f"{address}?jour={slot.day.isoformat()}&seance={slot.pk}"

    def client(self, user: Any | None) -> Client:
        """This account's client, one for all its pages."""
        key = user.pk if user is not None else None
        if key not in self.clients:
            self.clients[key] = client_of(user, raise_request_exception=False)
        return self.clients[key]

    def account_of(self, family_id: int) -> Any | None:
        """A family's account, opened when it has none."""
        if family_id not in self.accounts:
            family = Family.objects.get(pk=family_id)
            guardian = Guardian.objects.filter(family=family, left_on=None).first()
            if guardian is None:
                return None
            if guardian.user is None:
                guardian = prepare_account(guardian=guardian, now=self.now)
            user = guardian.user
            assert user is not None
            user.must_change_password = False
            user.save(update_fields=["must_change_password"])
            self.accounts[family_id] = user
        return self.accounts[family_id]

    def askers(self, route: Route) -> Iterator[tuple[str, Any]]:
        """Each address to try, with who tries it."""
        audience = route.access.audience
        if audience == "agent":
            asked = set(route.access.permission.split())
            for pk, user in self.agents.items():
                if not asked or asked & self.permissions[pk]:
                    for address, _family in addresses(route, first=set(self.accounts)):
                        yield address, user
        elif audience == "family":
            known, others = dict(self.accounts), 0
            for address, family in addresses(route, first=set(known)):
                if family is None:
                    yield from ((address, user) for user in known.values())
                elif family in known:
                    yield address, known[family]
                elif others < MOST_FAMILIES:
                    others += 1
                    yield address, self.account_of(family)
        else:
            yield from ((address, None) for address, _family in addresses(route))

    def pages(self, route: Route) -> list[Page]:
        """The pages of this route. Raises NoExample when it should have one and has none."""
        if route.access is None or route.access.audience == "machine":
            return []
        if route.name in FILES | REDIRECTS or self._takes_answers_only(route):
            return []
        given = self.extra.get(route.name)
        if given is not None:
            found = [
                Page(route.name, address, None, client, client.get(address))
                for address, client in given
            ]
            wrong = [page.address for page in found if page.answer.status_code != 200]
            if wrong:
                raise NoExample(f"{route}: {wrong}")
            return found
        told: dict[int, str] = {}
        for address, user in self.askers(route):
            client = self.client(user)
            answer = client.get(address)
            told[answer.status_code] = address
            if answer.status_code == 200:
                page = Page(route.name, address, user, client, answer)
                return [page] if answer["Content-Type"].startswith("text/html") else []
        raise NoExample(f"{route} ({route.pattern}): {told or 'no object'}")

    def _takes_answers_only(self, route: Route) -> bool:
        audience = route.access.audience
        user = None
        if audience == "agent":
            asked = set(route.access.permission.split())
            user = next(
                (u for pk, u in self.agents.items() if not asked or asked & self.permissions[pk]),
                None,
            )
        elif audience == "family":
            user = next(iter(self.accounts.values()))
        return bool(self.client(user).get(route.address).status_code == 405)
