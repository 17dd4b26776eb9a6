"""Third parties, regularisations and a cash office's ways to invoice, as agents meet them."""

import pytest
from django.urls import reverse

from preau.accounts.enums import Role
from preau.billing import agreements, regularising
from preau.billing.models import Agreement, CashOffice, Invoice, Regularisation, ThirdPartyInvoice
from preau.documents.models import IssuedDocument
from tests.billing.test_regularising import LATER, billed, correct  # noqa: F401  (fixtures)
from tests.billing.test_runs import (  # noqa: F401  (fixtures)
    book,
    canteen,
    family,
    office,
    run_all,
    slots,
)
from tests.harness.money import AGENT, NOW
from tests.townhall.billing.test_billing_screens import signed_in, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent():
    return signed_in(Role.ACCOUNTANT)


@pytest.fixture
def ccas():
    return agreements.save_third_party(kind="CCAS", name="CCAS", actor=AGENT, now=NOW)


def test_who_may(family, ccas):  # noqa: F811
    for client in (signed_in(Role.CASHIER), signed_in(Role.SITE_MANAGER)):
        for name in (("third-parties",), ("third-party", ccas.pk), ("billing-changes",)):
            assert client.get(url(*name)).status_code in (403, 404), name


def test_a_third_party_from_its_name_to_its_payment(agent, office, family):  # noqa: F811
    assert "Aucun tiers payeur" in text(agent.get(url("third-parties")))
    bad = agent.post(url("third-party-new"), {"kind": "CCAS", "name": "CCAS", "siret": "12"})
    assert bad.status_code == 422 and "14 chiffres" in text(bad)
    done = agent.post(
        url("third-party-new"), {"kind": "CCAS", "name": "CCAS", "is_active": "on"}, follow=True
    )
    assert done.status_code == 200 and "Aucune prise en charge" in text(done)
    ccas = agreements.third_parties().get()
    form = url("agreement-new", ccas.pk)
    assert agent.get(form).status_code == 200
    assert agent.get(form, {"dossier": "0000000X"}).status_code == 422
    asked = {"starts_on": "2026-09-01", "ends_on": "2027-07-31"}
    there = f"{form}?dossier={family.code}"
    assert "l’un des deux" in text(agent.post(there, asked))
    assert agent.post(there, asked | {"percent": "50"}).status_code == 302
    assert agent.get(url("third-party", ccas.pk)).status_code == 200
    assert "50 %" in text(agent.get(url("family-account", family.code)))
    run_all(office)
    invoice = ThirdPartyInvoice.objects.get()
    for name in ("third-party-invoice", "third-party-pay", "third-party-credit"):
        assert agent.get(url(name, invoice.number)).status_code == 200
    pdf = agent.get(url("third-party-invoice-pdf", invoice.number))
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert IssuedDocument.objects.filter(number=invoice.number, family_id=None).exists()
    too_much = {"amount_cents": "9999", "received_on": "2026-11-05"}
    assert agent.post(url("third-party-pay", invoice.number), too_much).status_code == 422
    paid = agent.post(
        url("third-party-pay", invoice.number),
        {"amount_cents": "1,00", "received_on": "2026-11-05"},
        follow=True,
    )
    assert "Le règlement est noté" in text(paid)
    line = invoice.lines.first()
    note = agent.post(
        url("third-party-credit", invoice.number),
        {f"line_{line.pk}": "1,00", "reason": "Enfant absent"},
        follow=True,
    )
    assert "émis" in text(note)
    end = url("agreement-end", Agreement.objects.get().pk)
    assert agent.get(end).status_code == 200
    assert agent.post(end, {"ends_on": "2020-01-01"}).status_code == 422
    assert agent.post(end, {"ends_on": "2026-12-31"}).status_code == 302
    export = agent.get(url("third-parties"), {"export": "csv"})
    assert b"CCAS" in b"".join(export.streaming_content)


def test_a_regularisation_is_accepted_or_set_aside(agent, billed, slots):  # noqa: F811
    assert "Rien à décider" in text(agent.get(url("billing-changes")))
    correct(slots[1], "ABSENT", is_justified=True)
    regularising.find_changes(now=LATER)
    [row] = Regularisation.objects.all()
    assert "3,18 €" in text(agent.get(url("billing-changes")))
    assert "Jeudi 1er octobre" in text(agent.get(url("billing-change", row.pk))).replace(
        "jeudi", "Jeudi"
    ).replace("<sup>er</sup>", "er")
    refuse = url("billing-change-refuse", row.pk)
    assert agent.post(refuse, {"reason": ""}).status_code == 422
    assert agent.post(url("billing-change-accept", row.pk), follow=True).status_code == 200
    assert Invoice.objects.filter(kind="CREDIT_NOTE").count() == 1
    again = agent.post(url("billing-change-accept", row.pk), follow=True)
    assert "déjà décidée" in text(again)
    assert row.line.label in text(agent.get(url("billing-changes"), {"status": "ACCEPTED"}))
    assert agent.post(url("billing-changes-look"), follow=True).status_code == 200


def test_how_a_cash_office_invoices(agent, office):  # noqa: F811
    there = url("cash-office-billing", "enfance")
    assert agent.get(there).status_code == 200
    asked = {
        "invoice_per": "ACTIVITY",
        "payer_rule": "BOOKER",
        "prepaid_when_short": "REFUSE",
        "prepaid_min_cents": "5,00",
        "transfer_iban": "FR76 3000 1007 9412 3456 7890 186",
    }
    wrong = agent.post(there, asked)
    assert wrong.status_code == 422 and "IBAN" in text(wrong)
    good = asked | {"transfer_iban": "FR76 3000 1007 9412 3456 7890 185"}
    assert agent.post(there, good).status_code == 302
    found = CashOffice.objects.get()
    assert (found.invoice_per, found.prepaid_min_cents) == ("ACTIVITY", 500)
    assert found.transfer_iban == "FR7630001007941234567890185"


def test_a_statement_on_paper_is_archived(agent, billed):  # noqa: F811
    there = reverse("townhall:family-statement", args=[billed.code, "enfance"])
    first = agent.get(there, {"annee": "2026"})
    assert first.headers["Content-Type"] == "application/pdf"
    agent.get(there, {"annee": "2026"})
    assert IssuedDocument.objects.filter(kind="STATEMENT").count() == 1
