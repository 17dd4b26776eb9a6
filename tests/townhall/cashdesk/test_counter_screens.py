"""The counter and the till on screen: who may, from the form to the receipt, bad input."""

import datetime as dt
import re
import uuid

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.audit.models import Entry
from preau.billing.models import CashOfficeAct, CashOfficePerson, CounterPayment
from preau.cashdesk.models import Deposit, Handover, Refund, RefundFile, TillDay
from preau.kernel.clock import paris_day, utc_now
from tests.bookings.world import make_offering
from tests.harness.money import (
    balance,
    left_on,
    make_invoice,
    make_office,
    name_cashier,
)
from tests.harness.people import make_account, make_agent, make_family

pytestmark = pytest.mark.django_db
BACKEND = "preau.accounts.auth.AgentBackend"
ALL = ["CASH", "CHEQUE", "CARD", "CESU", "ANCV", "TRANSFER"]
IBAN = "FR1420041010050500013M02606"


def url(name, *args):
    return reverse(f"townhall:{name}", args=args)


def text(response):
    return re.sub(r"[\u202f\u00a0]", " ", response.content.decode())


def signed_in(*roles):
    user = make_agent(*roles, email=f"{uuid.uuid4()}@mairie.example")
    client = Client()
    client.force_login(user, BACKEND)
    client.user = user
    return client


@pytest.fixture
def cashier(office):
    client = signed_in(Role.CASHIER)
    name_cashier(office, client.user.pk, name="Sonia Lopes")
    client.post(url("till-open", "enfance"), {"float": "50"})
    return client


@pytest.fixture
def office():
    return make_office(means=ALL, act={"float_cents": 5_000, "cash_ceiling_cents": 100_000})


@pytest.fixture
def family():
    return make_family(email="amina@example.org")


def pay(client, family, *, code="enfance", **values):
    sent = {"key": str(uuid.uuid4()), "means_1": "CASH", "amount_1": "10", "surplus": "on"}
    return client.post(url("counter-take", family.code, code), sent | values)


def ticked(invoice, amount="", *, on=True):
    box = {f"pay_{invoice.pk}": "on"} if on else {}
    return box | {f"cents_{invoice.pk}": amount}


def test_every_screen_stands_empty_and_full(cashier, family, office, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    names = [
        ("counter",), ("counter-family", family.code), ("counter-payments",), ("tills",),
        ("till", "enfance"), ("till-close", "enfance"), ("till-days", "enfance"),
        ("till-deposits", "enfance"), ("till-deposit", "enfance"), ("till-handover", "enfance"),
        ("till-statement", "enfance"), ("refunds",), ("refund-ask", family.code, "enfance"),
        ("cash-office-act", "enfance"), ("family-account", family.code),
    ]  # fmt: skip
    for name in names:
        assert cashier.get(url(*name)).status_code == 200, name
    invoice = make_invoice(family, office, 3_000, 2_000)
    assert pay(cashier, family, **ticked(invoice, "20")).status_code == 302
    receipt = CounterPayment.objects.get().receipt_number
    names += [
        ("counter-done", receipt), ("counter-void", receipt), ("counter-correct", receipt),
        ("till-day", TillDay.objects.get().pk),
    ]  # fmt: skip
    for name in names:
        assert cashier.get(url(*name)).status_code == 200, name
    assert cashier.get(url("counter-done", "NOPE")).status_code == 404
    assert cashier.get(url("till", "nope")).status_code == 404


def test_who_may_not(family, office):
    for role in (Role.COUNTER, Role.ADMINISTRATOR, Role.SITE_MANAGER):
        client = signed_in(role)
        assert client.get(url("counter")).status_code == 403
        assert pay(client, family).status_code == 403
        assert client.get(url("refund-ask", family.code, "enfance")).status_code == 403
    assert signed_in(Role.ADMINISTRATOR).get(url("tills")).status_code == 200
    assert signed_in(Role.SITE_MANAGER).get(url("tills")).status_code == 403
    parent = Client()
    parent.force_login(make_account(family), "preau.families.auth.FamilyBackend")
    assert parent.get(url("counter")).status_code == 404
    unnamed = signed_in(Role.CASHIER)  # the role, and no order
    page = text(unnamed.get(url("counter-family", family.code)))
    assert "Encaisser et donner un reçu" not in page
    assert "ne vous nomme" in text(unnamed.get(url("counter")))
    pay(unnamed, family)
    unnamed.post(url("till-open", "enfance"), {"float": "50"})
    assert not TillDay.objects.exists() and not CounterPayment.objects.exists()
    assert Entry.objects.filter(action="cashdesk.refused_opening").exists()


def test_the_search_goes_straight_to_the_family(cashier, family, office):
    for asked in (family.code, make_invoice(family, office, 1_000).number):
        found = cashier.get(url("counter"), {"q": asked})
        assert found.status_code == 302 and found["Location"] == url("counter-family", family.code)
    make_family(last_name="Belkacem")
    assert "Belkacem" in text(cashier.get(url("counter"), {"q": "belkacem"}))
    assert "Aucun dossier" in text(cashier.get(url("counter"), {"q": "zzzz"}))


def test_several_invoices_several_means_one_receipt(cashier, family, office, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    first, second = make_invoice(family, office, 3_000), make_invoice(family, office, 2_000)
    third = make_invoice(family, office, 700)
    key = str(uuid.uuid4())
    sent = {
        "key": key, "surplus": "", **ticked(first), **ticked(second, "15"),
        **ticked(third, on=False), "means_1": "CHEQUE", "amount_1": "40", "reference_1": "77",
        "bank_1": "BNP", "drawer_1": "Mamie", "means_2": "CASH", "amount_2": "5",
    }  # fmt: skip
    for _ in range(2):
        answer = pay(cashier, family, **sent)
        assert answer.status_code == 302
    assert (left_on(first), left_on(second), left_on(third)) == (0, 500, 700)
    payment = CounterPayment.objects.get()
    assert answer["Location"] == url("counter-done", payment.receipt_number)
    assert payment.means == "MIXED" and payment.parts.count() == 2
    page = text(cashier.get(answer["Location"]))
    assert "45,00 € encaissés" in page and "BNP" in page and "Imprimer le reçu" in page
    pdf = cashier.get(url("counter-receipt", payment.receipt_number))
    assert pdf.content.startswith(b"%PDF") and "duplicata" not in pdf["Content-Disposition"]
    copy = cashier.get(url("counter-receipt", payment.receipt_number))
    assert copy.content.startswith(b"%PDF") and "duplicata" in copy["Content-Disposition"]
    assert Entry.objects.filter(action="billing.print_duplicate").count() == 1
    mail = apps.get_model("messaging", "Message").objects.get(family_id=family.pk)
    assert payment.receipt_number in mail.body


def test_one_means_without_amount_pays_what_is_ticked(cashier, family, office):
    invoice = make_invoice(family, office, 4_200)
    assert pay(cashier, family, **ticked(invoice), amount_1="").status_code == 302
    assert left_on(invoice) == 0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"amount_1": "300,01"}, "300,00 €"),
        ({"amount_1": "0"}, "au moins"),
        ({"amount_1": "-5"}, "au moins"),
        ({"amount_1": "zut"}, "montant en euros"),
        ({"amount_1": "9" * 9}, "au plus"),
        ({"amount_1": "9" * 400}, "montant en euros"),
        ({"amount_1": ""}, "Écrivez le montant"),
        ({"means_1": "GOLD"}, "Sélectionnez"),
        ({"means_1": "", "amount_1": "5"}, "Choisissez le moyen"),
        ({"means_1": "CHEQUE"}, "numéro du chèque"),
        ({"means_1": "CARD"}, "ticket"),
        ({"means_1": "CESU"}, "jamais les"),
        ({"surplus": ""}, "avance"),
        ({"key": "x"}, ""),
    ],
)
def test_bad_takings_are_refused_with_a_sentence(cashier, family, values, sentence):
    answer = pay(cashier, family, **values)
    assert answer.status_code == 422 and sentence in text(answer)
    assert not CounterPayment.objects.exists()


def test_two_offices_are_two_payments(cashier, family, office):
    sports = make_office("sports", means=ALL)
    name_cashier(sports, cashier.user.pk)
    cashier.post(url("till-open", "sports"), {"float": "0"})
    ours, theirs = make_invoice(family, office, 1_000), make_invoice(family, sports, 2_000)
    page = cashier.get(url("counter-family", family.code)).content.decode()
    assert page.count("data-counter") == 2
    # An invoice of the other office cannot be ticked in this one's form.
    pay(cashier, family, amount_1="30", **ticked(ours), **ticked(theirs))
    assert (left_on(ours), left_on(theirs)) == (0, 2_000)
    assert (balance(family, office), balance(family, sports)) == (-2_000, 2_000)
    pay(cashier, family, code="sports", amount_1="20", **ticked(theirs))
    numbers = set(CounterPayment.objects.values_list("receipt_number", flat=True))
    assert {number.split("-")[0] for number in numbers} == {"ENFANCE", "SPORTS"}
    assert left_on(theirs) == 0 and len(numbers) == 2


def test_a_void_then_a_deposit_then_a_correction(cashier, family, office, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    invoice = make_invoice(family, office, 5_000)
    pay(cashier, family, **ticked(invoice), amount_1="50")
    receipt = CounterPayment.objects.get().receipt_number
    assert cashier.post(url("counter-void", receipt), {"key": str(uuid.uuid4())}).status_code == 422
    sent = {"key": str(uuid.uuid4()), "reason": "Erreur de famille"}
    for _ in range(2):
        assert cashier.post(url("counter-void", receipt), sent).status_code == 302
    assert left_on(invoice) == 5_000 and CounterPayment.objects.count() == 2
    void = CounterPayment.objects.get(voids__isnull=False)
    assert cashier.get(url("counter-receipt", void.receipt_number)).content.startswith(b"%PDF")
    assert "Erreur de famille" in text(cashier.get(url("counter-done", receipt)))

    pay(cashier, family, **ticked(invoice), amount_1="50")
    last = CounterPayment.objects.latest("pk")
    slip = cashier.post(url("till-deposit", "enfance"), {"key": str(uuid.uuid4()), "cash": "50"})
    assert slip.status_code == 302
    number = Deposit.objects.get().number
    assert cashier.get(url("deposit-pdf", number)).content.startswith(b"%PDF")
    assert "50,00 €" in text(cashier.get(url("deposit", number)))
    undo = url("deposit-void", number)
    assert cashier.get(undo).status_code == 200
    assert cashier.post(undo, {"key": str(uuid.uuid4())}).status_code == 422
    told = {"key": str(uuid.uuid4()), "reason": "Mauvais sac", "again": "1"}
    again = cashier.post(undo, told)
    assert again["Location"] == url("till-deposit", "enfance")
    assert cashier.post(undo, told | {"key": str(uuid.uuid4())}).status_code == 422
    undoing = Deposit.objects.get(voids__isnull=False).number
    assert cashier.get(url("deposit-pdf", undoing)).content.startswith(b"%PDF")
    for page in (url("deposit", number), url("deposit", undoing), url("till-statement", "enfance")):
        assert "Mauvais sac" in text(cashier.get(page))
    listed = text(cashier.get(url("till-deposits", "enfance")))
    assert "−50,00 €" in listed and f"annule {number}" in listed
    for list_page in ("till-deposits", "till-days"):
        table = cashier.get(url(list_page, "enfance"), {"export": "csv"})
        assert table.status_code == 200
    assert signed_in(Role.ADMINISTRATOR).get(undo).status_code == 403
    cashier.post(again["Location"], {"key": str(uuid.uuid4()), "cash": "50"})
    sent["key"] = str(uuid.uuid4())
    refused = cashier.post(url("counter-void", last.receipt_number), sent)
    assert refused.status_code == 422 and "versé" in text(refused)
    assert "Corriger l’imputation" in text(cashier.get(url("counter-done", last.receipt_number)))
    other = make_family(last_name="Autre")
    fix = url("counter-correct", last.receipt_number)
    values = {"key": str(uuid.uuid4()), "reason": "Mauvais dossier"}
    assert cashier.post(fix, values | {"code": "nulle part"}).status_code == 422
    assert cashier.post(fix, values | {"code": other.printed_code}).status_code == 302
    assert (balance(family, office), balance(other, office)) == (5_000, -5_000)


def test_the_day_on_screen(cashier, family, office, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    pay(cashier, family, amount_1="30")
    again = cashier.post(url("till-open", "enfance"), {"float": "50"}, follow=True)
    assert "déjà ouverte" in text(again)
    close = url("till-close", "enfance")
    assert "80,00 €" in text(cashier.get(close))
    assert cashier.post(close, {"n_2000": "3"}).status_code == 422  # 60 €, and no reason
    assert cashier.post(close, {"n_2000": "-1"}).status_code == 422
    answer = cashier.post(close, {"n_2000": "3", "reason": "Un billet mal rendu"}, follow=True)
    assert "−20,00 €" in text(answer) and "Un billet mal rendu" in text(answer)
    day = TillDay.objects.get()
    assert cashier.get(url("till-day-pdf", day.pk)).content.startswith(b"%PDF")
    pay(cashier, family)
    assert CounterPayment.objects.count() == 1  # closed is closed
    statement = url("till-statement", "enfance")
    assert "60,00 €" in text(cashier.get(statement))
    yesterday = (paris_day(utc_now()) - dt.timedelta(days=1)).isoformat()
    assert "50,00 €" in text(cashier.get(statement, {"on": yesterday, "at": "12:00"}))
    assert cashier.get(statement, {"pdf": "1"}).content.startswith(b"%PDF")
    assert cashier.get(statement, {"on": "hier"}).status_code == 200


def test_a_handover_on_screen(cashier, office, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    coming = name_cashier(office, 77, name="Karim Haddad")
    leaving = CashOfficePerson.objects.get(user_id=cashier.user.pk)
    page = url("till-handover", "enfance")
    sent = {"leaving": leaving.pk, "coming": coming.pk, "n_5000": "1"}
    assert cashier.post(page, sent | {"coming": leaving.pk}).status_code == 422
    assert cashier.post(page, sent).status_code == 302
    number = Handover.objects.get().number
    assert cashier.get(url("handover-pdf", number)).content.startswith(b"%PDF")


def test_the_act_on_screen(office):
    keeper = signed_in(Role.ACCOUNTANT)
    judo = make_offering("judo", name="Judo").activity
    page = url("cash-office-act-new", "enfance")
    values = {
        "reference": "Arrêté 2026-112", "signed_on": "2026-06-03", "in_force_on": "2026-07-01",
        "decision": "Délibération 2026-41", "activities": [judo.pk], "means": ["CASH", "CESU"],
        "cash_ceiling_cents": "1000", "till_ceiling_cents": "5000", "deposit_days": "15",
        "float_cents": "80", "payment_days": "30",
    }  # fmt: skip
    assert keeper.get(page).status_code == 200
    assert keeper.post(page, values | {"cash_ceiling_cents": ""}).status_code == 422
    assert keeper.post(page, values | {"deposit_days": "60"}).status_code == 422
    assert keeper.post(page, values).status_code == 302
    act = CashOfficeAct.objects.latest("pk")
    assert (act.activity_ids, act.means) == ([judo.pk], ["CASH", "CESU"])
    html = text(keeper.get(url("cash-office-act", "enfance")))
    assert "Délibération 2026-41" in html and "Judo" in html and "Ancienne version" in html
    person = signed_in(Role.CASHIER).user
    name = url("cash-office-person-new", "enfance")
    sent = {"user": person.pk, "role": "SUBSTITUTE", "starts_on": "2026-09-01"}
    assert keeper.post(name, sent).status_code == 302
    assert keeper.post(name, sent).status_code == 422  # named already
    named = CashOfficePerson.objects.get(user_id=person.pk)
    end = url("cash-office-person-end", "enfance", named.pk)
    assert keeper.post(end, {"ends_on": "2026-08-01"}).status_code == 422
    assert keeper.post(end, {"ends_on": "2026-10-01"}).status_code == 302
    assert signed_in(Role.CASHIER).get(page).status_code == 403


def test_refunds_on_screen(cashier, family, office, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    pay(cashier, family, amount_1="30")
    ask = url("refund-ask", family.code, "enfance")
    assert "30,00" in text(cashier.get(ask))
    sent = {
        "key": str(uuid.uuid4()), "amount": "30", "reason": "Départ", "payee": "Amina",
        "way": "FILE", "iban": IBAN,
    }  # fmt: skip
    for wrong in ({"iban": "FR00"}, {"amount": "31"}, {"way": "CASH"}, {"amount": "0"}):
        answer = cashier.post(ask, sent | wrong)
        assert answer.status_code == 422 and IBAN[:6] not in str(Entry.objects.values_list("data"))
    assert cashier.post(ask, sent).status_code == 302 and balance(family, office) == 0
    page = text(cashier.get(url("refunds")))
    assert "…2606" in page and IBAN not in page
    assert cashier.get(url("refunds"), {"export": "csv"}).status_code == 200
    assert "Amina" in text(cashier.get(url("refunds"), {"q": "amina", "status": "WAITING"}))
    assert cashier.post(url("refunds-send", "enfance")).status_code == 302
    file = RefundFile.objects.get()
    assert IBAN not in text(cashier.get(url("refund-file", file.number)))
    content = b"".join(cashier.get(url("refund-file", file.number), {"export": "csv"}))
    assert IBAN.encode() in content
    for kind in ("xlsx", "pdf"):
        answer = cashier.get(url("refund-file", file.number), {"export": kind})
        assert answer.status_code == 200
    assert cashier.get(url("refund-file", file.number), {"export": "exe"}).status_code == 404
    assert Entry.objects.filter(action="cashdesk.read_refund_file").count() == 3
    refund = Refund.objects.get()
    late = cashier.post(url("refund-cancel", refund.pk), {"reason": "x"})
    assert late.status_code == 422 and "parti" in text(late)


def test_the_list_of_receipts_counts_by_means(cashier, family):
    pay(cashier, family, amount_1="10", means_2="CHEQUE", amount_2="7,50", reference_2="5019")
    pay(cashier, family, amount_1="2")
    page = text(cashier.get(url("counter-payments")))
    assert "12,00 €" in page and "7,50 €" in page
    cheques = cashier.get(url("counter-payments"), {"means": "CHEQUE"})
    assert len(cheques.context["page"].object_list) == 1
    found = cashier.get(url("counter-payments"), {"q": "5019", "office": "enfance"})
    assert len(found.context["page"].object_list) == 1
    assert "Aucun encaissement ainsi" in text(
        cashier.get(url("counter-payments"), {"until": "2001-01-01"})
    )
    assert cashier.get(url("counter-payments"), {"since": "hier"}).status_code == 200
    rows = cashier.get(url("counter-payments"), {"means": "CHEQUE", "export": "csv"})
    assert "5019" in b"".join(rows).decode()


@pytest.mark.parametrize("many", [1, 3])
def test_few_queries(cashier, family, office, many, django_assert_max_num_queries):
    for _ in range(many):
        invoice = make_invoice(family, office, *[1_000] * many)
        pay(cashier, family, **ticked(invoice, "5"), amount_1="5")
    for name, most in [
        (("counter",), 16),
        (("counter-family", family.code), 18),
        (("counter-payments",), 18),
        (("till", "enfance"), 32),
        (("refunds",), 14),
    ]:
        with django_assert_max_num_queries(most):
            assert cashier.get(url(*name)).status_code == 200
