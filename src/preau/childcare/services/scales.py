"""The criteria: written as a draft, published from a day, then kept for ever."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from preau.childcare.errors import ScaleKept
from preau.childcare.models import Criterion, Scale
from preau.childcare.services.common import journal
from preau.kernel import french
from preau.kernel.actors import Actor


@transaction.atomic
def save_scale(
    *,
    label: str,
    criteria: Sequence[Mapping[str, Any]],
    now: datetime,
    actor: Actor,
    scale_id: int | None = None,
    council_decision: str = "",
) -> Scale:
    """Write a draft: {label, points, most, proof} in order. Raises ScaleKept once published."""
    row = Scale(created_at=now)
    if scale_id:
        row = Scale.objects.select_for_update(no_key=True).get(pk=scale_id)
        if row.published_at:
            raise ScaleKept
    row.label, row.council_decision = label.strip()[:80], council_decision.strip()[:120]
    row.save()
    row.criteria.all().delete()
    used: set[str] = set()
    rows = []
    for position, given in enumerate(criteria):
        code = slugify(given.get("code") or given["label"])[:36] or "critere"
        while code in used:
            code = f"{code[:34]}-{position}"
        used.add(code)
        rows.append(
            Criterion(
                scale=row,
                code=code,
                label=str(given["label"]).strip()[:160],
                points=given["points"],
                most=given.get("most") or 1,
                proof=str(given["proof"]).strip()[:200],
                position=position,
            )
        )
    Criterion.objects.bulk_create(rows)
    journal(row, "save_scale", f"Barème d’attribution écrit : {row.label}", now, actor)
    return row


@transaction.atomic
def publish_scale(*, scale_id: int, applies_from: date, now: datetime, actor: Actor) -> Scale:
    """From this day on, these are the points. Raises ScaleKept when it is published already."""
    row = Scale.objects.select_for_update(no_key=True).get(pk=scale_id)
    if row.published_at:
        raise ScaleKept
    row.applies_from, row.published_at, row.published_by = applies_from, now, actor.label
    row.save()
    journal(
        row,
        "publish_scale",
        f"Barème d’attribution publié : {row.label}, à partir du "
        f"{french.day(applies_from, year=True, weekday=False)}",
        now,
        actor,
        data={
            "criteria": [
                [c.code, c.points, c.most] for c in row.criteria.order_by("position", "pk")
            ]
        },
    )
    return row
