"""Debits that come back: what they paid is due again, without any fee."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import debits as account
from preau.directdebit import mandates, messages
from preau.directdebit.errors import BatchNotReady
from preau.directdebit.models import Debit, Mandate, MandateEvent
from preau.directdebit.rules import FINAL, reason_words
from preau.kernel.actors import Actor
from preau.kernel.french import day, euros

Status = Debit.Status
OBJECT = "debit"


@transaction.atomic
def record_reject(*, debit_id: int, code: str, actor: Actor, now: datetime) -> bool:
    """The bank refused a debit, before or after its day. False: it was known already.

    Its invoices are due again; the mandate ends after the creditor's number of rejects in a row,
    or at once when the reason leaves no hope (account closed, no mandate, death).
    Raises BatchNotReady when this debit was never given to the bank.
    """
    debit = (
        Debit.objects.select_for_update(of=("self",), no_key=True)
        .select_related("batch__creditor__cash_office", "mandate__creditor__cash_office")
        .filter(pk=debit_id)
        .first()
    )
    if debit is None or debit.status in (Status.PLANNED, Status.EXCLUDED):
        raise BatchNotReady(_("Ce prélèvement n’a pas été donné à la banque."))
    if debit.status == Status.REJECTED:
        return False
    why = reason_words(code)
    if debit.status == Status.COLLECTED:
        account.return_debit(
            family_id=debit.family_id,
            cash_office_id=debit.batch.creditor.cash_office_id,
            debit_id=debit.pk,
            label=_("Prélèvement du %(day)s rejeté : %(why)s")
            % {"day": day(debit.batch.collection_on, year=True), "why": why},
            actor_label=actor.label,
            now=now,
        )
    debit.status, debit.reject_code, debit.reject_reason = Status.REJECTED, code[:4], why
    debit.rejected_at, debit.rejected_by = now, actor.label
    debit.save()
    _mark(debit, why, actor=actor, now=now)
    record(
        actor=actor,
        now=now,
        action="directdebit.reject",
        summary=_("Prélèvement de %(amount)s rejeté : %(why)s")
        % {"amount": euros(debit.amount_cents), "why": why},
        family_id=debit.family_id,
        object_type=OBJECT,
        object_id=debit.pk,
    )
    messages.debit_rejected(debit, now=now)
    return True


def _mark(debit: Debit, why: str, *, actor: Actor, now: datetime) -> None:
    mandate = Mandate.objects.select_for_update(of=("self",), no_key=True).get(pk=debit.mandate_id)
    mandate.rejects = _in_a_row(mandate)
    mandate.save(update_fields=["rejects"])
    MandateEvent.objects.create(
        mandate=mandate,
        kind=MandateEvent.Kind.REJECTED,
        at=now,
        actor_label=actor.label,
        detail=f"{euros(debit.amount_cents)} : {why}"[:300],
    )
    if mandate.status != Mandate.Status.ACTIVE:
        return
    final = debit.reject_code in FINAL
    if final or mandate.rejects >= debit.batch.creditor.max_rejects:
        mandates.end(
            mandate,
            Mandate.Status.CANCELLED,
            reason=why
            if final
            else _("%(count)s prélèvements rejetés de suite") % {"count": mandate.rejects},
            actor=actor,
            now=now,
        )
        messages.mandate_ended(mandate, now=now)


def _in_a_row(mandate: Mandate) -> int:
    """How many of the latest debits came back, the last ones first."""
    count = 0
    latest = mandate.debits.filter(status__in=[Status.COLLECTED, Status.REJECTED])
    for status in latest.order_by("-batch__collection_on", "-pk").values_list("status", flat=True):
        if status != Status.REJECTED:
            break
        count += 1
    return count
