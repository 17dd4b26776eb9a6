"""Who is not to be reminded, listed or debited now, and why: asked of the whole house."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from preau.billing.queries import unpaid_invoices
from preau.casework.queries import contested_invoices
from preau.directdebit import services as directdebit
from preau.directdebit.queries import invoices_being_debited
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.french import day
from preau.payments.queries import pending_accounts, pending_invoices
from preau.recovery import lists, plans, reminders


def spared(*, now: datetime, with_debits: bool = True) -> dict[int, str]:
    """Invoice → why nothing is asked of the family about it now.

    A payment «en cours» (or in doubt) on the same account, a debit announced, a line contested and
    not answered, a plan whose dates are kept.
    """
    today = paris_day(now)
    paying, accounts = pending_invoices(), pending_accounts()
    contested = contested_invoices()
    debited = invoices_being_debited() if with_debits else {}
    found: dict[int, str] = {}
    paid: dict[int, int] = {}
    for pk, number, family_id, office_id, paid_cents in unpaid_invoices().values_list(
        "pk", "number", "family_id", "cash_office_id", "paid_cents"
    ):
        paid[pk] = paid_cents
        if pk in paying or (family_id, office_id) in accounts:
            found[pk] = _("paiement en ligne en cours")
        elif pk in debited:
            found[pk] = _("prélèvement prévu le %(day)s") % {"day": day(debited[pk])}
        elif number in contested:
            found[pk] = _("ligne contestée, réponse attendue")
    for pk, (_plan, steps) in plans.active_plans(paid).items():
        if pk not in found and plans.is_kept(steps, today):
            found[pk] = _("échéancier respecté")
    return found


def reminder_preview(*, cash_office_id: int, level: Any, now: datetime) -> Any:
    """Whom a level would remind today, and whom it spares."""
    return reminders.preview(
        cash_office_id=cash_office_id, level=level, spared=spared(now=now), today=paris_day(now)
    )


def ripe_debts(*, cash_office_id: int, now: datetime) -> Any:
    """What could be handed to the ordonnateur today."""
    return lists.ripe_debts(
        cash_office_id=cash_office_id, spared=spared(now=now), today=paris_day(now)
    )


def prepare_list(*, cash_office_id: int, actor: Actor, now: datetime) -> Any:
    """Draw up the ordonnateur's list of a cash office."""
    return lists.prepare_list(
        cash_office_id=cash_office_id, spared=spared(now=now), actor=actor, now=now
    )


def prepare_debits(*, cash_office_id: int, collection_on: date, actor: Actor, now: datetime) -> Any:
    """Prepare a collection: not what is being paid or contested; of a plan, what is due by then."""
    paid: Mapping[int, int] = dict(
        unpaid_invoices().filter(cash_office_id=cash_office_id).values_list("pk", "paid_cents")
    )
    bounds = plans.bounds(dict(paid), on=collection_on)
    aside = {
        pk: why
        for pk, why in spared(now=now, with_debits=False).items()
        if pk not in bounds or why != _("échéancier respecté")
    }
    return directdebit.prepare_batch(
        cash_office_id=cash_office_id,
        collection_on=collection_on,
        left_aside=aside,
        at_most=bounds,
        actor=actor,
        now=now,
    )
