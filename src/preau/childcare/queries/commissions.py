"""Sessions of the commission: the files seen without a name, and the minutes."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from preau.childcare.enums import Outcome, WishStatus
from preau.childcare.models import (
    Commission,
    CommissionPlace,
    Decision,
    Offer,
    Piece,
    Preregistration,
)
from preau.childcare.queries.places import is_of_age, months_on
from preau.childcare.queries.points import claims_of
from preau.childcare.rules.points import Score, score_of
from preau.childcare.rules.week import lengths, read_week, week_words
from preau.kernel import french


def commissions() -> QuerySet[Commission]:
    """All sessions, the latest first."""
    return Commission.objects.annotate(
        place_count=Count("places", distinct=True),
        admitted=Count("decisions", filter=Q(decisions__outcome=Outcome.ADMIT), distinct=True),
    ).order_by("-held_on", "-pk")


def get_commission(commission_id: int) -> Commission | None:
    return Commission.objects.filter(pk=commission_id).first()


def places_of(commission_id: int) -> list[CommissionPlace]:
    """The places of a session, each with `given` and `substitutes`."""
    return list(
        CommissionPlace.objects.filter(commission_id=commission_id)
        .select_related("section__establishment")
        .annotate(
            given=Count("decisions", filter=Q(decisions__outcome=Outcome.ADMIT)),
            substitutes=Count("decisions", filter=Q(decisions__outcome=Outcome.SUBSTITUTE)),
        )
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file as the commission sees it: no name, no address, no family."""

    pk: int
    number: str
    score: Score
    age: str
    asked_on: Any
    wished_from: date
    week: str
    sites: tuple[int, ...]
    decision: Decision | None

    @property
    def wishes(self) -> int:
        return len(self.sites)


def candidates(commission_id: int, place: CommissionPlace) -> list[Candidate]:
    """Files that want this crèche and are of the section's age, by points then date; few queries.

    Those already decided in this session stay in the list.
    """
    decided = {
        row.preregistration_id: row for row in Decision.objects.filter(commission_id=commission_id)
    }
    site = place.section.establishment_id
    rows = (
        Preregistration.objects.filter(Q(status=WishStatus.WAITING) | Q(pk__in=list(decided)))
        .filter(Q(wishes__establishment_id=site) | Q(wishes__isnull=True))
        .select_related("child")
        .prefetch_related("wishes", Prefetch("pieces", Piece.objects.select_related("criterion")))
        .order_by("-score", "created_at", "pk")
        .distinct()
    )
    found = []
    for row in rows:
        birth_on = row.child.birth_on or row.child.expected_on
        starts = max(place.starts_on, row.wished_from)
        if not is_of_age(place.section, birth_on, starts):
            continue
        found.append(_candidate(row, birth_on, place.starts_on, decided.get(row.pk)))
    return found


def _candidate(
    row: Preregistration, birth_on: date | None, on: date, decision: Decision | None
) -> Candidate:
    age = (
        f"{months_on(birth_on, on)} mois à l’entrée" if birth_on and birth_on <= on else "à naître"
    )
    return Candidate(
        pk=row.pk,
        number=row.number or "",
        score=score_of(claims_of(row)),
        age=age,
        asked_on=row.created_at,
        wished_from=row.wished_from,
        week=week_words(lengths(read_week(row.week))),
        sites=tuple(wish.establishment_id for wish in row.wishes.all()),
        decision=decision,
    )


def minutes_of(commission: Commission) -> dict[str, Any]:
    """The minutes as they will be printed: plain text, numbers and points, never a name."""
    places = []
    decisions = list(
        Decision.objects.filter(commission=commission)
        .select_related("preregistration__child")
        .prefetch_related(
            Prefetch("preregistration__pieces", Piece.objects.select_related("criterion"))
        )
        .order_by("-score", "preregistration__created_at", "pk")
    )
    for place in places_of(commission.pk):
        mine = [row for row in decisions if row.place_id == place.pk]
        places.append(
            {
                "title": f"{place.section.establishment.name}, {place.section.name}",
                "detail": (
                    f"{french.count(place.count, 'place')} à partir du "
                    f"{french.day(place.starts_on, year=True, weekday=False)}, "
                    f"{french.and_join(french.WEEKDAYS[day] for day in place.weekdays)}"
                ),
                "rows": [
                    _minute(row)
                    for row in sorted(
                        mine,
                        key=lambda row: (
                            row.outcome != Outcome.ADMIT,
                            row.substitute_rank or 0,
                            -row.score,
                        ),
                    )
                ],
            }
        )
    return {
        "label": commission.label,
        "held_on": french.day(commission.held_on, year=True),
        "members": [name for name in commission.members.split("\n") if name.strip()],
        "places": places,
        "waiting": [_minute(row) for row in decisions if row.outcome == Outcome.WAIT],
    }


def _minute(row: Decision) -> dict[str, str]:
    wish = row.preregistration
    score = score_of(claims_of(wish))
    outcome = row.get_outcome_display()
    if row.substitute_rank:
        outcome = f"{outcome}, {french.ordinal(row.substitute_rank)}"
    return {
        "number": wish.number or "",
        "points": str(row.score),
        "why": " ; ".join(claim.sentence for claim in score.claims if claim.proved)
        or "date de la demande",
        "asked_on": french.day(wish.created_at, year=True, weekday=False),
        "outcome": outcome,
        "reason": row.reason,
    }


def offers(*, pending_only: bool = False, establishment_ids: Any = None) -> QuerySet[Offer]:
    """Offers, the latest first, with the child and the section."""
    found = Offer.objects.select_related(
        "preregistration__child", "preregistration__family", "section__establishment", "place"
    ).order_by("-offered_at", "-pk")
    if establishment_ids is not None:
        found = found.filter(section__establishment_id__in=list(establishment_ids))
    return found.filter(status="PENDING") if pending_only else found


def accepted_offer(preregistration_id: int) -> Offer | None:
    """The place that the family accepted last."""
    return offers().filter(preregistration_id=preregistration_id, status="ACCEPTED").first()
