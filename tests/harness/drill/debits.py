"""The drill's second bank: mandates, collections, its files (twice, late, forged), and refunds.

A collection takes what the family also pays on line and at the counter: what comes too much is its
credit. The truth is in the file that the bank was given and in what it says after.
"""

import contextlib
import datetime as dt
import random
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.urls import reverse

from preau.accounts.enums import Role
from preau.billing import counter
from preau.cashdesk import services as cashdesk
from preau.directdebit import services
from preau.directdebit.models import Batch
from preau.directdebit.tasks import collect_due
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from tests.directdebit.world import (
    IBAN,
    OTHER_IBAN,
    camt,
    make_creditor,
    pain002,
    reject,
    sign,
    transfer,
)
from tests.harness.drill.values import DebitTruth
from tests.harness.money import AGENT
from tests.harness.people import make_agent

if TYPE_CHECKING:
    from tests.harness.drill.storm import Storm

FATES = ("collected",) * 5 + ("rejected",) * 2 + ("refused", "wrong_reject")
"""Debited; came back by a camt; refused before its day by a pain.002; a reject of another sum."""


def sign_mandates(offices: Iterable[Any], families: list[Any], truth: DebitTruth) -> None:
    """A creditor for each cash office, a mandate for two families of three."""
    for office in offices:
        make_creditor(office, now=utc_now())
        for family in families[: max(2, len(families) * 2 // 3)]:
            mandate = sign(family, office, now=utc_now())
            truth.mandates[mandate.reference] = (family.pk, office.pk)


class Bank:
    """Collects from each cash office, then says what came back; one thread of the storm."""

    def __init__(self, storm: "Storm") -> None:
        self.storm, self.url, self.truth = storm, storm.town.url, storm.town.debits
        self.rng = random.Random(storm.town.seed + 2)
        self.cookie = ""

    def run(self) -> None:
        """Each cash office after another, while everything else goes on."""
        self.cookie = self.storm.insist(_sign_in)
        for office_id in self.storm.town.offices.values():
            self._collect(office_id)

    def _collect(self, office_id: int) -> None:
        try:
            batch = self._to_the_bank(office_id)
        except Refusal as refusal:  # a very short drill may leave nothing to debit
            self.storm.remarks.append(f"no debit at {office_id}: {refusal}")
            return
        mine = {e2e: row for e2e, row in self.truth.debits.items() if row[1] == office_id}

        def told(fate: str) -> list[tuple[str, int]]:
            return [(e2e, row[2]) for e2e, row in mine.items() if row[3] == fate]

        before = [pain002(batch.message_id, cents, e2e) for e2e, cents in told("refused")]
        self._give(office_id, before)
        # Its day comes: the worker's task, called twice at once, killed and called again.
        self.storm.insist(
            lambda: Batch.objects.filter(pk=batch.pk).update(collection_on=paris_day(utc_now()))
        )
        self._wait_collected(batch.pk)
        lines = [reject(cents, e2e, reference=f"R-{e2e}") for e2e, cents in told("rejected")] + [
            reject(cents + 100, e2e, reference=f"W-{e2e}") for e2e, cents in told("wrong_reject")
        ]
        lines += self._transfers(office_id)
        self.rng.shuffle(lines)
        half = len(lines) // 2
        notice = camt(*lines[:half], kind="camt.054")
        month = camt(*lines)  # the month's statement tells the notice's lines again
        self._untrue(office_id, lines, month)
        self._give(office_id, [notice, month, *before[:1]])

    def _to_the_bank(self, office_id: int) -> Any:
        """Prepare, approve and take the file, as an agent does; read it as the bank does."""
        day = paris_day(utc_now()) + dt.timedelta(days=15)
        by = {"actor": AGENT}

        def step() -> Any:
            batch = Batch.objects.filter(creditor__cash_office_id=office_id).first()
            if batch is None:
                batch = services.prepare_batch(
                    cash_office_id=office_id, collection_on=day, now=utc_now(), **by
                )
            if batch.status == Batch.Status.PREPARED:
                batch = services.approve_batch(batch_id=batch.pk, now=utc_now(), **by)
            return batch, services.take_file(batch_id=batch.pk, now=utc_now(), **by)

        batch, content = self.storm.insist(step)
        for end_to_end, reference, cents in _read(content):
            family_id, office = self.truth.mandates[reference]
            fate = self.rng.choice(FATES)
            self.truth.debits[end_to_end] = (family_id, office, cents, fate)
        return batch

    def _wait_collected(self, batch_id: int) -> None:
        def ask() -> bool:
            if Batch.objects.get(pk=batch_id).status == Batch.Status.COLLECTED:
                return True
            threads = [threading.Thread(target=_defer) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return False

        while not self.storm.insist(ask) and not self.storm.over():
            self.storm.pause(1.5)

    def _transfers(self, office_id: int) -> list[str]:
        code, families = self.storm.town.people[office_id]
        lines = []
        for family_id, names in families.items():
            cents = self.rng.randrange(200, 3_000)
            words = f"REGLEMENT {' '.join(names)} MERCI"
            lines.append(transfer(cents, words, reference=f"T-{code}-{family_id}"))
            self.truth.transfers.append((family_id, office_id, cents))
        return lines

    def _untrue(self, office_id: int, lines: list[str], month: bytes) -> None:
        """Another account's, cut in half, of a file never given: refused, and nothing changed."""
        for content in (
            camt(*lines, iban=OTHER_IBAN), month[: len(month) // 2],
            pain002("INCONNU", 100, "INCONNU"),
            camt(*lines, opening=0, closing=1),
        ):  # fmt: skip
            self.truth.untrue_read += self._post(office_id, content) == 302

    def _give(self, office_id: int, contents: list[bytes]) -> None:
        """Each file by two agents at once, until both were answered; a third time after."""
        for content in contents:
            threads = [
                threading.Thread(target=self._post, args=(office_id, content)) for _ in range(2)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for content in contents:
            self._post(office_id, content)

    def _post(self, office_id: int, content: bytes) -> int:
        """The agents' page of the bank's files; again while it does not answer."""
        token = "d" * 32
        status = 0
        while not (0 < status < 500) and not self.storm.over():
            body, kind = _multipart(
                {"csrfmiddlewaretoken": token, "office": self.storm.town.people[office_id][0]},
                content,
            )
            headers = {
                "Cookie": f"{self.cookie}; {settings.CSRF_COOKIE_NAME}={token}",
                "Content-Type": kind,
            }
            status = _send(self.url + reverse("townhall:bank-files"), body, headers)
            if not 0 < status < 500:
                self.storm.pause(0.3)
        self.truth.files += 1
        if status not in (302, 422):
            self.storm.remarks.append(f"bank's file: answer {status}")
        return status


def give_back(storm: "Storm") -> None:
    """At the counter: an advance, then its refund; one refund of three is undone."""
    keys, truth = random.Random(9), storm.town.debits
    for office_id, (_code, families) in storm.town.people.items():
        for rank, family_id in enumerate(families):
            cents = 500 + 37 * rank
            paid, asked = (uuid.UUID(int=keys.getrandbits(128)) for _ in range(2))
            who = {"family_id": family_id, "cash_office_id": office_id, "amount_cents": cents}
            storm.insist(partial(_advance, key=paid, **who))
            truth.advanced.append((family_id, office_id, cents))
            refund = storm.insist(partial(_ask, key=asked, **who))
            if rank % 3 == 2:
                storm.insist(partial(_cancel, refund.pk))
            else:
                truth.given_back.append((family_id, office_id, cents))
            storm.pause(0.1)


def _advance(**given: Any) -> None:
    counter.take_payment(
        means="CHEQUE", cheque_number="7", chosen={}, actor=AGENT, now=utc_now(), **given
    )


def _ask(**given: Any) -> Any:
    return cashdesk.ask_refund(
        payee="Camille Élan", reason="Exercice", iban=IBAN, actor=AGENT, now=utc_now(), **given
    )


def _cancel(refund_id: int) -> None:
    try:
        cashdesk.cancel_refund(refund_id=refund_id, reason="Exercice", actor=AGENT, now=utc_now())
    except Refusal:  # it was, and the answer got lost
        return


def _defer() -> None:
    with contextlib.suppress(Exception):  # the same job waits already, or the database is away
        collect_due.defer(timestamp=0)
    connection.close()


def _read(content: bytes) -> list[tuple[str, str, int]]:
    """(end to end, mandate, cents) of a pain.008."""
    root = ElementTree.fromstring(content)
    found = []
    for node in root.iter():
        if not node.tag.endswith("}DrctDbtTxInf"):
            continue
        values = {one.tag.rpartition("}")[2]: one.text or "" for one in node.iter()}
        cents = int(values["InstdAmt"].replace(".", ""))
        found.append((values["EndToEndId"], values["MndtId"], cents))
    return found


def _sign_in() -> str:
    user = make_agent(Role.CASHIER, email=f"{uuid.uuid4()}@mairie.example", now=utc_now())
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "preau.accounts.auth.AgentBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _multipart(fields: dict[str, str], content: bytes) -> tuple[bytes, str]:
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="releve.xml"\r\n'
        f"Content-Type: application/xml\r\n\r\n".encode()
        + content
        + f"\r\n--{mark}--\r\n".encode()
    )
    return b"".join(parts), f"multipart/form-data; boundary={mark}"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())


def _send(url: str, body: bytes, headers: dict[str, str]) -> int:
    try:
        with _opener.open(
            urllib.request.Request(url, data=body, headers=headers), timeout=30
        ) as response:
            response.read()
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except Exception:
        return 0
