"""Sections and settings: written by the service that runs the crèches."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from preau.childcare.models import CareSettings, Section
from preau.childcare.queries.places import care_settings
from preau.childcare.services.common import journal
from preau.kernel.actors import Actor

SECTION_FIELDS = (
    "establishment_id",
    "name",
    "min_months",
    "max_months",
    "capacity",
    "opens_minute",
    "closes_minute",
    "children_per_adult",
    "position",
    "is_open",
)


@transaction.atomic
def save_section(
    *, now: datetime, actor: Actor, section_id: int | None = None, **values: Any
) -> Section:
    """Write a section, new or changed. Raises IntegrityError on a name used twice."""
    row = (
        Section.objects.select_for_update(no_key=True, of=("self",)).get(pk=section_id)
        if (section_id)
        else Section()
    )
    for name in SECTION_FIELDS:
        if name in values:
            setattr(row, name, values[name])
    row.save()
    journal(row, "save_section", f"Section {row.name} : {row.capacity} places", now, actor)
    return row


@transaction.atomic
def save_settings(
    *,
    offer_days: int,
    notice_days: int,
    tolerance_minutes: int,
    adaptation_is_free: bool,
    base_pieces: Sequence[str],
    now: datetime,
    actor: Actor,
) -> CareSettings:
    """Write the town's choices; contracts and statements read them from then on."""
    row = care_settings()
    row.offer_days, row.notice_days = offer_days, notice_days
    row.tolerance_minutes, row.adaptation_is_free = tolerance_minutes, adaptation_is_free
    row.base_pieces = [piece.strip() for piece in base_pieces if piece.strip()]
    row.changed_at, row.changed_by = now, actor.label
    row.save()
    journal(
        row,
        "save_settings",
        f"Réglages de la petite enfance : réponse en {offer_days} jours, préavis de "
        f"{notice_days} jours, tolérance de {tolerance_minutes} minutes",
        now,
        actor,
        data={"base_pieces": row.base_pieces, "adaptation_is_free": adaptation_is_free},
    )
    return row
