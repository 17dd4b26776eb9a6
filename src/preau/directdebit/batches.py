"""A collection: prepared from what is due, approved by a person, given to the bank, debited."""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import debits as account
from preau.billing.online import lock_and_list_left
from preau.billing.queries import unpaid_invoices
from preau.directdebit import messages
from preau.directdebit.errors import (
    BatchNotReady,
    BatchOpen,
    DebitRefusal,
    NothingToDebit,
    NotOffered,
    ReasonNeeded,
    TooSoon,
)
from preau.directdebit.files import Collection, CollectionLine, write_collection
from preau.directdebit.models import Batch, Creditor, Debit, DebitItem, Mandate, MandateEvent
from preau.directdebit.notices import announced_day
from preau.directdebit.queries import invoices_being_debited
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.codes import random_code
from preau.kernel.french import day, euros
from preau.kernel.sealing import seal, unseal

logger = logging.getLogger(__name__)
Status = Batch.Status
OBJECT = "debit_batch"
BANK = "Banque"


def first_day(creditor: Creditor, today: date) -> date:
    """The first day on which families can be debited, their notice kept."""
    return today + timedelta(days=creditor.notice_days)


def suggested_day(creditor: Creditor, today: date) -> date:
    """The first day on which all that is left to debit may be: notice kept, and no invoice before
    the day that it announced."""
    families = creditor.mandates.filter(status=Mandate.Status.ACTIVE).values("family_id")
    busy = invoices_being_debited()
    unpaid: Iterable[Any] = unpaid_invoices().filter(
        cash_office_id=creditor.cash_office_id, family_id__in=families
    )
    days = [announced_day(invoice, creditor) for invoice in unpaid if invoice.pk not in busy]
    return max([first_day(creditor, today), *days])


@transaction.atomic
def prepare_batch(
    *,
    cash_office_id: int,
    collection_on: date,
    actor: Actor,
    now: datetime,
    left_aside: Mapping[int, str] | None = None,
    at_most: Mapping[int, int] | None = None,
) -> Batch:
    """Propose to debit, on each mandate in force, what is left on the family's invoices.

    An invoice is never debited before the day that it announced (`announced_day`), whatever
    mandate it is debited on: it waits for a later batch.
    `left_aside` (invoice → why) are not debited (a payment under way, a line contested);
    `at_most` (invoice → cents) bounds some (an instalment). Nothing leaves before `approve_batch`.
    Raises NotOffered, BatchOpen, TooSoon, NothingToDebit.
    """
    creditor = (
        Creditor.objects.select_for_update(of=("self",), no_key=True)
        .select_related("cash_office")
        .filter(cash_office_id=cash_office_id)
        .first()
    )
    if creditor is None or not creditor.cash_office.is_active:
        raise NotOffered
    if creditor.batches.filter(status=Status.PREPARED).exists():
        raise BatchOpen
    _check_notice(creditor, collection_on, now)
    mandates = {m.family_id: m for m in creditor.mandates.filter(status=Mandate.Status.ACTIVE)}
    busy = invoices_being_debited(mandates)
    wanted: dict[int, list[tuple[int, int]]] = {}
    left_out, waiting = [], []
    unpaid: Iterable[Any] = unpaid_invoices().filter(
        cash_office_id=cash_office_id, family_id__in=list(mandates)
    )
    for invoice in unpaid:
        why = (left_aside or {}).get(invoice.pk, "")
        if invoice.pk in busy:
            why = _("déjà dans le lot du %(day)s") % {"day": day(busy[invoice.pk])}
        on = announced_day(invoice, creditor)
        if not why and on > collection_on:
            why = _("annoncée pour le %(day)s") % {"day": day(on, year=True)}
            waiting.append(on)
        cents = min(invoice.left_cents, (at_most or {}).get(invoice.pk, invoice.left_cents))
        if why or cents <= 0:
            why = why or _("échéance à venir")
            left_out.append({"family": invoice.family_id, "number": invoice.number, "why": why})
            continue
        wanted.setdefault(invoice.family_id, []).append((invoice.pk, cents))
    if not wanted and waiting:
        raise NothingToDebit(
            _("Aucune facture n’est annoncée pour ce jour-là : choisissez le %(day)s ou après.")
            % {"day": day(min(waiting), year=True)}
        )
    if not wanted:
        raise NothingToDebit
    batch = Batch.objects.create(
        creditor=creditor,
        collection_on=collection_on,
        message_id=f"{creditor.cash_office.code.upper()[:12]}-{random_code(16)}",
        created_at=now,
        created_by=actor.label,
        left_out=left_out,
    )
    used = set(
        Debit.objects.filter(mandate__in=mandates.values(), status=Debit.Status.SENT).values_list(
            "mandate_id", flat=True
        )
    )
    debits = Debit.objects.bulk_create(
        Debit(
            batch=batch,
            mandate=mandates[family_id],
            family_id=family_id,
            amount_cents=sum(cents for _pk, cents in items),
            sequence=Debit.Sequence.NEXT
            if mandates[family_id].last_used_on or mandates[family_id].pk in used
            else Debit.Sequence.FIRST,
            end_to_end=random_code(24),
        )
        for family_id, items in sorted(wanted.items())
    )
    DebitItem.objects.bulk_create(
        DebitItem(debit=debit, invoice_id=invoice_id, amount_cents=cents)
        for debit in debits
        for invoice_id, cents in wanted[debit.family_id]
    )
    _journal(batch, "prepare", actor, now, _("préparé"))
    return batch


@transaction.atomic
def set_debit_aside(*, debit_id: int, reason: str, actor: Actor, now: datetime) -> Debit:
    """Leave one debit out of a batch not yet approved. Raises ReasonNeeded, BatchNotReady."""
    if not reason.strip():
        raise ReasonNeeded
    debit = _planned(debit_id, Debit.Status.PLANNED)
    debit.status, debit.excluded_because = Debit.Status.EXCLUDED, reason.strip()[:200]
    debit.save(update_fields=["status", "excluded_because"])
    _journal(debit.batch, "set_aside", actor, now, _("un prélèvement écarté : ") + reason, debit)
    return debit


@transaction.atomic
def put_debit_back(*, debit_id: int, actor: Actor, now: datetime) -> Debit:
    """Take back into its batch a debit set aside. Raises BatchNotReady."""
    debit = _planned(debit_id, Debit.Status.EXCLUDED)
    if debit.mandate.status != Mandate.Status.ACTIVE:
        raise BatchNotReady(_("Le mandat de cette famille n’est plus en vigueur."))
    debit.status, debit.excluded_because = Debit.Status.PLANNED, ""
    debit.save(update_fields=["status", "excluded_because"])
    _journal(debit.batch, "put_back", actor, now, _("un prélèvement remis"), debit)
    return debit


@transaction.atomic
def approve_batch(*, batch_id: int, actor: Actor, now: datetime) -> Batch:
    """Write the bank's file and announce each debit to its family.

    What was paid since the preview is not debited again; a mandate ended meanwhile is left out.
    Raises BatchNotReady, TooSoon, NothingToDebit.
    """
    batch = _held(batch_id)
    if batch.status != Status.PREPARED:
        raise BatchNotReady
    _check_notice(batch.creditor, batch.collection_on, now)
    debits = [debit for debit in _of(batch, Debit.Status.PLANNED) if _still_due(debit, batch)]
    if not debits:
        raise NothingToDebit(_("Tout ce que ce lot contenait est payé ou écarté."))
    try:
        content = write_collection(_collection(batch, debits))
    except ValueError as error:
        logger.error("debit batch %s: %s", batch.pk, error)
        raise DebitRefusal(
            _("Le fichier ne passe pas le contrôle de son format : %(why)s") % {"why": error}
        ) from error
    for debit in debits:
        debit.status, debit.iban_end = Debit.Status.SENT, debit.mandate.iban_end
    Debit.objects.bulk_update(debits, ["status", "iban_end"])
    batch.status, batch.approved_at, batch.approved_by = Status.APPROVED, now, actor.label
    batch.sealed_file = seal(content.decode())
    batch.file_sha256 = hashlib.sha256(content).hexdigest()
    batch.save()
    messages.announce(debits, now=now)
    _journal(batch, "approve", actor, now, _("validé"))
    return batch


@transaction.atomic
def take_file(*, batch_id: int, actor: Actor, now: datetime) -> bytes:
    """The file to give to the bank; whoever takes it is journaled. Raises BatchNotReady."""
    batch = _held(batch_id)
    if batch.status not in (Status.APPROVED, Status.COLLECTED):
        raise BatchNotReady
    if batch.downloaded_at is None:
        if batch.collection_on <= paris_day(now):
            raise BatchNotReady(
                _("La date de prélèvement est passée : abandonnez ce lot et préparez-en un autre.")
            )
        batch.downloaded_at, batch.downloaded_by = now, actor.label
        batch.save(update_fields=["downloaded_at", "downloaded_by"])
    _journal(batch, "file", actor, now, _("fichier pris pour la banque"))
    return unseal(batch.sealed_file).encode()


@transaction.atomic
def cancel_batch(*, batch_id: int, reason: str, actor: Actor, now: datetime) -> Batch:
    """Give up a batch that the bank has not debited yet; families told of it are told again.

    Raises ReasonNeeded, BatchNotReady.
    """
    if not reason.strip():
        raise ReasonNeeded
    batch = _held(batch_id)
    if batch.status not in (Status.PREPARED, Status.APPROVED):
        raise BatchNotReady
    if batch.downloaded_at and batch.collection_on <= paris_day(now):
        raise BatchNotReady(
            _("La banque a ce fichier et sa date est venue : saisissez les rejets.")
        )
    announced = _of(batch, Debit.Status.SENT)
    batch.debits.filter(status__in=[Debit.Status.PLANNED, Debit.Status.SENT]).update(
        status=Debit.Status.EXCLUDED, excluded_because=_("lot abandonné")
    )
    batch.status, batch.cancel_reason = Status.CANCELLED, reason.strip()[:200]
    batch.save(update_fields=["status", "cancel_reason"])
    messages.call_off(announced, now=now)
    _journal(batch, "cancel", actor, now, _("abandonné : ") + batch.cancel_reason)
    return batch


def collect_due(*, now: datetime) -> int:
    """On its day, write each debit that the bank was given; how many. Again changes nothing."""
    today, count = paris_day(now), 0
    due = Batch.objects.filter(
        status=Status.APPROVED, collection_on__lte=today, downloaded_at__isnull=False
    )
    for batch_id in list(due.order_by("collection_on", "pk").values_list("pk", flat=True)):
        count += collect_batch(batch_id=batch_id, now=now)
    return count


def collect_batch(*, batch_id: int, now: datetime) -> int:
    """Write the debits of one batch, each in its own transaction, then close it."""
    ids = Debit.objects.filter(batch_id=batch_id, status=Debit.Status.SENT).order_by("pk")
    count = sum(_collect(pk, now=now) for pk in list(ids.values_list("pk", flat=True)))
    with transaction.atomic():
        batch = _held(batch_id)
        if batch.status == Status.APPROVED and not _of(batch, Debit.Status.SENT):
            batch.status, batch.collected_at = Status.COLLECTED, now
            batch.save(update_fields=["status", "collected_at"])
            _journal(batch, "collect", Actor.system(BANK), now, _("prélevé"))
    return count


@transaction.atomic
def _collect(debit_id: int, *, now: datetime) -> bool:
    debit = (
        Debit.objects.select_for_update(of=("self",), no_key=True)
        .select_related("batch__creditor", "mandate")
        .get(pk=debit_id)
    )
    if debit.status != Debit.Status.SENT:
        return False
    account.collect_debit(
        family_id=debit.family_id,
        cash_office_id=debit.batch.creditor.cash_office_id,
        debit_id=debit.pk,
        amount_cents=debit.amount_cents,
        chosen=dict(debit.items.values_list("invoice_id", "amount_cents")),
        label=_("Prélèvement du %(day)s, mandat %(rum)s")
        % {"day": day(debit.batch.collection_on, year=True), "rum": debit.mandate.reference},
        actor_label=BANK,
        now=now,
    )
    debit.status = Debit.Status.COLLECTED
    debit.save(update_fields=["status"])
    mandate = Mandate.objects.filter(pk=debit.mandate_id)
    mandate.update(last_used_on=debit.batch.collection_on)
    # Changed since the file was written, its next debit tells the bank of it.
    since = MandateEvent.objects.filter(
        mandate_id=debit.mandate_id,
        kind=MandateEvent.Kind.AMENDED,
        at__gt=debit.batch.approved_at,
    )
    if not since.exists():
        mandate.update(sealed_previous_iban="")
    return True


def _still_due(debit: Debit, batch: Batch) -> bool:
    """Lower a debit to what is left now; False (and set aside) when nothing is."""
    left = lock_and_list_left(
        family_id=debit.family_id, cash_office_id=batch.creditor.cash_office_id
    )
    total = 0
    for item in list(debit.items.all()):
        cents = min(item.amount_cents, left.get(item.invoice_id, 0))
        if not cents:
            item.delete()
        elif cents != item.amount_cents:
            item.amount_cents = cents
            item.save(update_fields=["amount_cents"])
        total += cents
    ended = debit.mandate.status != Mandate.Status.ACTIVE
    if ended or not total:
        debit.status = Debit.Status.EXCLUDED
        debit.excluded_because = _("mandat terminé") if ended else _("payé entre-temps")
        debit.save(update_fields=["status", "excluded_because"])
        return False
    if total != debit.amount_cents:
        debit.amount_cents = total
        debit.save(update_fields=["amount_cents"])
    return True


def _collection(batch: Batch, debits: list[Debit]) -> Collection:
    creditor = batch.creditor
    return Collection(
        message_id=batch.message_id,
        schema=creditor.schema,
        creditor=creditor.name,
        ics=creditor.ics,
        iban=unseal(creditor.sealed_iban),
        bic=creditor.bic,
        collection_on=batch.collection_on,
        lines=tuple(
            CollectionLine(
                end_to_end=debit.end_to_end,
                amount_cents=debit.amount_cents,
                sequence=debit.sequence,
                mandate=debit.mandate.reference,
                signed_on=debit.mandate.signed_on,
                holder=debit.mandate.holder,
                iban=unseal(debit.mandate.sealed_iban),
                bic=debit.mandate.bic,
                previous_iban=unseal(debit.mandate.sealed_previous_iban),
                communication=_("Factures %(numbers)s")
                % {"numbers": " ".join(item.invoice.number for item in debit.items.all())},
            )
            for debit in debits
        ),
    )


def _check_notice(creditor: Creditor, collection_on: date, now: datetime) -> None:
    first = first_day(creditor, paris_day(now))
    if collection_on < first:
        raise TooSoon(
            _("Les familles sont prévenues %(days)s jours avant : au plus tôt le %(day)s.")
            % {"days": creditor.notice_days, "day": day(first, year=True)}
        )


def _held(batch_id: int) -> Batch:
    batch = (
        Batch.objects.select_for_update(of=("self",), no_key=True)
        .select_related("creditor__cash_office")
        .filter(pk=batch_id)
        .first()
    )
    if batch is None:
        raise BatchNotReady
    return batch


def _of(batch: Batch, status: str) -> list[Debit]:
    return list(
        batch.debits.filter(status=status)
        .select_related("mandate", "batch__creditor__cash_office")
        .prefetch_related("items__invoice")
        .order_by("pk")
    )


def _planned(debit_id: int, status: str) -> Debit:
    debit = (
        Debit.objects.select_for_update(of=("self", "batch"), no_key=True)
        .select_related("batch__creditor__cash_office", "mandate")
        .filter(pk=debit_id, status=status, batch__status=Status.PREPARED)
        .first()
    )
    if debit is None:
        raise BatchNotReady
    return debit


def _journal(
    batch: Batch, verb: str, actor: Actor, now: datetime, what: str, debit: Debit | None = None
) -> None:
    total = sum(
        batch.debits.exclude(status=Debit.Status.EXCLUDED).values_list("amount_cents", flat=True)
    )
    record(
        actor=actor,
        now=now,
        action=f"directdebit.{verb}",
        summary=_("Prélèvements du %(day)s (%(total)s), %(office)s : %(what)s")
        % {
            "day": day(batch.collection_on, year=True),
            "total": euros(total),
            "office": batch.creditor.cash_office.name,
            "what": what,
        },
        family_id=debit.family_id if debit else None,
        object_type=OBJECT,
        object_id=batch.pk,
    )
