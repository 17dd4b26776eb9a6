"""Sealing secrets (banks’ keys, IBANs, health data) before they reach the database.

The keys are `PREAU_SEALING_KEYS` (Fernet keys: the first one seals, all open); without any, a key
derived from the secret key, so that a demo needs nothing.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotUnseal(Exception):
    """What was sealed cannot be opened with the keys at hand."""


def _fernet() -> MultiFernet:
    keys = [key for key in settings.SEALING_KEYS if key]
    if not keys:
        secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        keys = [
            base64.urlsafe_b64encode(hashlib.sha256(b"sealing:" + secret.encode()).digest())
            for secret in secrets
        ]
    return MultiFernet([Fernet(key) for key in keys])


def seal(text: str) -> str:
    """The sealed form of a secret; empty stays empty."""
    return _fernet().encrypt(text.encode()).decode() if text else ""


def seal_bytes(content: bytes) -> bytes:
    """The sealed form of a file's content."""
    return _fernet().encrypt(content)


def unseal_bytes(sealed: bytes) -> bytes:
    """The content. Raises CannotUnseal."""
    try:
        return _fernet().decrypt(bytes(sealed))
    except InvalidToken as error:
        raise CannotUnseal from error


def unseal(sealed: str) -> str:
    """The secret. Raises CannotUnseal."""
    if not sealed:
        return ""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotUnseal from error
