"""Two files that are one family: the second joins the first, and is closed.

All follows: adults with their accounts, children, documents, requests, letters, enrolments, days
booked and not billed yet. What was billed or issued stays with the closed file, which the first
one shows; what is owed or paid in advance is carried by movements (billing.carrying).
"""

import uuid
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from preau.audit.services import record
from preau.journeys.merging.joining import Choices, Joining, MergeRefused
from preau.journeys.merging.record import newest_ids
from preau.journeys.merging.told import RolledBack, Told
from preau.journeys.models import FamilyAct
from preau.kernel.actors import Actor
from preau.kernel.locks import lock_form

__all__ = ["Choices", "MergeRefused", "merge_families", "preview_merge"]


def preview_merge(
    *, kept_id: int, other_id: int, choices: Choices, now: datetime, actor: Actor
) -> Told:
    """What the merge would do: it is done, told, and rolled back. Raises MergeRefused."""
    told = Told()
    try:
        with transaction.atomic():
            Joining(kept_id, other_id, choices, now, actor, told).run()
            raise RolledBack
    except RolledBack:
        return told


@transaction.atomic
def merge_families(
    *,
    kept_id: int,
    other_id: int,
    choices: Choices,
    key: uuid.UUID,
    now: datetime,
    actor: Actor,
) -> FamilyAct:
    """Join the second file to the first. The same `key` acts once. Raises MergeRefused."""
    lock_form(key)
    known = FamilyAct.objects.filter(key=key).first()
    if known is not None:
        return known
    told = Told()
    merge = Joining(kept_id, other_id, choices, now, actor, told)
    merge.run()
    act = FamilyAct.objects.create(
        kind=FamilyAct.Kind.MERGE,
        family_id=kept_id,
        other_id=other_id,
        report=told.as_json(),
        changes={
            "steps": merge.changes.steps,
            "carried": [asdict(one) for one in merge.carried],
            "held": merge.held,
            "last_entry": newest_ids(),
        },
        key=key,
        at=now,
        by_label=actor.label,
    )
    for family_id, text in (
        (kept_id, f"Réuni avec le dossier {merge.other.printed_code} ({merge.other.name})"),
        (other_id, f"Réuni au dossier {merge.kept.printed_code} ({merge.kept.name})"),
    ):
        record(
            actor=actor,
            now=now,
            action="journeys.merge_families",
            summary=text,
            family_id=family_id,
            object_type="journeys.FamilyAct",
            object_id=act.pk,
            data={"kept": kept_id, "other": other_id},
        )
    return act
