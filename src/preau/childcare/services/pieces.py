"""Proofs: given by the family, accepted or refused by an agent; they unlock and they count."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from preau.childcare.enums import PieceStatus, WishStatus
from preau.childcare.models import Criterion, Piece, Preregistration
from preau.childcare.services.common import child_name, journal
from preau.childcare.services.wishes import keep_score, lock_open
from preau.kernel.actors import Actor


@transaction.atomic
def give_piece(
    *, preregistration_id: int, piece_id: int, file_id: UUID, now: datetime, actor: Actor
) -> Piece:
    """A family, or an agent for it, joins the file of a piece. Raises NotWaiting."""
    row = lock_open(preregistration_id)
    piece = Piece.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=piece_id, preregistration=row
    )
    piece.file_id, piece.given_at = file_id, now
    piece.status, piece.comment = PieceStatus.GIVEN, ""
    piece.save()
    keep_score(row)
    journal(
        row,
        "give_piece",
        f"Pièce reçue pour {child_name(row.child_id)} : {piece.label}",
        now,
        actor,
    )
    return piece


@transaction.atomic
def decide_piece(
    *,
    preregistration_id: int,
    piece_id: int,
    accepted: bool,
    now: datetime,
    actor: Actor,
    comment: str = "",
) -> Preregistration:
    """Accept or refuse a proof. All base pieces accepted: the file gets its rank.

    The rank follows the day of asking, not that of the last piece. Raises NotWaiting.
    """
    row = lock_open(preregistration_id)
    piece = Piece.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=piece_id, preregistration=row
    )
    piece.status = PieceStatus.ACCEPTED if accepted else PieceStatus.REFUSED
    piece.decided_at, piece.decided_by = now, actor.label
    piece.comment = comment.strip()[:200]
    piece.save()
    keep_score(row)
    _unlock(row, now)
    word = "acceptée" if accepted else "refusée"
    journal(
        row,
        "decide_piece",
        f"Pièce {word} pour {child_name(row.child_id)} : {piece.label}",
        now,
        actor,
        data={"comment": piece.comment},
    )
    return row


@transaction.atomic
def claim(
    *,
    preregistration_id: int,
    criterion_id: int,
    quantity: int,
    now: datetime,
    actor: Actor,
) -> Piece | None:
    """Say that a criterion holds so many times (0: no more); its proof is then awaited."""
    row = lock_open(preregistration_id)
    criterion = Criterion.objects.get(pk=criterion_id, scale_id=row.scale_id)
    found = Piece.objects.filter(preregistration=row, criterion=criterion).first()
    quantity = min(quantity, criterion.most)
    if quantity <= 0:
        if found:
            found.delete()
    elif found is None:
        found = Piece.objects.create(
            preregistration=row, criterion=criterion, label=criterion.proof, quantity=quantity
        )
    elif found.quantity != quantity:
        found.quantity = quantity
        if found.status == PieceStatus.ACCEPTED:
            found.status = PieceStatus.GIVEN if found.file_id else PieceStatus.WANTED
        found.save()
    keep_score(row)
    journal(
        row,
        "claim",
        f"Critère de {child_name(row.child_id)} : {criterion.label}, {quantity} fois",
        now,
        actor,
    )
    return found if quantity > 0 else None


def _unlock(row: Preregistration, now: datetime) -> None:
    """A rank when every base piece is accepted; none while one is missing and no offer stands."""
    missing = row.pieces.filter(criterion__isnull=True).exclude(status=PieceStatus.ACCEPTED)
    complete = not missing.exists()
    if complete and row.status == WishStatus.INCOMPLETE:
        row.status, row.unlocked_at = WishStatus.WAITING, now
        row.save(update_fields=["status", "unlocked_at"])
    elif not complete and row.status == WishStatus.WAITING:
        row.status, row.unlocked_at = WishStatus.INCOMPLETE, None
        row.save(update_fields=["status", "unlocked_at"])
