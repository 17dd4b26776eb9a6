"""The list for the ordonnateur: what reminders did not bring in, approved by a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing.queries import unpaid_invoices, with_left
from preau.kernel.actors import Actor
from preau.kernel.clock import at_paris, paris_day
from preau.kernel.french import euros
from preau.recovery.errors import ListNotReady, ListOpen, NothingToList, ReasonNeeded
from preau.recovery.models import CollectionItem, CollectionList, Reminder, ReminderLevel
from preau.recovery.rules import grouped
from preau.recovery.settings import days_after_last

Status = CollectionList.Status
OBJECT = "collection_list"


@dataclass(frozen=True, slots=True)
class Debts:
    """What could be handed to the ordonnateur today: ripe, or too small and waiting."""

    ripe: tuple[Any, ...]
    waiting: tuple[Any, ...]
    spared: tuple[tuple[Any, str], ...]


def ripe_debts(*, cash_office_id: int, spared: Mapping[int, str], today: date) -> Debts:
    """Invoices whose last level was sent long enough ago, by debtor; under 15 € they wait."""
    last = ReminderLevel.objects.filter(is_active=True).order_by("-rank").first()
    if last is None:
        return Debts((), (), ())
    before = at_paris(today - timedelta(days=days_after_last() - 1))
    told = Reminder.objects.filter(rank__gte=last.rank, sent_at__lt=before).values("invoice_id")
    listed = CollectionItem.objects.filter(
        excluded_because="", list__status__in=[Status.DRAFT, Status.APPROVED]
    ).values("invoice_id")
    found = (
        unpaid_invoices()
        .filter(cash_office_id=cash_office_id, pk__in=told)
        .exclude(pk__in=listed)
        .select_related("cash_office", "family")
    )
    families: dict[int, list[Any]] = {}
    left_alone = []
    for invoice in found:
        if why := spared.get(invoice.pk):
            left_alone.append((invoice, why))
        else:
            families.setdefault(invoice.family_id, []).append(invoice)
    ripe: list[Any] = []
    waiting: list[Any] = []
    for rows in families.values():
        amounts = [invoice.left_cents for invoice in rows]
        (ripe if grouped(amounts) else waiting).extend(rows)
    return Debts(tuple(ripe), tuple(waiting), tuple(left_alone))


@transaction.atomic
def prepare_list(
    *, cash_office_id: int, spared: Mapping[int, str], actor: Actor, now: datetime
) -> CollectionList:
    """Draw up the list of a cash office, for someone to approve. Raises NothingToList, ListOpen."""
    debts = ripe_debts(cash_office_id=cash_office_id, spared=spared, today=paris_day(now))
    if not debts.ripe:
        raise NothingToList
    try:
        with transaction.atomic():
            drawn = CollectionList.objects.create(
                cash_office_id=cash_office_id, created_at=now, created_by=actor.label
            )
    except IntegrityError as error:
        raise ListOpen from error
    CollectionItem.objects.bulk_create(
        CollectionItem(
            list=drawn,
            family_id=invoice.family_id,
            invoice_id=invoice.pk,
            amount_cents=invoice.left_cents,
        )
        for invoice in debts.ripe
    )
    _journal(drawn, "prepare_list", _("préparée"), actor, now)
    return drawn


@transaction.atomic
def exclude_item(*, item_id: int, reason: str, actor: Actor, now: datetime) -> CollectionItem:
    """Leave one invoice out of a list not yet approved. Raises ReasonNeeded, ListNotReady."""
    if not reason.strip():
        raise ReasonNeeded
    item = (
        CollectionItem.objects.select_for_update(of=("self", "list"), no_key=True)
        .select_related("list", "invoice")
        .filter(pk=item_id, list__status=Status.DRAFT)
        .first()
    )
    if item is None:
        raise ListNotReady
    item.excluded_because = reason.strip()[:200]
    item.save(update_fields=["excluded_because"])
    _journal(
        item.list, "exclude_item",
        _("facture %(number)s écartée : %(why)s")
        % {"number": item.invoice.number, "why": item.excluded_because},
        actor, now, family_id=item.family_id,
    )  # fmt: skip
    return item


@transaction.atomic
def approve_list(*, list_id: int, actor: Actor, now: datetime) -> CollectionList:
    """Hand the list to the ordonnateur; what was paid since is taken off it first.

    The cash office still collects until the titre is issued. Raises ListNotReady, NothingToList.
    """
    drawn = _held(list_id, Status.DRAFT)
    kept = list(drawn.items.filter(excluded_because=""))
    left = dict(
        with_left()
        .filter(pk__in=[item.invoice_id for item in kept])
        .values_list("pk", "left_cents")
    )
    for item in kept:
        now_left = left.get(item.invoice_id, 0)
        if not now_left:
            item.excluded_because = _("payée depuis")
        else:
            item.amount_cents = now_left
        item.save(update_fields=["excluded_because", "amount_cents"])
    families: dict[int, list[CollectionItem]] = {}
    for item in kept:
        if not item.excluded_because:
            families.setdefault(item.family_id, []).append(item)
    for rows in families.values():
        if not grouped(item.amount_cents for item in rows):
            for item in rows:
                item.excluded_because = _("moins de 15 € : attend d’être groupée")
                item.save(update_fields=["excluded_because"])
    if not drawn.items.filter(excluded_because="").exists():
        raise NothingToList(_("Il ne reste rien à transmettre : tout est payé ou écarté."))
    drawn.status, drawn.approved_at, drawn.approved_by = Status.APPROVED, now, actor.label
    drawn.save(update_fields=["status", "approved_at", "approved_by"])
    _journal(drawn, "approve_list", _("transmise à l’ordonnateur"), actor, now)
    return drawn


@transaction.atomic
def cancel_list(*, list_id: int, reason: str, actor: Actor, now: datetime) -> CollectionList:
    """Give up a list for which no titre is recorded. Raises ReasonNeeded, ListNotReady."""
    if not reason.strip():
        raise ReasonNeeded
    drawn = _held(list_id, Status.DRAFT, Status.APPROVED)
    if drawn.titres.exists():
        raise ListNotReady(_("Des titres sont déjà émis sur cette liste."))
    drawn.status, drawn.cancel_reason = Status.CANCELLED, reason.strip()[:200]
    drawn.save(update_fields=["status", "cancel_reason"])
    _journal(drawn, "cancel_list", _("abandonnée : ") + drawn.cancel_reason, actor, now)
    return drawn


def _held(list_id: int, *statuses: str) -> CollectionList:
    drawn = (
        CollectionList.objects.select_for_update(of=("self",), no_key=True)
        .select_related("cash_office")
        .filter(pk=list_id, status__in=statuses)
        .first()
    )
    if drawn is None:
        raise ListNotReady
    return drawn


def _journal(
    drawn: CollectionList,
    verb: str,
    what: str,
    actor: Actor,
    now: datetime,
    family_id: int | None = None,
) -> None:
    total = sum(drawn.items.filter(excluded_because="").values_list("amount_cents", flat=True))
    record(
        actor=actor,
        now=now,
        action=f"recovery.{verb}",
        summary=_("Liste pour l’ordonnateur, %(office)s, %(total)s : %(what)s")
        % {"office": drawn.cash_office.name, "total": euros(total), "what": what},
        family_id=family_id,
        object_type=OBJECT,
        object_id=drawn.pk,
    )
