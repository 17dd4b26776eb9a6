"""The drill's town: families, cash offices, bookings to bill, payments opened at their banks."""

import datetime as dt
import itertools
import json
import random
import uuid
from typing import Any
from urllib.parse import urlencode

from django.apps import apps

from preau.billing.drafts import Draft, DraftLine
from preau.billing.invoicing import issue_invoices
from preau.billing.models import Invoice
from preau.demo.bank import merchants as demo
from preau.kernel.clock import utc_now
from preau.payments import gateways, services
from preau.payments.models import Attempt
from preau.rulebook.models import RulebookVersion
from preau.rulebook.services import save_draft
from tests.bookings import world
from tests.harness.drill.debits import sign_mandates
from tests.harness.drill.messages import FORMS, messages_of
from tests.harness.drill.values import (
    BOOK,
    JUNE,
    KINDS,
    LINKS,
    MONTHS,
    PAYER,
    PER_ATTEMPT,
    Town,
    call,
)
from tests.harness.money import AGENT, PARENT, make_office


def build(*, seed: int, notifications: int, url: str, bank_url: str) -> Town:
    """Families, cash offices, invoices, attempts at their banks, bookings to bill, messages."""
    rng = random.Random(seed)
    attempts_wanted = max(12, -(-notifications // PER_ATTEMPT))
    families = [
        world.make_family(1, name=f"Famille {n}")
        for n in range(max(2, -(-attempts_wanted // (LINKS * len(KINDS)))))
    ]
    offices = {kind: _open_office(kind, code, bank_url) for kind, code in KINDS.items()}
    _bookings(families, offices)
    invoices = [
        (kind, pk) for kind, office in offices.items() for pk in _bill_june(office, families)
    ]
    town = Town([], {}, {}, {}, [], {kind: office.pk for kind, office in offices.items()})
    left = dict(Invoice.objects.values_list("pk", "family_id"))
    pages: dict[int, str] = {}
    for kind, invoice_id in invoices:
        for _ in range(LINKS):
            _open_attempt(town, rng, pages, kind, offices[kind], left[invoice_id], invoice_id, url)
        cents = rng.randrange(500, 2_500)
        town.collections.append((left[invoice_id], offices[kind].pk, cents))
    town.seed, town.url = seed, url
    sign_mandates(offices.values(), families, town.debits)
    for office in offices.values():
        numbers_of = Invoice.objects.filter(cash_office=office).values_list("family_id", "number")
        found = dict(numbers_of)
        town.people[office.pk] = (
            office.code, {one.pk: (one.code, found[one.pk]) for one in families}
        )  # fmt: skip
    _at_the_treasury(bank_url, town, pages)
    numbers = itertools.count(1)
    for attempt in Attempt.objects.select_related("cash_office").order_by("pk"):
        for message in messages_of(attempt, town.fate[attempt.pk], rng, url):
            message.number = next(numbers)
            town.messages.append(message)
    rng.shuffle(town.collections)
    return town


def _open_office(kind: str, code: str, bank_url: str) -> Any:
    office = make_office(code, payment_days=10)  # debited fifteen days later
    options, secret = {
        "SPPLUS": ({"siret": demo.DEMO_SIRET, "service_url": bank_url}, demo.DEMO_SPPLUS_KEY),
        "SYSTEMPAY": (
            {"site_id": demo.DEMO_SITE_ID, "service_url": f"{bank_url}/vads-payment/"},
            demo.DEMO_SECRET_TEST,
        ),
        "PAYFIP": ({"numcli": demo.DEMO_NUMCLI, "saisie": "T", "service_url": bank_url}, ""),
    }[kind]
    gateways.save_gateway(
        cash_office_id=office.pk, gateway=kind, options=options, secret=secret, is_test=True,
        is_active=True, actor=AGENT, now=utc_now(),
    )  # fmt: skip
    return office


def _bookings(families: list[Any], offices: dict[str, Any]) -> None:
    """Three activities, one for each cash office, booked in September and October."""
    Accounting = apps.get_model("billing", "ActivityAccounting")
    Booking = apps.get_model("bookings", "Booking")
    Attendance = apps.get_model("attendance", "Attendance")
    names = {kind: f"atelier-{office.code}" for kind, office in offices.items()}
    for kind, office in offices.items():
        offering = world.make_offering(names[kind], name=names[kind], kind="WORKSHOP")
        Accounting.objects.create(
            activity=offering.activity, cash_office=office, accounting_code="7067"
        )
        enrolments = [
            (family, child, world.enrol(family, offering, child))
            for family in families
            for child in world.children_of(family)
        ]
        for month in MONTHS:
            for rank in (5, 6, 8):
                slot = world.make_slot(month.replace(day=rank), offering=offering, capacity=500)
                Booking.objects.bulk_create(
                    Booking(
                        slot=slot, child=child, family=family, enrolment=enrolment,
                        status="CONFIRMED", ordinal=n, channel="PORTAL", booked_at=world.NOW,
                    )
                    for n, (family, child, enrolment) in enumerate(enrolments, 1)
                )  # fmt: skip
                Attendance.objects.bulk_create(
                    Attendance(
                        slot=slot, child=child, family=family, presence="PRESENT",
                        recorded_at=world.NOW,
                    )
                    for family, child, _ in enrolments
                )  # fmt: skip
    text = BOOK.format(
        activities="\n".join(
            f"  {n}: {{label: {n}, kind: workshop, products: {{repas: {{label: Repas}}}}}}"
            for n in names.values()
        ),
        tariffs="\n".join(
            f"  - {{id: t-{n}, label: Tarif, for: {n}, price: 3.18}}" for n in names.values()
        ),
    )
    draft = save_draft(text=text, now=utc_now(), actor=AGENT)
    # As the council would publish it; what the checker says of so small a book is not the matter.
    RulebookVersion.objects.filter(pk=draft.pk).update(
        status="PUBLISHED", published_at=utc_now(), applies_from=dt.date(2026, 1, 1),
        executory_on=dt.date(2026, 1, 1), council_decision="Exercice",
    )  # fmt: skip


def _bill_june(office: Any, families: list[Any]) -> list[int]:
    from django.db import transaction

    drafts = [
        Draft(
            family_id=family.pk,
            debtor={"name": "Camille Élan"},
            lines=[
                DraftLine(
                    child_id=None,
                    activity_id=None,
                    label="Juin",
                    unit_name="mois",
                    unit_cents=9_000,
                    fixed_quantity=1,
                    explanation=("Tarif.",),
                )
            ],
        )
        for family in families
    ]
    with transaction.atomic():
        return issue_invoices(
            office=office, month=JUNE, drafts=drafts, run_id=None, actor_label="exercice",
            now=utc_now(),
        )  # fmt: skip


def _open_attempt(
    town: Town, rng: random.Random, pages: dict[int, str], kind: str, office: Any,
    family_id: int, invoice_id: int, url: str,
) -> None:  # fmt: skip
    cents = rng.randrange(300, 4_400)
    tops_up = rng.random() < 0.12
    cents = max(cents, office.top_up_min_cents) if tops_up else cents
    attempt = services.start_payment(
        family_id=family_id, cash_office_id=office.pk,
        invoices={} if tops_up else {invoice_id: cents},
        top_up_cents=cents if tops_up else 0, payer=PAYER,
        key=uuid.UUID(int=rng.getrandbits(128)), actor=PARENT, now=utc_now(),
    )  # fmt: skip
    redirect = services.send_to_bank(
        family_id=family_id, reference=attempt.reference, payer=PAYER,
        return_url=f"{url}/retour/", notify_url=f"{url}/api/paiements/{office.code}/notification/",
        now=utc_now(),
    )  # fmt: skip
    town.amount[attempt.pk] = cents
    town.account_of[attempt.pk] = (family_id, office.pk)
    fates = ["paid"] * 6 + ["refused"] + ["forged"] * 2
    if kind != "SPPLUS":  # SP Plus states no amount
        fates.append("wrong")
    if kind == "SYSTEMPAY":  # which tells what it gives back, signed
        fates.append("refunded")
    town.fate[attempt.pk] = rng.choice(fates)
    if kind == "PAYFIP":
        pages[attempt.pk] = redirect.provider_id
    else:
        FORMS[attempt.pk] = dict(redirect.fields)


def _at_the_treasury(bank_url: str, town: Town, pages: dict[int, str]) -> None:
    """The payers decide on PayFiP's page; its notifications are the storm's to send."""
    call(f"{bank_url}/controle/reglages", json.dumps({"drop": True, "wait_s": 0}).encode())
    for pk, idop in pages.items():
        page = f"{bank_url}/tpa/paiementws.web?idop={idop}"
        fate = town.fate[pk]
        if fate in ("paid", "refused", "wrong"):
            decision = "refuser" if fate == "refused" else "payer"
            call(page, urlencode({"decision": decision}).encode())
        if fate == "wrong":
            lie = {"token": idop, "answer": {"montant": str(town.amount[pk] * 2)}}
            call(f"{bank_url}/controle/payfip", json.dumps(lie).encode())
