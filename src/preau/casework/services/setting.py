"""What the town sets for each kind of act."""

from datetime import datetime

from django.db import transaction

from preau.audit import services as audit
from preau.casework.errors import CaseRefusal
from preau.casework.kinds import get_kind
from preau.casework.models import KindSettings
from preau.kernel.actors import Actor


@transaction.atomic
def save_kind_settings(
    *,
    kind: str,
    is_automatic: bool,
    service_id: int | None,
    days: int,
    next_step: str,
    now: datetime,
    actor: Actor,
) -> KindSettings:
    """Automatic or validated, by which service, in how many days, and what the family is told."""
    handler = get_kind(kind)
    if is_automatic and not handler.can_be_automatic:
        raise CaseRefusal("Un agent doit toujours répondre à cet acte.")
    if not 1 <= days <= 365:
        raise CaseRefusal("Le délai va de 1 à 365 jours.")
    saved, _ = KindSettings.objects.update_or_create(
        kind=handler.kind,
        defaults={
            "is_automatic": is_automatic,
            "service_id": service_id,
            "days": days,
            "next_step": next_step.strip(),
        },
    )
    audit.record(
        actor=actor,
        now=now,
        action="casework.save_kind_settings",
        summary=f"Réglage des demandes : {handler.title}, "
        f"{'automatique' if is_automatic else 'validée par un agent'}, {days} j",
        object_type="casework.kind_settings",
        object_id=saved.pk,
    )
    return saved
