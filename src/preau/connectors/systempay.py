"""Systempay V2 (Caisse d'Épargne, BPCE), through eopayment, and the checks that it leaves to us.

eopayment verifies the signature but still calls a tampered message paid, never compares the
amount, the shop or the mode, and ignores `vads_trans_status`: a refusal with result 00/00 reads
paid. Each of these is checked here.

The signature covers values joined by `+`, not their names: a payer whose first name or e-mail
contained `5000+00+TEST+978` could cut one value into four and rename them. So no value that a payer
chooses is sent with a `+`, and the fixed fields of our requests must come back in place.
"""

import logging
import re
from collections.abc import Mapping
from decimal import Decimal

import eopayment

from preau.connectors._query import Unreadable, as_text, parse
from preau.payments.gateway import (
    EURO,
    Capabilities,
    GatewayMisconfigured,
    GatewayState,
    PaymentRequest,
    Problem,
    Redirect,
    Verdict,
    is_reference,
)

SERVICE_URL = "https://paiement.systempay.fr/vads-payment/"
MODES = ("TEST", "PRODUCTION")
NAME_LENGTH = 63
EMAIL_LENGTH = 127
ECHOED: Mapping[str, str] = {
    "vads_action_mode": "INTERACTIVE",
    "vads_page_action": "PAYMENT",
    "vads_payment_config": "SINGLE",
    "vads_version": "V2",
}

STATES: Mapping[str, GatewayState] = {
    "AUTHORISED": GatewayState.PAID,
    "CAPTURED": GatewayState.PAID,
    "ACCEPTED": GatewayState.PENDING,
    "INITIAL": GatewayState.PENDING,
    "UNDER_VERIFICATION": GatewayState.PENDING,
    "AUTHORISED_TO_VALIDATE": GatewayState.PENDING,
    "WAITING_AUTHORISATION": GatewayState.PENDING,
    "WAITING_AUTHORISATION_TO_VALIDATE": GatewayState.PENDING,
    "REFUSED": GatewayState.REFUSED,
    "ABANDONED": GatewayState.ABANDONED,
    "CANCELLED": GatewayState.CANCELLED,
    "EXPIRED": GatewayState.EXPIRED,
    "CAPTURE_FAILED": GatewayState.UNPAID,
}

# eopayment logs requests at DEBUG, the signing key included: that logger stays silent.
_silent = logging.getLogger("preau.connectors.systempay.eopayment")
_silent.setLevel(logging.CRITICAL)
_silent.propagate = False


class SystempayGateway:
    """One Systempay shop.

    Options: `site_id` (8 digits), `secret_test`, `secret_production`, `ctx_mode` TEST or
    PRODUCTION, `service_url`. Signatures are HMAC-SHA256, always.
    """

    kind = "systempay"
    answer = "OK"
    capabilities = Capabilities(label="Systempay")

    def __init__(self, options: Mapping[str, str]) -> None:
        self.merchant = options.get("site_id", "").strip()
        self._mode = options.get("ctx_mode") or "TEST"
        self._service_url = options.get("service_url") or SERVICE_URL
        if not re.fullmatch(r"\d{8}", self.merchant):
            raise GatewayMisconfigured("Systempay: site_id attendu (8 chiffres)")
        if self._mode not in MODES:
            raise GatewayMisconfigured("Systempay: ctx_mode est TEST ou PRODUCTION")
        self._secret = options.get(f"secret_{self._mode.lower()}", "")
        if not self._secret:
            raise GatewayMisconfigured(f"Systempay: pas de clé pour le mode {self._mode}")

    def _payment(self, *, return_url: str = "", notify_url: str = "") -> eopayment.Payment:
        return eopayment.Payment(
            "systempayv2",
            {
                "vads_site_id": self.merchant,
                "vads_ctx_mode": self._mode,
                f"secret_{self._mode.lower()}": self._secret,
                "signature_algo": "hmac_sha256",
                "service_url": self._service_url,
                "normal_return_url": return_url,
                "automatic_return_url": notify_url,
            },
            logger=_silent,
        )

    def request(self, request: PaymentRequest) -> Redirect:
        """The payer goes there by POST."""
        payment = self._payment(return_url=request.return_url, notify_url=request.notify_url)
        email = request.email if len(request.email) <= EMAIL_LENGTH else ""
        _, kind, form = payment.request(
            Decimal(request.amount_cents) / 100,
            email=None if "+" in email else email or None,
            orderid=request.reference,
            transaction_id=request.reference,
            first_name=_plain(request.first_name),
            last_name=_plain(request.last_name),
        )
        if kind != eopayment.FORM:
            raise GatewayMisconfigured("Systempay: eopayment n'a pas rendu un formulaire")
        fields = tuple((item["name"], item["value"]) for item in form.fields)
        return Redirect(method="POST", url=form.url, fields=fields)

    def read(self, message: str | bytes) -> Verdict:
        """Read a return or a notification. Never raises."""
        try:
            text = as_text(message)
            fields = parse(text)
        except Unreadable:
            return Verdict(state=GatewayState.UNKNOWN, verified=False, problems=(Problem.FORMAT,))
        problems: list[Problem] = []
        result = None
        if fields.get("vads_ctx_mode") != self._mode:
            # Also keeps eopayment from looking for the key of a mode that has none.
            problems += [Problem.MODE, Problem.SIGNATURE]
        else:
            try:
                response = self._payment().response(text)
            except Exception:  # eopayment lets KeyError, AttributeError… escape on odd messages
                problems.append(Problem.SIGNATURE)
            else:
                result = response.result
                if not response.signed:
                    problems.append(Problem.SIGNATURE)
        if any(fields.get(name) != value for name, value in ECHOED.items()):
            problems.append(Problem.FORMAT)
        reference = fields.get("vads_order_id", "")
        if not is_reference(reference) or reference != fields.get(
            "vads_ext_info_eopayment_trans_id"
        ):
            problems.append(Problem.REFERENCE)
        if fields.get("vads_site_id") != self.merchant:
            problems.append(Problem.MERCHANT)
        if fields.get("vads_currency") != EURO:
            problems.append(Problem.CURRENCY)
        amount_cents = _cents(fields.get("vads_amount", ""))
        if amount_cents is None:
            problems.append(Problem.AMOUNT)
        state = _state(fields, result)
        if state is None:
            state = GatewayState.UNKNOWN
            problems.append(Problem.CONTRADICTION)
        return Verdict(
            state=state,
            verified=not problems,
            reference=reference,
            amount_cents=amount_cents,
            currency=fields.get("vads_currency", ""),
            merchant=fields.get("vads_site_id", ""),
            transaction_id=fields.get("vads_trans_uuid", ""),
            bank_status=fields.get("vads_trans_status", ""),
            problems=tuple(problems),
            raw=fields,
        )


def _plain(name: str) -> str:
    """A person's name without a `+` or anything that no name contains."""
    return "".join(c for c in name if c.isalpha() or c in " '’-.")[:NAME_LENGTH].strip()


def _cents(value: str) -> int | None:
    return int(value) if re.fullmatch(r"[0-9]{1,12}", value) else None


def _state(fields: Mapping[str, str], result: int | None) -> GatewayState | None:
    """The state if all the fields agree on it, None if they contradict each other."""
    status = STATES.get(fields.get("vads_trans_status", ""), GatewayState.UNKNOWN)
    operation = fields.get("vads_operation_type", "")
    if operation == "CREDIT":
        return GatewayState.REFUNDED if status == GatewayState.PAID else GatewayState.UNKNOWN
    if operation != "DEBIT":
        return None
    says_paid = fields.get("vads_result") == "00" and fields.get("vads_auth_result") == "00"
    if status == GatewayState.PAID:
        full = _cents(fields.get("vads_effective_amount") or fields.get("vads_amount", ""))
        same = full == _cents(fields.get("vads_amount", ""))
        return status if says_paid and result == eopayment.PAID and same else None
    if status in (GatewayState.REFUSED, GatewayState.ABANDONED) and says_paid:
        return None
    return status
