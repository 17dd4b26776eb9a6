"""Five thousand browsers in one process: HTTP/1.1 by hand, cookies kept, and a connection too for
as long as the server keeps it open, as browsers do.

A journey is: read the activity's planning (after the queue, when there is one), send the choice,
read the receipt. A browser whose connection breaks tries again: its form holds its own key.
"""

import asyncio
import gzip
import random
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

TRIES = 6
FIELDS = re.compile(rb'name="(csrfmiddlewaretoken|key|held|added)" value="([^"]*)"')
PAIRS = re.compile(rb'value="(\d+)-(\d+)"')
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)")
OUTCOME = re.compile(rb"R-2\d{3}-\w{6}")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Tally:
    """What all the browsers saw."""

    requests: int = 0
    retried: int = 0
    polls: int = 0
    took: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    # The receipts that were read, by reference.
    receipts: dict[str, bytes] = field(default_factory=dict)


class Wire:
    """A connection, opened when it is needed and again after it was closed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, sent: bytes) -> tuple[bytes, bytes]:
        """(head, body) of the answer to a request."""
        if self._ends is None or self._ends[0].at_eof():
            self.close()
            self._ends = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._ends
        try:
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            lower = head.lower()
            found = LENGTH.search(lower)
            if found:
                body = await reader.readexactly(int(found[1]))
            elif b"transfer-encoding: chunked" in lower:
                body = b""
                while size := int(await reader.readuntil(b"\r\n"), 16):
                    body += (await reader.readexactly(size + 2))[:-2]
                await reader.readuntil(b"\r\n")
            else:
                body = await reader.read()
                self.close()
        except BaseException:
            self.close()
            raise
        if b"connection: close" in lower:
            self.close()
        return head, body

    def close(self) -> None:
        if self._ends is not None:
            self._ends[1].close()
            self._ends = None


class Browser:
    """One signed-in family."""

    def __init__(
        self, port: int, person: dict[str, Any], tally: Tally, wire: Wire | None = None
    ) -> None:
        self.port, self.tally, self.child = port, tally, person["child"]
        self.wire = wire or Wire(port)
        self.cookies = {"preau_session": person["session"]}

    async def ask(
        self, method: str, path: str, form: list[tuple[str, str]] | None = None, **headers: str
    ) -> Answer:
        """One exchange, tried again when the connection breaks or the server asks to."""
        for attempt in range(TRIES):
            begun = time.perf_counter()
            try:
                answer = await asyncio.wait_for(self._once(method, path, form, headers), 90)
            except (OSError, asyncio.IncompleteReadError, ValueError, TimeoutError):
                self.tally.retried += 1
                await asyncio.sleep(0.3 * 2**attempt * (0.5 + random.random()))  # noqa: S311
                continue
            if answer.status in (502, 503) and attempt + 1 < TRIES:
                self.tally.retried += 1
                await asyncio.sleep(0.5 * 2**attempt * (0.5 + random.random()))  # noqa: S311
                continue
            self.tally.pages.append(time.perf_counter() - begun)
            return answer
        raise ConnectionError(f"{method} {path}: no answer in {TRIES} tries")

    async def _once(
        self, method: str, path: str, form: list[tuple[str, str]] | None, more: dict[str, str]
    ) -> Answer:
        body = urlencode(form).encode() if form is not None else b""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: localhost:{self.port}",
            "Accept-Encoding: gzip",
            "Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            *(f"{name.replace('_', '-')}: {value}" for name, value in more.items()),
        ]
        if form is not None:
            lines += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        self.tally.requests += 1
        return self._read(
            *await self.wire.exchange("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        )

    def _read(self, head: bytes, body: bytes) -> Answer:
        first, *rest = head[:-4].decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in rest:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            if name == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self.cookies[cookie] = content
            headers[name] = value
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(int(first.split()[1]), headers, body)

    async def enter(self, path: str) -> Answer:
        """A page that the queue may guard: wait for one's turn, as the queue's page does."""
        answer = await self.ask("GET", path)
        while answer.status == 302 and answer.headers["location"].startswith("/file-attente/"):
            queue = f"/file-attente/?suite={quote(path, safe='')}"
            answer = await self.ask("GET", queue)
            while answer.status == 200 and "hx-redirect" not in answer.headers:
                await asyncio.sleep(float(answer.headers.get("retry-after", "5")))
                self.tally.polls += 1
                answer = await self.ask("GET", queue, HX_Request="true")
            answer = await self.ask("GET", path)
        return answer

    async def journey(self, month: str, days: list[str], activity: str = "centre") -> None:
        """Read the planning, send days (by their rank in the page), read the receipt."""
        path = f"/espace/reservations/?mois={month}&activite={activity}"
        page = await self.enter(path)
        if page.status != 200:
            raise ValueError(f"planning: {page.status}")
        fields = {name.decode(): value.decode() for name, value in FIELDS.findall(page.body)}
        slots = list(
            dict.fromkeys(
                f"{slot.decode()}-{child.decode()}"
                for slot, child in PAIRS.findall(page.body)
                if child.decode() == str(self.child)
            )
        )
        chosen = [slots[int(day)] for day in days]
        form = [
            ("csrfmiddlewaretoken", fields["csrfmiddlewaretoken"]),
            ("mois", month),
            ("activite", activity),
            ("held", fields["held"]),
            ("added", fields["added"]),
            ("key", fields["key"]),
            ("go", ""),
            ("do", "send"),
            *(("c", pair) for pair in chosen),
        ]
        sent = await self.ask("POST", "/espace/reservations/", form)
        where = sent.headers.get("location", "")
        if sent.status != 302 or "/recus/" not in where:
            raise ValueError(f"POST: {sent.status} {where}")
        receipt = await self.ask("GET", where)
        told = OUTCOME.search(receipt.body)
        if receipt.status != 200 or told is None:
            raise ValueError(f"receipt: {receipt.status}")
        self.tally.receipts[told[0].decode()] = receipt.body


async def rush(
    port: int, crowd: list[dict[str, Any]], month: str, calendar: list[str], within: float
) -> tuple[Tally, float]:
    """Everyone comes within `within` seconds; (what they saw, seconds until the last answer)."""
    tally, begun = Tally(), time.perf_counter()

    async def one(person: dict[str, Any], after: float) -> None:
        await asyncio.sleep(after)
        came = time.perf_counter()
        try:
            days = [str(calendar.index(day)) for day in person["days"]]
            browser = Browser(port, person, tally)
            await browser.journey(month, days)
            tally.took.append(time.perf_counter() - came)
            browser.wire.close()
        except Exception as error:
            tally.errors.append(f"{type(error).__name__}: {error}")

    await asyncio.gather(
        *(one(person, random.random() * within) for person in crowd)  # noqa: S311
    )
    return tally, time.perf_counter() - begun


async def post_alone(
    port: int, crowd: list[dict[str, Any]], connections: int, *, keys: Any
) -> tuple[Tally, float]:
    """The booking POST alone: so many connections, each person once."""
    tally, waiting = Tally(), list(crowd)
    token = "a" * 32
    begun = time.perf_counter()

    async def one() -> None:
        wire = Wire(port)
        while waiting:
            person = waiting.pop()
            browser = Browser(port, person, tally, wire)
            browser.cookies |= {"preau_csrf": token, "preau_entree": person["pass"]}
            form = [
                ("csrfmiddlewaretoken", token),
                ("mois", "2027-05"),
                ("activite", "centre"),
                ("held", ""),
                ("added", ""),
                ("go", ""),
                ("do", "send"),
                ("key", str(keys())),
                ("c", f"{person['slot']}-{person['child']}"),
            ]
            sent = await browser.ask("POST", "/espace/reservations/", form)
            if "/recus/" not in sent.headers.get("location", ""):
                tally.errors.append(f"POST: {sent.status} {sent.headers.get('location', '')}")

    await asyncio.gather(*(one() for _ in range(connections)))
    return tally, time.perf_counter() - begun
