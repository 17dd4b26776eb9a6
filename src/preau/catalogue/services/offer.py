"""Activities, products, offerings and their weekly patterns."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from preau.audit.services import record
from preau.catalogue.enums import PeriodKind
from preau.catalogue.errors import CatalogueRefusal
from preau.catalogue.models import Activity, Offering, Product, SchoolYear, WeeklyPattern
from preau.catalogue.services._writing import fetch, free_slug, remove, write
from preau.catalogue.services.places import check_levels
from preau.kernel.actors import Actor

# product, period kind, weekday (0 = Monday)
PatternKey = tuple[int, str, int]


@transaction.atomic
def save_activity(
    *,
    name: str,
    kind: str,
    domain: str,
    booking_mode: str,
    now: datetime,
    actor: Actor,
    activity_id: int | None = None,
    **values: Any,
) -> Activity:
    """An activity. `values`: summary, description, how_to_register, min_age, max_age, levels,
    service_id, is_automatic, is_published, position; `slug` is set once, rulebooks know it."""
    row = fetch(Activity, activity_id)
    low, high = values.get("min_age"), values.get("max_age")
    if low is not None and high is not None and low > high:
        raise CatalogueRefusal(fields={"max_age": ["L’âge maximum est sous l’âge minimum."]})
    if "levels" in values:
        values["levels"] = check_levels(values["levels"])
    given = values.pop("slug", "")
    slug = row.slug or given or free_slug(Activity, name, pk=row.pk)
    return write(
        row,
        {
            "name": name.strip(),
            "kind": kind,
            "domain": domain,
            "booking_mode": booking_mode,
            "slug": slug,
            **values,
        },
        what=f"Activité « {name} »",
        now=now,
        actor=actor,
    )


@transaction.atomic
def delete_activity(*, pk: int, now: datetime, actor: Actor) -> None:
    """Take away an activity that nothing uses. Raises CatalogueRefusal otherwise."""
    row = fetch(Activity, pk)
    remove(row, what=f"Activité « {row.name} »", now=now, actor=actor)


@transaction.atomic
def save_product(
    *,
    activity_id: int,
    name: str,
    now: datetime,
    actor: Actor,
    product_id: int | None = None,
    **values: Any,
) -> Product:
    """What is booked and priced. `values`: unit_name, unit_plural, starts_at, ends_at, position,
    age_cut; `slug` is set once. Slots already open keep the hours they were opened with."""
    row = fetch(Product, product_id)
    given = values.pop("slug", "")
    if not row.slug:
        taken = set(Product.objects.filter(activity_id=activity_id).values_list("slug", flat=True))
        slug = given or slugify(name)[:36] or "x"
        row.slug = slug if given or slug not in taken else f"{slug}-{len(taken) + 1}"
    return write(
        row,
        {"activity_id": activity_id, "name": name.strip(), "slug": row.slug, **values},
        what=f"Formule « {name} »",
        now=now,
        actor=actor,
    )


@transaction.atomic
def delete_product(*, pk: int, now: datetime, actor: Actor) -> None:
    """Take away a product that nothing uses. Raises CatalogueRefusal otherwise."""
    row = fetch(Product, pk)
    remove(row, what=f"Formule « {row.name} »", now=now, actor=actor)


@transaction.atomic
def save_offering(
    *,
    activity_id: int,
    establishment_id: int,
    school_year_id: int,
    capacity: int,
    now: datetime,
    actor: Actor,
    starts_on: date | None = None,
    ends_on: date | None = None,
    label: str = "",
    registration_opens_at: datetime | None = None,
    registration_closes_at: datetime | None = None,
    is_open: bool = True,
    offering_id: int | None = None,
    **places: Any,
) -> Offering:
    """An activity at one site over one school year; its dates are the year's unless said.

    `places`: age_cut, young_capacity, old_capacity, kept, shares_places, supervision,
    young_per_adult, old_per_adult, adults; what is not given stays as it is. Slots already open
    keep their places: `bookings` changes those.
    """
    row = fetch(Offering, offering_id)
    year = SchoolYear.objects.filter(pk=school_year_id).first()
    if year is None:
        raise CatalogueRefusal(fields={"school_year_id": ["Choisissez une année scolaire."]})
    starts_on, ends_on = starts_on or year.starts_on, ends_on or year.ends_on
    for name, day in (("starts_on", starts_on), ("ends_on", ends_on)):
        if not year.starts_on <= day <= year.ends_on:
            raise CatalogueRefusal(
                fields={name: [f"Ce jour n’est pas dans l’année scolaire {year.label}."]}
            )
    if (
        registration_opens_at
        and registration_closes_at
        and registration_closes_at <= registration_opens_at
    ):
        raise CatalogueRefusal(
            fields={"registration_closes_at": ["La fin des inscriptions est avant leur début."]}
        )
    values = {
        "activity_id": activity_id,
        "establishment_id": establishment_id,
        "school_year_id": school_year_id,
        "label": label.strip(),
        "capacity": capacity,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "is_open": is_open,
        "registration_opens_at": registration_opens_at,
        "registration_closes_at": registration_closes_at,
        **places,
    }
    for name in ("activity_id", "establishment_id", "school_year_id"):
        if row.pk and getattr(row, name) != values[name]:
            raise CatalogueRefusal(
                "L’activité, le site et l’année d’une ouverture ne changent plus : "
                "créez-en une autre.",
                code="fixed",
            )
    return write(row, values, what="Ouverture d’une activité", now=now, actor=actor)


@transaction.atomic
def delete_offering(*, pk: int, now: datetime, actor: Actor) -> None:
    """Take away an opening that nothing uses. Raises CatalogueRefusal otherwise."""
    row = fetch(Offering, pk)
    remove(row, what=f"Ouverture « {row} »", now=now, actor=actor)


@transaction.atomic
def set_weekly_patterns(
    *, offering_id: int, patterns: Mapping[PatternKey, int | None], now: datetime, actor: Actor
) -> int:
    """Make the weekly patterns of an offering exactly these; returns how many rows changed.

    The value is a number of places, or None for the offering's own. A pattern taken away leaves
    the slots that it opened: they are cancelled one by one, families are told.
    """
    offering = fetch(Offering, offering_id)
    allowed = set(
        Product.objects.filter(activity_id=offering.activity_id).values_list("pk", flat=True)
    )
    for product_id, kind, weekday in patterns:
        if product_id not in allowed or kind not in PeriodKind.values or not 0 <= weekday <= 6:
            raise CatalogueRefusal("Cette case n’existe pas dans la semaine type.", code="unknown")
    present = {
        (p.product_id, p.period_kind, p.weekday): p
        for p in WeeklyPattern.objects.filter(offering=offering)
    }
    gone = [present[key].pk for key in set(present) - set(patterns)]
    changed = [
        present[key]
        for key in set(present) & set(patterns)
        if present[key].capacity != patterns[key]
    ]
    for pattern in changed:
        pattern.capacity = patterns[pattern.product_id, pattern.period_kind, pattern.weekday]
    new = [
        WeeklyPattern(
            offering=offering,
            product_id=key[0],
            period_kind=key[1],
            weekday=key[2],
            capacity=patterns[key],
        )
        for key in sorted(set(patterns) - set(present))
    ]
    WeeklyPattern.objects.filter(pk__in=gone).delete()
    WeeklyPattern.objects.bulk_update(changed, ["capacity"])
    WeeklyPattern.objects.bulk_create(new)
    total = len(gone) + len(changed) + len(new)
    if total:
        record(
            actor=actor,
            now=now,
            action="catalogue.weeklypattern.set",
            object_type="offering",
            object_id=offering.pk,
            summary=f"Semaine type de « {offering} » : {len(new)} ajouts, "
            f"{len(changed)} modifications, {len(gone)} retraits",
        )
    return total


@transaction.atomic
def copy_offerings(*, source_id: int, target_id: int, now: datetime, actor: Actor) -> int:
    """Copy a year's open offerings and weekly patterns to another; those that exist are left.

    Dates are the target year's own and registration waits for an agent (no window is copied).
    """
    source, target = fetch(SchoolYear, source_id), fetch(SchoolYear, target_id)
    taken = set(
        Offering.objects.filter(school_year=target).values_list(
            "activity_id", "establishment_id", "label"
        )
    )
    made = 0
    for old in Offering.objects.filter(school_year=source, is_open=True).prefetch_related(
        "patterns"
    ):
        if (old.activity_id, old.establishment_id, old.label) in taken:
            continue
        new = Offering.objects.create(
            activity_id=old.activity_id,
            establishment_id=old.establishment_id,
            school_year=target,
            label=old.label,
            capacity=old.capacity,
            age_cut=old.age_cut,
            young_capacity=old.young_capacity,
            old_capacity=old.old_capacity,
            kept=old.kept,
            shares_places=old.shares_places,
            supervision=old.supervision,
            young_per_adult=old.young_per_adult,
            old_per_adult=old.old_per_adult,
            adults=old.adults,
            starts_on=target.starts_on,
            ends_on=target.ends_on,
            is_open=False,
        )
        WeeklyPattern.objects.bulk_create(
            WeeklyPattern(
                offering=new,
                product_id=p.product_id,
                period_kind=p.period_kind,
                weekday=p.weekday,
                capacity=p.capacity,
            )
            for p in old.patterns.all()
        )
        made += 1
    if made:
        record(
            actor=actor,
            now=now,
            action="catalogue.offering.copy",
            object_type="schoolyear",
            object_id=target.pk,
            summary=f"{made} ouvertures copiées de {source.label} vers {target.label}",
        )
    return made


@transaction.atomic
def open_offerings(
    *,
    school_year_id: int,
    registration_opens_at: datetime | None,
    now: datetime,
    actor: Actor,
) -> int:
    """Open the closed offerings of a year whose activity and site still serve; how many.

    `registration_opens_at`: when new families may ask for them (None: at once); a renewal does not
    wait for it. One that has a window of its own keeps it.
    """
    closed = Offering.objects.filter(
        school_year_id=school_year_id,
        is_open=False,
        activity__is_published=True,
        establishment__is_active=True,
    )
    closed.filter(registration_opens_at__isnull=True).update(
        registration_opens_at=registration_opens_at
    )
    return _switch(closed, True, school_year_id, now, actor)


@transaction.atomic
def close_offerings(*, school_year_id: int, now: datetime, actor: Actor) -> int:
    """Close all the offerings of a year again; how many. The caller knows that none has served."""
    opened = Offering.objects.filter(school_year_id=school_year_id, is_open=True)
    return _switch(opened, False, school_year_id, now, actor)


def _switch(found: Any, is_open: bool, school_year_id: int, now: datetime, actor: Actor) -> int:
    count: int = found.update(is_open=is_open)
    if count:
        year = fetch(SchoolYear, school_year_id)
        record(
            actor=actor,
            now=now,
            action="catalogue.offering.open" if is_open else "catalogue.offering.close",
            object_type="schoolyear",
            object_id=year.pk,
            summary=f"Offre {year.label} : {count} ouvertures "
            + ("ouvertes aux familles" if is_open else "refermées"),
        )
    return count
