"""The simulated bank as a WSGI application: three protocols, one card page, a control panel."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from preau.demo.bank import pages, payfip, protocols, state
from preau.demo.bank.book import Book, Knobs, Notification, Payment
from preau.demo.bank.merchants import PAYFIP, SPPLUS, Merchant
from preau.demo.bank.notifier import Notifier
from preau.kernel.clock import paris_day, utc_now

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
LOOPBACK = ("127.", "::1", "localhost", "::ffff:127.")
MAX_BODY = 65_536
REASONS = {
    200: "OK",
    303: "See Other",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    502: "Bad Gateway",
    504: "Gateway Timeout",
    500: "Internal Server Error",
}
SECURITY = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src data:; "
        "base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
]


class Reply(Exception):
    """An answer, raised from wherever it is known."""

    def __init__(self, status: int, body: str = "", kind: str = "text/html", **headers: str):
        self.status, self.body, self.kind, self.headers = status, body, kind, headers


class Bank:
    """The application. `merchants` may be changed while it runs (tests do)."""

    def __init__(self, merchants: list[Merchant], book: Book | None = None) -> None:
        self.merchants = merchants
        self.book = book or Book()
        self.notifier = Notifier(self.book)
        self.notifier.start()

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        try:
            reply = self._route(environ)
        except Reply as raised:
            reply = raised
        except protocols.Refused as refused:
            self.book.refusals.append(str(refused))
            reply = Reply(400, pages.refused_page(str(refused)))
        body = reply.body.encode("utf-8")
        headers = [
            ("Content-Type", f"{reply.kind}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            *SECURITY,
            *((name.replace("_", "-"), value) for name, value in reply.headers.items()),
        ]
        start(f"{reply.status} {REASONS[reply.status]}", headers)
        return [body]

    def _route(self, environ: dict[str, Any]) -> Reply:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        match (method, path.strip("/").split("/")):
            case ("GET", [""]):
                return Reply(200, pages.home_page())
            case ("GET", ["healthz"]):
                return Reply(200, "ok", "text/plain")
            case ("GET", ["style.css"]):
                return Reply(200, pages.STYLE, "text/css")
            case ("GET", ["paiement", "init.do"]):
                fields = _fields(environ.get("QUERY_STRING", ""))
                return self._begin(protocols.open_spplus(fields, self.merchants))
            case ("POST", ["vads-payment"]):
                fields = _fields(_body(environ))
                return self._begin(protocols.open_systempay(fields, self.merchants))
            case ("GET", ["etat", "v3", "dss", "quotient_familial", "identite"]):
                query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
                key = environ.get("HTTP_AUTHORIZATION", "")
                status, answer = state.quotient(query, key, paris_day(utc_now()))
                return Reply(status, answer, "application/json")
            case ("GET", ["carte", token]):
                return self._card(token)
            case ("POST", ["carte", token]):
                return self._decide(token, _fields(_body(environ)).get("decision", ""))
            case ("GET", ["tpa", "services", "securite"]):
                return Reply(200, payfip.wsdl(_root(environ)), "text/xml")
            case ("POST", ["tpa", "services", "securite"]):
                return self._soap(_body(environ))
            case (_, ["tpa", "paiementws.web"]):
                token = _fields(environ.get("QUERY_STRING", "")).get("idop", "")
                if self._payment(token).protocol != PAYFIP:
                    return Reply(404, pages.refused_page("cette opération n’existe pas"))
                if method == "GET":
                    return self._card(token)
                return self._decide(token, _fields(_body(environ)).get("decision", ""))
            case (_, ["controle", *rest]):
                # Behind `make run` the bank listens on loopback alone; this holds anywhere.
                if not environ.get("REMOTE_ADDR", "").startswith(LOOPBACK):
                    return Reply(403, "loopback only", "text/plain")
                return self._control(method, rest, environ)
        return Reply(404, pages.refused_page("cette page n’existe pas"))

    def _begin(self, payment: Payment) -> Reply:
        with self.book.lock:
            known = self.book.find(
                protocol=payment.protocol, merchant=payment.merchant, reference=payment.reference
            )
            if known is None:
                self.book.save(payment)
            elif known.amount_cents != payment.amount_cents:
                raise protocols.Refused("cette référence a déjà servi pour un autre montant")
            else:
                payment = known
        return Reply(303, Location=f"/carte/{payment.token}")

    def _soap(self, body: str) -> Reply:
        """One call of PayFiP's service, well or as the knobs say."""
        mood = self.book.knobs.soap
        if mood == "silent":
            time.sleep(self.book.knobs.timeout_s)
        if mood in ("silent", "error"):
            return Reply(500, "indisponible", "text/plain")
        if mood == "junk":
            return Reply(200, "<html>maintenance</html>")
        if mood.startswith("fault "):
            code, _, words = mood.removeprefix("fault ").partition(" ")
            return Reply(500, payfip.told_fault(payfip.Fault(code, words)), "text/xml")
        with self.book.lock:
            status, answer = payfip.answer(body, self.book, self.merchants)
        return Reply(status, answer, "text/xml")

    def _payment(self, token: str) -> Payment:
        if payment := self.book.payments.get(token):
            return payment
        raise Reply(404, pages.refused_page("ce paiement n’est pas connu de la banque"))

    def _card(self, token: str) -> Reply:
        payment = self._payment(token)
        if payment.decision:
            return Reply(200, pages.decided_page(payment, self._return_address(payment)))
        if payment.protocol == PAYFIP:
            if payfip.is_over(payment, self.book.knobs.life_s):
                return Reply(400, pages.refused_page("le délai de 15 minutes est passé"))
            return Reply(200, pages.treasury_page(payment))
        return Reply(200, pages.card_page(payment))

    def _decide(self, token: str, decision: str) -> Reply:
        payment = self._payment(token)
        if payment.protocol == PAYFIP:
            if payfip.is_over(payment, self.book.knobs.life_s) and not payment.decision:
                raise Reply(400, pages.refused_page("le délai de 15 minutes est passé"))
            if decision not in payfip.DECISIONS:
                raise Reply(400, pages.treasury_page(payment))
        elif decision not in protocols.DECISIONS:
            raise Reply(400, pages.card_page(payment))
        with self.book.lock:
            first = not payment.decision
            if first:
                payment.decision = decision
                self._settle(payment)
        if first and not self.book.knobs.delay_s and not self.book.knobs.hold:
            # As real banks do: tell the shop first, then let the payer go.
            self.notifier.wait(token, self.book.knobs.wait_s)
        return Reply(303, Location=self._return_address(payment))

    def _settle(self, payment: Payment) -> None:
        if payment.protocol == SPPLUS:
            etats = self.book.knobs.etats
            if payment.decision != protocols.PAY:
                etats = [protocols.SPPLUS_ETATS[payment.decision]]
            answers = [protocols.spplus_answer(payment, etat) for etat in etats]
        elif payment.protocol == PAYFIP:
            payment.answer = payfip.outcome(payment)
            self.book.save(payment)
            self._notify(payment, {"idOp": payment.token})
            return
        else:
            answers = [protocols.systempay_answer(payment, payment.decision)]
        payment.answer = answers[0]
        self.book.save(payment)
        for answer in answers:
            self._notify(payment, answer)

    def _notify(self, payment: Payment, answer: dict[str, str]) -> None:
        knobs = self.book.knobs
        if knobs.drop or not payment.notify_url:
            return
        if payment.protocol not in (SPPLUS, PAYFIP):
            seal = hashlib.sha256(payment.token.encode()).hexdigest()
            answer = {**answer, "vads_url_check_src": "PAY", "vads_hash": seal}
        tampered = {**answer, **knobs.tamper}
        body = protocols.signed_query(payment, answer, self.merchants)
        if knobs.resign:
            body = protocols.signed_query(payment, tampered, self.merchants)
        elif knobs.tamper:
            body = urlencode({**dict(parse_qsl(body, keep_blank_values=True)), **knobs.tamper})
        numbers = [n.number for n in self.book.notifications.values() if n.token == payment.token]
        after = max(numbers, default=0)
        for _ in range(max(knobs.copies, 1)):
            self.book.save(
                Notification(
                    number=self.book.next_number(),
                    token=payment.token,
                    url=payment.notify_url,
                    body=body,
                    due_at=time.time() + knobs.delay_s,
                    expects="spcheckok" if payment.protocol == SPPLUS else "",
                    after=after,
                    held=knobs.hold,
                )
            )

    def _return_address(self, payment: Payment) -> str:
        if payment.protocol == PAYFIP:
            return f"{payment.return_url}?{urlencode({'idop': payment.token})}"
        query = protocols.signed_query(payment, payment.answer, self.merchants)
        return f"{payment.return_url}?{query}"

    def _control(self, method: str, rest: list[str], environ: dict[str, Any]) -> Reply:
        data = json.loads(_body(environ) or "{}") if method == "POST" else {}
        with self.book.lock:
            match (method, rest):
                case ("GET", ["etat"]):
                    pass
                case ("POST", ["reglages"]):
                    known = {item.name for item in fields(Knobs)}
                    if unknown := set(data) - known:
                        return Reply(400, f"unknown: {sorted(unknown)}", "text/plain")
                    self.book.knobs = Knobs(**data)
                case ("POST", ["liberer"]):
                    held = [n for n in self.book.notifications.values() if n.held]
                    before = 0  # each waits for the one before: threads never change the order
                    for item in reversed(held) if data.get("reverse") else held:
                        item.held, item.after, item.due_at = False, before, time.time()
                        before = item.number
                        self.book.save(item)
                case ("POST", ["operation"]):
                    self._operate(self._payment(data["token"]), data["kind"], data.get("amount", 0))
                case ("POST", ["payfip"]):
                    # The payer began again: what the service answers from now on.
                    payment = self._payment(data["token"])
                    payment.answer = {**payfip.outcome(payment), **data["answer"]}
                    payment.decision = data.get("decision", payment.decision or payfip.CARD)
                    self.book.save(payment)
                case ("POST", ["marchands"]):
                    self.merchants[:] = [Merchant(**item) for item in data["merchants"]]
                case _:
                    return Reply(404, "unknown control", "text/plain")
            state = {
                "payments": [asdict(p) for p in self.book.payments.values()],
                "notifications": [asdict(n) for n in self.book.notifications.values()],
                "knobs": asdict(self.book.knobs),
                "refusals": self.book.refusals,
            }
        return Reply(200, json.dumps(state), "application/json")

    def _operate(self, payment: Payment, kind: str, cents: int = 0) -> None:
        """Later life of a payment: `refund` (Systempay: of a part, `cents`) or `unpaid`."""
        if payment.protocol == SPPLUS:
            etat = {"refund": "17", "unpaid": "20"}[kind]
            self._notify(payment, protocols.spplus_answer(payment, etat))
            return
        change = {
            "refund": {"vads_operation_type": "CREDIT", "vads_trans_status": "CAPTURED"},
            "unpaid": {"vads_trans_status": "CAPTURE_FAILED"},
        }[kind]
        if cents:
            # A part given back is an operation of its own, with its own name and amount.
            change |= {
                "vads_amount": str(cents),
                "vads_effective_amount": str(cents),
                "vads_trans_uuid": secrets.token_hex(16),
            }
        self._notify(payment, {**payment.answer, **change})


def _root(environ: dict[str, Any]) -> str:
    """The address by which this server was reached."""
    host = environ.get("HTTP_HOST") or f"127.0.0.1:{environ.get('SERVER_PORT', '80')}"
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}"


def _body(environ: dict[str, Any]) -> str:
    length = min(int(environ.get("CONTENT_LENGTH") or 0), MAX_BODY)
    return environ["wsgi.input"].read(length).decode("utf-8", "replace")


def _fields(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))
