"""What the bank accepts and answers, protocol by protocol. Amounts in cents."""

import re
import secrets
import uuid
from datetime import UTC, datetime
from urllib.parse import urlencode

from preau.demo.bank import signatures
from preau.demo.bank.book import Payment
from preau.demo.bank.merchants import PAYFIP, SPPLUS, SYSTEMPAY, Merchant
from preau.kernel.clock import utc_now

PAY, REFUSE, ABANDON = "payer", "refuser", "abandonner"
DECISIONS = (PAY, REFUSE, ABANDON)
SPPLUS_ETATS = {REFUSE: "2", ABANDON: "12"}
SPPLUS_FIELDS = (
    *signatures.SPPLUS_REQUEST_ORDER,
    *["version", "modalite", "moyen", "email", "urlretour", "hmac"],
)
VADS_NEEDED = {
    "vads_action_mode": "INTERACTIVE",
    "vads_currency": "978",
    "vads_page_action": "PAYMENT",
    "vads_payment_config": "SINGLE",
    "vads_version": "V2",
}
VADS_RESULTS = {
    PAY: ("00", "00", "AUTHORISED"),
    REFUSE: ("05", "51", "REFUSED"),
    ABANDON: ("17", "", "ABANDONED"),
}


class Refused(Exception):
    """The bank refuses the request; the text says why, in French."""


def open_spplus(fields: dict[str, str], merchants: list[Merchant]) -> Payment:
    """A payment from an SP Plus request. Raises Refused."""
    merchant = _merchant(merchants, SPPLUS, fields.get("siret", ""))
    if missing := [name for name in SPPLUS_FIELDS if not fields.get(name) and name != "email"]:
        raise Refused(f"champs absents : {', '.join(missing)}")
    if not signatures.spplus_request_is_signed(merchant.keys[""], fields):
        raise Refused("la signature (hmac) de la demande est fausse")
    if not re.fullmatch(r"[A-Za-z0-9]{20}", fields["reference"]):
        raise Refused("reference : 20 lettres ou chiffres attendus")
    if fields["langue"] != "FR" or fields["devise"] != "978" or fields["taxe"] != "0.00":
        raise Refused("langue FR, devise 978 et taxe 0.00 attendues")
    if not re.fullmatch(r"[0-9]{1,10}\.[0-9]{2}", fields["montant"]):
        raise Refused("montant : euros et centimes attendus")
    try:
        until = datetime.strptime(fields["validite"], "%d/%m/%Y").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise Refused("validite : jj/mm/aaaa attendu") from error
    if until < utc_now().date():
        raise Refused("la demande n'est plus valable")
    if "?" in fields["urlretour"] or not fields["urlretour"].startswith(("http://", "https://")):
        raise Refused("urlretour : adresse absolue et sans « ? » attendue")
    return Payment(
        token=secrets.token_urlsafe(16),
        protocol=SPPLUS,
        merchant=merchant.number,
        label=merchant.label,
        reference=fields["reference"],
        amount_cents=_positive(fields["montant"].replace(".", "")),
        return_url=fields["urlretour"],
        notify_url=merchant.notify_url,
        fields=fields,
        bank_id=secrets.token_hex(6).upper(),
    )


def open_systempay(fields: dict[str, str], merchants: list[Merchant]) -> Payment:
    """A payment from a Systempay form. Raises Refused."""
    merchant = _merchant(merchants, SYSTEMPAY, fields.get("vads_site_id", ""))
    key = merchant.keys.get(fields.get("vads_ctx_mode", ""))
    if key is None:
        raise Refused("vads_ctx_mode : mode inconnu pour cette boutique")
    if not signatures.systempay_is_signed(key, fields):
        raise Refused("la signature de la demande est fausse")
    for name, value in VADS_NEEDED.items():
        if fields.get(name) != value:
            raise Refused(f"{name} : {value} attendu")
    if not re.fullmatch(r"[0-9A-Za-z]{6}", fields.get("vads_trans_id", "")):
        raise Refused("vads_trans_id : 6 lettres ou chiffres attendus")
    if not re.fullmatch(r"[0-9]{14}", fields.get("vads_trans_date", "")):
        raise Refused("vads_trans_date : aaaammjjhhmmss attendu")
    if not re.fullmatch(r"[0-9]{1,12}", fields.get("vads_amount", "")):
        raise Refused("vads_amount : centimes attendus")
    if not re.fullmatch(r"[0-9A-Za-z-]{1,32}", fields.get("vads_order_id", "")):
        raise Refused("vads_order_id : 32 lettres ou chiffres au plus")
    if not fields.get("vads_url_return", "").startswith(("http://", "https://")):
        raise Refused("vads_url_return : adresse absolue attendue")
    return Payment(
        token=secrets.token_urlsafe(16),
        protocol=SYSTEMPAY,
        merchant=merchant.number,
        label=merchant.label,
        reference=fields["vads_order_id"],
        amount_cents=_positive(fields["vads_amount"]),
        return_url=fields["vads_url_return"],
        notify_url=fields.get("vads_url_check") or merchant.notify_url,
        fields={name: value for name, value in fields.items() if name.startswith("vads_")},
        bank_id=uuid.uuid4().hex,
    )


def spplus_answer(payment: Payment, etat: str) -> dict[str, str]:
    """The signed fields that tell a state of an SP Plus payment."""
    return {"reference": payment.reference, "etat": etat, "refsfp": payment.bank_id}


def systempay_answer(payment: Payment, decision: str) -> dict[str, str]:
    """The fields (not signed yet) that tell the outcome of a Systempay payment."""
    result, auth, status = VADS_RESULTS[decision]
    paid = decision == PAY
    return {
        **payment.fields,
        "vads_result": result,
        "vads_auth_result": auth,
        "vads_trans_status": status,
        "vads_operation_type": "DEBIT",
        "vads_auth_number": f"{secrets.randbelow(900_000) + 100_000}" if paid else "",
        "vads_auth_mode": "FULL",
        "vads_trans_uuid": payment.bank_id,
        "vads_effective_creation_date": utc_now().strftime("%Y%m%d%H%M%S"),
        "vads_effective_amount": payment.fields["vads_amount"],
        "vads_card_brand": "CB",
        "vads_card_number": "497010XXXXXX0055" if decision != ABANDON else "",
        "vads_payment_certificate": secrets.token_hex(20) if paid else "",
    }


def signed_query(payment: Payment, fields: dict[str, str], merchants: list[Merchant]) -> str:
    """The urlencoded message, signed by the bank."""
    if payment.protocol == PAYFIP:
        return urlencode(fields)  # PayFiP signs nothing
    merchant = _merchant(merchants, payment.protocol, payment.merchant)
    if payment.protocol == SPPLUS:
        # Signed as it travels: over the encoded values.
        values = [part.partition("=")[2] for part in urlencode(fields).split("&")]
        return urlencode({**fields, "hmac": signatures.spplus_hmac(merchant.keys[""], values)})
    key = merchant.keys[fields["vads_ctx_mode"]]
    return urlencode({**fields, "signature": signatures.systempay_signature(key, fields)})


def _merchant(merchants: list[Merchant], protocol: str, number: str) -> Merchant:
    for merchant in merchants:
        if (merchant.protocol, merchant.number) == (protocol, number):
            return merchant
    raise Refused("cette boutique n'est pas connue de la banque")


def _positive(cents: str) -> int:
    if int(cents) <= 0:
        raise Refused("le montant doit être supérieur à zéro")
    return int(cents)
