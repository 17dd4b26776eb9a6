"""The agents' screens of debits, reminders, titres, plans and payments on line."""

import datetime as dt
import io
import re
import uuid

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.directdebit import services as directdebit
from preau.directdebit.models import BankEntry, Batch, Mandate
from preau.kernel.clock import paris_day, utc_now
from preau.payments.models import Attempt, ProviderEvent
from preau.recovery import reminders, services
from preau.recovery.models import CollectionList, Plan, ReminderRun, Titre
from tests.bookings.world import make_family
from tests.directdebit.world import IBAN, ICS, OFFICE_IBAN, camt, make_creditor, transfer
from tests.harness.money import AGENT, balance, left_on, make_invoice, make_office
from tests.harness.people import make_agent, make_town
from tests.payments.world import message, notify, open_office, send, start
from tests.recovery.world import set_levels

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


def url(name, *args):
    return reverse(f"townhall:{name}", args=args)


def signed_in(*roles):
    client = Client()
    client.force_login(
        make_agent(*roles, email=f"{uuid.uuid4()}@mairie.example"),
        "preau.accounts.auth.AgentBackend",
    )
    return client


def text(response, status=200):
    assert response.status_code == status, (response.status_code, response.content[:500])
    return re.sub(r"[\u202f\u00a0]", " ", response.content.decode())


@pytest.fixture
def agent(db):
    make_town()
    return signed_in(Role.CASHIER, Role.ACCOUNTANT)


@pytest.fixture
def family(agent):
    return make_family(1)


@pytest.fixture
def office(agent):
    return make_office("enfance")


LISTS = (
    "billing-payments", "online-events", "debits", "debit-rejects", "mandates", "bank-files",
    "bank-entries", "creditors", "recovery", "reminder-history", "collection-lists", "titres",
    "reductions", "plans", "recovery-settings",
)  # fmt: skip


def test_every_list_stands_empty_and_says_so(agent, office):
    for name in LISTS:
        assert agent.get(url(name)).status_code == 200, name
    for name in ("debits", "titres", "plans", "mandates"):
        assert "Aucun" in text(agent.get(url(name)))


def test_settings_then_a_paper_mandate(agent, family, office):
    page = url("creditor", "enfance")
    wrong = {
        "name": "Ville", "ics": "FR00ZZZ123456", "iban": OFFICE_IBAN, "bic": "",
        "schema": "pain.008.001.08", "notice_days": "14", "max_rejects": "2", "is_active": "on",
    }  # fmt: skip
    assert "ICS" in text(agent.post(page, wrong), 422)
    assert agent.post(page, {**wrong, "ics": ICS}).status_code == 302
    assert OFFICE_IBAN[-4:] in text(agent.get(page))
    sign = url("mandate-sign", family.code, "enfance")
    sent = {
        "holder": "C Élan", "iban": IBAN[:-1] + "0", "bic": "", "signed_on": "2026-09-01",
    }  # fmt: skip
    paper = SimpleUploadedFile("mandat.pdf", PDF, "application/pdf")
    assert "clé de contrôle" in text(agent.post(sign, {**sent, "paper": paper}), 422)
    assert not Mandate.objects.exists()
    paper = SimpleUploadedFile("mandat.pdf", PDF, "application/pdf")
    assert agent.post(sign, {**sent, "iban": IBAN, "paper": paper}).status_code == 302
    mandate = Mandate.objects.get()
    html = text(agent.get(url("mandate", mandate.pk)))
    assert IBAN not in html and "•••• 0189" in html
    assert agent.get(url("mandate-paper", mandate.pk)).content == PDF
    blank = url("mandate-blank", family.code, "enfance")
    assert blank in text(agent.get(sign)) and agent.get(blank).content.startswith(b"%PDF")
    assert agent.get(url("mandate-copy", mandate.pk)).content.startswith(b"%PDF")
    assert "0189" in text(agent.get(url("mandates"), {"q": mandate.reference}))
    export = b"".join(agent.get(url("mandates"), {"export": "csv"}).streaming_content).decode()
    assert mandate.reference in export and IBAN not in export
    agent.post(url("mandate-revoke", mandate.pk), {"reason": "par lettre"})
    mandate.refresh_from_db()
    assert mandate.status == "REVOKED"


def test_a_collection_by_hand(agent, family, office):
    make_creditor(office)
    now = utc_now()
    directdebit.sign_mandate(
        family_id=family.pk, cash_office_id=office.pk, holder="C", iban=IBAN, actor=AGENT, now=now
    )
    invoice = make_invoice(family, office, 4200, now=now)
    first = paris_day(now) + 25 * DAY  # the day that the invoice announced
    assert "42,00" not in text(agent.get(url("debits")))
    soon = {"office": "enfance", "collection_on": now.date().isoformat()}
    assert "au plus tôt" in text(agent.post(url("debit-prepare"), soon), 422)
    early = soon | {"collection_on": (first - DAY).isoformat()}
    assert "annoncée pour ce jour-là" in text(agent.post(url("debit-prepare"), early), 422)
    form = text(agent.get(url("debit-prepare")))
    for part in ("day", "month", "year"):
        assert f'name="collection_on_{part}" value="{getattr(first, part)}"' in form
    agent.post(url("debit-prepare"), {"office": "enfance", "collection_on": first.isoformat()})
    batch = Batch.objects.get()
    page = url("debit-batch", batch.pk)
    assert "42,00 €" in text(agent.get(page))
    debit = batch.debits.get()
    agent.post(url("debit-set-aside", debit.pk), {"reason": "à voir"})
    assert "à voir" in text(agent.get(page))
    agent.post(url("debit-put-back", debit.pk))
    letters = url("debit-letters", batch.pk)
    assert agent.get(letters).status_code == 404
    agent.post(url("debit-approve", batch.pk))
    apps.get_model("families", "Guardian").objects.filter(family=family).update(email="")
    assert letters in text(agent.get(page))
    assert agent.get(letters).content.startswith(b"%PDF")
    taken = agent.post(url("debit-file", batch.pk))
    assert taken["Content-Type"].startswith("application/xml") and IBAN.encode() in taken.content
    agent.post(url("debit-reject", debit.pk), {"code": "AM04"})
    assert "provision" in text(agent.get(url("debit-rejects")))
    assert left_on(invoice) == 4200
    assert agent.get(page, {"export": "xlsx"}).status_code == 200
    counter = signed_in(Role.COUNTER)
    assert counter.get(page).status_code == 200
    assert counter.post(url("debit-file", batch.pk)).status_code == 403


def test_a_bank_file_and_what_waits(agent, family, office):
    make_creditor(office)
    invoice = make_invoice(family, office, 5000)

    def give(content):
        uploaded = SimpleUploadedFile("releve.xml", content, "text/xml")
        return agent.post(url("bank-files"), {"office": "enfance", "file": uploaded}, follow=True)

    whole = camt(transfer(5000, "merci"))
    assert "coupé" in text(give(whole[:300]), 422)
    assert balance(family, office) == 5000
    Entry = apps.get_model("audit", "Entry")
    assert Entry.objects.filter(action="directdebit.file_refused").count() == 1
    assert "merci" in text(give(whole))
    entry = BankEntry.objects.get()
    wrong = {"code": "nimporte", "reason": "x"}
    assert "code famille" in text(agent.post(url("bank-entry-give", entry.pk), wrong), 422)
    agent.post(url("bank-entry-give", entry.pk), {"code": family.code, "reason": "au téléphone"})
    assert left_on(invoice) == 0
    assert "déjà été lu" in text(give(whole), 422)


def test_reminders_from_the_preview_to_the_letters(agent, family, office):
    set_levels()
    invoice = make_invoice(family, office, 5000, now=utc_now() - 90 * DAY)
    assert "1 famille" in text(agent.get(url("recovery")))
    page = url("reminder-level", "enfance", 1)
    assert invoice.number in text(agent.get(page))
    agent.post(url("reminder-send", "enfance", 1))
    run = ReminderRun.objects.get()
    assert "familles sur" in text(agent.get(url("reminder-run", run.pk)))
    services.work(run_id=run.pk, spared={}, now=utc_now())
    assert invoice.number in text(agent.get(url("reminder-run", run.pk)))
    assert invoice.number in text(agent.get(url("reminder-history"), {"q": invoice.number}))
    run.refresh_from_db()
    if run.letters:
        assert agent.get(url("reminder-letters", run.pk)).content[:4] == b"%PDF"
    assert signed_in(Role.COUNTER).get(url("recovery")).status_code == 403


def test_from_the_list_to_the_titre(agent, family, office):
    set_levels()
    services.save_treasury(
        name="SGC", address="1 rue", phone="", days_after_last=0, actor=AGENT, now=utc_now()
    )
    invoice = make_invoice(family, office, 5000, now=utc_now() - 120 * DAY)
    now = utc_now() - 2 * DAY
    for rank in (1, 2):
        level = next(level for level in reminders.levels() if level.rank == rank)
        found = reminders.preview(
            cash_office_id=office.pk, level=level, spared={}, today=now.date()
        )
        run = services.send_reminders(cash_office_id=office.pk, found=found, actor=AGENT, now=now)
        services.work(run_id=run.pk, spared={}, now=now)
    assert "50,00 €" in text(agent.get(url("collection-lists")))
    agent.post(url("collection-prepare", "enfance"))
    drawn = CollectionList.objects.get()
    page = url("collection-list", drawn.pk)
    assert invoice.number in text(agent.get(page))
    assert agent.get(url("collection-pdf", drawn.pk)).content[:4] == b"%PDF"
    agent.post(url("collection-approve", drawn.pk))
    record = url("titre-record", drawn.pk, family.code)
    today = utc_now().date().isoformat()
    bad = {"number": "12", "issued_on": today, "amount": "49", "reference": ""}
    assert "vérifiez" in text(agent.post(record, bad), 422) or "voyez" in text(
        agent.post(record, bad), 422
    )
    table = io.BytesIO(
        f"code;numéro;date;montant;référence\n{family.code};12;{today};50,00;REF12\n".encode()
    )
    uploaded = SimpleUploadedFile("titres.csv", table.getvalue(), "text/csv")
    agent.post(url("titres-import", drawn.pk), {"file": uploaded})
    titre = Titre.objects.get()
    assert titre.reference == "REF12" and left_on(invoice) == 0
    assert "REF12" in text(agent.get(url("titre", titre.pk)))
    agent.post(url("titre-reduce", titre.pk), {"amount": "5", "reason": "jour d’absence"})
    assert "jour d’absence" in text(agent.get(url("reductions")))
    request = titre.reductions.get()
    agent.post(url("reduction-answer", request.pk), {"status": "GRANTED", "answer": ""})
    agent.post(url("titre-cancel", titre.pk), {"reason": "erreur"})
    assert left_on(invoice) == 5000
    for name in ("titres", "reductions"):
        assert agent.get(url(name), {"export": "csv"}).status_code == 200


def test_settings_of_recovery(agent, office):
    sent = {"name": "Rappel", "days": "8", "channel": "EMAIL", "text": "Bonjour", "is_active": "on"}
    agent.post(url("reminder-setting", 1), sent)
    agent.post(url("treasury"), {"name": "SGC", "address": "1 rue", "days_after_last": "15"})
    wrong = {"decision": "", "decided_on": "2026-06-25", "min_cents": "100", "max_count": "3"}
    assert agent.post(url("instalment-rule", "enfance"), wrong).status_code == 422
    agent.post(
        url("instalment-rule", "enfance"), {**wrong, "decision": "DEL-42", "is_active": "on"}
    )
    agent.post(
        url("titre-payfip", "enfance"), {"numcli": "090910", "saisie": "T", "is_active": "on"}
    )
    html = text(agent.get(url("recovery-settings")))
    assert "Rappel" in html and "SGC" in html and "DEL-42" in html and "090910" in html


def test_a_plan_at_the_counter(agent, family, office):
    services.save_instalment_rule(
        cash_office_id=office.pk, decision="DEL-42", decided_on=dt.date(2026, 1, 1),
        min_cents=1000, max_count=3, is_active=True, actor=AGENT, now=utc_now(),
    )  # fmt: skip
    invoice = make_invoice(family, office, 9000)
    agent.post(url("plan-open", family.code, invoice.number), {"count": "3"})
    plan = Plan.objects.get()
    assert "30,00 €" in text(agent.get(url("plans")))
    agent.post(url("plan-end", plan.pk), {"reason": "non suivi"})
    assert "non suivi" in text(agent.get(url("plans")))


def test_the_list_of_payments_on_line(agent, family):
    office = open_office("SPPLUS")
    invoice = make_invoice(family, office, 5000)
    attempt = start(family, office, {invoice: 2000})
    send(attempt)
    page = url("billing-payments")
    for asked in (
        {"q": attempt.reference}, {"state": "PENDING"}, {"gateway": "SPPLUS"},
        {"office": "enfance"}, {"q": family.code},
    ):  # fmt: skip
        assert f'nb" href="{page}{attempt.reference}/' in text(agent.get(page, asked)), asked
    assert "Aucun paiement ainsi" in text(agent.get(page, {"state": "SETTLED"}))
    export = b"".join(agent.get(page, {"export": "csv"}).streaming_content).decode()
    assert attempt.reference in export and "20,00" in export
    assert agent.get(page, {"export": "xlsx"}).status_code == 200
    forged = message(attempt).replace("hmac=", "hmac=0")
    notify(Client(), attempt, forged)
    notify(Client(), attempt, message(attempt))
    html = text(agent.get(url("online-payment", attempt.reference)))
    assert "refsfp=" in html and "Vérifié" in html
    assert Attempt.objects.get().status == "SETTLED"


def test_a_doubt_is_settled_by_a_person_with_a_reason(agent, family):
    office = open_office("SPPLUS")
    invoice = make_invoice(family, office, 5000)
    first, second = start(family, office, {invoice: 2000}), start(family, office, {invoice: 1000})
    send(first)
    send(second)
    confirm = url("online-confirm", first.reference)
    assert agent.post(confirm, {"bank_reference": "", "reason": "x"}).status_code == 422
    assert left_on(invoice) == 5000
    agent.post(confirm, {"bank_reference": "RLV-7", "reason": "sur le relevé du 12"})
    assert left_on(invoice) == 3000
    notify(Client(), first, message(first))  # the bank speaks at last: nothing twice
    assert left_on(invoice) == 3000
    agent.post(url("online-dismiss", second.reference), {"reason": "jamais débité"})
    second.refresh_from_db()
    assert second.status == "EXPIRED"
    assert ProviderEvent.objects.filter(source="AGENT").count() == 2
    counter = signed_in(Role.COUNTER)
    assert counter.post(confirm, {"bank_reference": "R", "reason": "x"}).status_code == 403


def test_a_refund_done_on_the_banks_screen(agent, family):
    office = open_office("SPPLUS")
    invoice = make_invoice(family, office, 5000)
    attempt = start(family, office, {invoice: 5000})
    send(attempt)
    notify(Client(), attempt, message(attempt))
    page = url("online-refund", attempt.reference)
    sent = {"amount": "60", "bank_reference": "RB1", "reason": "trop payé"}
    assert "plus que" in text(agent.post(page, sent), 422)
    agent.post(page, {**sent, "amount": "12"})
    assert left_on(invoice) == 1200 and balance(family, office) == 1200
    assert "12,00 €" in text(agent.get(url("online-payment", attempt.reference)))
