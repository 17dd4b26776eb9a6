"""Absences of children under contract: said by the family or by the crèche, proved or not."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from preau.childcare.enums import CareAbsence
from preau.childcare.errors import BadDates, ChildcareRefusal
from preau.childcare.foresight import contracts_on
from preau.childcare.models import Absence, Contract
from preau.childcare.services.common import child_name, journal
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel

# What a family may say by itself; the rest is the crèche's own decision.
BY_FAMILY = (
    CareAbsence.ILLNESS,
    CareAbsence.HOSPITAL,
    CareAbsence.LEAVE,
    CareAbsence.FAMILY,
)
LONGEST_DAYS = 200


@transaction.atomic
def report_absence(
    *,
    contract_id: int,
    starts_on: date,
    ends_on: date,
    reason: CareAbsence,
    channel: Channel,
    now: datetime,
    actor: Actor,
    certificate_id: UUID | None = None,
    report_id: int | None = None,
) -> Absence:
    """Say that a child does not come, and why. Weeks off are announced beforehand.

    Raises BadDates, ChildcareRefusal.
    """
    contract = Contract.objects.select_for_update(no_key=True, of=("self",)).get(pk=contract_id)
    if ends_on < starts_on or (ends_on - starts_on).days > LONGEST_DAYS:
        raise BadDates("Le dernier jour d’absence ne peut pas précéder le premier.")
    if ends_on < contract.starts_on or starts_on > contract.ends_on:
        raise BadDates("Ces jours ne sont pas dans le contrat.")
    if not actor.is_agent and reason not in BY_FAMILY:
        raise ChildcareRefusal
    if reason == CareAbsence.LEAVE and not actor.is_agent and starts_on <= paris_day(now):
        raise BadDates("Un congé se prévient à l’avance : choisissez un jour à venir.")
    row = Absence.objects.create(
        contract=contract,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        reported_at=now,
        reported_by=actor.label,
        channel=channel,
        certificate_id=certificate_id,
        certificate_at=now if certificate_id else None,
        report_id=report_id,
    )
    journal(
        row,
        "report_absence",
        f"Crèche, absence de {child_name(contract.child_id)} "
        f"{french.period(starts_on, ends_on, year=True)}",
        now,
        actor,
        family_id=contract.family_id,
    )
    return row


@transaction.atomic
def report_everywhere(
    *,
    report_id: int,
    child_id: int,
    family_id: int,
    starts_on: date,
    ends_on: date,
    reason: CareAbsence,
    channel: Channel,
    now: datetime,
    actor: Actor,
    certificate_id: UUID | None = None,
) -> list[Absence]:
    """A general report reaches the child's contracts: one absence each, within its dates.

    Days that the crèche was told of already are not told twice. Raises BadDates.
    """
    found = []
    for contract in contracts_on(
        child_id=child_id, family_id=family_id, first=starts_on, last=ends_on
    ):
        first, last = max(starts_on, contract.starts_on), min(ends_on, contract.ends_on)
        told = contract.absences.filter(
            cancelled_at__isnull=True, starts_on__lte=first, ends_on__gte=last
        )
        if told.exists():
            continue
        found.append(
            report_absence(
                contract_id=contract.pk,
                starts_on=first,
                ends_on=last,
                reason=reason,
                channel=channel,
                now=now,
                actor=actor,
                certificate_id=certificate_id,
                report_id=report_id,
            )
        )
    return found


@transaction.atomic
def certify_reported(
    *,
    report_id: int,
    is_proved: bool,
    now: datetime,
    actor: Actor,
    certificate_id: UUID | None = None,
) -> None:
    """What became of a general report's proof holds for the crèche: received, or not accepted."""
    rows = Absence.objects.select_for_update(no_key=True, of=("self",)).filter(
        report_id=report_id, cancelled_at__isnull=True
    )
    for row in rows.order_by("pk"):
        if is_proved:
            add_certificate(absence_id=row.pk, now=now, actor=actor, certificate_id=certificate_id)
        elif row.certificate_at:
            row.certificate_at = None
            row.save(update_fields=["certificate_at"])
            contract = Contract.objects.get(pk=row.contract_id)
            journal(
                row,
                "refuse_certificate",
                f"Crèche, justificatif non retenu pour {child_name(contract.child_id)}",
                now,
                actor,
                family_id=contract.family_id,
            )


@transaction.atomic
def add_certificate(
    *, absence_id: int, now: datetime, actor: Actor, certificate_id: UUID | None = None
) -> Absence:
    """The certificate came, as a file or seen at the counter."""
    row = Absence.objects.select_for_update(no_key=True, of=("self",)).get(pk=absence_id)
    row.certificate_at = row.certificate_at or now
    if certificate_id:
        row.certificate_id = certificate_id
    row.save(update_fields=["certificate_at", "certificate_id"])
    contract = Contract.objects.get(pk=row.contract_id)
    journal(
        row,
        "add_certificate",
        f"Crèche, justificatif reçu pour {child_name(contract.child_id)}",
        now,
        actor,
        family_id=contract.family_id,
    )
    return row


@transaction.atomic
def cancel_absence(*, absence_id: int, now: datetime, actor: Actor) -> None:
    """It was a mistake: the absence counts no more, and stays in the file."""
    row = Absence.objects.select_for_update(no_key=True, of=("self",)).get(pk=absence_id)
    row.cancelled_at = row.cancelled_at or now
    row.save(update_fields=["cancelled_at"])
    contract = Contract.objects.get(pk=row.contract_id)
    journal(
        row,
        "cancel_absence",
        f"Crèche, absence de {child_name(contract.child_id)} annulée "
        f"({french.period(row.starts_on, row.ends_on, year=True)})",
        now,
        actor,
        family_id=contract.family_id,
    )
