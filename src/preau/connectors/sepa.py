"""SEPA collections for the bank: pain.008, written by sepaxml and checked against its schema."""

from datetime import date
from typing import Any
from xml.etree import ElementTree

from sepaxml import SepaDD
from sepaxml.validation import ValidationError

from preau.directdebit.files import Collection, CollectionLine


def write_collection(collection: Collection) -> bytes:
    """A pain.008, valid against the schema that sepaxml ships. Raises ValueError.

    One `PmtInf` per sequence (FRST, RCUR). A changed account is told in its transaction
    (`AmdmntInfDtls`), which sepaxml does not write itself.
    """
    config: dict[str, Any] = {
        "name": collection.creditor,
        "IBAN": collection.iban,
        "batch": True,
        "creditor_id": collection.ics,
        "currency": "EUR",
    }
    if collection.bic:
        config["BIC"] = collection.bic
    try:
        sepa = SepaDD(config, schema=collection.schema, clean=True)
        header = sepa._xml.find("CstmrDrctDbtInitn/GrpHdr/MsgId")
        header.text = collection.message_id
        for line in collection.lines:
            _add(sepa, line, collection.collection_on)
        content: bytes = sepa.export(validate=True)
    except (ValidationError, Exception) as error:
        # sepaxml raises bare Exception for what it refuses.
        raise ValueError(str(error)[:200]) from error
    return content


def _add(sepa: SepaDD, line: CollectionLine, collection_on: date) -> None:
    payment: dict[str, Any] = {
        "name": line.holder,
        "IBAN": line.iban,
        "amount": line.amount_cents,
        "type": line.sequence,
        "collection_date": collection_on,
        "mandate_id": line.mandate,
        "mandate_date": line.signed_on,
        "description": line.communication,
        "endtoend_id": line.end_to_end,
    }
    if line.bic:
        payment["BIC"] = line.bic
    sepa.add_payment(payment)
    if not line.previous_iban:
        return
    node = sepa._batches[f"{line.sequence}::{collection_on}"][-1]
    mandate = node.find("DrctDbtTx/MndtRltdInf")
    ElementTree.SubElement(mandate, "AmdmntInd").text = "true"
    details = ElementTree.SubElement(mandate, "AmdmntInfDtls")
    if line.previous_iban[:2] == line.iban[:2] and _bank(line.previous_iban) == _bank(line.iban):
        account = ElementTree.SubElement(details, "OrgnlDbtrAcct")
        identity = ElementTree.SubElement(account, "Id")
        ElementTree.SubElement(identity, "IBAN").text = line.previous_iban
    else:
        # Another bank: «same mandate, new debtor account» (SMNDA) instead of the old account.
        account = ElementTree.SubElement(details, "OrgnlDbtrAcct")
        identity = ElementTree.SubElement(account, "Id")
        other = ElementTree.SubElement(identity, "Othr")
        ElementTree.SubElement(other, "Id").text = "SMNDA"


def _bank(iban: str) -> str:
    return iban[4:9]
