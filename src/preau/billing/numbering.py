"""Numbers without a gap, per cash office and year: the sequence's row is locked until commit."""

from django.db import connection

INVOICE = "INVOICE"
CREDIT_NOTE = "CREDIT_NOTE"
RECEIPT = "RECEIPT"
DEPOSIT = "DEPOSIT"
HANDOVER = "HANDOVER"
REFUND_FILE = "REFUND_FILE"
# What was owed before: in another software, or in a file that another one takes over.
CARRIED = "CARRIED"
THIRD_PARTY = "THIRD_PARTY"
_MARKS = {
    THIRD_PARTY: "T-",
    INVOICE: "",
    CREDIT_NOTE: "AV-",
    RECEIPT: "R-",
    CARRIED: "REP-",
    DEPOSIT: "V-",
    HANDOVER: "RS-",
    REFUND_FILE: "RB-",
}


def take_numbers(*, cash_office_id: int, year: int, kind: str, count: int) -> range:
    """The next `count` ranks. To be called last in a transaction: others wait for its end.

    A rollback gives the ranks back, since the row goes back with it: so there is never a gap.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO billing_numbersequence (cash_office_id, year, kind, last)
            VALUES (%s, %s, %s, %s)
            ON CONFLICT (cash_office_id, year, kind)
            DO UPDATE SET last = billing_numbersequence.last + EXCLUDED.last
            RETURNING last
            """,
            [cash_office_id, year, kind, count],
        )
        last: int = cursor.fetchone()[0]
    return range(last - count + 1, last + 1)


def printed(*, office_code: str, year: int, kind: str, rank: int) -> str:
    """«ENFANCE-2026-00042», «ENFANCE-AV-2026-00007» for a credit note, «-R-» for a receipt."""
    return f"{office_code.upper()}-{_MARKS[kind]}{year}-{rank:05d}"


def next_number(*, cash_office_id: int, office_code: str, year: int, kind: str) -> str:
    """The next printed number of a kind; others wait for this transaction's end."""
    rank = take_numbers(cash_office_id=cash_office_id, year=year, kind=kind, count=1)[0]
    return printed(office_code=office_code, year=year, kind=kind, rank=rank)
