"""Reading reminders, lists, titres and plans."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet, Sum, Value

from preau.directdebit.queries import announced, mandated
from preau.kernel.kept import Kept
from preau.recovery.models import (
    CollectionItem,
    CollectionList,
    Instalment,
    InstalmentRule,
    Plan,
    ReductionRequest,
    Reminder,
    ReminderRun,
    Titre,
    TitreItem,
)


def runs() -> QuerySet[ReminderRun]:
    """Sendings of reminders, latest first."""
    return ReminderRun.objects.select_related("cash_office", "level", "pdf").order_by(
        "-created_at", "-pk"
    )


def reminders() -> QuerySet[Reminder]:
    """Every invoice reminded, latest first."""
    return Reminder.objects.select_related("run__cash_office", "invoice", "family").order_by(
        "-sent_at", "-pk"
    )


def reminders_of(family_id: int) -> QuerySet[Reminder]:
    return reminders().filter(family_id=family_id)


def lists() -> QuerySet[CollectionList]:
    """Lists for the ordonnateur with their totals, latest first."""
    kept = Q(items__excluded_because="")
    return (
        CollectionList.objects.select_related("cash_office")
        .annotate(
            count=Count("items", filter=kept),
            families=Count("items__family", filter=kept, distinct=True),
            total_cents=Sum("items__amount_cents", filter=kept, default=0),
        )
        .order_by("-created_at", "-pk")
    )


def get_list(list_id: int) -> CollectionList | None:
    return lists().filter(pk=list_id).first()


def items_of(list_id: int) -> QuerySet[CollectionItem]:
    """The invoices of a list, by family."""
    return (
        CollectionItem.objects.filter(list_id=list_id)
        .select_related("family", "invoice__cash_office")
        .order_by("family__sort_key", "family_id", "pk")
    )


def titres() -> QuerySet[Titre]:
    """Every titre with its invoices and reductions, latest first."""
    return (
        Titre.objects.select_related("cash_office", "family")
        .prefetch_related(
            Prefetch("items", TitreItem.objects.select_related("invoice")), "reductions"
        )
        .order_by("-issued_on", "-pk")
    )


def titres_of(family_id: int) -> QuerySet[Titre]:
    """The family's titres in force."""
    return titres().filter(family_id=family_id, status=Titre.Status.ISSUED)


def get_titre(titre_id: int, *, family_id: int | None = None) -> Titre | None:
    found = titres().filter(pk=titre_id)
    return found.filter(family_id=family_id).first() if family_id is not None else found.first()


def titres_by_invoice(invoice_ids: Iterable[int]) -> dict[int, Titre]:
    """Of these invoices, those closed by a titre, with it."""
    found = TitreItem.objects.filter(
        invoice_id__in=list(invoice_ids), titre__status=Titre.Status.ISSUED
    ).select_related("titre")
    return {item.invoice_id: item.titre for item in found}


def reductions() -> QuerySet[ReductionRequest]:
    """Requests to reduce a titre, those to handle first."""
    return ReductionRequest.objects.select_related("titre__cash_office", "titre__family").order_by(
        "answered_at", "-created_at", "-pk"
    )


def instalment_rules() -> dict[int, InstalmentRule]:
    """What the council decided, by cash office."""
    return {rule.cash_office_id: rule for rule in InstalmentRule.objects.all()}


def item(item_id: int) -> CollectionItem | None:
    """One invoice of a list."""
    found = CollectionItem.objects.select_related("family", "invoice", "list")
    return found.filter(pk=item_id).first()


@dataclass(frozen=True, slots=True)
class Asked:
    """What changes what a family is asked to pay now. `kind`: T titre, D debit, P instalment."""

    kind: str
    invoice_id: int
    source_id: int
    on: date
    cents: int
    words: str
    cash_office_id: int
    office: str
    rank: int
    paid_before_cents: int


def asked_of(family_id: int) -> list[Asked]:
    """The family's titres in force, announced debits and running plans, by invoice, and its
    mandates: one query."""
    return [Asked(*row) for row in _read_asked(family_id)]


def _asked(family_id: int) -> QuerySet[Any]:
    titres = TitreItem.objects.filter(
        titre__family_id=family_id, titre__status=Titre.Status.ISSUED
    ).values_list(
        Value("T"), "invoice_id", "titre_id", "titre__issued_on", "titre__amount_cents",
        "titre__number", "titre__cash_office_id", "titre__cash_office__name", Value(0), Value(0),
    )  # fmt: skip
    plans = Instalment.objects.filter(
        plan__family_id=family_id, plan__status=Plan.Status.ACTIVE
    ).values_list(
        Value("P"), "plan__invoice_id", "plan_id", "due_on", "amount_cents", Value(""),
        "plan__invoice__cash_office_id", Value(""), "rank", "plan__paid_before_cents",
    )  # fmt: skip
    rows = titres.union(plans, announced(family_id), mandated(family_id), all=True)
    return rows.order_by("-titre__issued_on")


_read_asked: Kept[Any] = Kept(_asked)
