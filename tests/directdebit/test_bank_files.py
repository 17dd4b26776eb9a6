"""The bank's files: whole or refused, each line once, and a word in the journal."""

import pytest
from django.apps import apps

from preau.billing import ledger
from preau.directdebit import services
from preau.directdebit.errors import AlreadyHandled, AlreadyRead, FileRefused, ReasonNeeded
from preau.directdebit.models import BankEntry, BankFile
from tests.directdebit.world import (
    OTHER_IBAN,
    camt,
    collected,
    make_creditor,
    pain002,
    reject,
    sign,
    transfer,
)
from tests.harness.money import (
    AGENT,
    NOW,
    balance,
    left_on,
    make_family,
    make_invoice,
    make_office,
)

pytestmark = pytest.mark.django_db

BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">
]><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><a>&y;&y;</a></Document>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd">
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>"""


@pytest.fixture
def town(db):
    office, family = make_office("enfance", payment_days=10), make_family()
    make_creditor(office)
    return office, family, make_invoice(family, office, 5000)


def read(office, content):
    return services.import_file(
        cash_office_id=office.pk, name="releve.xml", content=content, actor=AGENT, now=NOW
    )


def refusals():
    return list(
        apps.get_model("audit", "Entry")
        .objects.filter(action="directdebit.file_refused")
        .values_list("summary", flat=True)
    )


COUNTED = "<TxsSummry><TtlNtries><NbOfNtries>{}</NbOfNtries></TtlNtries></TxsSummry>"
WHOLE = camt(transfer(5000, "FACTURE X"), opening=0, closing=5000)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (WHOLE[: len(WHOLE) // 2], "coupé"),
        (BOMB, "entités"),
        (OUTSIDE, "entités"),
        (b"", "coupé"),
        (b"\x00\xff garbage", "coupé"),
        (b"<html/>", "ni un camt"),
        (camt(transfer(5000, "x"), iban=OTHER_IBAN), "autre compte"),
        (camt(transfer(5000, "x"), opening=0, closing=9000), "solde final"),
        (camt(transfer(5000, "x").replace("EUR", "USD")), "euros"),
        (camt(transfer(5000, "x").replace("50.00", "50.001")), "illisible"),
        (camt(transfer(5000, "x").replace("2026-11-25", "2026-13-45")), "date"),
        (camt(transfer(5000, "x") + COUNTED.format("beaucoup")), "annonce"),
        (camt(transfer(5000, "x") + COUNTED.format(2)), "annonce"),
        (pain002("INCONNU", 5000, "E2E"), "aucun fichier"),
    ],
)
def test_what_cannot_be_trusted_is_refused_and_journaled(town, content, word):
    office, family, invoice = town
    with pytest.raises(FileRefused) as refusal:
        read(office, content)
    assert word in str(refusal.value)
    assert [word in summary for summary in refusals()] == [True]
    assert not BankFile.objects.exists() and not BankEntry.objects.exists()
    assert left_on(invoice) == 5000 and balance(family, office) == 5000


def test_a_transfer_finds_its_invoice_or_its_family(town):
    office, family, invoice = town
    read(office, camt(transfer(3000, f"cantine {invoice.number.lower()} merci")))
    assert left_on(invoice) == 2000
    read(office, camt(transfer(2500, f"FAMILLE {family.code}", reference="T2")))
    assert left_on(invoice) == 0 and balance(family, office) == -500
    assert ledger.verify() == []


def test_imported_twice_nothing_is_doubled(town):
    office, family, invoice = town
    content = camt(transfer(3000, invoice.number))
    read(office, content)
    with pytest.raises(AlreadyRead):
        read(office, content)
    # The same line in another file: the day's notice, then the month's statement.
    again = camt(
        transfer(3000, invoice.number), transfer(100, "?", reference="T9"), kind="camt.054"
    )
    read(office, again)
    assert left_on(invoice) == 2000 and balance(family, office) == 2000
    assert BankEntry.objects.count() == 2


def test_two_transfers_alike_without_the_banks_reference_are_two(town):
    office, _family, invoice = town
    once = transfer(1000, invoice.number, reference="")
    read(office, camt(once, once))
    assert left_on(invoice) == 3000 and BankEntry.objects.count() == 2
    # The month's statement tells both again, and a third.
    read(office, camt(once, once, once, kind="camt.054"))
    assert left_on(invoice) == 2000 and BankEntry.objects.count() == 3


def test_what_names_nobody_waits_for_an_agent(town):
    office, family, invoice = town
    other = make_family("Autre")
    both = f"{family.code} {other.code}"
    read(office, camt(transfer(1000, "merci"), transfer(700, both, reference="T2")))
    waiting = BankEntry.objects.filter(status="TO_SORT").order_by("pk")
    assert [entry.amount_cents for entry in waiting] == [1000, 700]
    first, second = waiting
    with pytest.raises(ReasonNeeded):
        services.give_to_family(
            entry_id=first.pk, family_id=family.pk, reason=" ", actor=AGENT, now=NOW
        )
    services.give_to_family(
        entry_id=first.pk, family_id=family.pk, reason="au téléphone", actor=AGENT, now=NOW
    )
    with pytest.raises(AlreadyHandled):
        services.give_to_family(
            entry_id=first.pk, family_id=other.pk, reason="bis", actor=AGENT, now=NOW
        )
    assert left_on(invoice) == 4000
    services.set_entry_aside(entry_id=second.pk, reason="rendu", actor=AGENT, now=NOW)
    assert not BankEntry.objects.filter(status="TO_SORT").exists()


def test_rejects_come_back_by_their_reference(town):
    office, family, invoice = town
    sign(family, office)
    debit = collected(office).debits.get()
    assert left_on(invoice) == 0
    read(office, camt(reject(5000, debit.end_to_end), kind="camt.054"))
    assert left_on(invoice) == 5000 and balance(family, office) == 5000
    read(office, camt(reject(5000, debit.end_to_end, reference="AUTRE")))
    assert left_on(invoice) == 5000 and balance(family, office) == 5000
    debit.refresh_from_db()
    assert debit.status == "REJECTED" and debit.reject_code == "AM04"
    assert ledger.verify() == []


def test_a_reject_of_another_amount_or_of_nothing_waits(town):
    office, family, invoice = town
    sign(family, office)
    debit = collected(office).debits.get()
    read(
        office,
        camt(reject(4000, debit.end_to_end), reject(5000, "INCONNU", reference="R2")),
    )
    assert left_on(invoice) == 0
    assert BankEntry.objects.filter(status="TO_SORT").count() == 2


def test_pain_002_rejects_before_the_day(town):
    office, family, invoice = town
    sign(family, office)
    from tests.directdebit.world import approved

    batch = approved(office)
    services.take_file(batch_id=batch.pk, actor=AGENT, now=NOW)
    debit = batch.debits.get()
    read(office, pain002(batch.message_id, 5000, debit.end_to_end))
    debit.refresh_from_db()
    debit.mandate.refresh_from_db()
    assert debit.status == "REJECTED" and debit.mandate.status == "CANCELLED"
    assert left_on(invoice) == 5000
