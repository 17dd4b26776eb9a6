"""Mandates: what is kept of an account, how one begins, changes and ends."""

import datetime as dt
import logging

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction

from preau.directdebit import services
from preau.directdebit.errors import (
    AlreadyMandated,
    MandateNotActive,
    NotOffered,
    ReferenceTaken,
    WrongBic,
    WrongIban,
    WrongIcs,
)
from preau.directdebit.iban import clean_iban, clean_ics
from preau.directdebit.models import Mandate, MandateEvent
from preau.directdebit.rules import lapse_day
from preau.kernel.sealing import unseal
from tests.directdebit.world import IBAN, OTHER_IBAN, collected, make_creditor, sign
from tests.harness.money import AGENT, NOW, PARENT, make_family, make_invoice, make_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db):
    office, family = make_office("enfance", payment_days=10), make_family()
    make_creditor(office)
    return office, family


@pytest.mark.parametrize(
    "text",
    ["FR7630006000011234567890188", "FR76", "", "FR7630006000011234567890189X"],
)
def test_a_wrong_iban_changes_nothing_and_leaves_an_entry(town, text, caplog):
    office, family = town
    with caplog.at_level(logging.WARNING), pytest.raises(WrongIban) as refusal:
        sign(family, office, iban=text)
    assert "IBAN" in str(refusal.value)
    assert not Mandate.objects.exists() and not MandateEvent.objects.exists()
    assert "IBAN was refused" in caplog.text and (not text or text not in caplog.text)


def test_spaces_and_case_of_an_iban_do_not_matter():
    assert clean_iban("fr76 3000 6000 0112 3456 7890 189") == IBAN


def test_a_creditor_identifier_is_checked():
    assert clean_ics("fr72 zzz 123456") == "FR72ZZZ123456"
    with pytest.raises(WrongIcs):
        clean_ics("FR73ZZZ123456")


def test_a_mandate_is_sealed_masked_proved_and_told(town):
    office, family = town
    proof = services.OnlineProof(
        user_id=7, name="Camille Élan", address="192.0.2.7", text="J’autorise…", text_version=1
    )
    mandate = sign(family, office, proof=proof)
    assert IBAN not in mandate.sealed_iban and unseal(mandate.sealed_iban) == IBAN
    assert mandate.masked_iban == "•••• 0189"
    assert mandate.proof["name"] == "Camille Élan" and mandate.proof["text"] == "J’autorise…"
    assert "192.0.2.7" not in str(mandate.proof) and mandate.proof["at"] == NOW.isoformat()
    assert list(mandate.events.values_list("kind", flat=True)) == ["SIGNED"]
    Entry = apps.get_model("audit", "Entry")
    assert IBAN not in str(list(Entry.objects.values_list("summary", flat=True)))
    with pytest.raises(AlreadyMandated):
        sign(family, office)
    with pytest.raises(DatabaseError), transaction.atomic():
        MandateEvent.objects.update(kind="REVOKED")


def test_only_offices_that_offer_it(town):
    office, family = town
    with pytest.raises(NotOffered):
        sign(family, make_office("sports"))
    with pytest.raises(WrongBic):
        sign(family, office, bic="NOPE")


def test_a_new_account_and_a_revocation(town):
    office, family = town
    mandate = sign(family, office)
    with pytest.raises(MandateNotActive):
        services.amend_mandate(
            mandate_id=mandate.pk, family_id=make_family("Autre").pk, iban=OTHER_IBAN,
            actor=PARENT, now=NOW,
        )  # fmt: skip
    amended = services.amend_mandate(
        mandate_id=mandate.pk, family_id=family.pk, iban=OTHER_IBAN, actor=PARENT, now=NOW
    )
    assert amended.iban_end == OTHER_IBAN[-4:] and amended.reference == mandate.reference
    assert amended.sealed_previous_iban == ""  # the bank never heard of the first one
    services.revoke_mandate(
        mandate_id=mandate.pk, family_id=family.pk, reason="à ma demande", actor=PARENT, now=NOW
    )
    mandate.refresh_from_db()
    assert mandate.status == "REVOKED"
    assert sign(family, office).pk != mandate.pk


def test_taken_over_with_its_reference_and_its_past(town):
    office, family = town
    given = {
        "reference": "ANCIEN-42", "family_id": family.pk, "cash_office_id": office.pk,
        "holder": "Camille Élan", "iban": IBAN, "signed_on": dt.date(2021, 9, 1),
        "last_used_on": dt.date(2026, 10, 5), "actor": AGENT, "now": NOW,
    }  # fmt: skip
    mandate = services.record_mandate(**given)
    assert services.record_mandate(**given) == mandate
    assert mandate.status == "ACTIVE" and mandate.reference == "ANCIEN-42"
    with pytest.raises(ReferenceTaken):
        services.record_mandate(**{**given, "family_id": make_family("Autre").pk})
    old = services.record_mandate(
        **{**given, "reference": "ANCIEN-1", "last_used_on": dt.date(2023, 10, 5)}
    )
    assert old.status == "LAPSED"
    make_invoice(family, office, 1000)
    batch = collected(office)
    assert batch.debits.get().sequence == "RCUR"


def test_36_months_without_a_debit(town):
    office, family = town
    mandate = sign(family, office)
    assert lapse_day(signed_on=dt.date(2024, 2, 29), last_used_on=None) == dt.date(2027, 3, 1)
    assert services.lapse_unused(now=NOW.replace(year=2029) - dt.timedelta(days=1)) == 0
    assert services.lapse_unused(now=NOW.replace(year=2029)) == 1
    mandate.refresh_from_db()
    assert mandate.status == "LAPSED"
