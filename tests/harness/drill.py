"""The money drill's town, its storm of messages and kills, and its judge; see bench/drill_money.py.

What must be true at the end is known from what was sent, never read from the books that are judged.
"""

import datetime as dt
import heapq
import itertools
import json
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from preau.billing import counter, ledger, runs
from preau.billing.drafts import Draft, DraftLine
from preau.billing.errors import RunNotReady
from preau.billing.invoicing import issue_invoices
from preau.billing.models import BillingRun, FamilyAccount, Invoice
from preau.config.postgres import Cluster
from preau.config.run import Part
from preau.demo.bank import merchants as demo
from preau.demo.bank.protocols import ABANDON, PAY, REFUSE, VADS_RESULTS
from preau.demo.bank.signatures import spplus_hmac, systempay_signature
from preau.kernel.clock import utc_now
from preau.payments import gateways, services
from preau.payments.models import Attempt, ProviderEvent
from preau.rulebook.models import RulebookVersion
from preau.rulebook.services import save_draft
from tests.bookings import world
from tests.harness.money import AGENT, PARENT, make_office

PAYER = services.Payer(first_name="Camille", last_name="Elan", email="camille@example.org")
KINDS = {"SPPLUS": "enfance", "SYSTEMPAY": "sports", "PAYFIP": "jeunesse"}
MONTHS = (dt.date(2026, 9, 1), dt.date(2026, 10, 1))
JUNE = dt.date(2026, 6, 1)
PER_ATTEMPT = 11
LINKS = 2  # attempts for each invoice
BOOK = """
format: 1
name: Exercice
activities:
{activities}
tariffs:
{tariffs}
"""


@dataclass(order=True)
class Message:
    """One call of a bank. `due` is a rank in time, not a date."""

    due: float
    number: int
    url: str = field(compare=False)
    body: bytes = field(compare=False)
    what: str = field(compare=False)
    attempt: int = field(compare=False)
    status: int = field(default=0, compare=False)
    twin: bool = field(default=False, compare=False)


@dataclass
class Town:
    """What exists before the storm, and what must be true after it."""

    messages: list[Message]
    fate: dict[int, str]
    amount: dict[int, int]
    account_of: dict[int, tuple[int, int]]
    collections: list[tuple[int, int, int]]
    offices: dict[str, int]
    asked: list[int] = field(default_factory=list)


def build(*, seed: int, notifications: int, url: str, bank_url: str) -> Town:
    """Families, cash offices, invoices, attempts at their banks, bookings to bill, messages."""
    rng = random.Random(seed)
    attempts_wanted = max(12, -(-notifications // PER_ATTEMPT))
    families = [
        world.make_family(1, name=f"Famille {n}")
        for n in range(max(2, -(-attempts_wanted // (LINKS * len(KINDS)))))
    ]
    offices = {kind: _open_office(kind, code, bank_url) for kind, code in KINDS.items()}
    _bookings(families, offices)
    invoices = [
        (kind, pk) for kind, office in offices.items() for pk in _bill_june(office, families)
    ]
    town = Town([], {}, {}, {}, [], {kind: office.pk for kind, office in offices.items()})
    left = dict(Invoice.objects.values_list("pk", "family_id"))
    pages: dict[int, str] = {}
    for kind, invoice_id in invoices:
        for _ in range(LINKS):
            _open_attempt(town, rng, pages, kind, offices[kind], left[invoice_id], invoice_id, url)
        cents = rng.randrange(500, 2_500)
        town.collections.append((left[invoice_id], offices[kind].pk, cents))
    _at_the_treasury(bank_url, town, pages)
    numbers = itertools.count(1)
    for attempt in Attempt.objects.select_related("cash_office").order_by("pk"):
        for message in _messages_of(attempt, town.fate[attempt.pk], rng, url):
            message.number = next(numbers)
            town.messages.append(message)
    rng.shuffle(town.collections)
    return town


def _open_office(kind: str, code: str, bank_url: str) -> Any:
    office = make_office(code)
    options, secret = {
        "SPPLUS": ({"siret": demo.DEMO_SIRET, "service_url": bank_url}, demo.DEMO_SPPLUS_KEY),
        "SYSTEMPAY": (
            {"site_id": demo.DEMO_SITE_ID, "service_url": f"{bank_url}/vads-payment/"},
            demo.DEMO_SECRET_TEST,
        ),
        "PAYFIP": ({"numcli": demo.DEMO_NUMCLI, "saisie": "T", "service_url": bank_url}, ""),
    }[kind]
    gateways.save_gateway(
        cash_office_id=office.pk, gateway=kind, options=options, secret=secret, is_test=True,
        is_active=True, actor=AGENT, now=utc_now(),
    )  # fmt: skip
    return office


def _bookings(families: list[Any], offices: dict[str, Any]) -> None:
    """Three activities, one for each cash office, booked in September and October."""
    Accounting = apps.get_model("billing", "ActivityAccounting")
    Booking = apps.get_model("bookings", "Booking")
    Attendance = apps.get_model("attendance", "Attendance")
    names = {kind: f"atelier-{office.code}" for kind, office in offices.items()}
    for kind, office in offices.items():
        offering = world.make_offering(names[kind], name=names[kind], kind="WORKSHOP")
        Accounting.objects.create(
            activity=offering.activity, cash_office=office, accounting_code="7067"
        )
        enrolments = [
            (family, child, world.enrol(family, offering, child))
            for family in families
            for child in world.children_of(family)
        ]
        for month in MONTHS:
            for rank in (5, 6, 8):
                slot = world.make_slot(month.replace(day=rank), offering=offering, capacity=500)
                Booking.objects.bulk_create(
                    Booking(
                        slot=slot, child=child, family=family, enrolment=enrolment,
                        status="CONFIRMED", ordinal=n, channel="PORTAL", booked_at=world.NOW,
                    )
                    for n, (family, child, enrolment) in enumerate(enrolments, 1)
                )  # fmt: skip
                Attendance.objects.bulk_create(
                    Attendance(
                        slot=slot, child=child, family=family, presence="PRESENT",
                        recorded_at=world.NOW,
                    )
                    for family, child, _ in enrolments
                )  # fmt: skip
    text = BOOK.format(
        activities="\n".join(
            f"  {n}: {{label: {n}, kind: workshop, products: {{repas: {{label: Repas}}}}}}"
            for n in names.values()
        ),
        tariffs="\n".join(
            f"  - {{id: t-{n}, label: Tarif, for: {n}, price: 3.18}}" for n in names.values()
        ),
    )
    draft = save_draft(text=text, now=utc_now(), actor=AGENT)
    # As the council would publish it; what the checker says of so small a book is not the matter.
    RulebookVersion.objects.filter(pk=draft.pk).update(
        status="PUBLISHED", published_at=utc_now(), applies_from=dt.date(2026, 1, 1),
        executory_on=dt.date(2026, 1, 1), council_decision="Exercice",
    )  # fmt: skip


def _bill_june(office: Any, families: list[Any]) -> list[int]:
    from django.db import transaction

    drafts = [
        Draft(
            family_id=family.pk,
            debtor={"name": "Camille Élan"},
            lines=[
                DraftLine(
                    child_id=None,
                    activity_id=None,
                    label="Juin",
                    unit_name="mois",
                    unit_cents=9_000,
                    fixed_quantity=1,
                    explanation=("Tarif.",),
                )
            ],
        )
        for family in families
    ]
    with transaction.atomic():
        return issue_invoices(
            office=office, month=JUNE, drafts=drafts, run_id=None, actor_label="exercice",
            now=utc_now(),
        )  # fmt: skip


def _open_attempt(
    town: Town, rng: random.Random, pages: dict[int, str], kind: str, office: Any,
    family_id: int, invoice_id: int, url: str,
) -> None:  # fmt: skip
    cents = rng.randrange(300, 4_400)
    attempt = services.start_payment(
        family_id=family_id, cash_office_id=office.pk, invoices={invoice_id: cents},
        top_up_cents=0, payer=PAYER, key=uuid.UUID(int=rng.getrandbits(128)), actor=PARENT,
        now=utc_now(),
    )  # fmt: skip
    redirect = services.send_to_bank(
        family_id=family_id, reference=attempt.reference, payer=PAYER,
        return_url=f"{url}/retour/", notify_url=f"{url}/api/paiements/{office.code}/notification/",
        now=utc_now(),
    )  # fmt: skip
    town.amount[attempt.pk] = cents
    town.account_of[attempt.pk] = (family_id, office.pk)
    fates = ["paid"] * 6 + ["refused"] + ["forged"] * 2
    if kind != "SPPLUS":  # SP Plus states no amount
        fates.append("wrong")
    town.fate[attempt.pk] = rng.choice(fates)
    if kind == "PAYFIP":
        pages[attempt.pk] = redirect.provider_id
    else:
        _FORMS[attempt.pk] = dict(redirect.fields)


_FORMS: dict[int, dict[str, str]] = {}


def _at_the_treasury(bank_url: str, town: Town, pages: dict[int, str]) -> None:
    """The payers decide on PayFiP's page; its notifications are the storm's to send."""
    _call(f"{bank_url}/controle/reglages", json.dumps({"drop": True, "wait_s": 0}).encode())
    for pk, idop in pages.items():
        page = f"{bank_url}/tpa/paiementws.web?idop={idop}"
        fate = town.fate[pk]
        if fate in ("paid", "refused", "wrong"):
            decision = "refuser" if fate == "refused" else "payer"
            _call(page, urlencode({"decision": decision}).encode())
        if fate == "wrong":
            lie = {"token": idop, "answer": {"montant": str(town.amount[pk] * 2)}}
            _call(f"{bank_url}/controle/payfip", json.dumps(lie).encode())


def _messages_of(attempt: Any, fate: str, rng: random.Random, url: str) -> list[Message]:
    """All that is sent about one attempt: what is true, and much that is not."""
    to = f"{url}/api/paiements/{attempt.cash_office.code}/notification/"
    late = rng.random() < 0.15
    at = lambda: rng.uniform(0.8, 1.0) if late else rng.random()  # noqa: E731

    def make(what: str, body: str | bytes, due: float | None = None, twin: bool = False) -> Message:
        raw = body.encode() if isinstance(body, str) else body
        return Message(at() if due is None else due, 0, to, raw, what, attempt.pk, twin=twin)

    spoken = {
        "SPPLUS": _spplus, "SYSTEMPAY": _systempay, "PAYFIP": _payfip,
    }[attempt.gateway]  # fmt: skip
    found: list[Message] = []
    if fate == "paid":
        due = at()
        found += [make("paid", spoken(attempt, PAY), due, twin=n < 2) for n in range(2)]
        found += [make("paid", spoken(attempt, PAY)) for _ in range(2)]
        if attempt.gateway != "PAYFIP":  # in the wrong order, and a contrary word
            found += [make("contrary", spoken(attempt, ABANDON)) for _ in range(2)]
    elif fate == "refused":
        found += [make("refused", spoken(attempt, REFUSE)) for _ in range(4)]
    elif fate == "wrong":
        found += [make("wrong", spoken(attempt, PAY, wrong=True)) for _ in range(4)]
    while len(found) < PER_ATTEMPT:
        what = rng.choice(("tampered", "forged", "unknown", "junk"))
        body: str | bytes
        if what == "unknown":
            body = spoken(attempt, PAY, unknown=True)
        elif what == "junk":
            body = rng.randbytes(rng.randrange(0, 400))
        elif what == "forged":
            body = spoken(attempt, PAY, forged=True)
        else:
            body = _tamper(spoken(attempt, REFUSE), attempt.gateway)
        found.append(make(what, body))
    return found


def _spplus(
    attempt: Any, decision: str, *, wrong: bool = False, unknown: bool = False, forged: bool = False
) -> str:
    fields = {
        "reference": "Z" * 20 if unknown else attempt.reference,
        "etat": {PAY: "10", REFUSE: "2", ABANDON: "12"}[decision],
        "refsfp": f"{attempt.pk:012d}",
    }
    key = demo.DEMO_SPPLUS_KEY[::-1] if forged else demo.DEMO_SPPLUS_KEY
    return urlencode({**fields, "hmac": spplus_hmac(key, fields.values())})


def _systempay(
    attempt: Any, decision: str, *, wrong: bool = False, unknown: bool = False, forged: bool = False
) -> str:
    result, auth, status = VADS_RESULTS[decision]
    fields = {k: v for k, v in _FORMS[attempt.pk].items() if k != "signature"}
    if unknown:
        fields |= {"vads_order_id": "Z" * 20, "vads_ext_info_eopayment_trans_id": "Z" * 20}
    amount = str(attempt.amount_cents * 2) if wrong else fields["vads_amount"]
    fields |= {
        "vads_result": result, "vads_auth_result": auth, "vads_trans_status": status,
        "vads_operation_type": "DEBIT", "vads_trans_uuid": f"{attempt.pk:032x}",
        "vads_amount": amount, "vads_effective_amount": amount, "vads_auth_mode": "FULL",
    }  # fmt: skip
    key = "notTheKey" if forged else demo.DEMO_SECRET_TEST
    return urlencode({**fields, "signature": systempay_signature(key, fields)})


def _payfip(
    attempt: Any, decision: str, *, wrong: bool = False, unknown: bool = False, forged: bool = False
) -> str:
    """Nothing is signed: a forgery says what it likes about an operation that exists."""
    if unknown:
        return urlencode({"idop": str(uuid.UUID(int=attempt.pk))})
    lie = {"resultrans": "P", "montant": str(attempt.amount_cents)} if forged else {}
    return urlencode({"idOp": attempt.provider_id, **lie})


def _tamper(body: str, gateway: str) -> str:
    """A refusal turned into a payment on its way."""
    if gateway == "SPPLUS":
        return body.replace("etat=2&", "etat=10&")
    if gateway == "SYSTEMPAY":
        for was, now in (("=05", "=00"), ("=51", "=00"), ("=REFUSED", "=AUTHORISED")):
            body = body.replace(was, now)
        return body
    return f"{body}&resultrans=P"


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _call(url: str, body: bytes, seconds: float = 20) -> int:
    """The status of a POST; 0 when nothing whole came back."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with _opener.open(request, timeout=seconds) as response:
            response.read()
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, ValueError):
        return 0
    except Exception:  # http.client's own, when the server dies while it answers
        return 0


class Storm:
    """Messages, collections, billing runs and kills, all at once."""

    SENDERS = 4
    PAUSE_S = 2.5
    DATABASE_SHARE = 0.2

    def __init__(
        self, *, town: Town, cluster: Cluster, parts: list[Part], kills: int, seed: int
    ) -> None:
        self.town, self.cluster, self.parts = town, cluster, parts
        self.wanted, self.rng = kills, random.Random(seed + 1)
        self.killed: Counter[str] = Counter()
        self.remarks: list[str] = []
        self.collected: list[tuple[int, int, int]] = []
        self.half_visible = 0
        self.snapshots = 0
        self.delivered = 0
        self._queue = list(town.messages)
        heapq.heapify(self._queue)
        self._busy = 0
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._kills_over = threading.Event()
        self._all_over = threading.Event()
        self._environment = dict(os.environ)

    def run(self, *, deadline: float) -> None:
        """Until all is sent, killed, collected and billed; or the deadline."""
        self._deadline = deadline
        senders = range(self.SENDERS)
        threads = [threading.Thread(target=self._send, name=f"bank-{n}") for n in senders]
        threads += [
            threading.Thread(target=self._guarded, args=(work,), name=work.__name__)
            for work in (self._kill, self._collect, self._bill, self._watch, self._look)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            if thread.name not in ("_watch", "_look"):
                thread.join()
        self._settle_down()
        self._all_over.set()
        for thread in threads[-2:]:
            thread.join()

    def _over(self) -> bool:
        return time.monotonic() > self._deadline

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.remarks.append(f"{work.__name__}: {type(error).__name__}: {error}"[:300])
        finally:
            if work == self._kill:
                self._kills_over.set()
            connection.close()

    def _send(self) -> None:
        """Banks: each message again until it is answered; 5xx and silence are no answer."""
        while not self._over():
            with self._lock:
                message = heapq.heappop(self._queue) if self._queue else None
                if message is not None:
                    self._busy += 1
                elif not self._busy:
                    return
            if message is None:
                time.sleep(0.1)
                continue
            if message.twin:
                threading.Thread(target=_call, args=(message.url, message.body)).start()
            status = _call(message.url, message.body)
            with self._lock:
                self._busy -= 1
                if 0 < status < 500:
                    message.status = status
                    self.delivered += 1
                else:
                    message.due += 0.02
                    heapq.heappush(self._queue, message)
            if not 0 < status < 500:
                time.sleep(0.2)

    def _kill(self) -> None:
        """SIGKILL, one process or a whole group, spread over the messages."""
        each = max(1, len(self.town.messages) // (self.wanted + 2))
        while sum(self.killed.values()) < self.wanted and not self._over():
            before, since = self.delivered, time.monotonic()
            while self.delivered < before + each and time.monotonic() < since + self.PAUSE_S:
                time.sleep(0.05)
            time.sleep(self.rng.random() * 0.3)
            database = self.killed["postgresql"] + 1 <= self.DATABASE_SHARE * self.wanted
            what = self.rng.choice(["web", "worker"] + ["postgresql"] * database)
            try:
                hit = self._kill_database() if what == "postgresql" else self._kill_part(what)
            except (OSError, RuntimeError) as error:
                self.remarks.append(f"{what}: {error}"[:200])
                continue
            self.killed[what] += hit

    def _kill_part(self, name: str) -> int:
        part = next(part for part in self.parts if part.name == name)
        children = _children(part.process.pid) if part.process else []
        if name == "web" and len(children) > 1 and self.rng.random() < 0.7:
            os.kill(self.rng.choice(children), signal.SIGKILL)  # granian starts another
            return 1
        with self._starting:
            if part.is_gone():
                part.start(self._environment)
                return 0
            part.signal(signal.SIGKILL)
            if part.process:
                part.process.wait()
            part.start(self._environment)
        return 1

    def _kill_database(self) -> int:
        """The postmaster, or one of its processes: the whole server then recovers."""
        pid = int((self.cluster.data / "postmaster.pid").read_text().splitlines()[0])
        children = _children(pid)
        if children and self.rng.random() < 0.6:
            os.kill(self.rng.choice(children), signal.SIGKILL)
            return 1
        os.kill(pid, signal.SIGKILL)
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.cluster.ensure_started()
        return 1

    def _insist(self, act: Callable[[], Any]) -> Any:
        """Do it, again while the database is away."""
        while True:
            try:
                close_old_connections()
                return act()
            except (OperationalError, InterfaceError):
                connection.close()
                if self._over():
                    raise
                time.sleep(0.3)

    def _collect(self) -> None:
        """The cashier takes cash for accounts that banks pay at the same time."""
        keys = random.Random(7)
        pause = 0.05
        for family_id, office_id, cents in self.town.collections:
            key = uuid.UUID(int=keys.getrandbits(128))

            def take(
                family_id: int = family_id, office_id: int = office_id, cents: int = cents,
                key: uuid.UUID = key,
            ) -> None:  # fmt: skip
                counter.take_payment(
                    family_id=family_id, cash_office_id=office_id, means="CASH",
                    amount_cents=cents, key=key, actor=AGENT, now=utc_now(),
                )  # fmt: skip

            self._insist(take)
            self.collected.append((family_id, office_id, cents))
            time.sleep(pause)

    def _bill(self) -> None:
        """Bill two months of each office, in the worker, whatever dies."""
        for month in MONTHS:
            for office_id in self.town.offices.values():
                self._bill_one(office_id, month)

    def _bill_one(self, office_id: int, month: dt.date) -> None:
        def opened() -> BillingRun:
            found = BillingRun.objects.filter(cash_office_id=office_id, month=month).first()
            return found or runs.open_run(
                cash_office_id=office_id, month=month, actor=AGENT, now=utc_now()
            )

        run = self._insist(opened)
        nudged = time.monotonic()
        while not self._over():
            self._insist(run.refresh_from_db)
            if run.status == "ISSUED":
                return
            try:
                if run.status == "PREVIEWED":
                    self._insist(
                        lambda: runs.approve_run(
                            run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=utc_now()
                        )
                    )
                elif run.status == "FAILED":
                    self._insist(
                        lambda: runs.recompute_run(run_id=run.pk, actor=AGENT, now=utc_now())
                    )
                elif time.monotonic() > nudged + 20:
                    # The minute's task `billing.resume_runs`, some minutes early.
                    nudged = time.monotonic()
                    later = utc_now() + dt.timedelta(minutes=5)
                    self._insist(lambda later=later: runs.resume_runs(now=later))
            except RunNotReady:
                continue
            time.sleep(0.3)

    def _watch(self) -> None:
        """As `preau run` does: start again what died, for instance a worker without database."""
        while not self._all_over.is_set():
            for part in self.parts:
                with self._starting:
                    if part.is_gone():
                        part.start(self._environment)
            time.sleep(0.5)

    def _look(self) -> None:
        """Anyone who looks at any instant sees all of a run or nothing of it."""
        while not self._all_over.is_set():
            try:
                self.half_visible += len(half_visible())
                self.snapshots += 1
            except (OperationalError, InterfaceError):
                connection.close()
            time.sleep(0.2)

    def _settle_down(self) -> None:
        """Nothing is killed any more: everything starts, and the worker finishes what is left."""
        self.cluster.ensure_started()
        expected = [pk for pk, fate in self.town.fate.items() if fate in ("paid", "refused")]
        open_ones = Attempt.objects.filter(pk__in=expected, status="PENDING")
        until = time.monotonic() + 120
        while self._insist(open_ones.exists) and time.monotonic() < until:
            time.sleep(1)


def _children(pid: int) -> list[int]:
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def half_visible() -> list[int]:
    """Runs of which some but not all is there. One statement, one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.id FROM billing_billingrun r
            LEFT JOIN (SELECT run_id, count(*) AS n, sum(total_cents) AS cents
                       FROM billing_invoice WHERE run_id IS NOT NULL GROUP BY run_id) i
              ON i.run_id = r.id
            WHERE CASE WHEN r.status = 'ISSUED'
                       THEN coalesce(i.n, 0) <> r.invoice_count
                            OR coalesce(i.cents, 0) <> r.total_cents
                       ELSE coalesce(i.n, 0) <> 0 END
            """
        )
        return [pk for (pk,) in cursor.fetchall()]


def judge(town: Town, storm: Storm) -> dict[str, int]:
    """Compare what was sent with what the books say."""
    Movement = apps.get_model("billing", "Movement")
    online = Counter(
        Movement.objects.filter(kind="PAYMENT_ONLINE", source_type="attempt").values_list(
            "source_id", flat=True
        )
    )
    status = dict(Attempt.objects.values_list("pk", "status"))
    paid = {pk for pk, fate in town.fate.items() if fate == "paid"}
    taken = Counter(
        apps.get_model("billing", "CounterPayment").objects.values_list(
            "family_id", "cash_office_id", "amount_cents"
        )
    )
    given = Counter(storm.collected)
    wrong = {pk for pk, fate in town.fate.items() if fate == "wrong"}
    untrue = {pk for pk, fate in town.fate.items() if fate in ("forged", "refused")}
    answered_yes = [
        m for m in town.messages
        if m.status == 200 and m.what in ("tampered", "forged")
        and not m.url.endswith(f"/{KINDS['PAYFIP']}/notification/")
    ]  # fmt: skip
    off = _cents_off(town, storm, paid)
    faults = ledger.verify()
    storm.remarks += [str(fault) for fault in faults[:5]]
    done = BillingRun.objects.filter(status="ISSUED").count()
    storm.remarks.append(
        f"{len(paid)} paid, {len(wrong)} at a wrong amount, {len(untrue)} refused or forged, "
        f"{sum(given.values())} collected, {done} runs issued, {storm.snapshots} looks, "
        f"{ProviderEvent.objects.count()} messages kept"
    )
    unpaid = [pk for pk in paid if not online[pk] or status[pk] != "SETTLED"]
    storm.remarks += [f"not settled: {pk} {status[pk]}" for pk in unpaid[:5]]
    return {
        "notifications": storm.delivered,
        "kills": sum(storm.killed.values()),
        "lost": len(unpaid) + sum((given - taken).values()),
        "doubled": sum(n - 1 for n in online.values() if n > 1) + sum((taken - given).values()),
        "wrong_amount_accepted": sum(1 for pk in wrong if online[pk] or status[pk] == "SETTLED"),
        "forged_accepted": len(answered_yes)
        + sum(1 for pk in untrue if online[pk] or status[pk] == "SETTLED"),
        "ledger_off_by_cents": off
        + sum(abs(fault.expected_cents - fault.found_cents) for fault in faults),
        "runs_half_visible": storm.half_visible + len(half_visible()) + (6 - done),
    }


def _cents_off(town: Town, storm: Storm, paid: set[int]) -> int:
    """Between each balance and what was invoiced less what was sent and collected."""
    expected: Counter[tuple[int, int]] = Counter()
    for family, office, cents in Invoice.objects.values_list(
        "family_id", "cash_office_id", "total_cents"
    ):
        expected[family, office] += cents
    for pk in paid:
        expected[town.account_of[pk]] -= town.amount[pk]
    for family, office, cents in storm.collected:
        expected[family, office] -= cents
    found = {
        (row.family_id, row.cash_office_id): row.balance_cents
        for row in FamilyAccount.objects.all()
    }
    return sum(abs(expected[key] - found.get(key, 0)) for key in expected.keys() | found.keys())
