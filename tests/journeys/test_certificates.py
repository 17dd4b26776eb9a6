"""Certificates: what is certified, to the cent and to the day, and the paper's own code."""

import io
import uuid
from datetime import UTC, date, datetime

import pypdf
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from preau.attendance.models import Attendance
from preau.billing.drafts import Draft, DraftLine, DraftShare
from preau.billing.invoicing import issue_invoices
from preau.billing.models import ActivityAccounting
from preau.certificates.models import Certificate
from preau.families.models import Child
from preau.journeys.certificates import NothingToCertify, is_under_six, issue, tax_facts
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from tests.bookings.world import make_offering, make_slot
from tests.harness.money import AGENT, make_invoice, make_office
from tests.harness.people import child_of, make_account, make_agent, make_family

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
ACTOR = Actor(user_id=None, label="Amina", channel=Channel.PORTAL)


@pytest.mark.parametrize(
    ("birth", "year", "expected"),
    [
        ("2020-01-01", 2026, False),  # six years old that very day
        ("2020-01-02", 2026, True),
        ("2019-12-31", 2026, False),
        ("2026-06-01", 2026, True),
    ],
)
def test_under_six_on_the_first_of_january(birth: str, year: int, expected: bool) -> None:
    assert is_under_six(date.fromisoformat(birth), year) is expected


@pytest.fixture
def paid_family():
    """One child under six and one over; 12 € of evening care invoiced for each."""
    from preau.billing.counter import take_payment

    family = make_family(children=2)
    small, big = child_of(family, 1), child_of(family, 0)
    Child.objects.filter(pk=small.pk).update(birth_on=date(2021, 3, 21))
    office = make_office()
    evening = make_offering("soir", name="Accueil du soir", kind="EVENING_CARE").activity
    canteen = make_offering().activity
    ActivityAccounting.objects.create(
        activity=evening, cash_office=office, accounting_code="7066", counts_for_tax=True
    )
    ActivityAccounting.objects.create(
        activity=canteen, cash_office=office, accounting_code="7067", is_meal=True
    )
    for child in (small, big):
        make_invoice(
            family,
            office,
            1200,
            activity_id=evening.pk,
            child_id=child.pk,
            month=date(2026, 9 if child is small else 10, 1),
        )
    return family, small, office, take_payment


def test_tax_certificate_counts_what_was_paid_for_the_youngest(paid_family) -> None:
    family, small, office, take = paid_family
    with pytest.raises(NothingToCertify):
        tax_facts(family=family, year=2026, today=TODAY)
    take(
        family_id=family.pk,
        cash_office_id=office.pk,
        means="CASH",
        amount_cents=1800,
        key=uuid.uuid4(),
        now=NOW,
        actor=AGENT,
    )
    facts = tax_facts(family=family, year=2026, today=TODAY)
    assert facts.public_facts["Total"] == "12,00\u202f€"
    assert [row[0] for row in facts.data["rows"]] == [str(small)]
    with pytest.raises(NothingToCertify):
        tax_facts(family=family, year=2025, today=TODAY)


def test_attendance_certificate_counts_days_present() -> None:
    family = make_family(children=1)
    child = child_of(family)
    for day, presence in (
        ("2026-10-05", "PRESENT"),
        ("2026-10-06", "ABSENT"),
        ("2026-10-08", "PRESENT"),
    ):
        Attendance.objects.create(
            slot=make_slot(day), child=child, family=family, presence=presence, recorded_at=NOW
        )
    certificate = issue(
        kind="ATTENDANCE",
        family=family,
        child=child,
        first=date(2026, 10, 1),
        last=date(2026, 10, 31),
        year=None,
        now=NOW,
        actor=ACTOR,
    )
    assert certificate.document.public_facts["Jours"] == "Cantine : 2\u00a0jours"
    with certificate.document.file.file.open("rb") as file:
        reader = pypdf.PdfReader(io.BytesIO(file.read()))
    text = reader.pages[0].extract_text()
    assert "Lina Rousseau" in text
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    again = issue(
        kind="ATTENDANCE",
        family=family,
        child=child,
        first=date(2026, 10, 1),
        last=date(2026, 10, 31),
        year=None,
        now=NOW,
        actor=ACTOR,
    )
    assert again.pk == certificate.pk


@pytest.fixture
def issued(client: Client):
    family = make_family(children=1)
    user = make_account(family)
    child = child_of(family)
    Attendance.objects.create(
        slot=make_slot("2026-10-05"),
        child=child,
        family=family,
        presence="PRESENT",
        recorded_at=NOW,
    )
    client.force_login(user, backend="preau.families.auth.FamilyBackend")
    response = client.post(
        reverse("portal:certificates"),
        {
            "kind": "ATTENDANCE",
            "child": child.pk,
            "first": "2026-10-01",
            "last": "2026-10-31",
        },
    )
    assert response.status_code == 302, response.content.decode()[:3000]
    return Certificate.objects.get()


def test_portal_issues_serves_and_verifies(client: Client, issued: Certificate) -> None:
    number, code = issued.document.number, issued.document.code
    assert number in client.get(reverse("portal:certificates")).content.decode()
    pdf = client.get(reverse("portal:issued", args=[number]))
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    spaced = f"{code[:4].lower()} {code[4:8]}-{code[8:]}"
    page = Client().get(reverse("public:verify"), {"code": spaced})
    assert number in page.content.decode()
    wrong = Client().get(reverse("public:verify"), {"code": "AAAABBBBCCCC"})
    assert wrong.status_code == 404
    assert "Aucun document" in wrong.content.decode()


def test_another_family_never_reaches_the_document(client: Client, issued: Certificate) -> None:
    other = make_account(make_family(last_name="Petit"))
    client.force_login(other, backend="preau.families.auth.FamilyBackend")
    assert client.get(reverse("portal:issued", args=[issued.document.number])).status_code == 404


def test_the_counter_issues_too(client: Client, issued: Certificate) -> None:
    client.force_login(make_agent(), backend="preau.accounts.auth.AgentBackend")
    code = issued.family.code
    page = client.get(reverse("townhall:family-certificates", args=[code]))
    assert issued.document.number in page.content.decode()
    refused = client.post(
        reverse("townhall:family-certificates", args=[code]), {"kind": "TAX", "year": 2026}
    )
    assert refused.status_code == 422
    assert "Aucune somme payée en 2026" in refused.content.decode()


def test_bad_input_is_a_sentence(client: Client, issued: Certificate) -> None:
    for data in (
        {"kind": "ATTENDANCE", "child": "x", "first": "2026-02-31", "last": ""},
        {"kind": "SCHOOL", "child": "999999"},
        {"kind": "TAX", "year": "1900"},
        {"kind": "NOPE"},
    ):
        assert client.post(reverse("portal:certificates"), data).status_code in (200, 422)
    assert Certificate.objects.count() == 1


def bill(family, office, *lines: DraftLine, month: date) -> None:
    draft = Draft(family_id=family.pk, debtor={"name": "Claire"}, lines=list(lines))
    with transaction.atomic():
        issue_invoices(
            office=office, month=month, drafts=[draft], run_id=None, actor_label="essai", now=NOW
        )


def line(child, activity_id, cents: int, **values) -> DraftLine:
    return DraftLine(
        child_id=child.pk,
        activity_id=activity_id,
        label="Accueil",
        unit_name="",
        unit_cents=cents,
        fixed_quantity=1,
        **values,
    )


def pay(take, family, office, cents: int, now: datetime = NOW) -> None:
    take(
        family_id=family.pk,
        cash_office_id=office.pk,
        means="CHEQUE",
        cheque_number="1",
        amount_cents=cents,
        key=uuid.uuid4(),
        now=now,
        actor=AGENT,
    )


def total(family, year: int = 2026) -> str:
    return tax_facts(family=family, year=year, today=TODAY).public_facts["Total"]


def test_by_hand_a_surcharge_never_counts(paid_family) -> None:
    """12.00 € of September, then November: 10.00 € of which 2.50 € of surcharge, half paid.

    12.00 + 5.00 paid for the child; of the 5.00, 1.25 paid the surcharge: 15.75 €.
    """
    family, small, office, take = paid_family
    evening = ActivityAccounting.objects.get(counts_for_tax=True).activity_id
    bill(
        family,
        office,
        line(small, evening, 1000, penalty_unit_cents=250),
        month=date(2026, 11, 1),
    )
    pay(take, family, office, 1200 + 1200 + 500)
    assert total(family) == "15,75\u202f€"


def test_by_hand_what_a_third_party_paid_is_not_the_familys(paid_family) -> None:
    """20.00 €, of which the CCAS pays 8.00: the family pays 12.00, and those alone count."""
    family, small, office, take = paid_family
    evening = ActivityAccounting.objects.get(counts_for_tax=True).activity_id
    share = DraftShare(1, 1, 800, "Le CCAS prend en charge 40 %.")
    bill(family, office, line(small, evening, 2000, shares=[share]), month=date(2026, 11, 1))
    pay(take, family, office, 1200 + 1200 + 1200)
    assert total(family) == "24,00\u202f€"


def test_by_hand_sums_paid_in_the_year_not_invoiced_in_it(paid_family) -> None:
    """An invoice of 2026 paid in January 2027 counts in 2027; of a meal, nothing ever does."""
    family, small, office, take = paid_family
    meal = ActivityAccounting.objects.get(is_meal=True).activity_id
    bill(family, office, line(small, meal, 900), month=date(2026, 11, 1))
    pay(take, family, office, 1200, now=datetime(2026, 12, 31, 22, 30, tzinfo=UTC))
    pay(take, family, office, 2100, now=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    new_year = date(2027, 12, 31)
    # 23:30 UTC on 31 December is 1 January in Paris.
    assert (
        tax_facts(family=family, year=2026, today=new_year).public_facts["Total"] == "12,00\u202f€"
    )
    with pytest.raises(NothingToCertify):
        tax_facts(family=family, year=2027, today=new_year)


def test_a_child_who_left_the_household_still_counts(paid_family) -> None:
    from preau.families.models import Custody

    family, small, office, take = paid_family
    pay(take, family, office, 1200)
    Custody.objects.filter(child=small).update(ends_on=date(2026, 10, 31))
    assert total(family) == "12,00\u202f€"
