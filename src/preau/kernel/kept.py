"""Reading by the ORM at the price of plain SQL: the statement is written once per process.

A page that is asked a hundred times a second spends most of its time building the same SQL again
and again, in Python, then planning it again in the database. Here a function that returns a
queryset is called once with marks in the place of its values; its SQL is kept, prepared once by
each connection, and its rows become the same model instances (`select_related`, annotations) or
the same tuples (`values_list`) as the queryset's own.

    def children(family_id: int, day: date) -> QuerySet[Child]: ...
    read_children = Kept(children)
    read_children(family.pk, today)      # list[Child], one query

The function must use its values in filters only: it sees marks. A value for `x__any_of` is a
list: `IN` would need another statement for each length. A table's index on some rows alone
(`WHERE status = …`) still serves: what is constant is written in the statement.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.db import connection, connections, models
from django.db.backends.postgresql.psycopg_any import sql as quoting
from django.db.models import query as reading
from django.db.models.base import ModelState
from django.db.models.query import ModelIterable, ValuesListIterable
from django.db.models.signals import post_init, pre_init
from psycopg.types.numeric import Int8

from preau.kernel.lane import Asked, ask, ask_all, tell

T = TypeVar("T")


_FIELDS: dict[Any, Any] = {
    int: models.BigIntegerField,
    str: models.TextField,
    date: models.DateField,
    datetime: models.DateTimeField,
}


class Given(models.Expression):
    """The place of a value that is known when the statement is run."""

    def __init__(self, name: str, kind: Any = None) -> None:
        field = _FIELDS.get(kind)
        super().__init__(output_field=field() if field else None)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]


@models.ForeignKey.register_lookup
@models.Field.register_lookup
class AnyOf(models.Lookup):
    """`pk__any_of=[1, 2]`: as `__in`, by one parameter whatever the length of the list."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        left, before = self.process_lhs(compiler, connection)
        if isinstance(self.rhs, Given):
            return f"{left} = ANY(%s)", [*before, self.rhs]
        return f"{left} = ANY(%s)", [*before, list(self.rhs)]


def rows_of(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """All the rows of a prepared statement; values as for psycopg (lists for `= ANY(%s)`)."""
    return ask(statement, [typed(value) for value in values])[0]


def typed(value: Any) -> Any:
    """Whole numbers always of one type: else each size would be a statement of its own."""
    kind = type(value)
    if kind is int:
        return Int8(value)
    if kind in _LISTS:
        return [Int8(one) if type(one) is int else typed(one) for one in value]
    return value


_LISTS = frozenset((list, tuple, set, frozenset))


class Kept(Generic[T]):
    """See the module. Calling it gives a list; arguments are those of the function."""

    def __init__(self, function: "Callable[..., models.QuerySet[Any, T]]") -> None:
        self.function = function
        self.kinds = {
            name: one.annotation for name, one in inspect.signature(function).parameters.items()
        }
        self.names = tuple(self.kinds)
        self._statement = ""
        self._order: tuple[str, ...] = ()
        self._read: Callable[[Iterable[Any]], list[T]] = list

    def __call__(self, *values: Any, **named: Any) -> list[T]:
        rows, _touched = ask(*self.asked(*values, **named))
        return self._read(rows)

    def asked(self, *values: Any, **named: Any) -> Asked:
        """The statement and its values, for `lane.ahead`."""
        if not self._statement:
            self._prepare()
        given = dict(zip(self.names, values, strict=False)) | named
        return self._statement, [typed(given[name]) for name in self._order]

    def first(self, *values: Any, **named: Any) -> T | None:
        """The first row, or None: the function orders and limits as it wishes."""
        found = self(*values, **named)
        return found[0] if found else None

    def _prepare(self) -> None:
        queryset = self.function(**{name: Given(name, kind) for name, kind in self.kinds.items()})
        compiler = queryset.query.get_compiler(connection=connection)
        text, params = compiler.as_sql()
        statement, self._order = _with_constants(text, params)
        self._read = _reader(queryset, compiler)
        self._statement = statement  # last: another thread may be looking


def _with_constants(text: str, params: Iterable[Any]) -> tuple[str, tuple[str, ...]]:
    """The statement with its constants written in it, and the names of what is given, in order."""
    order: list[str] = []
    values = iter(params)

    def place(found: "re.Match[str]") -> str:
        if found[0] == "%%":
            return "%%"
        value = next(values)
        if isinstance(value, Given):
            order.append(value.name)
            return "%s"
        connection.ensure_connection()
        return quoting.Literal(value).as_string(connection.connection).replace("%", "%%")

    return re.sub(r"%%|%s", place, text), tuple(order)


def _reader(queryset: Any, compiler: Any) -> Callable[[Iterable[Any]], list[Any]]:
    """Rows of the statement into what the queryset would give."""
    columns = [item[0] for item in compiler.select[: compiler.col_count]]
    converters = compiler.get_converters(columns)

    def converted(rows: Iterable[Any]) -> Iterable[Any]:
        return compiler.apply_converters(rows, converters) if converters else rows

    if queryset._iterable_class is ValuesListIterable:
        return lambda rows: [tuple(row) for row in converted(rows)]
    if queryset._iterable_class is not ModelIterable or queryset._prefetch_related_lookups:
        raise TypeError("Kept reads model instances or values_list, without prefetch.")
    klass = compiler.klass_info
    model, fields = klass["model"], klass["select_fields"]
    start, end = fields[0], fields[-1] + 1
    names = [item[0].target.attname for item in compiler.select[start:end]]
    populators = reading.get_related_populators(  # type: ignore[attr-defined]
        klass, compiler.select, queryset.db
    )
    extra = tuple(compiler.annotation_col_map.items())
    built = _builder(model, names, queryset.db)

    def read(rows: Iterable[Any]) -> list[Any]:
        found = []
        for row in converted(rows):
            one = built(row[start:end])
            for populator in populators:
                populator.populate(row, one)
            for name, position in extra:
                setattr(one, name, row[position])
            found.append(one)
        return found

    return read


def _builder(model: Any, names: list[str], using: str) -> Callable[[Sequence[Any]], Any]:
    """As `Model.from_db`: at a third of its price when the model does nothing of its own then."""
    fields = [field.attname for field in model._meta.concrete_fields]
    if (
        fields != names
        or model.__init__ is not models.Model.__init__
        or model.from_db.__func__ is not models.Model.from_db.__func__  # type: ignore[attr-defined]
        or pre_init.has_listeners(model)
        or post_init.has_listeners(model)
    ):
        return lambda values: model.from_db(using, names, values)
    new = model.__new__

    def build(values: Sequence[Any]) -> Any:
        one = new(model)
        state = ModelState()
        state.adding, state.db = False, using
        one.__dict__.update(zip(names, values, strict=True), _state=state)
        return one

    return build


class KeptInsert:
    """Writes a few rows of a model, each by one prepared statement, and gives them their ids: as
    `bulk_create`, which writes its SQL anew each time. Many rows are left to `bulk_create`."""

    FEW = 6

    def __init__(self, label: str) -> None:
        self.label = label
        self._statement = ""
        self._fields: list[Any] = []

    def __call__(self, rows: Sequence[models.Model]) -> None:
        if not rows:
            return
        model: Any = type(rows[0])
        if len(rows) > self.FEW:
            model._default_manager.bulk_create(rows)
            return
        if not self._statement:
            assert model._meta.label == self.label
            self._prepare(model)
        for row, answer in zip(
            rows, ask_all([(self._statement, self._values(row)) for row in rows]), strict=True
        ):
            row.pk = answer[0][0][0]
            row._state.adding, row._state.db = False, connection.alias

    def tell(self, row: models.Model) -> None:
        """Write a row whose id nobody needs (`lane.tell`)."""
        if not self._statement:
            self._prepare(type(row))
        tell(self._statement, self._values(row))

    def _values(self, row: models.Model) -> list[Any]:
        django = connections["default"]
        return [
            typed(field.get_db_prep_save(field.pre_save(row, add=True), django))
            for field in self._fields
        ]

    def _prepare(self, model: Any) -> None:
        fields = [
            field
            for field in model._meta.concrete_fields
            if not field.generated and not field.primary_key
        ]
        names = ", ".join(f'"{field.column}"' for field in fields)
        marks = ", ".join(["%s"] * len(fields))
        self._fields = fields
        self._statement = (
            f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks}) '  # noqa: S608
            f'RETURNING "{model._meta.pk.column}"'
        )


def run(statement: str, *values: Any) -> int:
    """Run a prepared statement that gives no rows; how many it changed."""
    return ask(statement, [typed(value) for value in values])[1]
