"""What the sheet's services share: the locked row, the journal without a word of health."""

from datetime import datetime

from preau.audit.services import record
from preau.childsheet.errors import SheetRefused
from preau.childsheet.models import ChildSheet
from preau.families.queries import families_of_child, get_children
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day


def locked_sheet(child_id: int) -> ChildSheet:
    """The sheet, made when it is missing, held until commit."""
    ChildSheet.objects.bulk_create([ChildSheet(child_id=child_id)], ignore_conflicts=True)
    return ChildSheet.objects.select_for_update(of=("self",), no_key=True).get(child_id=child_id)


def child_name(child_id: int) -> str:
    child = get_children([child_id]).get(child_id)
    if child is None:
        raise SheetRefused("Cet enfant n’existe pas.")
    return str(child.first_name)


def journal(
    *, actor: Actor, now: datetime, action: str, said: str, child_id: int, family_id: int | None
) -> None:
    """One line in the file of the home that acts; an agent's act shows in each home's file."""
    homes: list[int | None] = [family_id]
    if family_id is None:
        found = families_of_child(child_id, paris_day(now))
        homes = list(found.values_list("pk", flat=True)) or [None]
    for home in homes:
        record(
            actor=actor,
            now=now,
            action=f"childsheet.{action}",
            summary=said,
            family_id=home,
            object_type="child",
            object_id=child_id,
        )
