"""What late money shows on a family's account and on an invoice, for agents."""

from collections.abc import Iterable
from typing import Any

from preau.directdebit import queries as directdebit
from preau.kernel.clock import paris_day, utc_now
from preau.recovery import plans, queries


def family_debts(family_id: int, offices: Iterable[Any]) -> dict[str, Any]:
    """Mandates by cash office (or where to record one), titres, plans and reminders."""
    named = {office.pk: office for office in offices}
    mandates = directdebit.offers(family_id, named)
    titres = list(queries.titres_of(family_id))
    return {
        "mandates": [(named[office], mandate, end) for office, mandate, end in mandates],
        "coming": list(directdebit.coming_of(family_id))
        if any(mandate for _office, mandate, _end in mandates)
        else [],
        "titres": titres,
        "closed": {item.invoice_id: titre for titre in titres for item in titre.items.all()},
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
