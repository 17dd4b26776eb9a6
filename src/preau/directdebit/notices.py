"""The pre-notice that an invoice bears: what will be debited, when, on which mandate."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from preau.billing.notices import Notice
from preau.directdebit.models import Creditor, Debit, DebitItem, Mandate
from preau.directdebit.rules import promised_day
from preau.kernel.clock import paris_day


def notices_at_issue(invoices: Iterable[Any]) -> dict[int, Notice]:
    """By invoice, for those whose family had a mandate when they were issued; one query.

    The same whenever it is asked: what a paper says does not depend on the day it is printed.
    """
    invoices = list(invoices)
    found = _mandates(invoices)
    notices = {}
    for invoice in invoices:
        for mandate in found.get((invoice.family_id, invoice.cash_office_id), ()):
            ended = paris_day(mandate.ended_at) if mandate.ended_at else None
            if paris_day(mandate.created_at) <= invoice.issued_on and (
                ended is None or ended > invoice.issued_on
            ):
                notices[invoice.pk] = _notice(
                    mandate, invoice.total_cents, _planned(invoice, mandate)
                )
    return notices


def announced_day(invoice: Any, creditor: Creditor) -> date:
    """The day from which an invoice of this creditor may be debited: the one that its pre-notice
    tells, by the notice owed when it was issued."""
    return promised_day(
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        notice_days=creditor.notice_on(invoice.issued_on),
    )


def notice_now(invoice: Any, *, today: date) -> Notice | None:
    """What will be debited of an invoice as things stand, `left_cents` of it being owed.

    The debit that the bank has, else what the mandate in force lets expect.
    """
    if invoice.kind != "INVOICE" or invoice.left_cents <= 0:
        return None
    item = (
        DebitItem.objects.filter(invoice_id=invoice.pk, debit__status=Debit.Status.SENT)
        .select_related("debit__batch", "debit__mandate__creditor")
        .first()
    )
    if item is not None:
        return _notice(
            item.debit.mandate,
            item.amount_cents,
            item.debit.batch.collection_on,
            iban_end=item.debit.iban_end,
            is_sent=True,
        )
    for mandate in _mandates([invoice]).get((invoice.family_id, invoice.cash_office_id), ()):
        if mandate.is_active:
            planned = _planned(invoice, mandate)
            return _notice(mandate, invoice.left_cents, planned if planned > today else None)
    return None


def _mandates(invoices: list[Any]) -> dict[tuple[int, int], list[Mandate]]:
    found: dict[tuple[int, int], list[Mandate]] = {}
    for mandate in (
        Mandate.objects.filter(
            family_id__in={invoice.family_id for invoice in invoices},
            creditor__cash_office_id__in={invoice.cash_office_id for invoice in invoices},
        )
        .select_related("creditor")
        .order_by("pk")
    ):
        key = (mandate.family_id, mandate.creditor.cash_office_id)
        found.setdefault(key, []).append(mandate)
    return found


def _planned(invoice: Any, mandate: Mandate) -> date:
    return announced_day(invoice, mandate.creditor)


def _notice(
    mandate: Mandate, cents: int, on: date | None, *, iban_end: str = "", is_sent: bool = False
) -> Notice:
    creditor = mandate.creditor
    return Notice(
        cents=cents,
        on=on,
        mandate=mandate.reference,
        ics=creditor.ics,
        creditor=creditor.name,
        iban_end=iban_end or mandate.iban_end,
        days=creditor.notice_days,
        is_sent=is_sent,
    )
