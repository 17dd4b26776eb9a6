"""What the town sets for each kind, with the kind's own defaults where it set nothing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from preau.casework.models import KindSettings

if TYPE_CHECKING:
    from preau.casework.kinds.base import Kind


@dataclass(frozen=True, slots=True)
class Setting:
    """How one kind of request is handled here."""

    kind: str
    is_automatic: bool
    service_id: int | None
    days: int
    next_step: str


def kind_settings(kind: "Kind") -> Setting:
    """The setting of one kind (one query)."""
    return _setting(kind, KindSettings.objects.filter(kind=kind.kind).first())


def all_kind_settings() -> dict[str, Setting]:
    """The settings of every kind, in the order of the kinds (one query)."""
    from preau.casework.kinds import all_kinds

    rows = {row.kind: row for row in KindSettings.objects.all()}
    return {kind.kind: _setting(kind, rows.get(kind.kind)) for kind in all_kinds()}


def _setting(kind: "Kind", row: KindSettings | None) -> Setting:
    if row is None:
        return Setting(
            kind=kind.kind,
            is_automatic=kind.default_automatic,
            service_id=None,
            days=kind.default_days,
            next_step=str(kind.default_next_step),
        )
    return Setting(
        kind=row.kind,
        is_automatic=row.is_automatic and kind.can_be_automatic,
        service_id=row.service_id,
        days=row.days,
        next_step=row.next_step or str(kind.default_next_step),
    )
