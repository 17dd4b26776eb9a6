"""Setting when the booking of an offering's days opens, and for whom."""

from datetime import date, datetime

from django.db import transaction

from preau.audit.services import record
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.openings.enums import Audience
from preau.openings.errors import WindowRefused
from preau.openings.models import Window


@transaction.atomic
def save_window(
    *,
    offering_id: int,
    window_id: int | None = None,
    audience: str,
    opens_at: datetime,
    closes_at: datetime | None = None,
    first_day: date,
    last_day: date,
    now: datetime,
    actor: Actor,
) -> Window:
    """Let an audience book the days from `first_day` to `last_day` from an instant on.

    A day that some window covers is closed to whoever no window lets in. Raises WindowRefused
    when dates or instants are out of order, or the audience has a window for that day already.
    """
    if last_day < first_day:
        raise WindowRefused("Le dernier jour est avant le premier.")
    if closes_at is not None and closes_at <= opens_at:
        raise WindowRefused("Les réservations fermeraient avant d’ouvrir.")
    same = Window.objects.filter(
        offering_id=offering_id,
        audience=audience,
        first_day__lte=last_day,
        last_day__gte=first_day,
    )
    if same.exclude(pk=window_id).exists():
        raise WindowRefused("Ces familles ont déjà une ouverture pour une partie de ces jours.")
    window = (
        Window.objects.get(pk=window_id, offering_id=offering_id)
        if window_id
        else Window(offering_id=offering_id)
    )
    window.audience = audience
    window.opens_at, window.closes_at = opens_at, closes_at
    window.first_day, window.last_day = first_day, last_day
    window.save()
    record(
        actor=actor,
        now=now,
        action="openings.save_window",
        summary=(
            f"Réservations pour {Audience(audience).label} : jours "
            f"{french.period(first_day, last_day)}, dès {french.instant(opens_at, year=True)}"
        ),
        object_type="catalogue.Offering",
        object_id=offering_id,
    )
    return window


@transaction.atomic
def delete_window(*, offering_id: int, window_id: int, now: datetime, actor: Actor) -> None:
    """Take a window away: its days open to all again, unless another window covers them."""
    window = Window.objects.filter(pk=window_id, offering_id=offering_id).first()
    if window is None:
        return
    record(
        actor=actor,
        now=now,
        action="openings.delete_window",
        summary=f"Ouverture retirée : {Audience(window.audience).label}, jours "
        f"{french.period(window.first_day, window.last_day)}",
        object_type="catalogue.Offering",
        object_id=offering_id,
    )
    window.delete()
