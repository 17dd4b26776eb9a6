"""The daily sums: what the page shows is what every line says, to the cent, whenever it is read."""

import datetime as dt
import random
import threading
import uuid
from dataclasses import replace

import pytest
from django.db import connection, connections, transaction

from preau.billing import credits, online
from preau.billing.figures_sums import bound_now
from preau.billing.models import Movement
from preau.cashdesk import services
from preau.reporting import sums
from preau.reporting.models import DailySum, SumsUpTo
from preau.reporting.money import get_money
from preau.reporting.sums import came_in, keep_sums
from preau.reporting.tasks import keep_sums as task
from tests.bookings.world import make_offering
from tests.cashdesk.world import collect, open_office, part
from tests.harness.money import AGENT, NOW, make_family, make_invoice, make_office
from tests.reporting import slow

YEAR = {"first": dt.date(2026, 1, 1), "last": dt.date(2026, 12, 31)}


def pay_online(family, office, invoice, cents, rank, now):
    chosen = {invoice.pk: cents} if invoice else {}
    online.settle(
        family_id=family.pk, cash_office_id=office.pk, attempt_id=rank, amount_cents=cents,
        chosen=chosen, label="carte", actor_label="x", now=now,
    )  # fmt: skip


class Life:
    """Invoices of several activities, paid in parts, voided, credited: amounts that divide ill."""

    def __init__(self):
        self.dice = random.Random(11)
        self.office, self.other = open_office(), make_office("sports")
        self.activities = [
            make_offering(slug, name=slug.title()).activity.pk for slug in ("repas", "soir", "judo")
        ]
        self.family, self.rank, self.day = make_family(), 0, 0

    def go_on(self, steps=6):
        for _ in range(steps):
            self.rank += 1
            self.day += 9
            now = NOW + dt.timedelta(minutes=self.rank)
            month = dt.date(2026, 1 + self.rank % 12, 1) + dt.timedelta(days=self.rank % 28)
            office = self.other if self.rank % 3 == 0 else self.office
            amounts = [self.dice.randrange(1, 900) for _ in range(self.rank % 3 + 1)]
            invoice = make_invoice(
                self.family, office, *amounts, month=month, now=now,
                activity_id=self.activities[self.rank % 3] if self.rank % 4 else None,
            )  # fmt: skip
            cents = max(1, sum(amounts) * self.dice.randrange(1, 100) // 100)
            if office == self.other:
                pay_online(self.family, office, invoice, cents, self.rank, now)
                continue
            paid = collect(
                self.family, office, part("CHEQUE", cents), chosen={invoice.pk: cents}, now=now
            )
            if self.rank % 4 == 0:
                services.void(
                    payment_id=paid.pk, reason="x", key=uuid.uuid4(), actor=AGENT, now=now
                )
            elif self.rank % 4 == 1:
                line = invoice.lines.first()
                credits.issue_credit_note(
                    invoice_id=invoice.pk, lines={line.pk: min(line.amount_cents, 7)}, reason="x",
                    actor=AGENT, now=now,
                )  # fmt: skip


def same_as_every_line(*, office=None, **period):
    asked = YEAR | period
    board = get_money(now=NOW, office_code=office.code if office else "", **asked)
    asked["cash_office_id"] = office.pk if office else None
    assert board.activities == slow.by_activity(**asked)
    assert board.means == slow.means_by_month(**asked)


@pytest.fixture
def alone(monkeypatch):
    """As if no other database of this cluster were writing: all that is written is in sight."""

    def bound(before):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
            return replace(bound_now(before), transaction_id=cursor.fetchone()[0])

    monkeypatch.setattr(sums, "bound_now", bound)


@pytest.mark.django_db(transaction=True)
def test_the_page_is_every_line_whatever_was_kept_and_when(alone):
    life = Life()
    life.go_on()
    same_as_every_line()  # nothing kept yet
    assert keep_sums(now=NOW) > 0 and keep_sums(now=NOW) == 0
    same_as_every_line()
    life.go_on()
    same_as_every_line()  # kept, and written since
    task(timestamp=0)
    for month in (1, 6, 10, 12):
        same_as_every_line(first=dt.date(2026, month, 1), last=dt.date(2026, month, 28))
    for office in (life.office, life.other):
        same_as_every_line(office=office)
    # A credit used long after it came: its allocation is of another transaction than its movement.
    pay_online(life.family, life.office, None, 5_000, 999, NOW)
    keep_sums(now=NOW)
    make_invoice(life.family, life.office, 333, 467, activity_id=life.activities[0], now=NOW)
    credits.use_credit(
        family_id=life.family.pk, cash_office_id=life.office.pk, actor=AGENT, now=NOW
    )
    same_as_every_line()
    keep_sums(now=NOW)
    same_as_every_line()
    # In another cluster, as after a restored backup: its transactions have other numbers.
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_movement DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE billing_allocation DISABLE TRIGGER USER")
        for table in ("billing_movement", "billing_allocation"):
            cursor.execute(f"UPDATE {table} SET transaction_id = transaction_id + 1000000000")
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    SumsUpTo.objects.update(cluster="elsewhere")
    same_as_every_line()
    assert keep_sums(now=NOW) > 0 and SumsUpTo.objects.get().base_id > 0
    same_as_every_line()
    life.go_on(4)
    same_as_every_line()
    assert keep_sums(now=NOW) > 0 and keep_sums(now=NOW) == 0
    same_as_every_line()


@pytest.mark.django_db(transaction=True)
def test_what_is_being_written_is_not_yet_covered():
    """A payment begun before the sums are kept and committed after: it is counted, once."""
    office, family = make_office(), make_family()
    invoice = make_invoice(family, office, 900)
    begun, kept = threading.Event(), threading.Event()

    def pay():
        with transaction.atomic():
            pay_online(family, office, invoice, 300, 1, NOW)
            begun.set()
            assert kept.wait(60)
        connections.close_all()

    payer = threading.Thread(target=pay)
    payer.start()
    assert begun.wait(60)
    pay_online(make_family(), office, None, 50, 2, NOW)  # a later transaction, over sooner
    keep_sums(now=NOW)
    kept.set()
    payer.join(60)
    assert sum(DailySum.objects.filter(what="MEANS").values_list("cents", flat=True)) == 0
    for _ in range(2):
        assert sum(came_in(**YEAR).by_means.values()) == 350
        keep_sums(now=NOW)
    assert Movement.objects.filter(kind="PAYMENT_ONLINE").count() == 2
