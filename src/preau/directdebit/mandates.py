"""Mandates: signed, amended, revoked, cancelled after rejects, lapsed after 36 unused months."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.directdebit import messages
from preau.directdebit.errors import (
    AlreadyMandated,
    MandateNotActive,
    NotOffered,
    ReasonNeeded,
    ReferenceTaken,
)
from preau.directdebit.iban import clean_bic, clean_iban, hashed_address
from preau.directdebit.models import Creditor, Debit, Mandate, MandateEvent
from preau.directdebit.rules import lapse_day
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.codes import random_code
from preau.kernel.sealing import seal

Status = Mandate.Status
Event = MandateEvent.Kind
OBJECT = "mandate"


@dataclass(frozen=True, slots=True)
class OnlineProof:
    """How a mandate was accepted on line. `address` is hashed before it is kept."""

    user_id: int
    name: str
    address: str
    text: str
    text_version: int


@transaction.atomic
def sign_mandate(
    *,
    family_id: int,
    cash_office_id: int,
    holder: str,
    iban: str,
    actor: Actor,
    now: datetime,
    bic: str = "",
    signed_on: date | None = None,
    paper_id: object = None,
    proof: OnlineProof | None = None,
) -> Mandate:
    """A family authorises debits for one cash office: on line (`proof`) or on paper.

    Raises WrongIban, WrongBic, NotOffered, AlreadyMandated.
    """
    iban, bic = clean_iban(iban), clean_bic(bic)
    creditor = (
        Creditor.objects.select_for_update(of=("self",), no_key=True)
        .filter(cash_office_id=cash_office_id, is_active=True)
        .first()
    )
    if creditor is None:
        raise NotOffered
    if Mandate.objects.filter(
        creditor=creditor, family_id=family_id, status=Status.ACTIVE
    ).exists():
        raise AlreadyMandated
    mandate = _create(
        creditor,
        reference=_new_reference(creditor),
        family_id=family_id,
        holder=holder,
        iban=iban,
        bic=bic,
        signed_on=signed_on or paris_day(now),
        paper_id=paper_id,
        proof=_kept(proof, now),
        now=now,
        actor=actor,
    )
    _tell(
        mandate, Event.SIGNED, _("en ligne") if proof else _("sur papier"), actor=actor, now=now,
        summary=_("Mandat de prélèvement %(reference)s signé, compte finissant par %(end)s"),
    )  # fmt: skip
    messages.mandate_signed(mandate, now=now)
    return mandate


@transaction.atomic
def record_mandate(
    *,
    reference: str,
    family_id: int,
    cash_office_id: int,
    holder: str,
    iban: str,
    signed_on: date,
    last_used_on: date | None,
    actor: Actor,
    now: datetime,
    bic: str = "",
) -> Mandate:
    """Take over a mandate signed elsewhere, under the reference that the family's bank knows.

    Already used there (`last_used_on`), it goes on as RCUR; unused for 36 months it is recorded
    as lapsed. The same reference and family again returns the mandate already recorded.
    Raises WrongIban, WrongBic, NotOffered, AlreadyMandated, ReferenceTaken. Tells nobody.
    """
    iban, bic, reference = clean_iban(iban), clean_bic(bic), reference.strip()[:35]
    creditor = (
        Creditor.objects.select_for_update(of=("self",), no_key=True)
        .filter(cash_office_id=cash_office_id)
        .first()
    )
    if creditor is None:
        raise NotOffered
    known = Mandate.objects.filter(creditor=creditor, reference=reference).first()
    if known is not None:
        if known.family_id != family_id:
            raise ReferenceTaken
        return known
    lapsed = lapse_day(signed_on=signed_on, last_used_on=last_used_on) <= paris_day(now)
    if (
        not lapsed
        and Mandate.objects.filter(
            creditor=creditor, family_id=family_id, status=Status.ACTIVE
        ).exists()
    ):
        raise AlreadyMandated
    mandate = _create(
        creditor,
        reference=reference,
        family_id=family_id,
        holder=holder,
        iban=iban,
        bic=bic,
        signed_on=signed_on,
        last_used_on=last_used_on,
        status=Status.LAPSED if lapsed else Status.ACTIVE,
        now=now,
        actor=actor,
    )
    _tell(
        mandate, Event.TAKEN_OVER, "", actor=actor, now=now,
        summary=_("Mandat de prélèvement %(reference)s repris, compte finissant par %(end)s"),
    )  # fmt: skip
    return mandate


@transaction.atomic
def amend_mandate(
    *,
    mandate_id: int,
    family_id: int,
    iban: str,
    actor: Actor,
    now: datetime,
    bic: str = "",
    holder: str = "",
) -> Mandate:
    """Change the account of a mandate; the bank is told with the next debit.

    Raises WrongIban, WrongBic, MandateNotActive.
    """
    iban, bic = clean_iban(iban), clean_bic(bic)
    mandate = _active(mandate_id, family_id)
    # The bank knows the account of the last file given to it, be it not debited yet; of several
    # changes, the one before the first.
    told = mandate.last_used_on or mandate.debits.filter(status=Debit.Status.SENT).exists()
    if told and not mandate.sealed_previous_iban:
        mandate.sealed_previous_iban = mandate.sealed_iban
    before = mandate.iban_end
    mandate.sealed_iban, mandate.iban_end, mandate.bic = seal(iban), iban[-4:], bic
    mandate.holder = holder.strip()[:70] or mandate.holder
    mandate.rejects = 0
    mandate.save()
    _tell(
        mandate, Event.AMENDED, f"•••• {before} → •••• {mandate.iban_end}", actor=actor, now=now,
        summary=_("Mandat %(reference)s : nouveau compte, finissant par %(end)s"),
    )  # fmt: skip
    messages.mandate_amended(mandate, now=now)
    return mandate


@transaction.atomic
def attach_paper(*, mandate_id: int, file_id: object, actor: Actor, now: datetime) -> Mandate:
    """Keep the signed paper with its mandate."""
    mandate = Mandate.objects.select_for_update(of=("self",), no_key=True).get(pk=mandate_id)
    mandate.paper_id = file_id  # type: ignore[assignment]
    mandate.save(update_fields=["paper_id"])
    _tell(
        mandate, Event.PAPER, "", actor=actor, now=now,
        summary=_("Mandat %(reference)s : exemplaire signé reçu"),
    )  # fmt: skip
    return mandate


@transaction.atomic
def revoke_mandate(
    *, mandate_id: int, family_id: int, reason: str, actor: Actor, now: datetime
) -> Mandate:
    """The family (or an agent for it) ends its mandate. What is at the bank already still runs.

    Debits planned and not yet approved leave their batch. Raises MandateNotActive, ReasonNeeded.
    """
    if not reason.strip():
        raise ReasonNeeded
    mandate = _active(mandate_id, family_id)
    Debit.objects.filter(mandate=mandate, status=Debit.Status.PLANNED).update(
        status=Debit.Status.EXCLUDED, excluded_because=_("mandat révoqué")
    )
    end(mandate, Status.REVOKED, reason=reason, actor=actor, now=now)
    messages.mandate_ended(mandate, now=now)
    return mandate


def end(mandate: Mandate, status: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Close a mandate, held by the caller: REVOKED, CANCELLED or LAPSED."""
    mandate.status, mandate.ended_at, mandate.end_reason = status, now, reason.strip()[:200]
    mandate.save(update_fields=["status", "ended_at", "end_reason"])
    _tell(
        mandate, Event(status), mandate.end_reason, actor=actor, now=now,
        summary=_("Mandat de prélèvement %(reference)s : ") + mandate.get_status_display(),
    )  # fmt: skip


@transaction.atomic
def lapse_unused(*, now: datetime) -> int:
    """Close the mandates unused for 36 months (SEPA rulebook), and tell their families."""
    today = paris_day(now)
    unused = (
        Mandate.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(status=Status.ACTIVE)
        .annotate(since=Coalesce("last_used_on", "signed_on"))
        .filter(since__lte=date(today.year - 3, today.month, min(today.day, 28)))
        .exclude(Q(debits__status=Debit.Status.PLANNED) | Q(debits__status=Debit.Status.SENT))
        .order_by("pk")
    )
    count = 0
    for mandate in unused:
        if lapse_day(signed_on=mandate.signed_on, last_used_on=mandate.last_used_on) > today:
            continue
        end(
            mandate, Status.LAPSED, reason=_("36 mois sans prélèvement"), actor=Actor.system(),
            now=now,
        )  # fmt: skip
        messages.mandate_ended(mandate, now=now)
        count += 1
    return count


def _active(mandate_id: int, family_id: int) -> Mandate:
    mandate = (
        Mandate.objects.select_for_update(of=("self",), no_key=True)
        .select_related("creditor__cash_office")
        .filter(pk=mandate_id, family_id=family_id, status=Status.ACTIVE)
        .first()
    )
    if mandate is None:
        raise MandateNotActive
    return mandate


def _create(
    creditor: Creditor, *, iban: str, holder: str, actor: Actor, now: datetime, **values: object
) -> Mandate:
    return Mandate.objects.create(
        creditor=creditor,
        holder=" ".join(holder.split())[:70],
        sealed_iban=seal(iban),
        iban_end=iban[-4:],
        created_at=now,
        created_by=actor.label,
        **values,
    )


def _new_reference(creditor: Creditor) -> str:
    """The RUM: unique for the creditor; tells nothing of the family."""
    return f"{creditor.cash_office.code.upper()[:15]}-{random_code(12)}"


def _kept(proof: OnlineProof | None, now: datetime) -> dict[str, object]:
    if proof is None:
        return {}
    return {
        "user_id": proof.user_id,
        "name": proof.name,
        "at": now.isoformat(),
        "address_hash": hashed_address(proof.address),
        "text_version": proof.text_version,
        "text": proof.text,
    }


def _tell(
    mandate: Mandate, kind: str, detail: str, *, summary: str, actor: Actor, now: datetime
) -> None:
    MandateEvent.objects.create(
        mandate=mandate, kind=kind, at=now, actor_label=actor.label, detail=detail[:300]
    )
    record(
        actor=actor,
        now=now,
        action=f"directdebit.mandate_{kind.lower()}",
        summary=summary % {"reference": mandate.reference, "end": mandate.iban_end},
        family_id=mandate.family_id,
        object_type=OBJECT,
        object_id=mandate.pk,
    )
