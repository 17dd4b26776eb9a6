"""Cards: issued, declared lost (dead at once), scanned at the site."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from preau.attendance.enums import AttendanceSource, CardStatus, Presence
from preau.attendance.errors import CardDead, CardRefused, NotExpected
from preau.attendance.models import Attendance, Card, CardOrder
from preau.attendance.services.sheets import Mark, record_presences
from preau.audit.services import record
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris
from preau.kernel.codes import normalise_code, random_code
from preau.kernel.errors import Refusal
from preau.kernel.locks import advisory_lock

CODE_LENGTH = 10
# A child's cards are dealt one at a time.
CARD_LOCK = 72


@transaction.atomic
def issue_card(*, child_id: int, family_id: int, now: datetime, actor: Actor) -> Card:
    """Give a child its next card; the one it had, if any, is dead from now on."""
    advisory_lock(CARD_LOCK, child_id)
    cards = list(Card.objects.filter(child=child_id).order_by("rank"))
    for card in cards:
        if card.status == CardStatus.ACTIVE:
            _end(card, CardStatus.REPLACED, now=now, actor=actor)
    rank = max((card.rank for card in cards), default=0) + 1
    card = Card.objects.create(
        child_id=child_id, code=random_code(CODE_LENGTH), rank=rank, issued_at=now
    )
    CardOrder.objects.filter(child=child_id, card=None).update(card=card)
    record(
        actor=actor,
        now=now,
        action="attendance.issue_card",
        summary=f"Carte n° {rank} remise à {card.child.first_name}",
        family_id=family_id,
        object_type="attendance.Card",
        object_id=card.pk,
    )
    return card


@transaction.atomic
def issue_first_cards(*, child_ids: Iterable[int], now: datetime, actor: Actor) -> int:
    """A first card for each child who never had one, at once (a new school year, an import)."""
    ids = set(child_ids)
    ids -= set(Card.objects.filter(child__in=ids).values_list("child_id", flat=True))
    Card.objects.bulk_create(
        [
            Card(child_id=pk, code=random_code(CODE_LENGTH), rank=1, issued_at=now)
            for pk in sorted(ids)
        ],
        batch_size=1000,
    )
    if ids:
        record(
            actor=actor,
            now=now,
            action="attendance.issue_first_cards",
            summary=f"{french.count(len(ids), 'carte')} éditées",
        )
    return len(ids)


@transaction.atomic
def declare_card_lost(*, card_id: int, family_id: int, now: datetime, actor: Actor) -> Card:
    """The card is dead from this moment: no site accepts it any more. Twice is harmless."""
    card = Card.objects.select_for_update(no_key=True).get(pk=card_id)
    if card.status != CardStatus.ACTIVE:
        return card
    _end(card, CardStatus.LOST, now=now, actor=actor)
    record(
        actor=actor,
        now=now,
        action="attendance.declare_card_lost",
        summary=f"Carte n° {card.rank} de {card.child.first_name} déclarée perdue",
        family_id=family_id,
        object_type="attendance.Card",
        object_id=card.pk,
    )
    return card


@transaction.atomic
def order_card(
    *, child_id: int, family_id: int, channel: str, now: datetime, actor: Actor
) -> CardOrder:
    """A family asks for the next card. Twice is harmless; refused while a card is active."""
    if Card.objects.filter(child=child_id, status=CardStatus.ACTIVE).exists():
        raise Refusal("Cet enfant a une carte active : déclarez-la perdue d’abord.")
    CardOrder.objects.bulk_create(
        [CardOrder(child_id=child_id, family_id=family_id, asked_at=now, channel=channel)],
        ignore_conflicts=True,
    )
    order = CardOrder.objects.get(child=child_id, card=None)
    if order.asked_at == now:
        record(
            actor=actor,
            now=now,
            action="attendance.order_card",
            summary=f"Nouvelle carte demandée pour {order.child.first_name}",
            family_id=family_id,
            object_type="attendance.CardOrder",
            object_id=order.pk,
        )
    return order


@transaction.atomic
def return_card(*, card_id: int, family_id: int, now: datetime, actor: Actor) -> Card:
    """The child leaves: its card is handed in, no site accepts it any more. Twice is harmless."""
    card = Card.objects.select_for_update(no_key=True).get(pk=card_id)
    if card.status != CardStatus.ACTIVE:
        return card
    _end(card, CardStatus.RETURNED, now=now, actor=actor)
    _tell_card(card, "return_card", "rendue", family_id, now, actor)
    return card


@transaction.atomic
def give_card_back(*, card_id: int, family_id: int, now: datetime, actor: Actor) -> bool:
    """Undo `return_card`, unless the child has another card by now; whether it serves again."""
    card = Card.objects.select_for_update(no_key=True).get(pk=card_id)
    if (
        card.status != CardStatus.RETURNED
        or Card.objects.filter(child=card.child_id, status=CardStatus.ACTIVE).exists()
    ):
        return False
    card.status, card.ended_at, card.ended_channel, card.ended_by_label = (
        CardStatus.ACTIVE, None, "", "",
    )  # fmt: skip
    card.save(update_fields=["status", "ended_at", "ended_channel", "ended_by_label"])
    _tell_card(card, "give_card_back", "de nouveau en service", family_id, now, actor)
    return True


def _tell_card(
    card: Card, verb: str, word: str, family_id: int, now: datetime, actor: Actor
) -> None:
    record(
        actor=actor,
        now=now,
        action=f"attendance.{verb}",
        summary=f"Carte n° {card.rank} de {card.child.first_name} {word}",
        family_id=family_id,
        object_type="attendance.Card",
        object_id=card.pk,
    )


def _end(card: Card, status: str, *, now: datetime, actor: Actor) -> None:
    card.status = status
    card.ended_at, card.ended_channel, card.ended_by_label = now, actor.channel, actor.label
    card.save(update_fields=["status", "ended_at", "ended_channel", "ended_by_label"])


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan did: the child, and whether it was recorded already."""

    child_id: int
    child_name: str
    attendance: Attendance
    already: bool


def scan_card(
    *, code: str, slot_id: int, now: datetime, actor: Actor, walk_in: bool = False
) -> Scan:
    """Mark present the child whose card was scanned or typed.

    Raises CardRefused (unknown), CardDead (why and since when), NotExpected (no booking: ask
    again with `walk_in` once the person agrees).
    """
    normal = normalise_code(code)
    card = Card.objects.filter(code=normal).select_related("child").first() if normal else None
    if card is None:
        raise CardRefused("Cette carte n’est pas connue : vérifiez le code, ou cherchez l’enfant.")
    name = str(card.child)
    if card.status != CardStatus.ACTIVE:
        assert card.ended_at is not None
        since = french.instant(card.ended_at)
        why = {
            CardStatus.LOST: f"elle a été déclarée perdue {since}",
            CardStatus.REPLACED: f"une carte plus récente la remplace depuis le {since}",
        }[CardStatus(card.status)]
        raise CardDead(f"Carte refusée ({name}) : {why}.")
    before = Attendance.objects.filter(
        slot=slot_id, child=card.child_id, presence=Presence.PRESENT
    ).first()
    if before is not None:
        return Scan(card.child_id, name, before, already=True)
    try:
        row = record_presences(
            slot_id=slot_id,
            marks=[Mark(card.child_id, Presence.PRESENT, arrived=paris(now).time())],
            now=now,
            actor=actor,
            walk_in=walk_in,
            source=AttendanceSource.CARD,
        )[0]
    except NotExpected as error:
        raise NotExpected(f"{name} n’est pas attendu à cette séance.") from error
    return Scan(card.child_id, name, row, already=False)
