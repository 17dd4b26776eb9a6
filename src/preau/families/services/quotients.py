"""The family quotient: recorded, never edited."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from preau.families.enums import QuotientSource
from preau.families.errors import BadPeriod, BadQuotient
from preau.families.models import Quotient
from preau.families.queries import quotient_on
from preau.families.services._common import journal, lock_family
from preau.kernel.actors import Actor
from preau.kernel.french import day as day_words

MAX_VALUE_CENTS = 10_000_000


@transaction.atomic
def record_quotient(
    *,
    family_id: int,
    value_cents: int,
    source: str,
    starts_on: date,
    ends_on: date | None = None,
    document_id: UUID | None = None,
    now: datetime,
    actor: Actor,
) -> Quotient:
    """A quotient (times 100) for a period; it supersedes, on that period, those before it.

    The very same one again changes nothing. Raises BadQuotient, BadPeriod.
    """
    if not 0 <= value_cents <= MAX_VALUE_CENTS:
        raise BadQuotient
    if ends_on is not None and ends_on < starts_on:
        raise BadPeriod
    family = lock_family(family_id)
    source = QuotientSource(source)
    known = quotient_on(family.pk, starts_on)
    if known is not None and (known.value_cents, known.source, known.starts_on, known.ends_on) == (
        value_cents,
        source,
        starts_on,
        ends_on,
    ):
        return known
    quotient = Quotient.objects.create(
        family=family,
        value_cents=value_cents,
        source=source,
        starts_on=starts_on,
        ends_on=ends_on,
        recorded_at=now,
        recorded_by=actor.label,
        document_id=document_id,
    )
    until = f" au {day_words(ends_on, year=True, weekday=False)}" if ends_on else ""
    journal(
        actor,
        now,
        "record_quotient",
        f"Quotient familial {value_cents // 100} ({source.label}) du "
        f"{day_words(starts_on, year=True, weekday=False)}{until}",
        family.pk,
        {"value_cents": value_cents},
        object_type="quotient",
        object_id=quotient.pk,
    )
    return quotient
