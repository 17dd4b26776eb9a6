"""A town's money for tests: families, cash offices, invoices, a contract with a bank."""

import datetime as dt
import itertools
from typing import Any

from django.apps import apps
from django.db import transaction

from preau.billing.drafts import Draft, DraftLine
from preau.billing.invoicing import issue_invoices
from preau.billing.natures import natures_of
from preau.kernel.actors import Actor
from preau.kernel.codes import new_family_code
from preau.kernel.enums import Channel

NOW = dt.datetime(2026, 11, 5, 9, 0, tzinfo=dt.UTC)
OCTOBER = dt.date(2026, 10, 1)
AGENT = Actor(user_id=900_001, label="Jeanne Régie", channel=Channel.COUNTER, is_agent=True)
PARENT = Actor(user_id=None, label="Camille Élan", channel=Channel.PORTAL)
_ranks = itertools.count(1)


def make_family(name: str = "Élan", **values: Any) -> Any:
    defaults = {
        "code": new_family_code(),
        "name": name,
        "sort_key": name.lower(),
        "address_line1": "1 rue des Tilleuls",
        "postcode": "94300",
        "city": "Vincennes",
        "is_resident": True,
        "created_at": NOW,
        "channel": Channel.COUNTER,
    }
    return apps.get_model("families", "Family").objects.create(**defaults | values)


def make_office(code: str = "enfance", **values: Any) -> Any:
    defaults = {
        "name": f"Régie {code}",
        "means": ["CASH", "CHEQUE", "CARD"],
        "payment_days": 25,
        "top_up_min_cents": 1000,
        "phone": "01 99 00 12 34",
    }
    allowed = values.pop("act", {})
    office = apps.get_model("billing", "CashOffice").objects.create(code=code, **defaults | values)
    make_act(office, **allowed)
    name_cashier(office, AGENT.user_id)
    return office


def make_act(office: Any, **values: Any) -> Any:
    """An act in force for ever that allows the office's means and every product."""
    defaults = {
        "reference": "Arrêté 2020-1",
        "signed_on": dt.date(2020, 1, 1),
        "in_force_on": dt.date(2020, 1, 1),
        "means": [*office.means, "ONLINE", "DEBIT"],
        "payment_days": office.payment_days,
        "created_at": NOW,
        "created_by": "essai",
    }
    return apps.get_model("billing", "CashOfficeAct").objects.create(
        cash_office=office, **defaults | values
    )


def name_cashier(office: Any, user_id: int | None, **values: Any) -> Any:
    """This agent may collect for the office."""
    defaults = {"role": "CASHIER", "name": "Jeanne Régie", "starts_on": dt.date(2020, 1, 1)}
    return apps.get_model("billing", "CashOfficePerson").objects.create(
        cash_office=office, user_id=user_id, **defaults | values
    )


def make_invoice(
    family: Any,
    office: Any,
    *cents: int,
    month: dt.date = OCTOBER,
    now: dt.datetime = NOW,
    activity_id: int | None = None,
    child_id: int | None = None,
) -> Any:
    """An issued invoice with one line per amount."""
    draft = Draft(
        family_id=family.pk,
        debtor={"name": "Camille Élan"},
        lines=[
            DraftLine(
                child_id=child_id,
                activity_id=activity_id,
                label=f"Cantine {rank}",
                unit_name="repas",
                unit_cents=amount,
                fixed_quantity=1,
                explanation=("Tarif de la tranche C.",),
                nature=natures_of(office.pk).of(activity_id),
            )
            for rank, amount in enumerate(cents, 1)
        ],
    )
    with transaction.atomic():
        [pk] = issue_invoices(
            office=office, month=month, drafts=[draft], run_id=None, actor_label="test", now=now
        )
    return apps.get_model("billing", "Invoice").objects.get(pk=pk)


def left_on(invoice: Any) -> int:
    from preau.billing.queries import with_left

    return with_left().get(pk=invoice.pk).left_cents


def balance(family: Any, office: Any) -> int:
    row = apps.get_model("billing", "FamilyAccount").objects.get(family=family, cash_office=office)
    return row.balance_cents
