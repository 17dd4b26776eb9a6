"""SP Plus (Caisse d'Épargne): our adapter, small on purpose.

Requests are signed by HMAC-SHA1 over seven values glued together; returns over all their raw
values, in the order received. Glued values without separator can be cut elsewhere and keep their
signature: `etat=1&refsfp=0ABC` (accepted) and `etat=10&refsfp=ABC` (paid) have the same one. So a
return is believed only if its fields are exactly those expected, in their order, and its `refsfp`
has the length agreed with the bank (`refsfp_length`).
"""

import hmac
import re
from binascii import Error as HexError
from binascii import unhexlify
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from zoneinfo import ZoneInfo

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

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

SERVICE_URL = "https://www.spplus.net"
REQUEST_SIGNED = ("siret", "reference", "langue", "devise", "montant", "taxe", "validite")
RETURN_FIELDS = ("reference", "etat", "refsfp", "hmac")
DEFAULT_REFSFP_LENGTH = 12

_KEY_OF_KEYS = unhexlify("451fba4f4c3fd497")
_IV = unhexlify("307830622c307830")
_SIRET = re.compile(r"\d{14}-\d{2}")
_PARIS = ZoneInfo("Europe/Paris")

STATES: Mapping[str, GatewayState] = {
    "1": GatewayState.PENDING,  # authorised
    "4": GatewayState.PENDING,  # waits to be remitted
    "10": GatewayState.PAID,  # the only one that the bank guarantees
    "2": GatewayState.REFUSED,
    "5": GatewayState.REFUSED,
    "11": GatewayState.CANCELLED,
    "12": GatewayState.ABANDONED,
    "15": GatewayState.UNKNOWN,  # refund recorded, not done yet
    "16": GatewayState.UNKNOWN,  # refund called off
    "17": GatewayState.REFUNDED,
    "20": GatewayState.UNPAID,
    "21": GatewayState.UNPAID,
    "30": GatewayState.PENDING,  # remitted: says nothing more than 4 does
    "99": GatewayState.TEST,
}


def derive_key(merchant_key: str) -> bytes:
    """The 20 bytes that sign, from the merchant key (hexadecimal, spaces allowed)."""
    try:
        sealed = unhexlify("".join(merchant_key.split()))
    except (HexError, ValueError) as error:
        raise GatewayMisconfigured("SP Plus: la clé n'est pas hexadécimale") from error
    if len(sealed) < 24 or len(sealed) % 8:
        raise GatewayMisconfigured("SP Plus: la clé n'a pas la bonne longueur")
    # Three times the same key makes triple DES the single DES that SP Plus uses.
    decryptor = Cipher(TripleDES(_KEY_OF_KEYS * 3), modes.CBC(_IV)).decryptor()
    return (decryptor.update(sealed) + decryptor.finalize())[:20]


def sign_values(merchant_key: str, values: str) -> str:
    """Upper-case hexadecimal HMAC-SHA1 of values already glued together."""
    return hmac.new(derive_key(merchant_key), values.encode("utf-8"), sha1).hexdigest().upper()


def sign_query(merchant_key: str, query: str) -> str:
    """Signature of a return: its raw values in the order received, `hmac` left out."""
    parts = (part.partition("=") for part in query.split("&"))
    return sign_values(merchant_key, "".join(value for name, _, value in parts if name != "hmac"))


class SpPlusGateway:
    """One SP Plus merchant.

    Options: `siret` (14 digits, dash, 2 digits), `key` (hexadecimal), `service_url` (root of the
    service), `refsfp_length` (of the bank's own reference, see above).
    """

    kind = "spplus"
    answer = "spcheckok"
    capabilities = Capabilities(label="SP Plus", states_amount=False)

    def __init__(self, options: Mapping[str, str]) -> None:
        self.merchant = options.get("siret", "").strip()
        self._key = options.get("key", "")
        self._service_url = (options.get("service_url") or SERVICE_URL).rstrip("/")
        try:
            self._refsfp_length = int(options.get("refsfp_length") or DEFAULT_REFSFP_LENGTH)
        except ValueError as error:
            raise GatewayMisconfigured("SP Plus: refsfp_length est un nombre") from error
        if not _SIRET.fullmatch(self.merchant):
            raise GatewayMisconfigured("SP Plus: siret attendu (14 chiffres, tiret, 2 chiffres)")
        derive_key(self._key)

    def request(self, request: PaymentRequest, *, now: datetime | None = None) -> Redirect:
        """The payer goes there by GET; the request may be used until tomorrow evening."""
        tomorrow = (now or datetime.now(UTC)).astimezone(_PARIS).date() + timedelta(days=1)
        fields = {
            "siret": self.merchant,
            "reference": request.reference,
            "langue": "FR",
            "devise": EURO,
            "montant": f"{request.amount_cents // 100}.{request.amount_cents % 100:02d}",
            "taxe": "0.00",
            "validite": f"{tomorrow:%d/%m/%Y}",
            "version": "1",
            "modalite": "1x",
            "moyen": "CBS",
            "email": request.email,
            "urlretour": request.return_url,
        }
        glued = "".join(fields[name] for name in REQUEST_SIGNED)
        fields["hmac"] = sign_values(self._key, glued)
        url = f"{self._service_url}/paiement/init.do"
        return Redirect(method="GET", url=url, fields=tuple(fields.items()))

    def read(self, message: str | bytes) -> Verdict:
        """Read a return or a notification. Never raises."""
        try:
            text = as_text(message)
            fields = parse(text)
        except Unreadable:
            return Verdict(state=GatewayState.UNKNOWN, verified=False, problems=(Problem.FORMAT,))
        problems: list[Problem] = []
        reference = fields.get("reference", "")
        state = STATES.get(fields.get("etat", ""), GatewayState.UNKNOWN)
        if tuple(fields) != RETURN_FIELDS or not self._is_refsfp(fields.get("refsfp", "")):
            problems.append(Problem.FORMAT)
        if not is_reference(reference):
            problems.append(Problem.REFERENCE)
        if not self._signed(text, fields.get("hmac", "")):
            problems.append(Problem.SIGNATURE)
        return Verdict(
            state=state,
            verified=not problems,
            reference=reference,
            currency=EURO,  # SP Plus states neither currency nor merchant: our request bound them
            merchant=self.merchant,
            transaction_id=fields.get("refsfp", ""),
            bank_status=fields.get("etat", ""),
            problems=tuple(problems),
            raw=fields,
        )

    def _is_refsfp(self, value: str) -> bool:
        return len(value) == self._refsfp_length and value.isascii() and value.isalnum()

    def _signed(self, text: str, signature: str) -> bool:
        if not signature.isascii():
            return False
        return hmac.compare_digest(sign_query(self._key, text), signature.upper())
