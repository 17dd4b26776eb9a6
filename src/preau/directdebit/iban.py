"""IBAN and creditor identifiers: checked before anything is kept, shown masked for ever after."""

import hashlib
import hmac
import logging
import re

from django.conf import settings
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from preau.directdebit.errors import WrongBic, WrongIban, WrongIcs

logger = logging.getLogger(__name__)

# Countries of the SEPA area whose accounts may be debited in euros without more ado.
SEPA_COUNTRIES = (
    "AD AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MT NL NO PL PT "
    "RO SE SI SK SM VA"
)


def clean_iban(text: str, *, field: str = "iban") -> str:
    """The IBAN without spaces, its length, shape and check digits verified. Raises WrongIban."""
    try:
        iban = IBAN(re.sub(r"[\s.\-\u00a0\u202f]", "", text).upper(), validate_bban=True)
    except SchwiftyException as error:
        logger.warning("an IBAN was refused: %s", type(error).__name__)
        raise WrongIban(field=field) from error
    if iban.country_code not in SEPA_COUNTRIES.split():
        raise WrongIban("Ce compte n’est pas dans la zone SEPA.", field=field)
    return str(iban)


def clean_bic(text: str) -> str:
    """The BIC in capitals; empty stays empty. Raises WrongBic."""
    text = re.sub(r"\s", "", text).upper()
    if not text:
        return ""
    try:
        return str(BIC(text))
    except SchwiftyException as error:
        raise WrongBic from error


def clean_ics(text: str) -> str:
    """A creditor identifier, whose check digits leave the business code out. Raises WrongIcs."""
    ics = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{3}[A-Z0-9]{1,28}", ics):
        raise WrongIcs
    digits = "".join(str(int(c, 36)) for c in ics[7:] + ics[:2] + "00")
    if 98 - int(digits) % 97 != int(ics[2:4]):
        raise WrongIcs
    return ics


def hashed_address(address: str) -> str:
    """An internet address as a proof keeps it: comparable, not readable."""
    return hmac.new(settings.SECRET_KEY.encode(), address.encode(), hashlib.sha256).hexdigest()[:32]
