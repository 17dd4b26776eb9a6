"""Secrets are sealed before they reach the database: keys turn, old ones still open."""

import pytest
from cryptography.fernet import Fernet

from preau.kernel.sealing import CannotUnseal, seal, seal_bytes, unseal, unseal_bytes

IBAN = "FR1420041010050500013M02606"


def test_what_is_sealed_opens_and_says_nothing():
    sealed = seal(IBAN)
    assert IBAN not in sealed
    assert unseal(sealed) == IBAN
    assert seal(IBAN) != sealed  # never twice the same
    assert seal("") == "" and unseal("") == ""


def test_keys_turn(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.SEALING_KEYS = [old]
    sealed = seal("é")
    settings.SEALING_KEYS = [new, old]
    assert unseal(sealed) == "é"
    fresh = seal("é")
    settings.SEALING_KEYS = [new]
    assert unseal(fresh) == "é"
    with pytest.raises(CannotUnseal):
        unseal(sealed)


def test_another_key_or_a_broken_text_says_so(settings):
    settings.SEALING_KEYS = [Fernet.generate_key().decode()]
    sealed = seal(IBAN)
    for wrong in (sealed[:40] + sealed[41:], "n’importe quoi", sealed[:-8]):
        with pytest.raises(CannotUnseal):
            unseal(wrong)


def test_without_keys_of_its_own_the_secret_key_serves(settings):
    settings.SEALING_KEYS = []
    assert unseal(seal(IBAN)) == IBAN


def test_files_are_sealed_too():
    sealed = seal_bytes(b"%PDF-1.7")
    assert b"PDF" not in sealed and unseal_bytes(sealed) == b"%PDF-1.7"
    with pytest.raises(CannotUnseal):
        unseal_bytes(b"%PDF-1.7")
