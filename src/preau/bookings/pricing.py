"""The town's rules, asked for one household: until when, at what price, charged or not, and why.

The same adapter serves the planning, the sendings, the absences and the billing run, so that a
day has one price and one sentence everywhere. Above this room, `schooling` (school and level of
each child) is given by whoever knows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from preau.bookings.facts import age_on, service_facts
from preau.bookings.household import Household, Kid
from preau.bookings.rates import Rates, rates_on
from preau.families.queries import read_quotients
from preau.kernel import french
from preau.kernel.clock import at_paris
from preau.rulebook.api import Decision, Facts

NOT_SAID = "Les règles ne disent pas ce qu’il en est : appelez le service."


@dataclass(frozen=True, slots=True)
class Service:
    """What rules must know of a slot: activity and product by the names rulebooks use."""

    activity: str
    product: str
    day: date
    starts_at: time
    ends_at: time
    site: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An act allowed or not, until when, and why in one sentence."""

    allowed: bool
    sentence: str = ""
    until: datetime | None = None
    surcharge_cents: int = 0
    # For a cancellation or an absence: the day stays due, of how much (None: not known).
    charged: bool = False
    cents: int | None = None
    # Booked only as places allow after an agent or the queue has answered.
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """A day's price in cents and the sentences that explain it; None: no rule sets it."""

    cents: int | None
    sentences: tuple[str, ...] = ()


class FamilyRules:
    """The rules in force, on the facts of one household.

    Without a rulebook in force (or when it does not speak of an activity), what is not forbidden
    is allowed until it begins, and no price is said.
    """

    def __init__(
        self,
        household: Household,
        *,
        schooling: Mapping[int, Mapping[str, Any]] | None = None,
        enrolled: int | None = None,
        quotients: list[Any] | None = None,
    ) -> None:
        self.household = household
        self.schooling = schooling or {}
        self.enrolled = enrolled
        self._quotients = quotients  # when the caller has read them
        self._facts: dict[tuple[Any, ...], Facts] = {}

    def facts(self, service: Service, child_id: int, **more: Any) -> Facts:
        """What rules may read of this child on this day."""
        kid = self.household.kid(child_id)
        quotient = self.quotient_on(service.day)
        # A month of one child has one set of facts, or two when its birthday is in it.
        key = (
            child_id,
            age_on(kid.birth_on, service.day) if kid and kid.birth_on else None,
            quotient.pk if quotient else None,
            service.site,
        )
        known = self._facts.get(key)
        if known is None:
            known = self._facts[key] = self._build(service, kid, child_id, quotient)
        return known.with_(**more) if more else known

    def _build(self, service: Service, kid: Kid | None, child_id: int, quotient: Any) -> Facts:
        house = self.household
        school = self.schooling.get(child_id, {})
        return service_facts(
            day=service.day,
            is_resident=house.is_resident,
            city=house.city,
            quotient_cents=quotient.value_cents if quotient else None,
            quotient_source=quotient.source if quotient else "",
            birth_on=kid.birth_on if kid else None,
            rank=kid.rank if kid else None,
            children=len(house.kids) or None,
            children_enrolled=self.enrolled,
            school=school.get("school", ""),
            level=school.get("level", ""),
            site=service.site,
            diet=kid.diet if kid else "",
        )

    def quotient_on(self, day: date) -> Any:
        """The household's quotient in force: the last recorded whose period holds the day."""
        if self._quotients is None:
            self._quotients = read_quotients(self.household.family_id)
        for quotient in self._quotients:
            if quotient.starts_on <= day and (quotient.ends_on is None or day <= quotient.ends_on):
                return quotient
        return None

    def rates(self, service: Service) -> Rates:
        return rates_on(service.day)

    # --- Questions -----------------------------------------------------------------------

    def price(self, service: Service, child_id: int) -> Price:
        """What the day costs when it is booked in time."""
        found = self.rates(service).price(
            service.activity, service.product, service.day, self.facts(service, child_id)
        )
        return Price(None) if found is None else Price(found.cents, found.sentences)

    def until(self, service: Service, child_id: int, action: str) -> tuple[bool, datetime | None]:
        """(whether it is ever possible, until when): for labels, without deciding anything."""
        start = at_paris(service.day, service.starts_at)
        found = self.rates(service).deadline(
            service.activity, service.product, service.day, action, self.facts(service, child_id)
        )
        if found is None:
            return True, start
        if not found.open:
            return False, None
        if found.at is None:
            return True, start
        return True, min(found.at, start) if found.late_outcome == "refused" else found.at

    def booking(self, service: Service, child_id: int, now: datetime) -> Verdict:
        """May the child be booked now, until when, with what surcharge?"""
        start = at_paris(service.day, service.starts_at)
        if now >= start:
            return Verdict(False, "Cette séance a déjà commencé.", start)
        decision = self.rates(service).decide(
            service.activity,
            service.product,
            service.day,
            "book",
            now,
            self.facts(service, child_id),
        )
        if decision is None:
            return Verdict(True, until=start)
        if decision.outcome == "ambiguous":
            return self._by_deadline(service, child_id, "book", now)
        allowed = decision.outcome == "accepted"
        waits = decision.outcome in ("waiting_list", "pending", "proposal")
        sentence = ""
        if not allowed:
            sentence = _refused_booking(decision)
        elif decision.surcharge_cents:
            sentence = " ".join(
                line.sentence for line in decision.lines if line.kind == "surcharge"
            )
        return Verdict(
            allowed,
            sentence,
            decision.limit_at,
            decision.surcharge_cents,
            waits=waits,
            cents=decision.cents,
        )

    def cancelling(self, service: Service, child_id: int, now: datetime) -> Verdict:
        """May the booking be taken back now, until when, and does the day stay due?"""
        start = at_paris(service.day, service.starts_at)
        if now >= start:
            return Verdict(False, "Cette séance a déjà commencé.", start)
        facts = self.facts(service, child_id, notice_at=now)
        decision = self.rates(service).decide(
            service.activity, service.product, service.day, "cancel", now, facts
        )
        if decision is None:
            return Verdict(True, until=start)
        if decision.outcome == "ambiguous":
            return self._by_deadline(service, child_id, "cancel", now)
        if not decision.charged:
            return Verdict(True, until=decision.limit_at)
        limit = self.rates(service).deadline(
            service.activity, service.product, service.day, "cancel", facts
        )
        sentence = _since(decision, "Il fallait annuler avant")
        if limit is not None and limit.late_outcome == "charged":
            return Verdict(True, sentence, decision.limit_at, charged=True, cents=decision.cents)
        return Verdict(False, sentence, decision.limit_at, charged=True, cents=decision.cents)

    def absence(
        self, service: Service, child_id: int, *, at: datetime | None, **more: Any
    ) -> Decision | None:
        """What an absence costs that day (rulebook's own answer); None: no rule speaks of it.

        `more` are facts of the absence: reason, document, certificate_at, absence_from…
        """
        known = {name: value for name, value in more.items() if value is not None}
        if at is not None:
            known.setdefault("notice_at", at)
        return self.rates(service).decide(
            service.activity,
            service.product,
            service.day,
            "absence",
            at,
            self.facts(service, child_id, **known),
        )

    def _by_deadline(self, service: Service, child_id: int, action: str, now: datetime) -> Verdict:
        """When the price is not known (no quotient…), the deadline still is."""
        limit = self.rates(service).deadline(
            service.activity, service.product, service.day, action, self.facts(service, child_id)
        )
        if limit is None or limit.met(now):
            return Verdict(True, until=limit.at if limit else None)
        verb = "réserver" if action == "book" else "annuler"
        sentence = f"Il fallait {verb} avant {french.instant(limit.at)}." if limit.at else NOT_SAID
        return Verdict(False, sentence, limit.at, charged=action == "cancel")


def _since(decision: Decision, words: str) -> str:
    if decision.limit_at is not None and decision.late:
        return f"{words} {french.deadline(decision.limit_at)}."
    return _sentence(decision)


def _refused_booking(decision: Decision) -> str:
    if decision.limit_at is not None and decision.late:
        return f"Il fallait réserver avant {french.deadline(decision.limit_at)}."
    return _sentence(decision)


def _sentence(decision: Decision) -> str:
    words = " ; ".join(decision.sentences)
    return f"{words[:1].upper()}{words[1:]}." if words else NOT_SAID
