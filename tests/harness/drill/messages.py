"""All that banks and strangers say of one payment: what is true, and much that is not."""

import random
import uuid
from typing import Any
from urllib.parse import urlencode

from preau.demo.bank import merchants as demo
from preau.demo.bank.protocols import ABANDON, PAY, REFUSE, VADS_RESULTS
from preau.demo.bank.signatures import spplus_hmac, systempay_signature
from tests.harness.drill.values import LATE, PER_ATTEMPT, Message

FORMS: dict[int, dict[str, str]] = {}
"""The fields that each payment left with, as the bank gives them back."""


def messages_of(attempt: Any, fate: str, rng: random.Random, url: str) -> list[Message]:
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
    if fate in ("paid", "refunded"):
        due = at()
        found += [make("paid", spoken(attempt, PAY), due, twin=n < 2) for n in range(2)]
        found += [make("paid", spoken(attempt, PAY)) for _ in range(2)]
        if attempt.gateway != "PAYFIP":  # in the wrong order, and a contrary word
            found += [make("contrary", spoken(attempt, ABANDON)) for _ in range(2)]
    if fate == "refunded":  # told three times, two of them at once, when all else was said
        back = _systempay(attempt, PAY, given_back=True)
        found += [make("given back", back, LATE + rng.random(), twin=n < 1) for n in range(2)]
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
    attempt: Any, decision: str, *, wrong: bool = False, unknown: bool = False,
    forged: bool = False, given_back: bool = False,
) -> str:  # fmt: skip
    result, auth, status = VADS_RESULTS[decision]
    fields = {k: v for k, v in FORMS[attempt.pk].items() if k != "signature"}
    if unknown:
        fields |= {"vads_order_id": "Z" * 20, "vads_ext_info_eopayment_trans_id": "Z" * 20}
    amount = str(attempt.amount_cents * 2) if wrong else fields["vads_amount"]
    fields |= {
        "vads_result": result, "vads_auth_result": auth, "vads_trans_status": status,
        "vads_operation_type": "DEBIT", "vads_trans_uuid": f"{attempt.pk:032x}",
        "vads_amount": amount, "vads_effective_amount": amount, "vads_auth_mode": "FULL",
    }  # fmt: skip
    if given_back:
        fields |= {
            "vads_operation_type": "CREDIT", "vads_trans_status": "CAPTURED",
            "vads_trans_uuid": f"{attempt.pk + 10**9:032x}",
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
