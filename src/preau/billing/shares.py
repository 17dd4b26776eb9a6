"""What third parties pay of a family's lines, by the agreements in force. Amounts in cents."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from preau.billing.drafts import REGULARISED, Draft, DraftLine, DraftShare
from preau.billing.models import Agreement
from preau.kernel.french import euros


@dataclass(frozen=True, slots=True)
class Term:
    """An agreement as the run applies it."""

    id: int
    third_party_id: int
    payer: str
    child_id: int | None
    activity_ids: frozenset[int]
    percent: int | None
    unit_cents: int | None
    month_cap_cents: int | None
    reference: str
    starts_on: date
    ends_on: date

    def covers(self, line: DraftLine) -> bool:
        """Whether it speaks of this child and this activity."""
        return (self.child_id is None or self.child_id == line.child_id) and (
            not self.activity_ids or line.activity_id in self.activity_ids
        )

    def part(self, line: DraftLine, *, first: date, last: date) -> int:
        """What it pays of a line's units within its dates, its ceiling apart; half a cent is
        rounded up."""
        if line.fixed_quantity:
            units = line.fixed_quantity if self.starts_on <= last <= self.ends_on else 0
        else:
            units = line.units_between(self.starts_on, self.ends_on)
        if self.percent is not None:
            return (units * line.unit_cents * self.percent + 50) // 100
        return units * min(self.unit_cents or 0, max(line.unit_cents, 0))

    def sentence(self, cents: int) -> str:
        """Why the line is lightened."""
        how = f"{self.percent} %" if self.percent is not None else euros(self.unit_cents or 0)
        decision = f" ({self.reference})" if self.reference else ""
        return f"{self.payer} prend en charge {how}, soit {euros(cents)}{decision}."


def terms_of(family_ids: Iterable[int], *, first: date, last: date) -> dict[int, list[Term]]:
    """The agreements of these families that touch a period, the oldest first; one query."""
    found: dict[int, list[Term]] = defaultdict(list)
    for row in in_force(first, last).filter(family_id__in=list(family_ids)):
        found[row.family_id].append(
            Term(
                row.pk,
                row.third_party_id,
                row.third_party.name,
                row.child_id,
                frozenset(row.activity_ids),
                row.percent,
                row.unit_cents,
                row.month_cap_cents,
                row.reference,
                row.starts_on,
                row.ends_on,
            )
        )
    return found


def in_force(first: date, last: date) -> "QuerySet[Agreement]":
    """Agreements that touch a period, oldest first, with their third party."""
    return (
        Agreement.objects.filter(starts_on__lte=last, ends_on__gte=first)
        .select_related("third_party")
        .order_by("family_id", "pk")
    )


def apply_terms(
    drafts: Iterable[Draft], terms: dict[int, list[Term]], *, first: date, last: date
) -> None:
    """Lighten the lines of the drafts; each agreement's ceiling holds for the month."""
    left = {
        term.id: term.month_cap_cents
        for found in terms.values()
        for term in found
        if term.month_cap_cents is not None
    }
    for draft in drafts:
        for term in terms.get(draft.family_id, ()):
            for line in draft.lines:
                if not term.covers(line) or line.fee_key.startswith(f"{REGULARISED}:"):
                    continue
                cents = min(term.part(line, first=first, last=last), line.amount_cents)
                if term.id in left:
                    cents = min(cents, left[term.id])
                if cents <= 0:
                    continue
                if term.id in left:
                    left[term.id] -= cents
                line.shares.append(
                    DraftShare(term.id, term.third_party_id, cents, term.sentence(cents))
                )
                line.explanation += (term.sentence(cents),)
        draft.count()
