"""Reading accounts and invoices, always within one family's scope or one agent's."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import Coalesce, RowNumber

from preau.billing.models import (
    ActivityAccounting,
    Allocation,
    BillingRun,
    CashOffice,
    FamilyAccount,
    Invoice,
    InvoiceLine,
    LedgerLine,
    Movement,
)
from preau.billing.tax import spread_paid
from preau.families.queries import get_families
from preau.kernel.kept import Kept


@dataclass(slots=True)
class OfficeAccount:
    """What a family and one cash office owe each other. Cents; `balance_cents` > 0 is owed."""

    office: CashOffice
    balance_cents: int = 0
    left_cents: int = 0
    next_due_on: date | None = None
    account_id: int | None = None
    # Set aside for days booked in advance: neither owed nor free.
    held_cents: int = 0
    unpaid: list[Any] = field(default_factory=list)  # invoices, from `with_left`

    @property
    def credit_cents(self) -> int:
        """What was paid and serves no invoice yet."""
        return self.left_cents - self.balance_cents

    @property
    def in_debit(self) -> bool:
        return self.balance_cents > 0


def with_left() -> QuerySet[Invoice]:
    """Invoices and credit notes with `paid_cents` and `left_cents` (0 for a credit note)."""
    paid = (
        Allocation.objects.filter(invoice=OuterRef("pk"))
        .order_by()
        .values("invoice")
        .annotate(total=Sum("amount_cents"))
        .values("total")
    )
    return (
        Invoice.objects.annotate(paid_cents=Coalesce(Subquery(paid), 0))
        .annotate(left_cents=F("total_cents") - F("paid_cents"))
        .select_related("cash_office")
    )


def unpaid_invoices(*, family_id: int | None = None) -> QuerySet[Invoice]:
    """Invoices with something left to pay, the most urgent first."""
    found = with_left().filter(kind=Invoice.Kind.INVOICE, left_cents__gt=0)
    if family_id is not None:
        found = found.filter(family_id=family_id)
    return found.order_by("due_on", "pk")


read_unpaid = Kept(lambda family_id: unpaid_invoices(family_id=family_id))
"""As `unpaid_invoices` of a family, at the price of its plain SQL."""


def family_accounts(family_id: int, unpaid: Iterable[Any] | None = None) -> list[OfficeAccount]:
    """The family's account at each open cash office, and at those where something is left.

    Two queries, whatever their number; one when what is `unpaid` is known already.
    """
    by_office: dict[int, list[Any]] = {}
    for invoice in read_unpaid(family_id) if unpaid is None else unpaid:
        by_office.setdefault(invoice.cash_office_id, []).append(invoice)
    result = []
    for office in _read_offices(family_id):
        invoices = by_office.get(office.pk, [])
        result.append(
            OfficeAccount(
                office=office,
                balance_cents=office.balance_cents or 0,
                left_cents=sum(invoice.left_cents for invoice in invoices),
                next_due_on=invoices[0].due_on if invoices else None,
                account_id=office.account_id,
                held_cents=office.held_cents or 0,
                unpaid=invoices,
            )
        )
    return result


def _offices(family_id: int) -> QuerySet[CashOffice]:
    account = FamilyAccount.objects.filter(family_id=family_id, cash_office=OuterRef("pk"))
    held = (
        account.filter(holds__ended_at__isnull=True)
        .order_by()
        .values("pk")
        .annotate(total=Sum("holds__cents"))
        .values("total")
    )
    return CashOffice.objects.annotate(
        account_id=Subquery(account.values("pk")),
        balance_cents=Subquery(account.values("balance_cents")),
        held_cents=Subquery(held),
    ).filter(Q(is_active=True) | Q(account_id__isnull=False))


_read_offices: Kept[Any] = Kept(_offices)


def left_to_pay(family_id: int) -> tuple[int, date | None]:
    """What is left to pay, all cash offices together, and the first deadline: for a home page."""
    rows: list[Any] = list(unpaid_invoices(family_id=family_id))
    return sum(row.left_cents for row in rows), rows[0].due_on if rows else None


def family_invoices(family_id: int) -> QuerySet[Invoice]:
    """Invoices and credit notes of the family, latest first."""
    return with_left().filter(family_id=family_id).order_by("-issued_on", "-pk")


def invoices_of_files(family_ids: Iterable[int]) -> QuerySet[Invoice]:
    """As `family_invoices`, of a file and of those that joined it (`families.own_files`)."""
    return with_left().filter(family_id__in=list(family_ids)).order_by("-issued_on", "-pk")


def carried_invoices(invoice_ids: Iterable[int]) -> set[int]:
    """Those that no money settled: what was left was carried to the file that goes on."""
    return set(
        Allocation.objects.filter(invoice__in=list(invoice_ids), movement__kind=Movement.Kind.CARRY)
        .values("invoice_id")
        .annotate(total=Sum("amount_cents"))
        .filter(total__gt=0)
        .values_list("invoice_id", flat=True)
    )


def with_lines(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Adds the lines, with their child and activity (two queries for a page)."""
    lines = InvoiceLine.objects.select_related("child", "activity").order_by("pk")
    return invoices.select_related("corrects").prefetch_related(Prefetch("lines", lines))


class InvoicePages:
    """The invoices and credit notes of a family, latest first, for a paginator of `size` a page;
    and those with something left (`unpaid`, the most urgent first), whatever their page.

    Two queries: the invoices of the page `wanted` with what is unpaid, then the lines of the page
    (one more for a page that does not exist). An invoice of both is one instance.
    """

    def __init__(self, family_id: int, *, size: int, wanted: str | None = None) -> None:
        self.family_id = family_id
        number = int(wanted) if wanted and wanted.isdecimal() and len(wanted) < 6 else 1
        first = max(number - 1, 0) * size
        self._rows: list[Any] = _read_page(family_id, first, first + size)
        if not self._rows and first:
            self._rows = _read_page(family_id, 0, size)

    def __len__(self) -> int:
        return self._rows[0].in_all if self._rows else 0

    @property
    def unpaid(self) -> list[Any]:
        found = [
            row for row in self._rows if row.kind == Invoice.Kind.INVOICE and row.left_cents > 0
        ]
        return sorted(found, key=lambda row: (row.due_on, row.pk))

    def __getitem__(self, part: slice) -> list[Any]:
        start, stop = part.start or 0, min(part.stop or len(self), len(self))
        found = {row.rank: row for row in self._rows}
        if any(rank not in found for rank in range(start + 1, stop + 1)):
            found = {row.rank: row for row in _read_page(self.family_id, start, stop)}
        return [found[rank] for rank in range(start + 1, stop + 1) if rank in found]


def _page(family_id: int, first: int, last: int) -> QuerySet[Invoice]:
    return (
        with_left()
        .filter(family_id=family_id)
        .annotate(
            rank=Window(RowNumber(), order_by=[F("issued_on").desc(), F("pk").desc()]),
            in_all=Window(Count("*")),
        )
        .filter(Q(rank__gt=first, rank__lte=last) | Q(kind=Invoice.Kind.INVOICE, left_cents__gt=0))
    )


_read_page: Kept[Any] = Kept(_page)


@dataclass(slots=True)
class ShownChild:
    """A child as a line names it."""

    pk: int
    first_name: str
    colour: int | None = None


@dataclass(slots=True)
class ShownLine:
    """What a page tells of a line (`telling`)."""

    pk: int
    label: str
    unit_name: str
    quantity: Any
    unit_cents: int
    amount_cents: int
    share_cents: int
    dates: list[Any]
    explanation: list[str]
    child_id: int | None
    child: ShownChild | None


def lines_of(invoice_ids: Iterable[int]) -> dict[int, list[ShownLine]]:
    """The lines of several invoices as a page tells them; one query."""
    found: dict[int, list[ShownLine]] = {}
    for invoice_id, name, *values in _read_lines(list(invoice_ids)):
        child_id = values[-1]
        child = ShownChild(child_id, name) if child_id is not None else None
        found.setdefault(invoice_id, []).append(ShownLine(*values, child=child))
    return found


def _lines(ids: Any) -> QuerySet[Any, Any]:
    # Each name apart: a join, planned without the ids, may read every child of the town.
    child: Any = InvoiceLine._meta.get_field("child").related_model
    name = child.objects.filter(pk=OuterRef("child_id")).values("first_name")
    return (
        InvoiceLine.objects.filter(invoice_id__any_of=ids)
        .order_by("pk")
        .values_list(
            "invoice_id", Subquery(name), "pk", "label", "unit_name", "quantity", "unit_cents",
            "amount_cents", "share_cents", "dates", "explanation", "child_id",
        )
    )  # fmt: skip


_read_lines: Kept[Any] = Kept(_lines)


def get_invoice(
    number: str, *, family_id: int | None = None, family_ids: Iterable[int] | None = None
) -> Invoice | None:
    """One invoice with its lines, within a family's scope, or its files', when it is given."""
    found = with_lines(with_left()).filter(number=number)
    if family_id is not None:
        found = found.filter(family_id=family_id)
    if family_ids is not None:
        found = found.filter(family_id__in=list(family_ids))
    return found.first()


def statement(account_id: int) -> QuerySet[LedgerLine]:
    """The account's lines, latest first, each with the `running_cents` after it."""
    return (
        LedgerLine.objects.filter(family_account_id=account_id)
        .annotate(
            running_cents=Window(
                Sum("amount_cents"), order_by=[F("movement__at").asc(), F("pk").asc()]
            )
        )
        .select_related("movement")
        .order_by("-movement__at", "-pk")
    )


def movements_of(family_id: int) -> QuerySet[LedgerLine]:
    """The lines of all the accounts of a family, latest first, each with the `running_cents` of
    its own account after it."""
    return (
        LedgerLine.objects.filter(family_account__family_id=family_id)
        .annotate(
            running_cents=Window(
                Sum("amount_cents"),
                partition_by=[F("family_account_id")],
                order_by=[F("movement__at").asc(), F("pk").asc()],
            )
        )
        .select_related("movement", "family_account__cash_office")
        .order_by("-movement__at", "-pk")
    )


def invoices_for_agents(
    *,
    text: str = "",
    cash_office_id: int | None = None,
    month: date | None = None,
    state: str = "",
) -> QuerySet[Invoice]:
    """The invoices of the town, to be sorted and paged. `state`: «left», «paid», «titre» (in the
    public accountant's hands), «credit». Each has `titre_cents`, what a titre took over."""
    titre = (
        Allocation.objects.filter(invoice=OuterRef("pk"), movement__kind=Movement.Kind.TITRE)
        .order_by()
        .values("invoice")
        .annotate(total=Sum("amount_cents"))
        .values("total")
    )
    found = (
        with_left()
        .annotate(titre_cents=Coalesce(Subquery(titre), 0))
        .select_related("family", "cash_office")
    )
    if text.strip():
        words = text.strip()
        found = found.filter(
            Q(number__icontains=words)
            | Q(family__name__icontains=words)
            | Q(family__code__istartswith=words.replace(" ", ""))
        )
    if cash_office_id:
        found = found.filter(cash_office_id=cash_office_id)
    if month:
        found = found.filter(month=month)
    if state == "left":
        found = found.filter(kind=Invoice.Kind.INVOICE, left_cents__gt=0)
    elif state == "paid":
        found = found.filter(kind=Invoice.Kind.INVOICE, left_cents=0, titre_cents=0)
    elif state == "titre":
        found = found.filter(kind=Invoice.Kind.INVOICE, titre_cents__gt=0)
    elif state == "credit":
        found = found.filter(kind=Invoice.Kind.CREDIT_NOTE)
    return found.order_by("-issued_on", "-pk")


def cash_offices(*, only_active: bool = False) -> QuerySet[CashOffice]:
    """Every cash office, by name."""
    found = CashOffice.objects.order_by("name")
    return found.filter(is_active=True) if only_active else found


def get_cash_office(code: str) -> CashOffice | None:
    """The cash office with this code."""
    return CashOffice.objects.filter(code=code).first()


def accountings() -> QuerySet[ActivityAccounting]:
    """Which cash office collects for which activity."""
    return ActivityAccounting.objects.select_related("activity", "cash_office").order_by(
        "activity__position", "activity__name"
    )


def paid_lines(
    *, family_id: int, first: date, last: date, activity_ids: Iterable[int] | None = None
) -> list[dict[str, Any]]:
    """What was *paid* in a period, spread over invoice lines in proportion: for tax certificates.

    Each: child_id, activity_id, is_meal, counts_for_tax, cents. Rounded down to the cent for each
    line, the rest going to the largest; so that the sum is what was paid.
    """
    return spread_paid(family_id=family_id, first=first, last=last, activity_ids=activity_ids)


@dataclass(slots=True)
class Entry:
    """A line of a statement: `running_cents` is the balance after it, `actor` who wrote it."""

    at: datetime
    label: str
    actor: str
    amount_cents: int
    running_cents: int

    @classmethod
    def of(cls, line: Any) -> "Entry":
        """A line of `statement`."""
        of = line.movement
        return cls(of.at, of.label, of.actor_label, line.amount_cents, line.running_cents)


def recent_statement(account_ids: Iterable[int], *, limit: int = 8) -> dict[int, list[Entry]]:
    """The latest lines of each account with their running balance; one query for all."""
    found: dict[int, list[Entry]] = {}
    for account_id, _rank, *values in _read_recent(list(account_ids), limit):
        found.setdefault(account_id, []).append(Entry(*values))
    return found


def _recent(account_ids: Any, limit: int) -> "QuerySet[Any]":
    partition = F("family_account_id")
    return (
        LedgerLine.objects.filter(family_account_id__any_of=account_ids)
        .annotate(
            running_cents=Window(
                Sum("amount_cents"),
                partition_by=partition,
                order_by=[F("movement__at").asc(), F("pk").asc()],
            ),
            rank=Window(
                RowNumber(),
                partition_by=partition,
                order_by=[F("movement__at").desc(), F("pk").desc()],
            ),
        )
        .filter(rank__lte=limit)
        .order_by("family_account_id", "rank")
        .values_list(
            "family_account_id", "rank", "movement__at", "movement__label",
            "movement__actor_label", "amount_cents", "running_cents",
        )
    )  # fmt: skip


_read_recent: Kept[Any] = Kept(_recent)


def credit_notes_of(invoice_id: int) -> QuerySet[Invoice]:
    """The credit notes that correct an invoice."""
    return Invoice.objects.filter(corrects_id=invoice_id).order_by("pk")


def runs() -> QuerySet[BillingRun]:
    """Billing runs, latest first."""
    return BillingRun.objects.select_related("cash_office").order_by("-month", "-pk")


def get_run(run_id: int) -> BillingRun | None:
    """One billing run with its cash office."""
    return BillingRun.objects.select_related("cash_office").filter(pk=run_id).first()


def family_codes(family_ids: Iterable[int]) -> dict[int, str]:
    """The family code of each, for links from lists."""
    return {pk: family.code for pk, family in get_families(family_ids).items()}


def families_of_activity(activity_id: int, *, since: date) -> list[int]:
    """Families with a day booked from a day on in an activity, by id; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT booking.family_id FROM bookings_booking booking
            JOIN bookings_slot slot ON slot.id = booking.slot_id AND slot.day >= %s
            JOIN catalogue_offering offering ON offering.id = slot.offering_id
            WHERE offering.activity_id = %s AND booking.status = 'CONFIRMED' ORDER BY 1
            """,
            [since, activity_id],
        )
        return [row[0] for row in cursor.fetchall()]


def lines_with_note(note: str, *, activity_id: int, limit: int) -> list[InvoiceLine]:
    """The latest invoice lines of an activity with a day that bears this note, with invoices."""
    return list(
        InvoiceLine.objects.filter(
            activity_id=activity_id,
            invoice__kind=Invoice.Kind.INVOICE,
            dates__contains=[{"note": note}],
        )
        .select_related("invoice")
        .order_by("-pk")[:limit]
    )
