"""Reminders: whom a level reaches, whom it spares, once each, whatever dies."""

import re
import uuid

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction

from preau.journeys import debts
from preau.payments import services as payments
from preau.recovery import reminders, services
from preau.recovery.errors import NobodyToRemind, RecoveryRefusal, RunWorking
from preau.recovery.models import Reminder
from tests.directdebit.world import make_creditor, sign
from tests.harness.money import AGENT, NOW, make_invoice, make_office
from tests.payments.world import open_office
from tests.recovery.world import DAY, LATE, both_levels, household, remind, set_levels

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db):
    set_levels()
    office, family = make_office("enfance"), household()
    return office, family, make_invoice(family, office, 5000)


def preview(office, rank=1, now=LATE):
    level = next(level for level in reminders.levels() if level.rank == rank)
    return debts.reminder_preview(cash_office_id=office.pk, level=level, now=now)


def mails(family):
    Message = apps.get_model("messaging", "Message")
    return list(Message.objects.filter(family_id=family.pk, key__startswith="reminder:"))


def test_levels_in_their_order_once_each(town):
    office, family, invoice = town
    due = invoice.due_on - NOW.date()
    assert preview(office, now=NOW + due + 7 * DAY).concerned == ()
    found = preview(office, now=NOW + due + 8 * DAY)
    assert [row.left_cents for row in found.concerned] == [5000]
    assert preview(office, rank=2).concerned == ()  # the first one was never sent
    run = remind(office, 1, LATE)
    assert (run.status, run.emails, run.letters) == ("DONE", 1, 0)
    assert preview(office).concerned == ()
    [mail] = mails(family)
    assert "50,00" in mail.body and invoice.number in mail.body and "cantine" in mail.body
    second = remind(office, 2, LATE + 20 * DAY)
    assert (second.emails, second.letters) == (0, 1) and second.pdf is not None
    assert preview(office, rank=2, now=LATE + 60 * DAY).concerned == ()
    assert list(Reminder.objects.order_by("rank").values_list("rank", flat=True)) == [1, 2]
    with pytest.raises(DatabaseError), transaction.atomic():
        Reminder.objects.update(rank=3)


def test_one_pdf_of_all_letters_tagged(town):
    from io import BytesIO

    from pypdf import PdfReader

    from preau.documents.queries import find_by_code, read_bytes

    office, _family, _invoice = town
    for n in range(3):
        make_invoice(household(f"Famille{n}", email=""), office, 1000 + n)
    run = remind(office, 1, LATE)
    assert (run.emails, run.letters) == (1, 3)
    pdf = PdfReader(BytesIO(read_bytes(run.pdf)))
    assert len(pdf.pages) == 3
    text = pdf.pages[0].extract_text()
    assert "Code famille" in text and "10,0" in text and "Comment payer" in text
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    # Each letter is a document of its family, under the code that its page bears.
    letters = list(apps.get_model("documents", "IssuedDocument").objects.filter(kind="LETTER"))
    assert len({letter.family_id for letter in letters}) == 3
    assert any("-".join(re.findall("....", letter.code)) in text for letter in letters)
    assert find_by_code(letters[0].code).public_facts["Reste à payer"].startswith("10,0")


def test_never_while_a_payment_is_in_progress(town):
    _office, family, _invoice = town
    office = open_office("SYSTEMPAY")
    invoice = make_invoice(family, office, 3000)
    attempt = payments.start_payment(
        family_id=family.pk, cash_office_id=office.pk, invoices={invoice.pk: 1000},
        top_up_cents=0, payer=payments.Payer("A", "B", "a@example.org"), key=uuid.uuid4(),
        actor=AGENT, now=LATE,
    )  # fmt: skip
    assert len(preview(office).concerned) == 1
    payments.send_to_bank(
        family_id=family.pk, reference=attempt.reference,
        payer=payments.Payer("A", "B", "a@example.org"), return_url="http://x.example/r",
        notify_url="http://x.example/n", now=LATE,
    )  # fmt: skip
    found = preview(office)
    assert found.concerned == () and [row.why for row in found.spared] == [
        "paiement en ligne en cours"
    ]
    payments.give_up(family_id=family.pk, reference=attempt.reference, actor=AGENT, now=LATE)
    assert len(preview(office).concerned) == 1


def test_never_while_a_debit_is_announced_or_a_line_contested(town):
    office, family, invoice = town
    make_creditor(office)
    sign(family, office)
    batch = debts.prepare_debits(
        cash_office_id=office.pk, collection_on=(LATE + 15 * DAY).date(), actor=AGENT, now=LATE
    )
    assert "prélèvement prévu" in preview(office).spared[0].why
    from preau.directdebit import services as directdebit

    directdebit.cancel_batch(batch_id=batch.pk, reason="essai", actor=AGENT, now=LATE)
    assert len(preview(office).concerned) == 1
    request = apps.get_model("casework", "Request").objects.create(
        reference="D-1", kind="INVOICE_DISPUTE", family_id=family.pk, applicant_name="x",
        channel="PORTAL", payload={"invoice": invoice.number, "reason": "?"}, summary="x",
        submitted_at=LATE, due_on=LATE.date(),
    )  # fmt: skip
    assert preview(office).spared[0].why == "ligne contestée, réponse attendue"
    type(request).objects.update(status="WITHDRAWN")
    assert len(preview(office).concerned) == 1


def test_paid_between_the_preview_and_the_sending(town):
    office, family, _invoice = town
    other = make_invoice(household("Autre", email="b@example.org"), office, 700)
    run = services.send_reminders(
        cash_office_id=office.pk, found=preview(office), actor=AGENT, now=LATE
    )
    with pytest.raises(RunWorking):
        services.send_reminders(
            cash_office_id=office.pk, found=preview(office), actor=AGENT, now=LATE
        )
    run = services.work(run_id=run.pk, spared={other.pk: "paiement en cours"}, now=LATE)
    assert run.done == 1 and mails(family) and not Reminder.objects.filter(invoice=other).exists()
    with pytest.raises(NobodyToRemind):
        services.send_reminders(
            cash_office_id=office.pk,
            found=debts.reminders.preview(
                cash_office_id=office.pk, level=run.level, spared={other.pk: "x"}, today=LATE.date()
            ),
            actor=AGENT, now=LATE,
        )  # fmt: skip


def test_killed_in_the_middle_nobody_is_reminded_twice(town, monkeypatch):
    office, _family, _invoice = town
    for n in range(4):
        make_invoice(household(f"F{n}", email=f"f{n}@example.org"), office, 1000)
    monkeypatch.setattr(reminders, "CHUNK", 2)
    run = services.send_reminders(
        cash_office_id=office.pk, found=preview(office), actor=AGENT, now=LATE
    )
    real = reminders._chunk
    calls = []

    def dies(*args):
        if len(calls) == 1:
            raise SystemExit
        calls.append(1)
        return real(*args)

    monkeypatch.setattr(reminders, "_chunk", dies)
    with pytest.raises(SystemExit):
        services.work(run_id=run.pk, spared={}, now=LATE)
    assert Reminder.objects.count() == 2
    assert services.resume_runs(now=LATE + DAY) == [run.pk]
    monkeypatch.setattr(reminders, "_chunk", real)
    services.work(run_id=run.pk, spared={}, now=LATE + DAY)
    assert Reminder.objects.count() == 5
    Message = apps.get_model("messaging", "Message")
    assert Message.objects.filter(key__startswith="reminder:").count() == 5


def test_levels_grow_with_their_rank(town):
    with pytest.raises(RecoveryRefusal):
        services.save_level(
            rank=2, name="x", days=3, channel="EMAIL", text="x", is_active=True, actor=AGENT,
            now=NOW,
        )  # fmt: skip


def test_reminding_touches_no_booking_and_no_meal():
    """Recovery cannot even reach bookings: what blocks a meal is written nowhere in it."""
    from pathlib import Path

    import preau.recovery

    folder = Path(preau.recovery.__file__).parent
    text = "".join(path.read_text() for path in folder.glob("*.py"))
    assert "preau.bookings" not in text and "preau.attendance" not in text
    assert both_levels is not None


def test_the_worker_asks_the_house_whom_to_spare(town):
    from preau.recovery import tasks

    office, family, _invoice = town
    run = services.send_reminders(
        cash_office_id=office.pk, found=preview(office), actor=AGENT, now=LATE
    )
    tasks.send_run(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == "DONE" and mails(family)
    tasks.send_run(run_id=run.pk)  # twice is once
    assert len(mails(family)) == 1
