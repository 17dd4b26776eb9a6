"""Reading the cashier's days, deposits, handovers and refunds."""

from collections.abc import Iterable

from django.db.models import QuerySet

from preau.cashdesk.models import Deposit, DepositPiece, Handover, Refund, RefundFile, TillDay


def open_day_of(cash_office_id: int) -> TillDay | None:
    """The open day of the till."""
    return TillDay.objects.filter(cash_office_id=cash_office_id, closed_at__isnull=True).first()


def open_days(cash_office_ids: Iterable[int]) -> dict[int, TillDay]:
    """The open day of each of these tills that has one; one query."""
    found = TillDay.objects.filter(cash_office_id__in=list(cash_office_ids), closed_at__isnull=True)
    return {day.cash_office_id: day for day in found}


def days_of(cash_office_id: int) -> QuerySet[TillDay]:
    """Every day of the till, latest first."""
    return TillDay.objects.filter(cash_office_id=cash_office_id)


def get_day(day_id: int) -> TillDay | None:
    """A day of a till, with its office."""
    return TillDay.objects.select_related("cash_office").filter(pk=day_id).first()


def deposits_of(cash_office_id: int) -> QuerySet[Deposit]:
    """Every deposit, latest first, what undoes it or what it undoes beside it."""
    return Deposit.objects.filter(cash_office_id=cash_office_id).select_related(
        "voids", "voided_by"
    )


def get_deposit(number: str) -> Deposit | None:
    """A deposit by its slip's number, with its lines."""
    return (
        Deposit.objects.select_related("cash_office", "voids", "voided_by")
        .prefetch_related("lines")
        .filter(number=number)
        .first()
    )


def pieces_of(deposit: Deposit) -> QuerySet[DepositPiece]:
    """The cheques and vouchers of a deposit, or of the one that it undoes."""
    return (
        DepositPiece.objects.filter(deposit_id=deposit.voids_id or deposit.pk)
        .select_related("part__payment__family")
        .order_by("pk")
    )


def handovers_of(cash_office_id: int) -> QuerySet[Handover]:
    """Every handover, latest first."""
    return Handover.objects.filter(cash_office_id=cash_office_id)


def get_handover(number: str) -> Handover | None:
    """A handover by its number."""
    return Handover.objects.select_related("cash_office").filter(number=number).first()


def refunds() -> QuerySet[Refund]:
    """Every refund, latest first."""
    return Refund.objects.select_related("cash_office", "family", "file")


def get_refund(refund_id: int) -> Refund | None:
    """A refund, with its family."""
    return refunds().filter(pk=refund_id).first()


def refund_files() -> QuerySet[RefundFile]:
    """Every refund file, latest first."""
    return RefundFile.objects.select_related("cash_office")


def get_refund_file(number: str) -> RefundFile | None:
    """A refund file by its number."""
    return refund_files().filter(number=number).first()


def refund_statuses() -> list[tuple[str, str]]:
    """The states of a refund, for a filter."""
    return [(value, str(label)) for value, label in Refund.Status.choices]
