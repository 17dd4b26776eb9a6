"""Sections and the town's settings."""

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from preau.childcare.models import CareSettings, Section

DEFAULT_PIECES = [
    "Justificatif de domicile de moins de trois mois",
    "Certificat de grossesse, ou acte de naissance",
    "Dernier avis d’imposition, ou attestation de la CAF",
]


def care_settings() -> CareSettings:
    """The town's settings; usual ones when it has chosen nothing."""
    return CareSettings.objects.filter(pk=1).first() or CareSettings(
        pk=1,
        offer_days=10,
        notice_days=30,
        tolerance_minutes=0,
        adaptation_is_free=False,
        base_pieces=list(DEFAULT_PIECES),
    )


def sections(
    establishment_ids: Iterable[int] | None = None, *, open_only: bool = True
) -> QuerySet[Section]:
    """The sections, crèche after crèche, by age."""
    found = Section.objects.select_related("establishment")
    if establishment_ids is not None:
        found = found.filter(establishment_id__in=list(establishment_ids))
    return found.filter(is_open=True) if open_only else found


def get_section(section_id: int) -> Section | None:
    return sections(open_only=False).filter(pk=section_id).first()


def months_on(birth_on: date | None, day: date) -> int:
    """Whole months of age on a day; 0 before birth."""
    if birth_on is None or birth_on > day:
        return 0
    return (day.year - birth_on.year) * 12 + day.month - birth_on.month - (day.day < birth_on.day)


def is_of_age(section: Section, birth_on: date | None, day: date) -> bool:
    """Whether a child (born, or expected on this day) is of the section's age."""
    if birth_on is None or birth_on > day:
        return False
    return section.min_months <= months_on(birth_on, day) < section.max_months
