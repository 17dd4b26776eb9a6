"""Absences of children under contract: said by the family or by the crèche, proved or not."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from preau.childcare.enums import CareAbsence
from preau.childcare.errors import BadDates, ChildcareRefusal
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
        raise BadDates("Un congé se prévient à l’avance : choisissez un jour à venir.")
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
