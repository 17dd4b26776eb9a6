"""How every row of the catalogue is written: checked whole, then journaled."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import ProtectedError, RestrictedError
from django.utils.text import slugify

from preau.audit.services import record
from preau.catalogue.errors import CatalogueRefusal
from preau.kernel.actors import Actor
from preau.kernel.french import and_join, count

M = TypeVar("M", bound=models.Model)


def fetch(model: type[M], pk: int | None) -> M:
    """The row to change, locked, or a new one. Raises CatalogueRefusal when it is gone."""
    if pk is None:
        return model()
    found = model._default_manager.select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        raise CatalogueRefusal(
            "Cette ligne n’existe plus : un autre agent l’a supprimée.", code="gone"
        )
    return found


def write(row: M, values: Mapping[str, Any], *, what: str, now: datetime, actor: Actor) -> M:
    """Put `values` in the row, check it whole, store it and tell the journal what changed."""
    is_new = row.pk is None
    changed = [name for name, value in values.items() if is_new or getattr(row, name) != value]
    for name, value in values.items():
        setattr(row, name, value)
    try:
        row.full_clean()
    except ValidationError as error:
        fields = {"" if k == "__all__" else k: v for k, v in error.message_dict.items()}
        raise CatalogueRefusal(fields=fields) from None
    if not changed:
        return row
    row.save()
    name = row._meta.model_name or ""
    record(
        actor=actor,
        now=now,
        action=f"catalogue.{name}.{'add' if is_new else 'change'}",
        object_type=name,
        object_id=row.pk,
        summary=f"{what} : {'ajout' if is_new else 'modification'}",
        data={} if is_new else {"fields": sorted(changed)},
    )
    return row


def remove(row: models.Model, *, what: str, now: datetime, actor: Actor) -> None:
    """Delete a row that nothing uses. Raises CatalogueRefusal and says what uses it."""
    pk, name = row.pk, row._meta.model_name or ""
    try:
        row.delete()
    except (ProtectedError, RestrictedError) as error:
        users: Iterable[models.Model] = (
            error.protected_objects
            if isinstance(error, ProtectedError)
            else error.restricted_objects
        )
        by_kind: dict[type[models.Model], int] = {}
        for user in users:
            by_kind[type(user)] = by_kind.get(type(user), 0) + 1
        said = and_join(
            count(n, str(kind._meta.verbose_name), str(kind._meta.verbose_name))
            for kind, n in by_kind.items()
        )
        raise CatalogueRefusal(
            f"{what} : impossible à supprimer, encore utilisé ({said}). Fermez-le plutôt.",
            code="used",
        ) from None
    record(
        actor=actor,
        now=now,
        action=f"catalogue.{name}.delete",
        object_type=name,
        object_id=pk,
        summary=f"{what} : suppression",
    )


def free_slug(model: type[models.Model], name: str, *, pk: int | None, length: int = 60) -> str:
    """A short name for addresses that no other row has."""
    base = slugify(name.replace("œ", "oe").replace("’", "-"))[: length - 3] or "x"
    slug, n = base, 2
    while model._default_manager.filter(slug=slug).exclude(pk=pk).exists():
        slug, n = f"{base}-{n}", n + 1
    return slug
