"""Reading mandates, batches and the bank's entries."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, FilteredRelation, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, NullIf

from preau.directdebit.models import BankEntry, BankFile, Batch, Creditor, Debit, DebitItem, Mandate

LIVE = (Debit.Status.PLANNED, Debit.Status.SENT)


def creditors() -> QuerySet[Creditor]:
    """The cash offices that debit, by name."""
    return Creditor.objects.select_related("cash_office").order_by("cash_office__name")


def creditor_of(cash_office_id: int) -> Creditor | None:
    return creditors().filter(cash_office_id=cash_office_id).first()


def offered(cash_office_ids: Iterable[int]) -> set[int]:
    """Of these cash offices, those where a family may sign a mandate."""
    return set(
        Creditor.objects.filter(
            cash_office_id__in=list(cash_office_ids), is_active=True, cash_office__is_active=True
        ).values_list("cash_office_id", flat=True)
    )


def offers(family_id: int, cash_office_ids: Iterable[int]) -> list[tuple[int, int | None, str]]:
    """(cash office, mandate in force or None, end of its IBAN) where one may be signed or is."""
    found = (
        Creditor.objects.filter(cash_office_id__in=list(cash_office_ids))
        .annotate(
            own=FilteredRelation(
                "mandates",
                condition=Q(mandates__family_id=family_id, mandates__status=Mandate.Status.ACTIVE),
            )
        )
        .filter(Q(is_active=True) | Q(own__isnull=False))
    )
    return [
        (office, mandate, end or "")
        for office, mandate, end in found.values_list("cash_office_id", "own__pk", "own__iban_end")
    ]


def mandates() -> QuerySet[Mandate]:
    """Every mandate, latest first."""
    return Mandate.objects.select_related("creditor__cash_office", "family").order_by("-pk")


def mandates_of(family_id: int) -> QuerySet[Mandate]:
    """The family's mandates, those in force first."""
    return (
        Mandate.objects.filter(family_id=family_id)
        .select_related("creditor__cash_office")
        .order_by("status", "-pk")
    )


def get_mandate(mandate_id: int, *, family_id: int | None = None) -> Mandate | None:
    found = mandates().prefetch_related("events").filter(pk=mandate_id)
    return found.filter(family_id=family_id).first() if family_id is not None else found.first()


def debits_of(family_id: int) -> QuerySet[Debit]:
    """What was or will be debited from the family, latest first; what was set aside left out."""
    return (
        Debit.objects.filter(family_id=family_id)
        .exclude(status__in=[Debit.Status.EXCLUDED, Debit.Status.PLANNED])
        .select_related("batch__creditor__cash_office", "mandate")
        .order_by("-batch__collection_on", "-pk")
    )


def coming_of(family_id: int) -> QuerySet[Debit]:
    """Debits at the bank and not yet collected: announced to the family."""
    return debits_of(family_id).filter(status=Debit.Status.SENT)


def announced(family_id: int) -> Any:
    """Invoice by invoice, the debits at the bank and not yet collected: tuples, to be joined to
    others of the same shape (preau.recovery.queries.asked_of)."""
    return DebitItem.objects.filter(
        debit__family_id=family_id, debit__status=Debit.Status.SENT
    ).values_list(
        Value("D"), "invoice_id", "debit_id", "debit__batch__collection_on", "debit__amount_cents",
        Coalesce(NullIf("debit__iban_end", Value("")), "debit__mandate__iban_end"),
        "debit__batch__creditor__cash_office_id", Value(""),
        Value(0), Value(0),
    )  # fmt: skip


def mandated(family_id: int) -> Any:
    """The mandates in force, as tuples of the shape of `announced`; invoice 0."""
    return Mandate.objects.filter(family_id=family_id, status=Mandate.Status.ACTIVE).values_list(
        Value("M"), Value(0), "pk", "signed_on", Value(0), "iban_end", "creditor__cash_office_id",
        Value(""), Value(0), Value(0),
    )  # fmt: skip


def invoices_being_debited(family_ids: Iterable[int] | None = None) -> dict[int, date]:
    """Invoice → collection day, for those in a batch prepared or at the bank."""
    found = Debit.objects.filter(status__in=LIVE)
    if family_ids is not None:
        found = found.filter(family_id__in=list(family_ids))
    return dict(found.values_list("items__invoice_id", "batch__collection_on"))


def batches() -> QuerySet[Batch]:
    """Every batch with its totals, latest first."""
    counted = ~Q(debits__status=Debit.Status.EXCLUDED)
    return (
        Batch.objects.select_related("creditor__cash_office")
        .annotate(
            count=Count("debits", filter=counted),
            total_cents=Sum("debits__amount_cents", filter=counted, default=0),
            rejected=Count("debits", filter=Q(debits__status=Debit.Status.REJECTED)),
        )
        .order_by("-collection_on", "-pk")
    )


def get_batch(batch_id: int) -> Batch | None:
    return batches().filter(pk=batch_id).first()


def debits(batch_id: int | None = None) -> QuerySet[Debit]:
    """Debits with their mandate, family and invoices, by family name."""
    found = Debit.objects.select_related("mandate", "family", "batch__creditor__cash_office")
    if batch_id is not None:
        found = found.filter(batch_id=batch_id)
    return found.prefetch_related("items__invoice").order_by("family__sort_key", "pk")


def rejects() -> QuerySet[Debit]:
    """Debits that came back, latest first."""
    return (
        Debit.objects.filter(status=Debit.Status.REJECTED)
        .select_related("mandate", "family", "batch__creditor__cash_office")
        .order_by("-rejected_at", "-pk")
    )


def bank_files() -> QuerySet[BankFile]:
    """Files of the bank, latest first, with how many lines wait."""
    return (
        BankFile.objects.select_related("creditor__cash_office")
        .annotate(
            count=Count("entries"),
            waiting=Count("entries", filter=Q(entries__status=BankEntry.Status.TO_SORT)),
        )
        .order_by("-imported_at", "-pk")
    )


def bank_entries() -> QuerySet[BankEntry]:
    """Lines of the bank's files, latest first."""
    return BankEntry.objects.select_related(
        "creditor__cash_office", "family", "debit__batch", "file"
    ).order_by("-booked_on", "-pk")
