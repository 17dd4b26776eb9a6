"""Range expressions for exclusion constraints, on PostgreSQL without contrib."""

from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField
from django.db.models import Func


class DateRange(Func):
    """daterange(starts_on, ends_on, '[]'); an open end is infinite."""

    function = "daterange"
    template = "%(function)s(%(expressions)s, '[]')"
    output_field = DateRangeField()


class IntRange(Func):
    """int8range(id, id, '[]'): equality under GiST without the btree_gist extension."""

    function = "int8range"
    template = "%(function)s(%(expressions)s, '[]')"
    output_field = BigIntegerRangeField()
