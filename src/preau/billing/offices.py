"""Cash offices, as their acts found them, and which activities they collect for."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing.models import ActivityAccounting, CashOffice
from preau.kernel.actors import Actor

EDITABLE = (
    "name",
    "address",
    "phone",
    "top_up_min_cents",
    "accepts_top_up",
    "is_active",
    "invoice_per",
    "payer_rule",
    "prepaid_min_cents",
    "prepaid_when_short",
    "transfer_iban",
    "transfer_bic",
)
BY_ITS_ACT = ("act_reference", "cashier_name", "payment_days", "means")
"""Given when it opens; afterwards the act alone changes them (`billing.acts`)."""


@transaction.atomic
def save_cash_office(*, code: str, actor: Actor, now: datetime, **values: Any) -> CashOffice:
    """Open a cash office, or change the one with this code. The code never changes.

    Without an act it collects nothing: record one (`billing.acts.record_act`).
    """
    unknown = set(values) - set(EDITABLE) - set(BY_ITS_ACT)
    if unknown:
        raise TypeError(f"not editable: {sorted(unknown)}")
    office, created = CashOffice.objects.select_for_update().get_or_create(
        code=code, defaults=values
    )
    if not created:
        for name in EDITABLE:
            if name in values:
                setattr(office, name, values[name])
        office.save()
    record(
        actor=actor,
        now=now,
        action="billing.save_cash_office",
        summary=_("Régie « %(name)s » %(what)s")
        % {"name": office.name, "what": _("ouverte") if created else _("modifiée")},
        object_type="cash_office",
        object_id=office.pk,
    )
    return office


@transaction.atomic
def assign_activity(
    *,
    activity_id: int,
    cash_office_id: int,
    actor: Actor,
    now: datetime,
    accounting_code: str = "",
    function_code: str = "",
    is_meal: bool = False,
    counts_for_tax: bool = False,
    is_prepaid: bool = False,
) -> ActivityAccounting:
    """Say which cash office collects for an activity. What was billed before stays where it is."""
    accounting, _created = ActivityAccounting.objects.update_or_create(
        activity_id=activity_id,
        defaults={
            "cash_office_id": cash_office_id,
            "accounting_code": accounting_code.strip()[:20],
            "function_code": function_code.strip()[:10],
            "is_meal": is_meal,
            "counts_for_tax": counts_for_tax and not is_meal,
            "is_prepaid": is_prepaid,
        },
    )
    record(
        actor=actor,
        now=now,
        action="billing.assign_activity",
        summary=_("Activité n° %(id)s rattachée à une régie") % {"id": activity_id},
        object_type="cash_office",
        object_id=cash_office_id,
    )
    return accounting
