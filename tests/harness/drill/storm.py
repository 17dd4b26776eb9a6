"""The storm: messages, collections, billing runs and kills, all at once."""

import datetime as dt
import heapq
import os
import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from preau.billing import counter, runs
from preau.billing.errors import RunNotReady
from preau.billing.models import BillingRun
from preau.config.postgres import Cluster
from preau.config.run import Part
from preau.kernel.clock import utc_now
from preau.payments.models import Attempt
from tests.harness.drill.debits import Bank, give_back
from tests.harness.drill.judge import half_visible
from tests.harness.drill.values import MONTHS, Town, call
from tests.harness.money import AGENT


class Storm:
    """Messages, collections, billing runs and kills, all at once."""

    SENDERS = 4
    PAUSE_S = 1.2
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
        self._queue = [m for m in town.messages if not m.is_late]
        self._late = [m for m in town.messages if m.is_late]
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
            for work in (
                self._kill,
                self._collect,
                self._bill,
                self._debit,
                self._give_back,
                self._watch,
                self._look,
            )
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

    def over(self) -> bool:
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
        while not self.over():
            with self._lock:
                message = heapq.heappop(self._queue) if self._queue else None
                if message is not None:
                    self._busy += 1
                elif not self._busy:
                    if not self._late:
                        return
                    # What a bank says of a payment long after it: all else was answered.
                    self._queue, self._late = self._late, []
                    heapq.heapify(self._queue)
            if message is None:
                time.sleep(0.1)
                continue
            if message.twin:
                threading.Thread(target=call, args=(message.url, message.body)).start()
            status = call(message.url, message.body)
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
        while sum(self.killed.values()) < self.wanted and not self.over():
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

    @staticmethod
    def pause(seconds: float) -> None:
        """Wait, as who comes back later."""
        time.sleep(seconds)

    def insist(self, act: Callable[[], Any]) -> Any:
        """Do it, again while the database is away."""
        while True:
            try:
                close_old_connections()
                return act()
            except (OperationalError, InterfaceError):
                connection.close()
                if self.over():
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

            self.insist(take)
            self.collected.append((family_id, office_id, cents))
            time.sleep(pause)

    def _debit(self) -> None:
        """The direct debits of each cash office, and what its bank says of them."""
        Bank(self).run()

    def _give_back(self) -> None:
        """What families advance at the counter and take back."""
        give_back(self)

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

        run = self.insist(opened)
        nudged = time.monotonic()
        while not self.over():
            self.insist(run.refresh_from_db)
            if run.status == "ISSUED":
                return
            try:
                if run.status == "PREVIEWED":
                    self.insist(
                        lambda: runs.approve_run(
                            run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=utc_now()
                        )
                    )
                elif run.status == "FAILED":
                    self.insist(
                        lambda: runs.recompute_run(run_id=run.pk, actor=AGENT, now=utc_now())
                    )
                elif time.monotonic() > nudged + 20:
                    # The minute's task `billing.resume_runs`, some minutes early.
                    nudged = time.monotonic()
                    later = utc_now() + dt.timedelta(minutes=5)
                    self.insist(lambda later=later: runs.resume_runs(now=later))
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
        expected = [
            pk for pk, fate in self.town.fate.items() if fate in ("paid", "refunded", "refused")
        ]
        open_ones = Attempt.objects.filter(pk__in=expected, status="PENDING")
        until = time.monotonic() + 120
        while self.insist(open_ones.exists) and time.monotonic() < until:
            time.sleep(1)


def _children(pid: int) -> list[int]:
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
