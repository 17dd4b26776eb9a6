"""Payments on line for tests: offices with their bank, attempts, what the bank says of them."""

import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest

from preau.demo.bank import merchants as demo
from preau.demo.bank.signatures import spplus_hmac, systempay_signature
from preau.payments import gateways, services
from preau.payments.models import Attempt
from tests.harness.bank import http
from tests.harness.money import (
    AGENT,
    NOW,
    PARENT,
    make_office,
)

PAYER = services.Payer(first_name="Camille", last_name="Élan", email="camille@example.org")

BOTH = pytest.mark.parametrize("kind", ["SPPLUS", "SYSTEMPAY"])

S = Attempt.Status


OFFICES = {"SPPLUS": demo.DEMO_SPPLUS_OFFICE, "SYSTEMPAY": demo.DEMO_SYSTEMPAY_OFFICE}


def open_office(kind, bank_url="http://bank.example"):
    office = make_office(OFFICES[kind])
    options, secret = {
        "SPPLUS": ({"siret": demo.DEMO_SIRET, "service_url": bank_url}, demo.DEMO_SPPLUS_KEY),
        "SYSTEMPAY": (
            {"site_id": demo.DEMO_SITE_ID, "service_url": f"{bank_url}/vads-payment/"},
            demo.DEMO_SECRET_TEST,
        ),
    }[kind]
    gateways.save_gateway(
        cash_office_id=office.pk,
        gateway=kind,
        options=options,
        secret=secret,
        is_test=True,
        is_active=True,
        actor=AGENT,
        now=NOW,
    )
    return office


def start(family, office, invoices=None, top_up=0, key=None):
    return services.start_payment(
        family_id=family.pk,
        cash_office_id=office.pk,
        invoices={invoice.pk: cents for invoice, cents in (invoices or {}).items()},
        top_up_cents=top_up,
        payer=PAYER,
        key=key or uuid.uuid4(),
        actor=PARENT,
        now=NOW,
    )


def send(attempt, shop="http://shop.example"):
    code = attempt.cash_office.code
    return services.send_to_bank(
        family_id=attempt.family_id,
        reference=attempt.reference,
        payer=PAYER,
        return_url=f"{shop}/retour/",
        notify_url=f"{shop}/api/paiements/{code}/notification/",
        now=NOW,
    )


def at_the_bank(attempt, bank, shop, decision="payer"):
    """Do as the payer's browser: from our form to the bank's decision."""
    redirect = send(attempt, shop)
    if redirect.method == "GET":
        url = f"{redirect.url}?{urllib.parse.urlencode(redirect.fields)}"
        status, body, headers = http(url)
    else:
        status, body, headers = http(redirect.url, dict(redirect.fields))
    assert status == 303, body
    status, _, headers = http(bank.url + headers["Location"], {"decision": decision})
    assert status == 303
    return headers["Location"]


def message(attempt, **changes):
    """What the attempt's bank would say, signed by the bank's own code."""
    if attempt.gateway == "SPPLUS":
        fields = {"reference": attempt.reference, "etat": "10", "refsfp": "A" * 12} | changes
        mac = spplus_hmac(demo.DEMO_SPPLUS_KEY, fields.values())
        return urllib.parse.urlencode(fields | {"hmac": mac})
    fields = (
        {k: v for k, v in send(attempt).fields if k != "signature"}
        | {
            "vads_result": "00",
            "vads_auth_result": "00",
            "vads_trans_status": "AUTHORISED",
            "vads_operation_type": "DEBIT",
            "vads_trans_uuid": "f" * 32,
            "vads_effective_amount": str(attempt.amount_cents),
        }
        | changes
    )
    signature = systempay_signature(demo.DEMO_SECRET_TEST, fields)
    return urllib.parse.urlencode(fields | {"signature": signature})


def notify(client, attempt, body):
    return client.post(
        f"/api/paiements/{attempt.cash_office.code}/notification/",
        body,
        content_type="application/x-www-form-urlencoded",
    )
