"""Recording many quotients at once: what a fund or another system sends for a whole town."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from preau.audit.services import record_many
from preau.families.enums import QuotientSource
from preau.families.errors import BadPeriod, BadQuotient
from preau.families.models import Quotient
from preau.families.services.quotients import MAX_VALUE_CENTS
from preau.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class NewQuotient:
    """A quotient times 100, for a period."""

    family_id: int
    value_cents: int
    starts_on: date
    ends_on: date | None = None


@transaction.atomic
def record_quotients(
    *, quotients: Sequence[NewQuotient], source: str, now: datetime, actor: Actor
) -> None:
    """Record them all; each supersedes, on its period, those before it.

    Raises BadQuotient, BadPeriod: then none is written.
    """
    source = QuotientSource(source)
    for given in quotients:
        if not 0 <= given.value_cents <= MAX_VALUE_CENTS:
            raise BadQuotient
        if given.ends_on is not None and given.ends_on < given.starts_on:
            raise BadPeriod
    Quotient.objects.bulk_create(
        [
            Quotient(
                family_id=given.family_id,
                value_cents=given.value_cents,
                source=source,
                starts_on=given.starts_on,
                ends_on=given.ends_on,
                recorded_at=now,
                recorded_by=actor.label,
            )
            for given in quotients
        ],
        batch_size=2000,
    )
    record_many(
        actor=actor,
        now=now,
        action="families.record_quotient",
        entries=[
            (given.family_id, f"Quotient familial {given.value_cents // 100} ({source.label})")
            for given in quotients
        ],
    )
