"""Which invoices a family contests and waits for an answer about."""

from preau.casework.models import OPEN_STATUSES, Request, RequestKind


def contested_invoices() -> set[str]:
    """Numbers of the invoices with a contestation still open: nobody is reminded of them."""
    return set(
        Request.objects.filter(
            kind=RequestKind.INVOICE_DISPUTE, status__in=OPEN_STATUSES
        ).values_list("payload__invoice", flat=True)
    )
