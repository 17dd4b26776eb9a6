"""Taking over many mandates at once: the same rows as `mandates.record_mandate`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from preau.audit.services import record_many
from preau.directdebit.errors import NotOffered
from preau.directdebit.iban import clean_bic, clean_iban
from preau.directdebit.models import Creditor, Mandate, MandateEvent
from preau.directdebit.rules import lapse_day
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.sealing import seal

BATCH = 1000


@dataclass(frozen=True, slots=True)
class FormerMandate:
    """A mandate signed elsewhere, under the reference that the family's bank knows."""

    family_id: int
    cash_office_id: int
    reference: str
    holder: str
    iban: str
    bic: str
    signed_on: date
    last_used_on: date | None


def collecting_offices() -> set[int]:
    """The cash offices (ids) that have a creditor's identity."""
    return set(Creditor.objects.values_list("cash_office_id", flat=True))


@transaction.atomic
def record_mandates(*, mandates: Sequence[FormerMandate], now: datetime, actor: Actor) -> int:
    """Record them all, or none; how many. Unused for 36 months, one is recorded as lapsed.

    Raises WrongIban, WrongBic, NotOffered; a reference or a family that has one already raises
    IntegrityError. Tells nobody.
    """
    creditors = dict(Creditor.objects.values_list("cash_office_id", "pk"))
    today = paris_day(now)
    rows = []
    for given in mandates:
        if given.cash_office_id not in creditors:
            raise NotOffered
        iban = clean_iban(given.iban)
        lapsed = lapse_day(signed_on=given.signed_on, last_used_on=given.last_used_on) <= today
        rows.append(
            Mandate(
                creditor_id=creditors[given.cash_office_id],
                reference=given.reference.strip()[:35],
                family_id=given.family_id,
                holder=" ".join(given.holder.split())[:70],
                sealed_iban=seal(iban),
                iban_end=iban[-4:],
                bic=clean_bic(given.bic),
                status=Mandate.Status.LAPSED if lapsed else Mandate.Status.ACTIVE,
                signed_on=given.signed_on,
                last_used_on=given.last_used_on,
                created_at=now,
                created_by=actor.label,
            )
        )
    Mandate.objects.bulk_create(rows, batch_size=BATCH)
    MandateEvent.objects.bulk_create(
        [
            MandateEvent(
                mandate=row,
                kind=MandateEvent.Kind.TAKEN_OVER,
                at=now,
                actor_label=actor.label,
            )
            for row in rows
        ],
        batch_size=BATCH,
    )
    record_many(
        actor=actor,
        now=now,
        action="directdebit.mandate_taken_over",
        entries=[
            (
                row.family_id,
                f"Mandat de prélèvement {row.reference} repris, compte finissant par "
                f"{row.iban_end}",
            )
            for row in rows
        ],
    )
    return len(rows)
