"""Pre-registrations: from pregnancy on; complete once proved, then born, or withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from preau.childcare.enums import OPEN_WISHES, PieceStatus, WishStatus
from preau.childcare.errors import AlreadyWaiting, NotWaiting
from preau.childcare.models import Offer, Piece, Preregistration, Wish
from preau.childcare.queries.places import care_settings
from preau.childcare.queries.points import claims_in
from preau.childcare.queries.scales import scale_on
from preau.childcare.rules.points import score_of
from preau.childcare.rules.week import Week, checked_week, from_lengths, lengths, stored
from preau.childcare.services.common import child_name, journal, lock_child
from preau.families import services as families
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.codes import random_code
from preau.kernel.enums import Channel


@dataclass(frozen=True, slots=True)
class Wished:
    """One wished crèche; its own day and hours when they differ from the file's."""

    establishment_id: int
    wished_from: date | None = None
    week: Week | None = None


@transaction.atomic
def preregister(
    *,
    child_id: int,
    family_id: int,
    establishment_id: int | None,
    wished_from: date,
    weekly_minutes: Sequence[int],
    channel: Channel,
    now: datetime,
    actor: Actor,
    week: Week | None = None,
    more_wishes: Sequence[Wished] = (),
    claims: Mapping[str, int] | None = None,
    has_base_pieces: bool = True,
    comment: str = "",
    request_id: int | None = None,
    asked_at: datetime | None = None,
) -> Preregistration:
    """Put a child, born or to be born, on the waiting list. Raises BadWeek, AlreadyWaiting.

    The rank follows the points, then `asked_at` (when the family asked), else now. Without its
    base pieces the file is kept and has no rank yet. `claims` are criteria of the scale in force,
    by code, and how many times each is said to hold: they count once proved.
    """
    minutes = checked_week(weekly_minutes)
    week = week or from_lengths(minutes)
    lock_child(child_id)
    scale = scale_on(paris_day(now))
    row = Preregistration(
        number=f"P-{random_code(6)}",
        child_id=child_id,
        family_id=family_id,
        establishment_id=establishment_id,
        wished_from=wished_from,
        weekly_minutes=lengths(week),
        week=stored(week),
        comment=comment.strip()[:500],
        status=WishStatus.WAITING if has_base_pieces else WishStatus.INCOMPLETE,
        unlocked_at=now if has_base_pieces else None,
        scale=scale,
        created_at=asked_at or now,
        channel=channel,
        request_id=request_id,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyWaiting from error
    _write_wishes(row, establishment_id, more_wishes)
    status = PieceStatus.ACCEPTED if has_base_pieces else PieceStatus.WANTED
    pieces = [
        Piece(preregistration=row, label=label, status=status)
        for label in care_settings().base_pieces
    ]
    for criterion in scale.criteria.all() if scale else ():
        quantity = min((claims or {}).get(criterion.code, 0), criterion.most)
        if quantity > 0:
            pieces.append(
                Piece(
                    preregistration=row,
                    criterion=criterion,
                    label=criterion.proof,
                    quantity=quantity,
                )
            )
    Piece.objects.bulk_create(pieces)
    keep_score(row)
    journal(
        row,
        "preregister",
        f"Liste d’attente de la crèche : {child_name(child_id)}, à partir du "
        f"{french.day(wished_from, year=True, weekday=False)}",
        now,
        actor,
    )
    return row


@transaction.atomic
def change_wishes(
    *,
    preregistration_id: int,
    wished_from: date,
    week: Week,
    wishes: Sequence[Wished],
    now: datetime,
    actor: Actor,
) -> Preregistration:
    """Other crèches, days or dates; the day of asking and the points stay. Raises NotWaiting."""
    row = lock_open(preregistration_id)
    row.wished_from, row.week = wished_from, stored(week)
    row.weekly_minutes = checked_week(lengths(week))
    row.establishment_id = wishes[0].establishment_id if wishes else None
    row.save(update_fields=["wished_from", "week", "weekly_minutes", "establishment_id"])
    row.wishes.all().delete()
    _write_wishes(row, row.establishment_id, wishes[1:])
    journal(row, "change_wishes", f"Vœux de crèche de {child_name(row.child_id)}", now, actor)
    return row


@transaction.atomic
def complete_birth(
    *,
    preregistration_id: int,
    first_name: str,
    last_name: str,
    birth_on: date,
    sex: str,
    now: datetime,
    actor: Actor,
) -> None:
    """The child is born: it gets its name and its day. Raises NotWaiting, ImpossibleBirth."""
    row = lock_open(preregistration_id)
    families.change_child(
        family_id=row.family_id,
        child_id=row.child_id,
        changes={
            "first_name": first_name,
            "last_name": last_name,
            "birth_on": birth_on,
            "sex": sex,
        },
        both_agreed=True,  # a name given, none is changed
        now=now,
        actor=actor,
    )
    journal(
        row,
        "complete_birth",
        f"Naissance déclarée : {child_name(row.child_id)}, le "
        f"{french.day(birth_on, year=True, weekday=False)}",
        now,
        actor,
    )


@transaction.atomic
def withdraw(*, preregistration_id: int, reason: str, now: datetime, actor: Actor) -> None:
    """Take a child off the waiting list; a pending offer falls. Raises NotWaiting."""
    row = lock_open(preregistration_id)
    row.status = WishStatus.WITHDRAWN
    row.closed_reason = reason.strip()[:200]
    row.save(update_fields=["status", "closed_reason"])
    Offer.objects.filter(preregistration=row, status="PENDING").update(
        status="DECLINED", answered_at=now, answered_by=actor.label, reason="préinscription retirée"
    )
    said = f" ({reason.strip()})" if reason.strip() else ""
    journal(
        row,
        "withdraw",
        f"Retiré de la liste d’attente de la crèche : {child_name(row.child_id)}{said}",
        now,
        actor,
    )


def lock_open(preregistration_id: int) -> Preregistration:
    """A file that still waits for something, locked. Raises NotWaiting."""
    row = Preregistration.objects.select_for_update(of=("self",), no_key=True).get(
        pk=preregistration_id
    )
    if row.status not in OPEN_WISHES:
        raise NotWaiting
    return row


def keep_score(row: Preregistration) -> None:
    """Write the points of a file, from its accepted proofs."""
    found = score_of(claims_in(row.pieces.select_related("criterion")))
    row.score, row.claimed_score = found.points, found.claimed
    row.save(update_fields=["score", "claimed_score"])


def _write_wishes(
    row: Preregistration, establishment_id: int | None, more: Sequence[Wished]
) -> None:
    wanted = [Wished(establishment_id)] if establishment_id else []
    seen: set[int] = set()
    rows: list[Wish] = []
    for wish in [*wanted, *more]:
        if wish.establishment_id in seen:
            continue
        seen.add(wish.establishment_id)
        rows.append(
            Wish(
                preregistration=row,
                rank=len(rows) + 1,
                establishment_id=wish.establishment_id,
                wished_from=wish.wished_from,
                week=stored(wish.week) if wish.week else [],
            )
        )
    Wish.objects.bulk_create(rows)
