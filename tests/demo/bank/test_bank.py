"""The bank over real HTTP, with our real connectors on the other side."""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from preau.connectors.spplus import SpPlusGateway
from preau.connectors.systempay import SystempayGateway
from preau.demo.bank import merchants as demo
from preau.demo.bank.app import Bank
from preau.demo.bank.merchants import demo_merchants
from preau.payments.gateway import GatewayState, PaymentRequest, Problem
from tests.harness.stack import free_port

PATIENCE_S = 60
REFERENCE = "PREAU000000000000042"
CODES = {"spplus": demo.DEMO_SPPLUS_OFFICE, "systempay": demo.DEMO_SYSTEMPAY_OFFICE}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


_browser = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def http(url, data=None):
    """(status, body, headers) of one exchange, redirects not followed."""
    if isinstance(data, dict):
        data = urllib.parse.urlencode(data).encode()
    try:
        with _browser.open(urllib.request.Request(url, data=data), timeout=60) as r:
            return r.status, r.read().decode(), r.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


class Shop:
    """A shop that keeps what the bank's server calls bring, and answers what it is told to."""

    def __init__(self):
        self.calls = []
        self.statuses = []
        self.is_down = False
        self.first_at = 0.0
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                shop.first_at = shop.first_at or time.monotonic()
                shop.calls.append((self.path, body))
                status = shop.statuses.pop(0) if shop.statuses else 200
                if shop.is_down:
                    status = 503
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere/")
                self.end_headers()
                self.wfile.write(b"spcheckok")

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def wait(self, count, seconds=60):
        until = time.monotonic() + seconds
        while len(self.calls) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.calls) >= count, self.calls
        return self.calls

    @property
    def bodies(self):
        return [body for _, body in self.calls]


@pytest.fixture
def shop():
    shop = Shop()
    yield shop
    shop.server.shutdown()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def bank(shop):
    application = Bank(demo_merchants(shop.url))
    application.book.knobs.wait_s = PATIENCE_S
    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    application.notifier.stop()
    server.shutdown()


def gateways(bank):
    return {
        "spplus": SpPlusGateway(
            {"siret": demo.DEMO_SIRET, "key": demo.DEMO_SPPLUS_KEY, "service_url": bank}
        ),
        "systempay": SystempayGateway(
            {
                "site_id": demo.DEMO_SITE_ID,
                "secret_test": demo.DEMO_SECRET_TEST,
                "ctx_mode": "TEST",
                "service_url": f"{bank}/vads-payment/",
            }
        ),
    }


def send(gateway, shop, **changes):
    """Do what the payer's browser does: (status, address of the card page or error page)."""
    redirect = gateway.request(
        PaymentRequest(
            reference=REFERENCE,
            amount_cents=11722,
            email="camille@example.org",
            first_name="Camille",
            last_name="Élan",
            return_url=f"{shop.url}/retour/",
            notify_url=f"{shop.url}/api/paiements/{CODES[gateway.kind]}/notification/",
        )
    )
    fields = dict(redirect.fields) | changes
    if redirect.method == "GET":
        return http(f"{redirect.url}?{urllib.parse.urlencode(fields)}")
    return http(redirect.url, fields)


def pay(bank, gateway, shop, decision="payer"):
    status, _, headers = send(gateway, shop)
    assert status == 303
    card = bank + headers["Location"]
    assert "117,22" in http(card)[1]
    status, _, headers = http(card, {"decision": decision})
    assert status == 303
    return card, headers["Location"]


def control(bank, path, **data):
    """Turn the bank's knobs; nothing is given up early on a slow machine."""
    if path == "reglages":
        data = {"wait_s": PATIENCE_S, **data}
    status, body, _ = http(f"{bank}/controle/{path}", json.dumps(data).encode() if data else None)
    assert status == 200, body
    return json.loads(body)


BOTH = pytest.mark.parametrize("kind", ["spplus", "systempay"])


@BOTH
@pytest.mark.parametrize(
    ("decision", "state"),
    [
        ("payer", GatewayState.PAID),
        ("refuser", GatewayState.REFUSED),
        ("abandonner", GatewayState.ABANDONED),
    ],
)
def test_the_shop_is_told_and_the_payer_comes_back(bank, shop, kind, decision, state):
    gateway = gateways(bank)[kind]
    _, address = pay(bank, gateway, shop, decision)
    # Told before the payer is back, server to server, at the address agreed.
    assert {path for path, _ in shop.calls} == {f"/api/paiements/{CODES[kind]}/notification/"}
    verdicts = [gateway.read(body) for body in shop.bodies]
    assert all(v.verified and v.reference == REFERENCE for v in verdicts)
    assert verdicts[-1].state == state
    if kind == "systempay":
        assert verdicts[-1].amount_cents == 11722
        assert "vads_hash" in verdicts[-1].raw
    where, _, query = address.partition("?")
    assert where == f"{shop.url}/retour/"
    back = gateway.read(query)
    assert back.verified and "vads_hash" not in back.raw
    # SP Plus's browser comes back with «accepted» (1); «paid» (10) comes by the server alone.
    expected = GatewayState.PENDING if (kind, decision) == ("spplus", "payer") else state
    assert back.state == expected


@BOTH
def test_a_request_that_was_changed_is_refused(bank, shop, kind):
    gateway = gateways(bank)[kind]
    change = {"spplus": {"montant": "1.00"}, "systempay": {"vads_amount": "100"}}[kind]
    status, body, _ = send(gateway, shop, **change)
    assert status == 400 and "signature" in body
    assert control(bank, "etat")["payments"] == []


@BOTH
def test_an_unknown_shop_is_refused(bank, shop, kind):
    gateway = gateways(bank)[kind]
    name = {"spplus": "siret", "systempay": "vads_site_id"}[kind]
    status, body, _ = send(gateway, shop, **{name: "99999999"})
    assert status == 400 and "connue" in body


@BOTH
def test_a_decision_is_taken_once(bank, shop, kind):
    gateway = gateways(bank)[kind]
    card, address = pay(bank, gateway, shop)
    told = len(shop.calls)
    assert http(card, {"decision": "refuser"})[2]["Location"] == address
    assert "déjà terminé" in http(card)[1]
    assert send(gateway, shop)[2]["Location"] in card
    assert len(shop.calls) == told


def test_a_silly_decision_or_payment_is_refused(bank, shop):
    _, _, headers = send(gateways(bank)["spplus"], shop)
    assert http(bank + headers["Location"], {"decision": "voler"})[0] == 400
    assert http(f"{bank}/carte/nope")[0] == 404
    assert http(f"{bank}/nope")[0] == 404


@BOTH
def test_retries_until_the_shop_answers_and_follows_no_redirect(bank, shop, kind):
    control(bank, "reglages", retry_s=0.02, etats=["10"])
    shop.statuses = [500, 302, 503]
    pay(bank, gateways(bank)[kind], shop)
    shop.wait(4)
    assert {path for path, _ in shop.calls} == {f"/api/paiements/{CODES[kind]}/notification/"}
    assert len(set(shop.bodies)) == 1
    until = time.monotonic() + PATIENCE_S  # the bank notes the answer after the shop gave it
    while not control(bank, "etat")["notifications"][0]["done"]:
        assert time.monotonic() < until


def test_delay_copies_drop(bank, shop):
    gateway = gateways(bank)["systempay"]
    control(bank, "reglages", delay_s=0.3, copies=3)
    before = time.monotonic()
    pay(bank, gateway, shop)
    assert len(set(shop.wait(3))) == 1
    assert shop.first_at - before >= 0.3

    control(bank, "reglages", drop=True)
    shop.calls.clear()
    fields = dict(
        gateway.request(
            PaymentRequest(
                reference="PREAU000000000000043",
                amount_cents=500,
                email="",
                first_name="",
                last_name="",
                return_url=f"{shop.url}/r/",
                notify_url=f"{shop.url}/n/",
            )
        ).fields
    )
    _, _, headers = http(f"{bank}/vads-payment/", fields)
    http(bank + headers["Location"], {"decision": "payer"})
    time.sleep(0.2)
    assert shop.calls == []


def test_reordered(bank, shop):
    gateway = gateways(bank)["spplus"]
    control(bank, "reglages", hold=True, etats=["1", "4", "10"])
    pay(bank, gateway, shop)
    assert shop.calls == []
    control(bank, "liberer", reverse=True)
    shop.wait(3)
    assert [gateway.read(body).bank_status for body in shop.bodies] == ["10", "4", "1"]


def test_tampered_unsigned_or_signed(bank, shop):
    gateway = gateways(bank)["systempay"]
    control(bank, "reglages", tamper={"vads_amount": "1", "vads_effective_amount": "1"})
    pay(bank, gateway, shop)
    assert Problem.SIGNATURE in gateway.read(shop.bodies[0]).problems
    shop.calls.clear()
    # Signed by the bank itself, for another amount: verified, but not what was asked.
    token = control(bank, "etat")["payments"][0]["token"]
    control(bank, "reglages", tamper={"vads_amount": "1"}, resign=True)
    control(bank, "operation", token=token, kind="refund")
    shop.wait(1)
    verdict = gateway.read(shop.bodies[0])
    assert verdict.verified and verdict.amount_cents == 1
    assert verdict.state == GatewayState.REFUNDED


@BOTH
def test_refund_and_unpaid(bank, shop, kind):
    gateway = gateways(bank)[kind]
    pay(bank, gateway, shop)
    token = control(bank, "etat")["payments"][0]["token"]
    shop.calls.clear()
    control(bank, "operation", token=token, kind="refund")
    control(bank, "operation", token=token, kind="unpaid")
    shop.wait(2)
    assert [gateway.read(b).state for b in shop.bodies] == [
        GatewayState.REFUNDED,
        GatewayState.UNPAID,
    ]


def test_the_control_panel_is_for_this_machine_alone():
    bank = Bank([])
    seen = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/controle/etat", "REMOTE_ADDR": "192.0.2.1"}
    bank(environ, lambda status, headers: seen.append(status))
    bank.notifier.stop()
    assert seen == ["403 Forbidden"]


def test_a_killed_bank_remembers_and_still_owes(shop, tmp_path: Path):
    """The real process, served by granian, SIGKILLed with a notification still to make."""
    port = free_port()
    bank = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "preau.demo.bank",
        "--port",
        str(port),
        "--shop-url",
        shop.url,
        "--state",
        str(tmp_path / "bank.jsonl"),
    ]

    def start():
        process = subprocess.Popen(command, start_new_session=True)
        until = time.monotonic() + 2 * PATIENCE_S
        while time.monotonic() < until and process.poll() is None:
            try:
                if http(f"{bank}/healthz")[1] == "ok":
                    return process
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the bank did not start")

    def kill(process):
        import os
        import signal

        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    process = start()
    try:
        # The shop takes nothing yet: the call stays owed whenever the kill comes.
        shop.is_down = True
        control(bank, "reglages", delay_s=0.01, retry_s=0.1, etats=["10"])
        _, address = pay(bank, gateways(bank)["spplus"], shop)
        kill(process)
        shop.is_down = False
        shop.calls.clear()
        process = start()
        assert len(control(bank, "etat")["payments"]) == 1
        shop.wait(1)
        assert gateways(bank)["spplus"].read(shop.bodies[0]).state == GatewayState.PAID
        assert gateways(bank)["spplus"].read(address.partition("?")[2]).verified
    finally:
        kill(process)
