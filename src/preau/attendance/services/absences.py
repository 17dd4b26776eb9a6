"""Absences that families report, before or after; agents say whether they are justified."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from preau.attendance.enums import AbsenceReason, AbsenceStatus, Presence
from preau.attendance.errors import AbsenceRefused
from preau.attendance.models import AbsenceReport, Attendance
from preau.attendance.rules import absence_facts, check_dates
from preau.audit.services import record
from preau.bookings.household import addresses_of, get_household
from preau.bookings.pricing import FamilyRules, Service
from preau.bookings.queries import get_bookings, live_bookings
from preau.bookings.rules import started
from preau.bookings.services import cancel_bookings
from preau.childcare import services as childcare
from preau.childcare.enums import CareAbsence
from preau.childcare.foresight import contracts_on, foresee
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.codes import random_code
from preau.kernel.enums import Channel
from preau.kernel.locks import lock_form
from preau.messaging.services import queue_email


@dataclass(frozen=True, slots=True)
class Effect:
    """What a report does to one day. `freed`: the booking is taken back, nothing due.

    A day of a crèche contract has neither booking nor slot (0).
    """

    booking: int
    slot: int
    day: str
    activity: str
    product: str
    freed: bool
    charged: bool | None
    cents: int | None
    sentence: str

    @property
    def on(self) -> date:
        return date.fromisoformat(self.day)


def preview_absence(
    *,
    family_id: int,
    child_id: int,
    starts_on: date,
    ends_on: date,
    reason: str,
    has_document: bool = False,
    now: datetime,
    schooling: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[Effect]:
    """What reporting this absence would do, day by day, by the rules of today. Writes nothing.

    Raises AbsenceRefused when the child is not of the household or the dates make no sense.
    """
    check_dates(starts_on=starts_on, ends_on=ends_on, today=paris_day(now))
    household = get_household(family_id, starts_on, ends_on)
    if household.kid(child_id) is None:
        raise AbsenceRefused("Cet enfant n’est pas dans votre dossier.")
    rules = FamilyRules(household, schooling=schooling)
    # The absence as rules count it: its booked days, each with its rank.
    bookings = [
        b
        for b in live_bookings(family_id, [child_id], starts_on, ends_on)
        if b.status == "CONFIRMED"
    ]
    present = set(
        Attendance.objects.filter(
            child=child_id, slot__in=[b.slot_id for b in bookings], presence=Presence.PRESENT
        ).values_list("slot_id", flat=True)
    )
    ranks: dict[int, list[date]] = {}
    for booking in bookings:
        days = ranks.setdefault(booking.slot.offering_id, [])
        if booking.slot.day not in days:
            days.append(booking.slot.day)
    effects = []
    for booking in bookings:
        if booking.slot_id in present:
            continue
        slot = booking.slot
        service = Service(
            slot.offering.activity.slug,
            slot.product.slug,
            slot.day,
            slot.starts_at,
            slot.ends_at,
            slot.offering.establishment.slug,
        )
        days = ranks[slot.offering_id]
        facts = absence_facts(
            reason=reason,
            reported_at=now,
            document_at=now if has_document else None,
            starts_on=days[0],
            ends_on=days[-1],
        ) | {"absence_days": len(days), "absence_rank": days.index(slot.day) + 1}
        effects.append(_effect(booking, service, rules, facts, now))
    return effects + _at_the_creche(
        family_id, child_id, starts_on, ends_on, reason, has_document, now
    )


# What a crèche calls the reasons of a general report; the others keep the hours of the contract.
_CARE = {
    AbsenceReason.ILLNESS: CareAbsence.ILLNESS,
    AbsenceReason.HOSPITAL: CareAbsence.HOSPITAL,
    AbsenceReason.LEAVE: CareAbsence.LEAVE,
}


def care_reason(reason: str) -> CareAbsence:
    """The reason as a crèche contract knows it."""
    return _CARE.get(AbsenceReason(reason), CareAbsence.FAMILY)


def _at_the_creche(
    family_id: int,
    child_id: int,
    starts_on: date,
    ends_on: date,
    reason: str,
    has_document: bool,
    now: datetime,
) -> list[Effect]:
    """The planned days of the child's contracts; one query when there is none."""
    contracts = contracts_on(child_id=child_id, family_id=family_id, first=starts_on, last=ends_on)
    if not contracts and reason == AbsenceReason.LEAVE:
        raise AbsenceRefused("Cet enfant n’a pas de contrat de crèche ces jours-là.")
    return [
        Effect(
            booking=0,
            slot=0,
            day=day.day.isoformat(),
            activity=day.site,
            product="",
            freed=False,
            charged=day.charged,
            cents=None,
            sentence=day.sentence,
        )
        for day in foresee(
            contracts,
            first=starts_on,
            last=ends_on,
            reason=care_reason(reason),
            has_certificate=has_document,
            now=now,
        )
    ]


def _effect(
    booking: Any, service: Service, rules: FamilyRules, facts: dict[str, Any], now: datetime
) -> Effect:
    slot = booking.slot
    freed, charged, cents, sentence = False, None, None, ""
    begun = started(day=slot.day, starts_at=slot.starts_at, now=now)
    if not begun:
        verdict = rules.cancelling(service, booking.child_id, now)
        freed = verdict.allowed and not verdict.charged
    if freed:
        charged, cents = False, 0
        sentence = "Prévenu à temps : la réservation est retirée, rien n’est dû."
    else:
        decision = rules.absence(service, booking.child_id, at=now, **facts)
        if decision is not None and decision.outcome not in ("ambiguous", "proposal"):
            charged, cents = decision.charged, decision.cents
            said = "; ".join(decision.sentences)
            amount = f" ({french.euros(cents)})" if charged and cents else ""
            head = f"Ce jour reste dû{amount}" if charged else "Ce jour n’est pas dû"
            sentence = f"{head} : {said}." if said else f"{head}."
        elif decision is not None and decision.outcome == "proposal":
            sentence = "Le service décidera si ce jour est dû."
        else:
            sentence = "Le délai est passé : le service dira si ce jour est dû."
    return Effect(
        booking=booking.pk,
        slot=slot.pk,
        day=slot.day.isoformat(),
        activity=slot.offering.activity.name,
        product=slot.product.name,
        freed=freed,
        charged=charged,
        cents=cents,
        sentence=sentence,
    )


@transaction.atomic
def report_absence(
    *,
    family_id: int,
    child_id: int,
    starts_on: date,
    ends_on: date,
    reason: str,
    comment: str = "",
    document_id: uuid.UUID | None = None,
    key: uuid.UUID | None = None,
    channel: str,
    now: datetime,
    actor: Actor,
    schooling: Mapping[int, Mapping[str, Any]] | None = None,
    tell: bool = True,
) -> AbsenceReport:
    """Report that a child will not come, or did not. What may still be cancelled is, at no cost;
    for the rest the rules of absence count. The family is told what was decided, day by day,
    unless the caller tells it in a message of its own (`tell=False`, with `effects_in_words`).

    The same `key` again returns the first report. Raises AbsenceRefused.
    """
    lock_form(key)
    if key is not None:
        first = AbsenceReport.objects.filter(key=key, family_id=family_id).first()
        if first is not None:
            return first
    effects = preview_absence(
        family_id=family_id,
        child_id=child_id,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        has_document=document_id is not None,
        now=now,
        schooling=schooling,
    )
    covered = AbsenceReport.objects.filter(
        child_id=child_id, family_id=family_id, starts_on__lte=starts_on, ends_on__gte=ends_on
    ).first()
    if covered is not None:
        raise AbsenceRefused(f"Cette absence est déjà signalée (référence {covered.reference}).")
    freed = get_bookings([e.booking for e in effects if e.freed])
    cancel_bookings(
        bookings=freed,
        reason=f"Absence signalée ({AbsenceReason(reason).label})",
        charged=False,
        sentence="Prévenu à temps : rien n’est dû.",
        channel=channel,
        now=now,
        actor=actor,
    )
    report = AbsenceReport.objects.create(
        key=key,
        reference=f"A-{paris_day(now).year}-{random_code(6)}",
        child_id=child_id,
        family_id=family_id,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason,
        comment=comment.strip()[:300],
        document_id=document_id,
        document_at=now if document_id else None,
        effects=[asdict(effect) for effect in effects],
        reported_at=now,
        channel=channel,
    )
    childcare.report_everywhere(
        report_id=report.pk,
        child_id=child_id,
        family_id=family_id,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=care_reason(reason),
        channel=Channel(channel),
        now=now,
        actor=actor,
        certificate_id=document_id,
    )
    name = report.child.first_name
    record(
        actor=actor,
        now=now,
        action="attendance.report_absence",
        summary=f"Absence {report.reference} : {name}, {french.period(starts_on, ends_on)}",
        family_id=family_id,
        object_type="attendance.AbsenceReport",
        object_id=report.pk,
    )
    if tell:
        _tell_report(report, effects, name=name, now=now)
    return report


@transaction.atomic
def add_document(
    *, report_id: int, family_id: int, document_id: uuid.UUID, now: datetime, actor: Actor
) -> AbsenceReport:
    """The certificate comes after the report; when it came counts for the rules."""
    report = AbsenceReport.objects.select_for_update(no_key=True).get(
        pk=report_id, family_id=family_id
    )
    report.document_id, report.document_at = document_id, now
    report.save(update_fields=["document", "document_at"])
    childcare.certify_reported(
        report_id=report.pk, is_proved=True, now=now, actor=actor, certificate_id=document_id
    )
    record(
        actor=actor,
        now=now,
        action="attendance.add_document",
        summary=f"Absence {report.reference} : justificatif ajouté",
        family_id=family_id,
        object_type="attendance.AbsenceReport",
        object_id=report.pk,
    )
    return report


@transaction.atomic
def justify_absence(
    *,
    report_id: int,
    justified: bool,
    comment: str = "",
    now: datetime,
    actor: Actor,
    tell: bool = True,
) -> AbsenceReport:
    """An agent decides; the days recorded absent follow, and the family is told why.

    `tell=False`: the caller writes to the family itself (the answer to a request): one letter.
    """
    report = AbsenceReport.objects.select_for_update(no_key=True, of=("self",)).get(pk=report_id)
    if not justified and not comment.strip():
        raise AbsenceRefused("Écrivez pourquoi l’absence n’est pas justifiée : la famille le lira.")
    report.status = AbsenceStatus.JUSTIFIED if justified else AbsenceStatus.NOT_JUSTIFIED
    report.decided_at, report.decided_by_label = now, actor.label
    report.decision_comment = comment.strip()[:300]
    report.save(update_fields=["status", "decided_at", "decided_by_label", "decision_comment"])
    Attendance.objects.filter(
        child_id=report.child_id,
        family_id=report.family_id,
        slot__day__range=(report.starts_on, report.ends_on),
        presence=Presence.ABSENT,
    ).update(is_justified=justified)
    childcare.certify_reported(report_id=report.pk, is_proved=justified, now=now, actor=actor)
    word = AbsenceStatus(report.status).label
    record(
        actor=actor,
        now=now,
        action="attendance.justify_absence",
        summary=f"Absence {report.reference} : {word}"
        + (f". {report.decision_comment}" if report.decision_comment else ""),
        family_id=report.family_id,
        object_type="attendance.AbsenceReport",
        object_id=report.pk,
    )
    if not tell:
        return report
    body = (
        f"Bonjour,\n\nL’absence {report.reference} de {report.child.first_name} "
        f"({french.period(report.starts_on, report.ends_on)}) est {word}.\n"
        + (f"{report.decision_comment}\n" if report.decision_comment else "")
    )
    _write(report.family_id, f"Absence {report.reference} : {word}", body, now)
    return report


def effects_in_words(effects: Iterable[Effect]) -> list[str]:
    """What the report does to each booked day, a line a day."""
    return [f"  - {french.day(e.on)}, {e.activity} : {e.sentence}" for e in effects]


def _tell_report(
    report: AbsenceReport, effects: Iterable[Effect], *, name: str, now: datetime
) -> None:
    lines = "\n".join(effects_in_words(effects)) or "  Aucun jour réservé n’est concerné."
    body = (
        f"Bonjour,\n\nNous avons bien noté l’absence de {name}, "
        f"{french.period(report.starts_on, report.ends_on)} "
        f"({AbsenceReason(report.reason).label}).\nRéférence : {report.reference}\n\n{lines}\n"
    )
    _write(report.family_id, f"Absence notée, {report.reference}", body, now)


def _write(family_id: int, subject: str, body: str, now: datetime) -> None:
    for address in addresses_of(family_id):
        queue_email(to=address, subject=subject, body=body, now=now, family_id=family_id)
