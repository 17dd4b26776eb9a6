"""A cash office with its act, an open till, a family that owes: for the cash desk's tests."""

import datetime as dt
import uuid
from typing import Any

from preau.billing.counter import Part
from preau.cashdesk import services
from tests.harness.money import AGENT, NOW, make_family, make_invoice, make_office

ALL = ["CASH", "CHEQUE", "CARD", "CESU", "ANCV", "TRANSFER"]
REFERENCES = {"CHEQUE": "1234567", "CARD": "T-42", "TRANSFER": "VIR-7"}
LATER = NOW + dt.timedelta(hours=1)


def open_office(code: str = "enfance", *, float_cents: int = 5_000, **act: Any) -> Any:
    """An office whose till is open since nine o'clock."""
    office = make_office(code, means=ALL, act={"float_cents": float_cents, **act})
    services.open_day(cash_office_id=office.pk, actor=AGENT, now=NOW)
    return office


def part(means: str, cents: int, **values: Any) -> Part:
    return Part(means, cents, **{"reference": REFERENCES.get(means, ""), **values})


def collect(family: Any, office: Any, *parts: Part, **values: Any) -> Any:
    given = {
        "family_id": family.pk,
        "cash_office_id": office.pk,
        "parts": parts,
        "key": uuid.uuid4(),
        "actor": AGENT,
        "now": LATER,
    }
    return services.collect(**given | values)


def deposit(office: Any, cash_cents: int = 0, *means: str, **values: Any) -> Any:
    given = {
        "cash_office_id": office.pk,
        "cash_cents": cash_cents,
        "means": means,
        "key": uuid.uuid4(),
        "actor": AGENT,
        "now": LATER,
    }
    return services.make_deposit(**given | values)


def owing(office: Any, *cents: int) -> tuple[Any, Any]:
    """A family and its invoice."""
    family = make_family()
    return family, make_invoice(family, office, *cents)
