"""What the waiting room writes in a visitor's browser: signed, never secret, never enough alone.

A ticket is a place in the queue. A pass says that this session was let in; it is worth nothing in
another browser, since it holds the fingerprint of the session's own cookie.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

from django.core.signing import BadSignature, TimestampSigner

from preau.openings.gate import Ticket

TICKET_COOKIE = "preau_place"
PASS_COOKIE = "preau_entree"  # noqa: S105  (a name)
PASS_SECONDS = 15 * 60
TICKET_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True)
class Pass:
    visitor: str


@cache
def _signer(salt: str) -> TimestampSigner:
    return TimestampSigner(salt=f"preau.waiting.{salt}")


def visitor_of(session_key: str) -> str:
    """A fingerprint of the session's cookie: the same browser, and nothing else."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:32]


def write_ticket(ticket: Ticket) -> str:
    return _signer("ticket").sign(f"{ticket.epoch}.{ticket.number}")


def read_ticket(cookie: str | None) -> Ticket | None:
    """The ticket of a cookie that we signed; None for any other."""
    text = _read("ticket", cookie, TICKET_SECONDS)
    if text is None:
        return None
    epoch, _, number = text.partition(".")
    return Ticket(int(epoch), int(number))


def write_pass(visitor: str) -> str:
    return _signer("pass").sign(visitor)


def read_pass(cookie: str | None) -> Pass | None:
    """The pass of a cookie that we signed less than PASS_SECONDS ago; None for any other."""
    text = _read("pass", cookie, PASS_SECONDS)
    return Pass(text) if text is not None else None


def _read(salt: str, cookie: str | None, max_age: int) -> str | None:
    if not cookie or len(cookie) > 200:
        return None
    try:
        return _signer(salt).unsign(cookie, max_age=max_age)
    except BadSignature:
        return None
