"""What an act changed, row by row, so that it can be put back exactly.

The two acts of this package change who owns rows of nearly every room. They are written here once,
through the app registry, rather than by a «merge» and an «unmerge» in each room: see
docs/decisions/0015-one-act-that-moves-rows.md. Money is not: `billing.carrying` moves it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import IntegrityError, models, transaction

from preau.kernel.errors import Refusal


class ChangedSince(Refusal):
    message = "Des données ont changé depuis : on ne peut plus défaire."
    code = "changed_since"


@dataclass(slots=True)
class Changes:
    """Rows updated (before and after), created and deleted, in the order of the act."""

    steps: list[dict[str, Any]] = field(default_factory=list)

    def ids_of(self, label: str) -> set[Any]:
        """The rows of a model that the act changed or made."""
        return {pk for step in self.steps if step["model"] == label for pk in step.get("ids", ())}

    # -- Doing ----------------------------------------------------------------------------------

    def update(self, label: str, ids: Iterable[int | str], **values: Any) -> int:
        """Set the same values on rows, whatever they hold; how many were changed."""
        rows = list(rows_of(label).filter(pk__in=list(ids)).order_by("pk").values("pk", *values))
        changed = [row for row in rows if any(row[name] != new for name, new in values.items())]
        if not changed:
            return 0
        rows_of(label).filter(pk__in=[row["pk"] for row in changed]).update(**values)
        groups: dict[str, dict[str, Any]] = {}
        for row in changed:
            before = {name: _plain(row[name]) for name in values}
            group = groups.setdefault(
                repr(before),
                {
                    "did": "update",
                    "model": label,
                    "ids": [],
                    "before": before,
                    "after": {name: _plain(value) for name, value in values.items()},
                },
            )
            group["ids"].append(_plain(row["pk"]))
        self.steps += groups.values()
        return len(changed)

    def update_where_free(self, label: str, ids: Iterable[int | str], **values: Any) -> list[Any]:
        """As `update`; rows that a constraint keeps where they are stay, and are returned."""
        wanted = list(ids)
        try:
            with transaction.atomic():
                self.update(label, wanted, **values)
                _check_now()
        except IntegrityError:
            pass
        else:
            return []
        stayed = []
        for pk in wanted:
            known = len(self.steps)
            try:
                with transaction.atomic():
                    self.update(label, [pk], **values)
                    _check_now()
            except IntegrityError:
                del self.steps[known:]
                stayed.append(pk)
        return stayed

    def create(self, label: str, **values: Any) -> Any:
        """Write a new row."""
        row = rows_of(label).create(**values)
        self.note_created(row)
        return row

    def note_created(self, row: models.Model) -> None:
        """A row that a room's own service wrote for this act."""
        self.steps.append({"did": "create", "model": row._meta.label, "ids": [_plain(row.pk)]})

    def delete(self, label: str, ids: Iterable[int | str]) -> int:
        """Take rows away, keeping all that they held."""
        rows = list(rows_of(label).filter(pk__in=list(ids)).order_by("pk"))
        for row in rows:
            self.steps.append(
                {
                    "did": "delete",
                    "model": label,
                    "values": {
                        f.attname: _plain(getattr(row, f.attname))
                        for f in row._meta.concrete_fields
                        if not f.generated
                    },
                }
            )
        rows_of(label).filter(pk__in=[row.pk for row in rows]).delete()
        return len(rows)

    # -- Undoing --------------------------------------------------------------------------------

    def check(self) -> None:
        """Each row is still as the act left it. Raises ChangedSince."""
        latest: dict[tuple[str, Any, str], Any] = {}
        for step in self.steps:
            if step["did"] == "update":
                for pk in step["ids"]:
                    for name, value in step["after"].items():
                        latest[step["model"], pk, name] = value
        wanted: dict[tuple[str, tuple[str, ...]], set[Any]] = {}
        for label, pk, name in latest:
            wanted.setdefault((label, (name,)), set()).add(pk)
        for (label, names), ids in wanted.items():
            found = rows_of(label).filter(pk__in=ids).values("pk", *names)
            rows = {_plain(row["pk"]): row for row in found}
            for pk in ids:
                row = rows.get(pk)
                for name in names:
                    if row is None or _plain(row[name]) != latest[label, pk, name]:
                        verbose = apps.get_model(label)._meta.verbose_name
                        raise ChangedSince(
                            f"Une donnée a changé depuis ({verbose}) : on ne peut plus défaire."
                        )

    def undo(self) -> None:
        """Put every row back, last change first. The caller has called `check`."""
        for step in reversed(self.steps):
            label, model = step["model"], apps.get_model(step["model"])
            if step["did"] == "create":
                rows_of(label).filter(pk__in=step["ids"]).delete()
            elif step["did"] == "update":
                rows_of(label).filter(pk__in=step["ids"]).update(
                    **{n: _typed(model, n, value) for n, value in step["before"].items()}
                )
            else:
                values = {n: _typed(model, n, v) for n, v in step["values"].items()}
                model._base_manager.bulk_create([model(**values)])


def rows_of(label: str) -> Any:
    """Every row of a model, by its label, whatever room it lives in."""
    return apps.get_model(label)._base_manager


def newest_ids() -> dict[str, int]:
    """The newest booking and enrolment: what comes after forbids the undo."""
    return {
        label: getattr(rows_of(label).order_by("-pk").only("pk").first(), "pk", 0)
        for label in ("bookings.Booking", "enrolments.Enrolment")
    }


def _check_now() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def _plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    return value


def _typed(model: type[models.Model], name: str, value: Any) -> Any:
    """The value that JSON kept, as the column wants it."""
    found = next(f for f in model._meta.concrete_fields if name in (f.name, f.attname))
    return found.to_python(value) if value is not None and not found.is_relation else value
