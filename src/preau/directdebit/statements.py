"""The bank's files: read whole or refused, each line counted once, matched by its reference."""

import hashlib
import logging
import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import debits as account
from preau.billing.queries import unpaid_invoices
from preau.directdebit.errors import (
    AlreadyHandled,
    AlreadyRead,
    FileRefused,
    NotOffered,
    ReasonNeeded,
)
from preau.directdebit.files import Line, Statement, Unreadable, read_statement
from preau.directdebit.models import BankEntry, BankFile, Batch, Creditor, Debit
from preau.directdebit.returns import record_reject
from preau.families.queries import get_family_by_code
from preau.kernel.actors import Actor
from preau.kernel.codes import normalise_family_code
from preau.kernel.french import euros
from preau.kernel.sealing import unseal

logger = logging.getLogger(__name__)
Kind, Status = BankEntry.Kind, BankEntry.Status
MAX_BYTES = 20_000_000
OBJECT = "bank_file"


def import_file(
    *, cash_office_id: int, name: str, content: bytes, actor: Actor, now: datetime
) -> BankFile:
    """Read a camt.053, camt.054 or pain.002 of this cash office's account, and act on its lines.

    All of it or nothing: a file cut short, forged, or of another account changes nothing, and the
    journal says so. A file already read is told (AlreadyRead); a line that came in another file
    is not counted again. Raises FileRefused, AlreadyRead, NotOffered.
    """
    creditor = (
        Creditor.objects.select_related("cash_office").filter(cash_office_id=cash_office_id).first()
    )
    if creditor is None:
        raise NotOffered
    try:
        statement = _checked(creditor, content)
        return _keep(creditor, statement, name=name, content=content, actor=actor, now=now)
    except (FileRefused, AlreadyRead) as refusal:
        logger.warning("bank file refused for %s: %s", creditor.cash_office.code, refusal)
        record(
            actor=actor,
            now=now,
            action="directdebit.file_refused",
            summary=_("Fichier de la banque « %(name)s » refusé : %(why)s")
            % {"name": name[:80], "why": refusal},
            object_type="cash_office",
            object_id=cash_office_id,
        )
        raise


def _checked(creditor: Creditor, content: bytes) -> Statement:
    if len(content) > MAX_BYTES:
        raise FileRefused(_("Ce fichier est trop gros pour un relevé de banque."))
    try:
        statement = read_statement(content)
    except Unreadable as error:
        raise FileRefused(str(error)) from error
    if statement.iban and statement.iban != unseal(creditor.sealed_iban):
        raise FileRefused(
            _("Ce relevé est celui d’un autre compte : « %(office)s » a un compte finissant par "
              "%(end)s.")
            % {"office": creditor.cash_office.name, "end": creditor.iban_end}
        )  # fmt: skip
    if not statement.iban:
        known = Batch.objects.filter(creditor=creditor, message_id__in=statement.answers)
        if not statement.answers or known.count() != len(set(statement.answers)):
            raise FileRefused(_("Ce compte rendu ne parle d’aucun fichier déposé par cette régie."))
    return statement


@transaction.atomic
def _keep(
    creditor: Creditor,
    statement: Statement,
    *,
    name: str,
    content: bytes,
    actor: Actor,
    now: datetime,
) -> BankFile:
    # One file at a time for a creditor: the same one twice at once is read once.
    Creditor.objects.select_for_update(of=("self",), no_key=True).get(pk=creditor.pk)
    digest = hashlib.sha256(content).hexdigest()
    if BankFile.objects.filter(creditor=creditor, sha256=digest).exists():
        raise AlreadyRead
    file = BankFile.objects.create(
        creditor=creditor,
        name=name[:160],
        kind=statement.kind,
        message_id=statement.message_id[:70],
        sha256=digest,
        imported_at=now,
        imported_by=actor.label,
    )
    known = set(
        BankEntry.objects.filter(
            creditor=creditor, bank_reference__in=[line.bank_reference for line in statement.lines]
        ).values_list("bank_reference", flat=True)
    )
    matched = 0
    for line in statement.lines:
        if line.bank_reference in known:
            continue
        known.add(line.bank_reference)
        matched += _act(file, creditor, line, actor=actor, now=now)
    record(
        actor=actor,
        now=now,
        action="directdebit.import_file",
        summary=_(
            "Fichier de la banque « %(name)s » lu : %(count)s lignes, %(matched)s rapprochées"
        )
        % {"name": file.name, "count": len(statement.lines), "matched": matched},
        object_type=OBJECT,
        object_id=file.pk,
    )
    return file


def _act(file: BankFile, creditor: Creditor, line: Line, *, actor: Actor, now: datetime) -> bool:
    entry = BankEntry.objects.create(
        file=file,
        creditor=creditor,
        bank_reference=line.bank_reference[:140],
        kind=line.kind,
        amount_cents=line.amount_cents,
        booked_on=line.booked_on,
        counterpart=line.counterpart[:140],
        communication=line.communication[:300],
        end_to_end=line.end_to_end[:70],
        reject_code=line.reject_code[:4],
        status=Status.SET_ASIDE if line.kind == Kind.OTHER else Status.TO_SORT,
        outcome=_("sans effet ici") if line.kind == Kind.OTHER else "",
    )
    if line.kind == Kind.REJECT:
        return _match_reject(entry, creditor, actor=actor, now=now)
    if line.kind == Kind.TRANSFER:
        return _match_transfer(entry, creditor, actor=actor, now=now)
    return False


def _match_reject(entry: BankEntry, creditor: Creditor, *, actor: Actor, now: datetime) -> bool:
    debit = Debit.objects.filter(
        end_to_end=entry.end_to_end,
        batch__creditor=creditor,
        status__in=[Debit.Status.SENT, Debit.Status.COLLECTED, Debit.Status.REJECTED],
    ).first()
    if debit is None:
        return _leave(entry, _("aucun prélèvement de cette référence"))
    if debit.amount_cents != entry.amount_cents:
        return _leave(
            entry,
            _("le prélèvement de cette référence est de %(amount)s")
            % {"amount": euros(debit.amount_cents)},
        )
    entry.debit, entry.family_id = debit, debit.family_id
    new = record_reject(debit_id=debit.pk, code=entry.reject_code, actor=actor, now=now)
    words = _("rejet enregistré") if new else _("rejet déjà connu")
    return _done(entry, Status.MATCHED, words, actor=actor, now=now)


def _match_transfer(entry: BankEntry, creditor: Creditor, *, actor: Actor, now: datetime) -> bool:
    """By the invoice numbers, else by the family code, that the communication tells."""
    text = f"{entry.communication} {entry.end_to_end}".upper()
    words = set(re.findall(r"[A-Z0-9][A-Z0-9-]{4,29}", text))
    unpaid = unpaid_invoices().annotate(upper=Upper("number"))
    found: list[Any] = list(unpaid.filter(cash_office_id=creditor.cash_office_id, upper__in=words))
    families = {invoice.family_id for invoice in found}
    for word in words:
        if code := normalise_family_code(word):
            family = get_family_by_code(code)
            if family is not None:
                families.add(family.pk)
    if len(families) != 1:
        return _leave(
            entry,
            _("la communication désigne plusieurs familles")
            if families
            else _("la communication ne nomme ni facture à payer ni code famille"),
        )
    return _credit(
        entry,
        family_id=families.pop(),
        chosen={invoice.pk: invoice.left_cents for invoice in found} or None,
        actor=actor,
        now=now,
    )


@transaction.atomic
def give_to_family(
    *, entry_id: int, family_id: int, reason: str, actor: Actor, now: datetime
) -> BankEntry:
    """An agent says whose transfer it is. Raises AlreadyHandled, ReasonNeeded."""
    if not reason.strip():
        raise ReasonNeeded
    entry = _waiting(entry_id, Kind.TRANSFER)
    _credit(entry, family_id=family_id, chosen=None, actor=actor, now=now, reason=reason.strip())
    return entry


@transaction.atomic
def set_entry_aside(*, entry_id: int, reason: str, actor: Actor, now: datetime) -> BankEntry:
    """This line needs nothing here; the reason is kept. Raises AlreadyHandled, ReasonNeeded."""
    if not reason.strip():
        raise ReasonNeeded
    entry = _waiting(entry_id)
    _done(entry, Status.SET_ASIDE, reason.strip(), actor=actor, now=now)
    record(
        actor=actor,
        now=now,
        action="directdebit.set_entry_aside",
        summary=_("Écriture de la banque de %(amount)s mise de côté : %(why)s")
        % {"amount": euros(entry.amount_cents), "why": entry.outcome},
        object_type=OBJECT,
        object_id=entry.file_id,
    )
    return entry


def _waiting(entry_id: int, kind: str = "") -> BankEntry:
    found = BankEntry.objects.select_for_update(of=("self",), no_key=True).filter(
        pk=entry_id, status=Status.TO_SORT
    )
    entry = (found.filter(kind=kind) if kind else found).select_related("creditor").first()
    if entry is None:
        raise AlreadyHandled
    return entry


def _credit(
    entry: BankEntry,
    *,
    family_id: int,
    chosen: dict[int, int] | None,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> bool:
    account.receive_transfer(
        family_id=family_id,
        cash_office_id=entry.creditor.cash_office_id,
        entry_id=entry.pk,
        amount_cents=entry.amount_cents,
        chosen=chosen,
        label=_("Virement reçu, référence %(reference)s") % {"reference": entry.bank_reference},
        actor_label=actor.label,
        now=now,
    )
    entry.family_id = family_id
    words = reason or _("payé sur le compte de la famille")
    record(
        actor=actor,
        now=now,
        action="directdebit.transfer",
        summary=_("Virement de %(amount)s inscrit au compte")
        % {"amount": euros(entry.amount_cents)},
        family_id=family_id,
        object_type=OBJECT,
        object_id=entry.file_id,
    )
    return _done(entry, Status.MATCHED, words, actor=actor, now=now)


def _leave(entry: BankEntry, why: str) -> bool:
    entry.outcome = why[:200]
    entry.save(update_fields=["outcome"])
    return False


def _done(entry: BankEntry, status: str, words: str, *, actor: Actor, now: datetime) -> bool:
    entry.status, entry.outcome = status, words[:200]
    entry.handled_by, entry.handled_at = actor.label, now
    entry.save()
    return True
