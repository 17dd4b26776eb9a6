"""The pieces that requests ask for: those of the town's own list when it has them."""

from datetime import date

from preau.casework.kinds.base import Wanted
from preau.enrolments import queries as enrolments


def wanted_by_slug(slug: str, name: str, hint: str = "", *, required: bool = False) -> Wanted:
    """The town's document of this slug; a plain file under this name when it has none."""
    kind = enrolments.document_kinds().filter(slug=slug).first()
    if kind is None:
        return Wanted(name=name, hint=hint, required=False)
    return Wanted(name=kind.name, hint=kind.hint or hint, kind_id=kind.pk, required=required)


def wanted_for_activity(
    *, activity_id: int, child_id: int, family_id: int, day: date
) -> list[Wanted]:
    """What the activity asks for and the file does not hold yet."""
    missing = enrolments.missing_documents(
        child_id=child_id, family_id=family_id, activity_id=activity_id, day=day
    )
    return [Wanted(kind.name, kind.hint, kind.pk, required=True) for kind in missing]
