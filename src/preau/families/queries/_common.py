"""What the reading of families shares."""

from datetime import date

from django.db.models import Q

from preau.families.models import Child, Family


def in_force(day: date) -> Q:
    """What runs on the day: begun, and not over."""
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))


def id_of(thing: Family | Child | int) -> int:
    """The id of a row, or of what is one already."""
    return thing if isinstance(thing, int) else thing.pk
