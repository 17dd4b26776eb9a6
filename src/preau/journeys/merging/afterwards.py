"""Money that moves on a file after it joined another: it goes on to where the family reads it.

A bank's late word, a debit sent back, a transfer under the former code, a credit note on an old
invoice are written where they belong, on the account of the file that they name. What it then owes
or has in advance is carried as on the day of the merge.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from preau.audit.services import record
from preau.billing.carrying import carry_account
from preau.families.services import lock_family
from preau.journeys.merging.record import rows_of
from preau.kernel.actors import Actor
from preau.kernel.money import euros


def carry_what_came(*, now: datetime) -> int:
    """Carry what moved since the merge, each file in a transaction of its own; how many files."""
    moved = rows_of("billing.FamilyAccount").filter(family__merged_into__isnull=False)
    files = moved.exclude(balance_cents=0).values_list("family_id", flat=True)
    return sum(_carry(family_id, now=now) for family_id in sorted(set(files)))


@transaction.atomic
def _carry(family_id: int, *, now: datetime) -> bool:
    to_id = _goes_on_in(family_id)
    locked = {pk: lock_family(pk, even_closed=True) for pk in sorted((family_id, to_id))}
    actor = Actor.system()
    carried = carry_account(from_family_id=family_id, to_family_id=to_id, now=now, actor=actor)
    for one in carried:
        for pk, other in ((family_id, locked[to_id]), (to_id, locked[family_id])):
            record(
                actor=actor,
                now=now,
                action="journeys.carry_what_came",
                summary=f"{euros(one.debt_cents + one.credit_cents)} arrivés après la réunion des "
                f"dossiers, reportés (dossier {other.printed_code})",
                family_id=pk,
                object_type="cash_office",
                object_id=one.cash_office_id,
            )
    return bool(carried)


def _goes_on_in(family_id: int) -> int:
    """The file that this one joined, or that one's own, to the last."""
    families: Any = rows_of("families.Family")
    found = family_id
    while (into := families.values_list("merged_into_id", flat=True).get(pk=found)) is not None:
        found = into
    return found
