"""The income that sets the hourly price: recorded with its source, superseded, never edited."""

from datetime import date, datetime

from django.db import transaction

from preau.childcare.enums import IncomeSource, Regime
from preau.childcare.models import FamilyIncome
from preau.childcare.services.common import journal
from preau.kernel import french
from preau.kernel.actors import Actor


@transaction.atomic
def record_income(
    *,
    family_id: int,
    annual_cents: int | None,
    children: int,
    has_disabled_child: bool,
    regime: Regime,
    source: IncomeSource,
    starts_on: date,
    now: datetime,
    actor: Actor,
) -> FamilyIncome:
    """A household's yearly income from a day on. `annual_cents` None: it was not given.

    Contracts already signed keep their price until `revise_tariffs` or an amendment.
    """
    row = FamilyIncome.objects.create(
        family_id=family_id,
        annual_cents=annual_cents,
        children=children,
        has_disabled_child=has_disabled_child,
        regime=regime,
        source=source,
        starts_on=starts_on,
        recorded_at=now,
        recorded_by=actor.label,
    )
    journal(
        row,
        "record_income",
        f"Ressources pour la crèche, à partir du "
        f"{french.day(starts_on, year=True, weekday=False)} ({row.get_source_display()})",
        now,
        actor,
    )
    return row
