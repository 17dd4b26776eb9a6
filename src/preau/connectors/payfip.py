"""PayFiP (the Treasury's service for local authorities), through eopayment and its SOAP client.

Nothing that arrives from PayFiP is signed: a notification and the browser's return only name an
operation (`idop` or `idOp`). The truth is what `recupererDetailPaiementSecurise` answers to our own
call, over TLS, for the operation that we opened; its amount, reference, client number, mode and
operation are compared with ours. «Régie» mode: our own reference is the `refdet`; «titre» mode: the
titre's, with its year (`exer`), on the public accountant's own client number.

eopayment turns the answer into a result: P (card) and V (direct debit) paid, R and Z refused, A
cancelled (waiting for two minutes, since the payer may begin again), fault P5 waiting (expired
after two hours), fault P1 expired.
"""

import contextlib
import importlib.resources
import re
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import eopayment
from eopayment.payfip_ws import PayFiPError

from preau.connectors._query import Unreadable, as_text, parse
from preau.kernel.clock import utc_now
from preau.payments.gateway import (
    EURO,
    Capabilities,
    GatewayMisconfigured,
    GatewayState,
    GatewayUnreachable,
    PaymentRequest,
    Problem,
    Redirect,
    Verdict,
)

SERVICE_URL = "https://www.payfip.gouv.fr"
SOAP_PATH = "/tpa/services/securite"
PAGE_PATH = "/tpa/paiementws.web"
WSDL = "PaiementSecuriseService.wsdl"
MODES = ("T", "X", "W")
REQUEST_SECONDS = 10
"""The payer waits meanwhile, and one of the web server's threads with it."""
POLL_SECONDS = 10

_IDOP = re.compile(r"[A-Za-z0-9-]{1,60}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_FAULT = re.compile(r"[A-Z][0-9]{1,2}")
_PARIS = ZoneInfo("Europe/Paris")
_mine = threading.local()
_folders: list[tempfile.TemporaryDirectory[str]] = []

STATES: Mapping[int, GatewayState] = {
    eopayment.PAID: GatewayState.PAID,
    eopayment.DENIED: GatewayState.REFUSED,
    eopayment.CANCELLED: GatewayState.ABANDONED,
    eopayment.WAITING: GatewayState.PENDING,
    eopayment.EXPIRED: GatewayState.EXPIRED,
}


class PayFipGateway:
    """One cash office's client number at PayFiP.

    Options: `numcli` (6 digits), `saisie` T (test), X (activation) or W (production),
    `service_url` (root of the service). There is no key.
    """

    kind = "payfip"
    answer = "OK"
    capabilities = Capabilities(
        label="PayFiP", min_cents=100, max_cents=100_000_00, email_required=True
    )

    def __init__(self, options: Mapping[str, str]) -> None:
        self.merchant = options.get("numcli", "").strip()
        self._mode = options.get("saisie") or "T"
        self._service_url = (options.get("service_url") or SERVICE_URL).rstrip("/")
        if not re.fullmatch(r"[0-9]{6}", self.merchant):
            raise GatewayMisconfigured("PayFiP: numéro de client attendu (6 chiffres)")
        if self._mode not in MODES:
            raise GatewayMisconfigured("PayFiP: saisie est T, X ou W")

    def request(self, request: PaymentRequest, *, now: datetime | None = None) -> Redirect:
        """Open an operation at PayFiP: the payer has 15 minutes to go there.

        Raises GatewayUnreachable, when nothing was opened that anyone could pay.
        """
        if not 6 <= len(request.email) <= 80 or not _EMAIL.fullmatch(request.email):
            raise GatewayUnreachable("PayFiP: no e-mail address that it accepts")
        payment = self._payment(return_url=request.return_url, notify_url=request.notify_url)
        try:
            idop, _, _ = payment.request(
                Decimal(request.amount_cents) / 100,
                email=request.email,
                refdet=request.document or request.reference,
                exer=str(request.year or (now or utc_now()).astimezone(_PARIS).year),
                subject=request.subject,
                timeout=REQUEST_SECONDS,
            )
        except (eopayment.PaymentException, ValueError) as error:
            raise GatewayUnreachable(_words(error)) from error
        if not _IDOP.fullmatch(idop):
            raise GatewayUnreachable("PayFiP: no operation in the answer")
        return self.page(idop)

    def page(self, provider_id: str) -> Redirect:
        """PayFiP's page for an operation already open."""
        return Redirect(
            method="GET",
            url=f"{self._service_url}{PAGE_PATH}",
            fields=(("idop", provider_id),),
            provider_id=provider_id,
        )

    def hint(self, message: str | bytes) -> str:
        """The operation that a message names, or "". Never raises."""
        try:
            fields = parse(as_text(message))
        except Unreadable:
            return ""
        named = {value for name, value in fields.items() if name.lower() == "idop"}
        idop = named.pop() if len(named) == 1 else ""
        return idop if _IDOP.fullmatch(idop) else ""

    def read(self, message: str | bytes) -> Verdict:
        """Nothing that arrives is signed: never verified."""
        idop = self.hint(message)
        problem = Problem.SIGNATURE if idop else Problem.FORMAT
        return Verdict(
            state=GatewayState.UNKNOWN, verified=False, transaction_id=idop, problems=(problem,)
        )

    def poll(self, provider_id: str, *, sent_at: datetime, now: datetime) -> Verdict:
        """Ask PayFiP what became of the operation."""
        try:
            response = self._payment().backend.payment_status(
                provider_id,
                # eopayment reads the machine's clock: give it the same age by that clock.
                transaction_date=datetime.now(UTC) - (now - sent_at),
                timeout=POLL_SECONDS,
            )
        except PayFiPError as error:  # neither P1 nor P5: told to the cashier, asked again later
            told = _FAULT.fullmatch(str(error.code)) is not None
            fault = " ".join(f"{error.code} : {error.message}".split())[:200] if told else ""
            raise GatewayUnreachable(_words(error), fault=fault) from error
        except Exception as error:  # zeep and eopayment let TypeError… escape on odd answers
            raise GatewayUnreachable(_words(error)) from error
        state = STATES.get(response.result, GatewayState.UNKNOWN)
        fields = {
            name: value if isinstance(value, str) else ""
            for name, value in (response.bank_data or {}).items()
        }
        if not fields:
            # A fault (P5, P1): PayFiP tells nothing of the operation, not even its amount.
            known = state in (GatewayState.PENDING, GatewayState.EXPIRED)
            return Verdict(
                state=state, verified=known, currency=EURO, merchant=self.merchant,
                transaction_id=provider_id, bank_status=state.value,
                problems=() if known else (Problem.FORMAT,),
            )  # fmt: skip
        problems: list[Problem] = []
        if fields.get("idOp") != provider_id:
            problems.append(Problem.CONTRADICTION)
        if fields.get("numcli") != self.merchant:
            problems.append(Problem.MERCHANT)
        if fields.get("saisie") != self._mode:
            problems.append(Problem.MODE)
        amount = fields.get("montant", "")
        cents = int(amount) if re.fullmatch(r"[0-9]{1,9}", amount) else None
        if cents is None:
            problems.append(Problem.AMOUNT)
        return Verdict(
            state=state,
            verified=not problems,
            reference=fields.get("refdet", ""),
            amount_cents=cents,
            currency=EURO,
            merchant=fields.get("numcli", ""),
            transaction_id=provider_id,
            bank_status=fields.get("resultrans", ""),
            problems=tuple(problems),
            raw=fields,
        )

    def _payment(self, *, return_url: str = "", notify_url: str = "") -> eopayment.Payment:
        payment = eopayment.Payment(
            "payfip_ws",
            {
                "numcli": self.merchant,
                "saisie": self._mode,
                "normal_return_url": return_url,
                "automatic_return_url": notify_url,
            },
        )
        payment.backend.payfip = _service(self._service_url)
        return payment


def _service(root: str) -> Any:
    """eopayment's SOAP client for the service at `root`: one per thread, since zeep keeps state."""
    from eopayment.payfip_ws import PayFiP

    known: dict[str, Any] = _mine.__dict__.setdefault("services", {})
    if root not in known:
        known[root] = PayFiP(wsdl_url=None if root == SERVICE_URL else _wsdl_at(root))
    return known[root]


@cache
def _wsdl_at(root: str) -> str:
    """The address of a copy of the WSDL whose service is at `root` (a simulator)."""
    parts = urlsplit(root)
    if parts.scheme not in ("http", "https") or not parts.netloc or set(root) & set("\"'<>& "):
        raise GatewayMisconfigured("PayFiP: adresse du service illisible")
    _folders.append(tempfile.TemporaryDirectory(prefix="preau-payfip-"))
    folder = Path(_folders[-1].name)
    for item in importlib.resources.files("eopayment").joinpath("resource").iterdir():
        if item.name.endswith((".wsdl", ".xsd")):
            text = item.read_text("utf-8")
            text = text.replace(f'"{SERVICE_URL}{SOAP_PATH}"', f'"{root}{SOAP_PATH}"')
            (folder / item.name).write_text(text, "utf-8")
    return f"file://{folder / WSDL}"


def _words(error: BaseException) -> str:
    with contextlib.suppress(Exception):
        return f"PayFiP: {error}"[:300]
    return "PayFiP: unreadable error"
