"""What is owed back: never twice, never without an account, the IBAN read by few."""

import uuid

import pytest
from django.db import connection

from preau.audit.models import Entry
from preau.billing import ledger
from preau.cashdesk import services
from preau.cashdesk.models import Refund
from preau.kernel.errors import Refusal
from tests.cashdesk.world import LATER, collect, open_office, part
from tests.harness.money import AGENT, balance, make_family

pytestmark = pytest.mark.django_db
IBAN = "FR1420041010050500013M02606"
WHO = {"actor": AGENT, "now": LATER}


@pytest.fixture
def office():
    return open_office()


@pytest.fixture
def family(office):
    found = make_family()
    collect(found, office, part("CASH", 3_000))
    return found


def ask(family, office, cents=3_000, **values):
    given = {
        "family_id": family.pk,
        "cash_office_id": office.pk,
        "amount_cents": cents,
        "payee": "Camille Élan",
        "reason": "Départ de la commune",
        "iban": "FR14 2004 1010 0505 0001 3M02 606",
        "key": uuid.uuid4(),
        **WHO,
    }
    return services.ask_refund(**given | values)


def test_a_line_of_the_refund_file(office, family):
    key = uuid.uuid4()
    refund = ask(family, office, key=key)
    assert ask(family, office, key=key) == refund and Refund.objects.count() == 1
    assert refund.iban_end == "2606" and balance(family, office) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT iban_sealed FROM cashdesk_refund")
        assert IBAN not in cursor.fetchone()[0]
    file = services.send_refunds(cash_office_id=office.pk, **WHO)
    assert (file.number, file.count, file.total_cents) == ("ENFANCE-RB-2026-00001", 1, 3_000)
    [line] = services.read_lines(file, **WHO)
    assert (line.iban, line.amount_cents, line.payee) == (IBAN, 3_000, "Camille Élan")
    assert Entry.objects.filter(action="cashdesk.read_refund_file").count() == 1
    assert not any(IBAN in str(entry.data) + entry.summary for entry in Entry.objects.all())
    with pytest.raises(Refusal):
        services.cancel_refund(refund_id=refund.pk, reason="trop tard", **WHO)
    with pytest.raises(Refusal):
        services.send_refunds(cash_office_id=office.pk, **WHO)
    assert ledger.verify() == []


def test_a_line_cancelled_gives_the_credit_back(office, family):
    refund = ask(family, office)
    with pytest.raises(Refusal):
        services.cancel_refund(refund_id=refund.pk, reason="", **WHO)
    for _ in range(2):
        services.cancel_refund(refund_id=refund.pk, reason="La famille reste", **WHO)
    assert balance(family, office) == -3_000
    assert ask(family, office).status == "WAITING"  # the credit may be given back again
    assert ledger.verify() == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"iban": "FR14 2004 1010 0505 0001 3M02 607"}, "iban"),
        ({"iban": ""}, "iban"),
        ({"payee": " "}, "payee"),
        ({"reason": ""}, "reason"),
        ({"amount_cents": 3_001}, None),
        ({"amount_cents": 0}, None),
        ({"amount_cents": -5}, None),
        ({"by_cash": True}, None),  # this act does not allow it
    ],
)
def test_bad_refunds_are_refused(office, family, values, field):
    with pytest.raises(Refusal) as caught:
        ask(family, office, **values)
    if field:
        assert set(caught.value.fields) == {field}
    assert not Refund.objects.exists() and balance(family, office) == -3_000
    entry = Entry.objects.get(action="cashdesk.refused_refund")
    assert entry.family_id == family.pk and "FR14" not in str(entry.data)
