"""Reading what a bank tells of an account: camt.053, camt.054, and pain.002 on our own files.

No DTD, no entity, no external reference (defusedxml); a file that is not whole, not in euros or
whose own totals disagree with its lines is Unreadable. Namespaces' versions (.02 to .13) are read
alike: their fields differ little, and only by an extra level.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from preau.directdebit.files import Line, Statement, Unreadable

TRANSFER, REJECT, OTHER = "TRANSFER", "REJECT", "OTHER"
KINDS = {
    "BkToCstmrStmt": ("camt.053", "Stmt"),
    "BkToCstmrDbtCdtNtfctn": ("camt.054", "Ntfctn"),
    "CstmrPmtStsRpt": ("pain.002", ""),
}
_NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:((?:camt|pain)\.\d{3})\.\d{3}\.\d{2}\}")
_NO_REFERENCE = {"", "NOTPROVIDED", "NOT PROVIDED"}


def read_statement(content: bytes) -> Statement:
    """The bank's file as plain values. Raises Unreadable with a French sentence."""
    root = _tree(content)
    found = [child for child in root if child.tag in KINDS]
    if root.tag != "Document" or len(found) != 1:
        raise Unreadable("Ce fichier n’est ni un camt.053, ni un camt.054, ni un pain.002.")
    kind, part = KINDS[found[0].tag]
    message_id = _text(found[0], "GrpHdr/MsgId")
    if not message_id:
        raise Unreadable("Ce fichier n’a pas d’en-tête : il est incomplet.")
    if kind == "pain.002":
        return _report(found[0], message_id)
    return _account(found[0], kind, part, message_id)


def _tree(content: bytes) -> Element:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Unreadable("Ce fichier contient des entités XML : il n’est pas lu.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable(
            "Ce fichier est coupé ou abîmé : il n’est pas lu. Téléchargez-le de nouveau."
        ) from error
    if not _NAMESPACE.match(root.tag):
        raise Unreadable("Ce fichier n’est ni un camt.053, ni un camt.054, ni un pain.002.")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _account(body: Element, kind: str, part: str, message_id: str) -> Statement:
    ibans, lines = set(), []
    alike: Counter[str] = Counter()
    for statement in body.findall(part):
        iban = _text(statement, "Acct/Id/IBAN").replace(" ", "")
        if not iban:
            raise Unreadable("Ce relevé ne dit pas de quel compte il parle.")
        ibans.add(iban)
        lines += list(_entries(statement, alike))
        _check_totals(statement)
    if len(ibans) != 1:
        raise Unreadable("Ce fichier doit parler d’un compte, et d’un seul.")
    return Statement(kind=kind, message_id=message_id, iban=ibans.pop(), lines=tuple(lines))


def _check_totals(statement: Element) -> None:
    """What the statement says of itself agrees with its lines."""
    entries = statement.findall("Ntry")
    told = _text(statement, "TxsSummry/TtlNtries/NbOfNtries")
    if told and told.lstrip("0") != (str(len(entries)) if entries else ""):
        raise Unreadable("Ce relevé annonce plus d’écritures qu’il n’en contient.")
    balances = {
        _text(balance, "Tp/CdOrPrtry/Cd"): _signed(balance) for balance in statement.findall("Bal")
    }
    opening = balances.get("OPBD", balances.get("PRCD"))
    if opening is None or "CLBD" not in balances:
        return
    booked = sum(_signed(entry) for entry in entries if _is_booked(entry))
    if opening + booked != balances["CLBD"]:
        raise Unreadable("Les écritures de ce relevé ne mènent pas à son solde final.")


def _entries(statement: Element, alike: Counter[str]) -> Iterator[Line]:
    for entry in statement.findall("Ntry"):
        amount = _cents(entry)
        if not _is_booked(entry):
            continue
        booked_on = _day(_text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm"))
        name = _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")
        credit = _text(entry, "CdtDbtInd") == "CRDT"
        own = _text(entry, "BkTxCd/Domn/Fmly/Cd") in ("IDDT", "RDDT") and credit
        details = entry.findall("NtryDtls/TxDtls") or [entry]
        total = 0
        for rank, detail in enumerate(details):
            cents = amount if len(details) == 1 else _detail_cents(detail)
            total += cents
            yield _line(
                detail, cents=cents, booked_on=booked_on, credit=credit, own=own,
                name=f"{name}/{rank}" if name and len(details) > 1 else name, alike=alike,
            )  # fmt: skip
        if total != amount:
            raise Unreadable("Le détail d’une écriture ne fait pas son montant.")


def _line(
    detail: Element,
    *,
    cents: int,
    booked_on: date,
    credit: bool,
    own: bool,
    name: str,
    alike: Counter[str],
) -> Line:
    """`alike` counts the lines that say the same words: two of them are two payments."""
    code = _text(detail, "RtrInf/Rsn/Cd")[:4]
    end_to_end = _text(detail, "Refs/EndToEndId")
    end_to_end = "" if end_to_end.upper() in _NO_REFERENCE else end_to_end
    communication = " ".join(
        "".join(node.itertext()).strip() for node in detail.findall("RmtInf/Ustrd")
    ).strip() or _text(detail, "RmtInf/Strd/CdtrRefInf/Ref")
    counterpart = (
        _text(detail, "RltdPties/Dbtr/Nm")
        or _text(detail, "RltdPties/Dbtr/Pty/Nm")
        or _text(detail, "RltdPties/Cdtr/Nm")
        or _text(detail, "RltdPties/Cdtr/Pty/Nm")
    )
    if not credit and code:
        kind = REJECT
    elif credit and not own and not code:
        kind = TRANSFER
    else:
        kind = OTHER
    reference = _text(detail, "Refs/AcctSvcrRef") or name or _text(detail, "Refs/TxId")
    if not reference:
        # No name given by the bank: the line's own words make one, the same in each file.
        words = f"{booked_on}|{cents}|{kind}|{end_to_end}|{communication}|{counterpart}"
        alike[words] += 1
        words += f"|{alike[words]}" if alike[words] > 1 else ""
        reference = hashlib.sha256(words.encode()).hexdigest()[:40]
    return Line(
        kind=kind,
        bank_reference=f"{'R-' if kind == REJECT else ''}{reference}",
        amount_cents=cents,
        booked_on=booked_on,
        counterpart=counterpart,
        communication=communication,
        end_to_end=end_to_end,
        reject_code=code,
    )


def _report(body: Element, message_id: str) -> Statement:
    """A pain.002: which transactions of our own file the bank refuses before their day."""
    told_on = _day(_text(body, "GrpHdr/CreDtTm"))
    answers = tuple(
        _text(node, "OrgnlMsgId")
        for node in body.findall("OrgnlGrpInfAndSts")
        if _text(node, "OrgnlMsgId")
    )
    lines = []
    for node in body.findall("OrgnlPmtInfAndSts/TxInfAndSts"):
        if _text(node, "TxSts") != "RJCT":
            continue
        end_to_end = _text(node, "OrgnlEndToEndId")
        amount = node.find("OrgnlTxRef/Amt/InstdAmt")
        if amount is None or not end_to_end:
            raise Unreadable("Un rejet de ce compte rendu n’a ni référence ni montant.")
        lines.append(
            Line(
                kind=REJECT,
                bank_reference=f"R-{message_id}-{end_to_end}",
                amount_cents=_amount(amount),
                booked_on=told_on,
                counterpart=_text(node, "OrgnlTxRef/Dbtr/Nm"),
                end_to_end=end_to_end,
                reject_code=_text(node, "StsRsnInf/Rsn/Cd")[:4],
            )
        )
    return Statement(
        kind="pain.002", message_id=message_id, iban="", lines=tuple(lines), answers=answers
    )


def _is_booked(entry: Element) -> bool:
    return (_text(entry, "Sts/Cd") or _text(entry, "Sts")) == "BOOK"


def _signed(element: Element) -> int:
    cents = _cents(element)
    return cents if _text(element, "CdtDbtInd") == "CRDT" else -cents


def _cents(element: Element) -> int:
    amount = element.find("Amt")
    if amount is None:
        raise Unreadable("Une écriture n’a pas de montant.")
    return _amount(amount)


def _detail_cents(detail: Element) -> int:
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        amount = detail.find(path)
        if amount is not None:
            return _amount(amount)
    raise Unreadable("Le détail d’une écriture n’a pas de montant.")


def _amount(amount: Element) -> int:
    if amount.get("Ccy") != "EUR":
        raise Unreadable("Une écriture n’est pas en euros.")
    try:
        cents = Decimal((amount.text or "").strip()) * 100
        whole = int(cents)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise Unreadable("Un montant est illisible.") from error
    if cents != whole or not 0 <= whole < 10**12:
        raise Unreadable("Un montant est illisible.")
    return whole


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise Unreadable("Une date est illisible.") from error


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return (found.text or "").strip() if found is not None else ""
