"""The bank's own reading of both signatures, written apart from the connectors that it judges."""

import base64
import hashlib
import hmac
from binascii import unhexlify
from collections.abc import Iterable, Mapping

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

SPPLUS_REQUEST_ORDER = ["siret", "reference", "langue", "devise", "montant", "taxe", "validite"]


def spplus_key(merchant_key: str) -> bytes:
    """First 20 bytes of the DES-CBC decryption of the merchant key."""
    des = bytes.fromhex("451fba4f4c3fd497")
    cipher = Cipher(TripleDES(des + des + des), modes.CBC(bytes.fromhex("307830622c307830")))
    work = cipher.decryptor()
    return (work.update(unhexlify(merchant_key.replace(" ", ""))) + work.finalize())[:20]


def spplus_hmac(merchant_key: str, values: Iterable[str]) -> str:
    """Upper-case hexadecimal HMAC-SHA1 of the values, glued together."""
    text = "".join(values).encode("utf-8")
    return hmac.new(spplus_key(merchant_key), text, hashlib.sha1).hexdigest().upper()


def spplus_request_is_signed(merchant_key: str, fields: Mapping[str, str]) -> bool:
    """True if the request's hmac is right."""
    expected = spplus_hmac(merchant_key, [fields.get(name, "") for name in SPPLUS_REQUEST_ORDER])
    return hmac.compare_digest(expected.encode(), fields.get("hmac", "").upper().encode())


def systempay_signature(certificate: str, fields: Mapping[str, str]) -> str:
    """base64(HMAC-SHA256(certificate, sorted vads_ values joined by + and the certificate))."""
    names = sorted(name for name in fields if name.startswith("vads_"))
    text = "+".join([*(fields[name] for name in names), certificate])
    digest = hmac.new(certificate.encode(), text.encode("utf-8"), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def systempay_is_signed(certificate: str, fields: Mapping[str, str]) -> bool:
    """True if the form's signature is right."""
    expected = systempay_signature(certificate, fields)
    return hmac.compare_digest(expected.encode(), fields.get("signature", "").encode())
