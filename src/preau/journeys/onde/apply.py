"""Applying an ONDE plan: one transaction, all or nothing."""

from datetime import datetime, timedelta

from django.db import transaction

from preau.catalogue.class_lists import ensure_classes
from preau.families import bulk
from preau.journeys.onde.plan import ImportPlan
from preau.kernel.actors import Actor
from preau.kernel.locks import advisory_lock
from preau.schools import services as schools
from preau.schools.queries import ONDE
from preau.schools.services import Placement

IMPORT_LOCK = (7101, 1)


def lock_imports() -> None:
    """Two imports never run at once: the second waits, and plans on what the first wrote."""
    advisory_lock(*IMPORT_LOCK)


@transaction.atomic
def apply_plan(plan: ImportPlan, *, now: datetime, actor: Actor) -> None:
    """Write all that the plan says. The caller holds `lock_imports` since before planning."""
    classes = ensure_classes(
        listed=plan.classes, spread=plan.spread, school_year_id=plan.school_year_id
    )
    children = plan.pupils | bulk.create_children(children=plan.new_children, now=now)
    bulk.give_ines(ines=plan.adopted)
    bulk.correct_children(corrections=plan.corrections)
    bulk.open_families(
        families=plan.new_families,
        child_ids=children,
        starts_on=plan.starts_on,
        now=now,
        actor=actor,
    )
    bulk.attach_children(
        links=[(children[ine], family_id) for ine, family_id in plan.new_links],
        starts_on=plan.day,
        now=now,
        actor=actor,
    )
    bulk.attach_guardians(links=plan.new_guardians, now=now, actor=actor)
    bulk.move_families(moves=plan.moves, now=now, actor=actor)
    schools.end_schoolings(schooling_ids=plan.leavers, last_day=plan.day - timedelta(days=1))
    schools.place_pupils(
        placements=[
            Placement(
                child_id=children[move.ine],
                establishment_id=plan.spread[move.class_id],
                school_class_id=classes[move.class_id],
                level=move.level,
                school_year_id=plan.school_year_id,
                starts_on=plan.day if move.known else plan.starts_on,
                ends_on=plan.ends_on,
            )
            for move in plan.class_moves
        ],
        source=ONDE,
        now=now,
        actor=actor,
    )
    schools.remember_register(
        pupils=children,
        households=plan.addresses
        | {f.family_id: key for f, key in plan.new_addresses if f.family_id is not None},
        now=now,
    )
