"""A cash office that debits, families with mandates, and a bank's files written by hand."""

import datetime as dt
from typing import Any

from preau.directdebit import services
from preau.directdebit.creditors import DEFAULT_TEXT
from tests.harness.money import AGENT, NOW

IBAN = "FR7630006000011234567890189"
OTHER_IBAN = "FR7610107001011234567890129"
OFFICE_IBAN = "FR7610071750000000100000080"
ICS = "FR72ZZZ123456"
TODAY = NOW.date()


def make_creditor(office: Any, **values: Any) -> Any:
    return services.save_creditor(
        **{
            "cash_office_id": office.pk,
            "ics": ICS,
            "name": "Ville de Vincennes",
            "iban": OFFICE_IBAN,
            "bic": "",
            "schema": "pain.008.001.08",
            "notice_days": 14,
            "max_rejects": 2,
            "mandate_text": DEFAULT_TEXT,
            "is_active": True,
            "actor": AGENT,
            "now": NOW,
            **values,
        }
    )


def sign(family: Any, office: Any, *, iban: str = IBAN, now: dt.datetime = NOW, **values: Any):
    return services.sign_mandate(
        family_id=family.pk, cash_office_id=office.pk, holder="Camille Élan", iban=iban,
        actor=AGENT, now=now, **values,
    )  # fmt: skip


def collected(office: Any, *, now: dt.datetime = NOW, days: int = 15) -> Any:
    """A batch prepared, approved, taken to the bank and debited."""
    batch = approved(office, now=now, days=days)
    services.take_file(batch_id=batch.pk, actor=AGENT, now=now)
    services.collect_due(now=now + dt.timedelta(days=days))
    batch.refresh_from_db()
    return batch


def approved(office: Any, *, now: dt.datetime = NOW, days: int = 15) -> Any:
    batch = services.prepare_batch(
        cash_office_id=office.pk, collection_on=now.date() + dt.timedelta(days=days),
        actor=AGENT, now=now,
    )  # fmt: skip
    return services.approve_batch(batch_id=batch.pk, actor=AGENT, now=now)


def camt(
    *entries: str, iban: str = OFFICE_IBAN, kind: str = "camt.053", opening: int | None = None,
    closing: int | None = None,
) -> bytes:  # fmt: skip
    body, part = {
        "camt.053": ("BkToCstmrStmt", "Stmt"),
        "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }[kind]
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{abs(cents) / 100:.2f}</Amt>'
        f"<CdtDbtInd>{'CRDT' if cents >= 0 else 'DBIT'}</CdtDbtInd></Bal>"
        for code, cents in (("OPBD", opening), ("CLBD", closing))
        if cents is not None
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}.001.02"><{body}>'
        f"<GrpHdr><MsgId>M1</MsgId></GrpHdr><{part}><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>"
        f"{balances}{''.join(entries)}</{part}></{body}></Document>"
    ).encode()


def transfer(cents: int, words: str, *, reference: str = "T1", name: str = "C ELAN") -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{cents / 100:.2f}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
        f"<BookgDt><Dt>2026-11-25</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>{name}</Nm></Dbtr></RltdPties>"
        f"<RmtInf><Ustrd>{words}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def reject(cents: int, end_to_end: str, *, code: str = "AM04", reference: str = "R1") -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{cents / 100:.2f}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>'
        f"<BookgDt><Dt>2026-11-25</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>"
        f"<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>"
    )


def pain002(message_id: str, cents: int, end_to_end: str, *, code: str = "MD01") -> bytes:
    return (
        '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03">'
        "<CstmrPmtStsRpt><GrpHdr><MsgId>P1</MsgId><CreDtTm>2026-11-19T08:00:00</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId></OrgnlGrpInfAndSts>"
        f"<OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId>"
        f"<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>"
        f'<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">{cents / 100:.2f}</InstdAmt></Amt></OrgnlTxRef>'
        "</TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()
