"""A place offered to a family, with a time limit; unanswered, it goes to the next."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction

from preau.childcare.enums import OfferStatus, Outcome, WishStatus
from preau.childcare.errors import (
    BadDates,
    NothingToOffer,
    NotThisAge,
    OfferOver,
    PiecesMissing,
)
from preau.childcare.models import CommissionPlace, Decision, Offer, Preregistration, Section
from preau.childcare.queries.places import care_settings, is_of_age
from preau.childcare.rules.week import Week, checked_spans, lengths, read_week, stored, week_words
from preau.childcare.services.common import child_name, journal
from preau.childcare.services.wishes import lock_open
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.messaging.services import Email, queue_emails

# A family is reminded when so little time is left, and never on the day after the offer.
REMINDED_BEFORE = timedelta(days=3)
REMINDED_AFTER = timedelta(days=2)
# A place is given until the summer in which most children leave for school.
SUMMER = (7, 31)


def end_of_stay(birth_on: date | None, starts_on: date) -> date:
    """The summer before the child goes to school: the year of its three years, at most."""
    year = starts_on.year if (starts_on.month, starts_on.day) < SUMMER else starts_on.year + 1
    if birth_on is not None:
        year = max(year, min(birth_on.year + 3, year + 3))
    return date(year, *SUMMER)


@transaction.atomic
def make_offer(
    *,
    preregistration_id: int,
    section_id: int,
    starts_on: date,
    now: datetime,
    actor: Actor,
    week: Week | None = None,
    ends_on: date | None = None,
    place_id: int | None = None,
    days_to_answer: int | None = None,
) -> Offer:
    """Offer a place, and write to the family. Raises NothingToOffer, PiecesMissing, NotThisAge."""
    row = lock_open(preregistration_id)
    if row.status == WishStatus.INCOMPLETE:
        raise PiecesMissing
    if row.status != WishStatus.WAITING:
        raise NothingToOffer
    section = Section.objects.select_related("establishment").get(pk=section_id)
    child = families.get_children([row.child_id])[row.child_id]
    birth_on = child.birth_on or child.expected_on
    if not is_of_age(section, birth_on, starts_on):
        raise NotThisAge
    last = ends_on or end_of_stay(birth_on, starts_on)
    if last < starts_on:
        raise BadDates
    days = care_settings().offer_days if days_to_answer is None else days_to_answer
    offer = Offer.objects.create(
        preregistration=row,
        section=section,
        place_id=place_id,
        starts_on=starts_on,
        ends_on=last,
        week=stored(checked_spans(week or read_week(row.week))),
        offered_at=now,
        expires_at=now + timedelta(days=days),
    )
    row.status = WishStatus.OFFERED
    row.save(update_fields=["status"])
    journal(
        row,
        "make_offer",
        f"Place proposée à {child_name(row.child_id)} : {section.establishment.name}, "
        f"{section.name}, à partir du {french.day(starts_on, year=True, weekday=False)}",
        now,
        actor,
    )
    _write_to_family(row, offer, section, now)
    return offer


@transaction.atomic
def answer_offer(
    *, offer_id: int, accepted: bool, now: datetime, actor: Actor, reason: str = ""
) -> Offer:
    """The family says yes or no, on line or at the counter. Raises OfferOver.

    A declined place goes to the next of its list; the file keeps waiting at its own rank.
    """
    offer = _lock(offer_id)
    if offer.status != OfferStatus.PENDING or offer.expires_at < now:
        raise OfferOver
    row = lock_open(offer.preregistration_id)
    offer.status = OfferStatus.ACCEPTED if accepted else OfferStatus.DECLINED
    offer.answered_at, offer.answered_by = now, actor.label
    offer.reason = reason.strip()[:200]
    offer.save()
    row.status = WishStatus.ACCEPTED if accepted else WishStatus.WAITING
    row.save(update_fields=["status"])
    journal(
        row,
        "accept_offer" if accepted else "decline_offer",
        f"Place {'acceptée' if accepted else 'refusée'} pour {child_name(row.child_id)}",
        now,
        actor,
        data={"reason": offer.reason},
    )
    if not accepted:
        _offer_to_next(offer, now, actor)
    return offer


def lapse_offers(*, now: datetime, offer_ids: Iterable[int] | None = None) -> int:
    """Offers that nobody answered in time go to the next of their list; how many."""
    found = Offer.objects.filter(status=OfferStatus.PENDING, expires_at__lt=now)
    if offer_ids is not None:
        found = found.filter(pk__in=list(offer_ids))
    return sum(_lapse(pk, now) for pk in found.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _lapse(offer_id: int, now: datetime) -> int:
    offer = _lock(offer_id)
    if offer.status != OfferStatus.PENDING or offer.expires_at >= now:
        return 0
    offer.status, offer.answered_at = OfferStatus.LAPSED, now
    offer.save(update_fields=["status", "answered_at"])
    row = Preregistration.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=offer.preregistration_id
    )
    if row.status == WishStatus.OFFERED:
        row.status = WishStatus.WAITING
        row.save(update_fields=["status"])
    actor = Actor.system()
    journal(
        row,
        "lapse_offer",
        f"Proposition sans réponse pour {child_name(row.child_id)} : la place passe au suivant",
        now,
        actor,
    )
    _tell_lapse(row, offer, now)
    _offer_to_next(offer, now, actor)
    return 1


def remind_offers(*, now: datetime) -> int:
    """Offers that end soon and have no answer: one more e-mail each, once; how many offers."""
    found = list(
        Offer.objects.filter(
            status=OfferStatus.PENDING,
            expires_at__gt=now,
            expires_at__lt=now + REMINDED_BEFORE,
            offered_at__lt=now - REMINDED_AFTER,
        ).select_related("preregistration", "section__establishment")
    )
    for offer in found:
        _write(
            offer.preregistration,
            f"care-offer-soon-{offer.pk}",
            "Crèche : il vous reste peu de temps pour répondre",
            f"La place proposée à {child_name(offer.preregistration.child_id)}, "
            f"{offer.section.establishment.name}, vous attend jusqu’au "
            f"{french.instant(offer.expires_at, year=True)}. Répondez dans votre espace, page "
            "« Crèche » : accepter ou refuser. Sans réponse, elle passe à la famille suivante.",
            now,
        )
    return len(found)


def _offer_to_next(offer: Offer, now: datetime, actor: Actor) -> Offer | None:
    """The first of the complementary list who still waits gets the place of the commission."""
    if offer.place_id is None:
        return None
    place = CommissionPlace.objects.get(pk=offer.place_id)
    taken = set(Offer.objects.filter(place=place).values_list("preregistration_id", flat=True))
    for decision in (
        Decision.objects.filter(place=place, outcome=Outcome.SUBSTITUTE)
        .select_related("preregistration")
        .order_by("substitute_rank", "pk")
    ):
        if decision.preregistration_id in taken:
            continue
        try:
            with transaction.atomic():
                return make_offer(
                    preregistration_id=decision.preregistration_id,
                    section_id=place.section_id,
                    starts_on=max(place.starts_on, offer.starts_on),
                    week=week_within(read_week(decision.preregistration.week), place.weekdays),
                    place_id=place.pk,
                    now=now,
                    actor=actor,
                )
        except (NothingToOffer, PiecesMissing, NotThisAge):
            continue
    return None


def week_within(week: Week, weekdays: Iterable[int]) -> Week:
    """The wished hours on the days that the place has; all the wish when none is in common."""
    open_days = set(weekdays)
    cut = tuple(span if index in open_days else None for index, span in enumerate(week))
    return cut if any(cut) else week


def _lock(offer_id: int) -> Offer:
    return Offer.objects.select_for_update(no_key=True, of=("self",)).get(pk=offer_id)


def _write_to_family(row: Preregistration, offer: Offer, section: Section, now: datetime) -> None:
    week = week_words(lengths(read_week(offer.week)))
    _write(
        row,
        f"care-offer-{offer.pk}",
        "Une place en crèche vous est proposée",
        f"Une place vous est proposée pour {child_name(row.child_id)} : "
        f"{section.establishment.name}, {section.name}, à partir du "
        f"{french.day(offer.starts_on, year=True)}, {week}.\n\n"
        f"Répondez dans votre espace, page d’accueil ou page « Crèche », avant le "
        f"{french.instant(offer.expires_at, year=True)}. Sans réponse, la place passe à la "
        "famille suivante ; vous gardez votre rang dans la liste.",
        now,
    )


def _tell_lapse(row: Preregistration, offer: Offer, now: datetime) -> None:
    _write(
        row,
        f"care-offer-lapsed-{offer.pk}",
        "Crèche : la place proposée passe à la famille suivante",
        f"La place proposée à {child_name(row.child_id)} attendait votre réponse jusqu’au "
        f"{french.instant(offer.expires_at, year=True)}. Sans réponse, elle passe à la famille "
        "suivante.\n\nVotre demande reste sur la liste, à son rang : vous pouvez la suivre, ou "
        "la retirer, dans votre espace, page « Crèche ».",
        now,
    )


def _write(row: Preregistration, key: str, subject: str, words: str, now: datetime) -> None:
    """One e-mail to each adult of the household; the same key is never sent twice."""
    queue_emails(
        emails=[
            Email(
                to=adult.email,
                subject=subject,
                body=f"Bonjour,\n\n{words}\n",
                family_id=row.family_id,
                key=f"{key}-{adult.pk}",
            )
            for adult in families.guardians_of(row.family_id)
            if adult.email
        ],
        now=now,
    )
