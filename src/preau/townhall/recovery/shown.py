"""What late money shows on a family's account and on an invoice, for agents."""

from collections.abc import Iterable
from typing import Any

from preau.directdebit import queries as directdebit
from preau.kernel.clock import paris_day, utc_now
from preau.recovery import plans, queries


def family_debts(family_id: int, offices: Iterable[Any]) -> dict[str, Any]:
    """Mandates by cash office (or where to record one), titres, plans and reminders."""
    offices = list(offices)
    offered = directdebit.offered(office.pk for office in offices)
    active = {
        row.creditor.cash_office_id: row
        for row in directdebit.mandates_of(family_id)
        if row.is_active
    }
    return {
        "mandates": [
            (office, active.get(office.pk))
            for office in offices
            if office.pk in offered or office.pk in active
        ],
        "coming": list(directdebit.coming_of(family_id)),
        "titres": list(queries.titres_of(family_id)),
        "reminders": list(queries.reminders_of(family_id)[:10]),
    }


def invoice_debts(invoice: Any) -> dict[str, Any]:
    """What was asked for one invoice, and what became of it."""
    running = plans.active_plans({invoice.pk: invoice.paid_cents}).get(invoice.pk)
    return {
        "reminders": plans.reminded([invoice.pk]).get(invoice.pk, []),
        "titre": queries.titres_by_invoice([invoice.pk]).get(invoice.pk),
        "steps": running[1] if running else [],
        "rule": plans.may_open(invoice, today=paris_day(utc_now())),
    }
