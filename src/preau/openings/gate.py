"""The waiting room's gate: one row in the database, a copy of it in each web process.

Processes read the row at most once a second, and whichever takes the beat moves it: opens the room
when the servers are full, lets people in at the rate that keeps them busy but not drowned, closes
it when nobody waits. Tickets are numbered by one statement each, in order of arrival.
"""

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from preau.kernel.kept import typed
from preau.kernel.lane import ask, ask_all
from preau.openings.models import Admission, Gate
from preau.openings.rules import (
    AIM,
    CALLED_AHEAD,
    FIRST_RATE,
    FULL,
    PAGES_A_VISIT,
    QUIET,
    least_rate,
    next_rate,
)

BEAT = 1.0
KEEP_ADMISSIONS = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class GateState:
    """What a process knows of the gate: at most one second old."""

    is_on: bool = False
    epoch: int = 0
    admitted: int = 0
    last_ticket: int = 0
    rate: float = FIRST_RATE


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the queue of one rush (`epoch`), in order of arrival."""

    epoch: int
    number: int


class BusyMeter:
    """The share of this process's threads' time spent answering, beat by beat."""

    def __init__(self, threads: int) -> None:
        self.threads = max(threads, 1)
        self._lock = threading.Lock()
        self._busy = 0.0
        self._pages = 0
        self._running: dict[int, float] = {}
        self._since = time.monotonic()

    def enter(self) -> None:
        with self._lock:
            self._running[threading.get_ident()] = time.monotonic()

    def leave(self, *, is_protected: bool = False) -> None:
        now = time.monotonic()
        with self._lock:
            self._pages += is_protected
            self._busy += now - self._running.pop(threading.get_ident(), now)

    def read(self) -> tuple[float, float, float]:
        """(busy share, seconds, protected pages a second) since the last reading; work under way
        counts up to now."""
        now = time.monotonic()
        with self._lock:
            busy = self._busy + sum(now - start for start in self._running.values())
            self._running = dict.fromkeys(self._running, now)
            pages, self._busy, self._pages = self._pages, 0.0, 0
            seconds, self._since = max(now - self._since, 1e-6), now
        return min(busy / (seconds * self.threads), 1.0), seconds, pages / seconds


class GateKeeper:
    """One per web process."""

    def __init__(self, threads: int, processes: int = 1) -> None:
        self.meter = BusyMeter(threads)
        self._processes = processes
        self._state = GateState()
        self._next = 0.0
        self._full_beats = 0
        self._lock = threading.Lock()

    def state(self, now: datetime) -> GateState:
        """The gate as last read; reads and moves it when a second has passed."""
        if time.monotonic() >= self._next and self._lock.acquire(blocking=False):
            try:
                self._next = time.monotonic() + BEAT
                self._beat(now)
            finally:
                self._lock.release()
        return self._state

    def _beat(self, now: datetime) -> None:
        busy, seconds, pages = self.meter.read()
        served = pages * self._processes / PAGES_A_VISIT
        self._full_beats = self._full_beats + 1 if busy >= FULL and seconds < 5 else 0
        if self._full_beats >= 2 or self._state.is_on:
            self._state = move_gate(
                busy=busy,
                seconds=seconds,
                is_full=self._full_beats >= 2,
                now=now,
                served=served,
            )
        else:
            self._state = read_gate()


def read_gate() -> GateState:
    """The gate as it stands in the database."""
    return _state(Gate.objects.filter(pk=1).first())


@transaction.atomic
def move_gate(
    *, busy: float, seconds: float, is_full: bool, now: datetime, served: float = 0.0
) -> GateState:
    """One beat: of all the processes, the first to come in a second moves the gate. `served`: the
    visits that it takes the servers to finish each second, from what it finished itself."""
    Gate.objects.bulk_create([Gate(pk=1)], ignore_conflicts=True)
    gate = Gate.objects.select_for_update(no_key=True).get(pk=1)
    if gate.beat_at is not None and (now - gate.beat_at).total_seconds() < 0.9 * BEAT:
        return _state(gate)
    elapsed = (now - gate.beat_at).total_seconds() if gate.beat_at and gate.is_on else seconds
    gate.beat_at = now
    if busy >= AIM:
        gate.busy_at = now
    if not gate.is_on and is_full:
        # Tickets of an older rush are void; those inside stay inside (their passes).
        gate.is_on, gate.epoch, gate.admitted = True, gate.epoch + 1, gate.last_ticket
        gate.rate_milli = int(max(FIRST_RATE, least_rate(served)) * 1000)
        Admission.objects.filter(at__lt=now - KEEP_ADMISSIONS).delete()
    elif gate.is_on:
        waiting = gate.last_ticket - gate.admitted
        if waiting:
            rate = next_rate(gate.rate_milli / 1000, busy, elapsed, served)
            gate.rate_milli = int(rate * 1000)
            called = max(1, round(rate * min(elapsed, 5.0)))
            are_last = waiting <= rate * CALLED_AHEAD and busy < FULL
            gate.admitted += waiting if are_last else min(waiting, called)
        elif not _is_kept_on(gate, now) and (gate.busy_at is None or now - gate.busy_at > QUIET):
            gate.is_on, gate.kept_on_until = False, None
    gate.save()
    return _state(gate)


# A place in the queue is not a place booked: its commit does not wait for the disk. Else the one
# row that counts them would let through one visitor each time that the disk answers.
_SOON = ("SELECT set_config('synchronous_commit', 'off', true)", ())
_TAKE = (
    "UPDATE openings_gate SET last_ticket = last_ticket + 1 WHERE id = 1 "
    "RETURNING epoch, last_ticket"
)
_USE = """
INSERT INTO openings_admission (epoch, ticket, visitor, at) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING visitor
"""
_USED = "SELECT visitor FROM openings_admission WHERE epoch = %s AND ticket = %s"


def take_ticket() -> Ticket:
    """The next ticket, in order of arrival: one journey to the database."""
    _soon, (rows, _touched) = ask_all([_SOON, (_TAKE, ())])
    return Ticket(*rows[0])


def use_ticket(*, ticket: Ticket, visitor: str, now: datetime) -> bool:
    """Let the visitor in with an admitted ticket; False when another one used it before."""
    its = typed([ticket.epoch, ticket.number])
    _soon, (rows, _touched) = ask_all([_SOON, (_USE, [*its, visitor, now])])
    return (rows or ask(_USED, its)[0]) == [(visitor,)]


def _is_kept_on(gate: Gate, now: datetime) -> bool:
    return gate.kept_on_until is not None and now < gate.kept_on_until


def open_room(*, rate: float, now: datetime, until: datetime | None = None) -> None:
    """Open the waiting room by hand, before an opening that is known to be rushed; it closes by
    itself when nobody waits, and not before `until`."""
    Gate.objects.bulk_create([Gate(pk=1)], ignore_conflicts=True)
    Gate.objects.filter(pk=1, is_on=False).update(
        is_on=True,
        epoch=F("epoch") + 1,
        admitted=F("last_ticket"),
        rate_milli=int(rate * 1000),
        busy_at=now,
        beat_at=now,
    )
    Gate.objects.filter(pk=1).update(kept_on_until=until)


def close_room() -> None:
    """Let everyone in."""
    Gate.objects.filter(pk=1).update(is_on=False, admitted=F("last_ticket"), kept_on_until=None)


def _state(gate: Gate | None) -> GateState:
    if gate is None:
        return GateState()
    return GateState(
        is_on=gate.is_on,
        epoch=gate.epoch,
        admitted=gate.admitted,
        last_ticket=gate.last_ticket,
        rate=gate.rate_milli / 1000,
    )
