"""All the cards of a school in one PDF, set by the worker: a big school takes some seconds."""

from datetime import datetime
from typing import Any

from django.db import transaction

from preau.attendance.queries import active_cards
from preau.catalogue.queries import get_establishment
from preau.documents import prints
from preau.documents.render import render_pdf
from preau.documents.squares import card_square
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.schools.queries import schooling_on, schoolings_at

PROGRESS_EVERY = 50


class NoCard(Refusal):
    message = "Aucune carte active dans cet établissement."
    code = "no_card"


def cards_at(establishment_id: int, now: datetime) -> Any:
    """The active cards of a school's pupils, by name: one query, the pupils are a subquery."""
    pupils = schoolings_at([establishment_id], paris_day(now)).values("child_id")
    return active_cards(pupils)


def about(establishment_id: int) -> str:
    return f"cards:{establishment_id}"


def ask_cards(*, establishment_id: int, now: datetime, actor: Actor) -> Any:
    """Have the cards of a school set; the print to follow. Raises NoCard."""
    from preau.journeys.tasks import print_cards

    site = get_establishment(establishment_id)
    total = cards_at(establishment_id, now).count()
    if site is None or not total:
        raise NoCard
    with transaction.atomic():
        row, is_new = prints.ask_print(
            about=about(establishment_id),
            title=f"Cartes, {site.name}",
            total=total,
            now=now,
            actor=actor,
        )
        if is_new:
            print_cards.defer(print_id=row.pk, establishment_id=establishment_id)
    return row


def run_cards(*, print_id: int, establishment_id: int, now: datetime) -> None:
    """The job: a square for each card, then one PDF, ten to a page. Killed, it starts over."""
    row = prints.start_print(print_id=print_id)
    if row is None:
        return
    cards = list(cards_at(establishment_id, now))
    schooling = schooling_on([card.child_id for card in cards], paris_day(now))
    drawn = []
    for done, card in enumerate(cards, 1):
        drawn.append(
            {
                "name": f"{card.child.first_name} {card.child.last_name}",
                "place": place_words(schooling.get(card.child_id)),
                "code": card.code,
                "qr": card_square(card.code),
            }
        )
        if done % PROGRESS_EVERY == 0:
            prints.note_progress(print_id=print_id, done=done)
    if not drawn:
        prints.finish_print(print_id=print_id, pdf=None, now=utc_now(), error=NoCard.message)
        return
    try:
        pdf = render_pdf("cards", {"title": row.title, "cards": drawn})
    except Exception as failure:
        prints.finish_print(
            print_id=print_id, pdf=None, now=utc_now(), error=type(failure).__name__
        )
        raise
    prints.finish_print(print_id=print_id, pdf=pdf, now=utc_now())


def place_words(schooling: Any) -> str:
    """«CE2 B», its level without a class, nothing when it is at no school."""
    if schooling is None:
        return ""
    return str(schooling.school_class.name if schooling.school_class else schooling.level)
