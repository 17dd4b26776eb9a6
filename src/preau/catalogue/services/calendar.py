"""School years, holidays and closed days; their import from public data."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import holidays as public_holidays_of
from django.db import transaction
from vacances_scolaires_france import SchoolHolidayDates, UnsupportedYearException

from preau.audit.services import record
from preau.catalogue import rules
from preau.catalogue.enums import PeriodKind
from preau.catalogue.errors import CatalogueRefusal
from preau.catalogue.models import ClosedDay, SchoolHoliday, SchoolYear
from preau.catalogue.services._writing import fetch, remove, write
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.town.queries import get_town


@dataclass(frozen=True, slots=True)
class ImportedCalendar:
    """What an import added, and what it left as agents had written it."""

    holidays_added: int
    holidays_kept: int
    public_holidays_added: int
    is_complete: bool  # False when the State has not published the whole year yet


@transaction.atomic
def save_school_year(
    *,
    starts_on: date,
    now: datetime,
    actor: Actor,
    ends_on: date | None = None,
    school_year_id: int | None = None,
) -> SchoolYear:
    """A school year; it ends on 31 August unless said otherwise, and is named by its years."""
    row = fetch(SchoolYear, school_year_id)
    ends_on = ends_on or date(starts_on.year + 1, 8, 31)
    if (ends_on - starts_on).days > 400:
        raise CatalogueRefusal(fields={"ends_on": ["Une année scolaire dure un an au plus."]})
    if (
        SchoolYear.objects.exclude(pk=row.pk)
        .filter(starts_on__lte=ends_on, ends_on__gte=starts_on)
        .exists()
    ):
        raise CatalogueRefusal(fields={"starts_on": ["Une autre année scolaire a de ces jours."]})
    label = rules.school_year_label(starts_on)
    return write(
        row,
        {"label": label, "starts_on": starts_on, "ends_on": ends_on},
        what=f"Année scolaire {label}",
        now=now,
        actor=actor,
    )


@transaction.atomic
def delete_school_year(*, pk: int, now: datetime, actor: Actor) -> None:
    """Take away a year that nothing uses. Raises CatalogueRefusal, which says what uses it."""
    row = fetch(SchoolYear, pk)
    remove(row, what=f"Année scolaire {row.label}", now=now, actor=actor)


@transaction.atomic
def save_holiday(
    *,
    name: str,
    starts_on: date,
    ends_on: date,
    kind: str,
    now: datetime,
    actor: Actor,
    holiday_id: int | None = None,
) -> SchoolHoliday:
    """School holidays: first and last day without school. They may not overlap."""
    row = fetch(SchoolHoliday, holiday_id)
    if ends_on < starts_on:
        raise CatalogueRefusal(fields={"ends_on": ["Le dernier jour est avant le premier."]})
    other = (
        SchoolHoliday.objects.exclude(pk=row.pk)
        .filter(starts_on__lte=ends_on, ends_on__gte=starts_on)
        .first()
    )
    if other:
        raise CatalogueRefusal(
            fields={
                "starts_on": [
                    f"Ces jours sont déjà dans « {other.name} », "
                    f"{french.period(other.starts_on, other.ends_on, year=True)}."
                ]
            }
        )
    values = {"name": name, "starts_on": starts_on, "ends_on": ends_on, "kind": kind}
    return write(row, values, what=f"Vacances « {name} »", now=now, actor=actor)


@transaction.atomic
def delete_holiday(*, pk: int, now: datetime, actor: Actor) -> None:
    """Take holidays away; slots stay as they are."""
    row = fetch(SchoolHoliday, pk)
    remove(row, what=f"Vacances « {row.name} » {row.starts_on.year}", now=now, actor=actor)


@transaction.atomic
def save_closed_day(
    *,
    day: date,
    reason: str,
    now: datetime,
    actor: Actor,
    is_public_holiday: bool = False,
    establishment_id: int | None = None,
    closed_day_id: int | None = None,
) -> ClosedDay:
    """A day without activity, of one establishment or of all the town (None)."""
    row = fetch(ClosedDay, closed_day_id)
    if is_public_holiday and establishment_id:
        raise CatalogueRefusal(
            fields={"is_public_holiday": ["Un jour férié l’est pour toute la ville."]}
        )
    values: dict[str, Any] = {
        "day": day,
        "reason": reason,
        "is_public_holiday": is_public_holiday,
        "establishment_id": establishment_id,
    }
    said = french.day(day, year=True)
    return write(row, values, what=f"Fermeture du {said}", now=now, actor=actor)


@transaction.atomic
def delete_closed_day(*, pk: int, now: datetime, actor: Actor) -> None:
    """Take a closed day away; slots stay as they are."""
    row = fetch(ClosedDay, pk)
    said = french.day(row.day, year=True)
    remove(row, what=f"Fermeture du {said}", now=now, actor=actor)


def published_holidays(zone: str, first: date, last: date) -> tuple[list[rules.HolidaySpan], bool]:
    """The zone's holidays that touch these days, as the State published them.

    Source: data.education.gouv.fr, through PyPI `vacances-scolaires-france`. The second value is
    False when what is known stops before `last`.
    """
    dates = SchoolHolidayDates()
    known: dict[date, str] = {}
    for year in range(first.year, last.year + 1):
        try:
            found = dates.holidays_for_year_and_zone(year, zone)
        except UnsupportedYearException:
            continue
        known |= {day: row["nom_vacances"] for day, row in found.items()}
    spans: list[rules.HolidaySpan] = []
    for day in sorted(known):
        name = known[day].replace("'", "’")
        previous = spans[-1] if spans else None
        if previous and previous.name == name and previous.ends_on == day - timedelta(days=1):
            spans[-1] = rules.HolidaySpan(name, previous.starts_on, day, previous.kind)
        else:
            kind = PeriodKind.SUMMER if "été" in name else PeriodKind.SMALL_HOLIDAYS
            spans.append(rules.HolidaySpan(name, day, day, kind.value))
    kept = [s for s in spans if s.starts_on <= last and s.ends_on >= first]
    return kept, bool(known) and max(known) >= last - timedelta(days=31)


@transaction.atomic
def import_calendar(*, school_year: SchoolYear, now: datetime, actor: Actor) -> ImportedCalendar:
    """Add the zone's school holidays and the public holidays of a school year.

    Run twice, it adds nothing: holidays that an agent wrote or changed stay as they are, because
    whatever overlaps them is left out.
    """
    first, last = school_year.starts_on, school_year.ends_on
    spans, is_complete = published_holidays(get_town().holiday_zone, first, last)
    added = 0
    for span in spans:
        if SchoolHoliday.objects.filter(
            starts_on__lte=span.ends_on, ends_on__gte=span.starts_on
        ).exists():
            continue
        SchoolHoliday.objects.create(
            name=span.name, starts_on=span.starts_on, ends_on=span.ends_on, kind=span.kind
        )
        added += 1
    public = public_holidays_of.France(years=range(first.year, last.year + 1), language="fr")
    added_public = 0
    for day, name in sorted(public.items()):
        if first <= day <= last:
            _, is_new = ClosedDay.objects.get_or_create(
                day=day,
                establishment=None,
                defaults={"reason": name.replace("'", "’"), "is_public_holiday": True},
            )
            added_public += is_new
    if added or added_public:
        record(
            actor=actor,
            now=now,
            action="catalogue.calendar.import",
            object_type="schoolyear",
            object_id=school_year.pk,
            summary=f"Calendrier {school_year.label} : {added} vacances et {added_public} jours "
            "fériés ajoutés",
        )
    return ImportedCalendar(added, len(spans) - added, added_public, is_complete)
