"""What attendance decides by itself: pure functions."""

from datetime import date, datetime, timedelta
from typing import Any

from preau.attendance.enums import AbsenceReason
from preau.attendance.errors import AbsenceRefused

# How far back an absence may still be reported, and how long one report may be.
REPORT_BACK = timedelta(days=60)
LONGEST = timedelta(days=92)

_REASONS = {
    AbsenceReason.ILLNESS: "illness",
    AbsenceReason.HOSPITAL: "hospital",
    AbsenceReason.LEAVE: "family_choice",
    AbsenceReason.FAMILY: "family_choice",
    AbsenceReason.SCHOOL_TRIP: "school_trip",
    AbsenceReason.TEACHER_ABSENT: "teacher_absent",
    AbsenceReason.OTHER: "other",
}


def absence_facts(
    *,
    reason: str | None,
    reported_at: datetime | None,
    document_at: datetime | None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> dict[str, Any]:
    """What the rulebook may read of an absence; nothing when it was not reported.

    The same for the sentence said before a report is sent and for the invoice.
    """
    if reason is None:
        return {"reason": "none"}
    facts: dict[str, Any] = {"reason": _REASONS.get(AbsenceReason(reason), "other")}
    if reported_at is not None:
        facts |= {"notice_at": reported_at, "notified": True}
    if document_at is not None:
        medical = reason in (AbsenceReason.ILLNESS, AbsenceReason.HOSPITAL)
        facts |= {
            "certificate_at": document_at,
            "document": "medical" if medical else "other",
        }
    if reason == AbsenceReason.ILLNESS:
        facts["child_ill"] = True
    if starts_on is not None:
        facts["absence_from"] = starts_on
    if ends_on is not None:
        facts["absence_until"] = ends_on
    return facts


def check_dates(*, starts_on: date, ends_on: date, today: date) -> None:
    """Refuse a report whose dates make no sense, in words."""
    if ends_on < starts_on:
        raise AbsenceRefused("Le dernier jour est avant le premier : vérifiez les deux dates.")
    if ends_on - starts_on > LONGEST:
        raise AbsenceRefused("Une absence se signale pour trois mois au plus.")
    if starts_on < today - REPORT_BACK:
        raise AbsenceRefused(
            "Cette absence remonte à plus de deux mois : écrivez au service, qui vous répondra."
        )
    if starts_on > today + timedelta(days=366):
        raise AbsenceRefused("Cette date est dans plus d’un an : vérifiez l’année.")
