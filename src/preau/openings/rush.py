"""The waiting room as agents see it and set it, with a trace."""

from datetime import datetime, timedelta

from django.db import transaction

from preau.audit.services import record
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.openings.errors import WindowRefused
from preau.openings.gate import close_room, open_room
from preau.openings.models import Gate
from preau.openings.rules import FIRST_RATE

LONGEST = timedelta(hours=12)


def get_gate() -> Gate:
    """The waiting room's row; that of a new town when nobody opened it yet."""
    return Gate.objects.filter(pk=1).first() or Gate(pk=1)


@transaction.atomic
def keep_room_open(*, until: datetime, now: datetime, actor: Actor) -> None:
    """Open the waiting room now and keep it open until an instant of the coming hours."""
    if not now < until <= now + LONGEST:
        raise WindowRefused("Choisissez une heure dans les douze heures à venir.")
    open_room(rate=FIRST_RATE, now=now, until=until)
    record(
        actor=actor,
        now=now,
        action="openings.keep_room_open",
        summary=f"Salle d’attente ouverte jusqu’à {french.instant(until)} au moins",
    )


@transaction.atomic
def let_everyone_in(*, now: datetime, actor: Actor) -> None:
    """Close the waiting room: those who wait come in. It opens again if the servers are full."""
    close_room()
    record(
        actor=actor,
        now=now,
        action="openings.let_everyone_in",
        summary="Salle d’attente fermée : tous ceux qui attendaient entrent",
    )
