"""A small town's offer for tests: one year with its calendar, a school, a canteen, a judo class."""

import datetime as dt
from types import SimpleNamespace

from preau.catalogue import services
from preau.catalogue.enums import ActivityKind, BookingMode, Domain, EstablishmentKind, PeriodKind
from preau.kernel.actors import Actor

NOW = dt.datetime(2026, 10, 6, 7, 0, tzinfo=dt.UTC)
WHO = {"now": NOW, "actor": Actor.system()}
SCHOOL_WEEK = (0, 1, 3, 4)


def make_activity(
    name: str,
    kind: str,
    site_ids: list[int],
    year_id: int,
    *,
    days: dict[str, tuple[int, ...]],
    hours: tuple[dt.time, dt.time] = (dt.time(11, 40), dt.time(13, 40)),
    mode: str = BookingMode.DAYS,
    domain: str = Domain.AROUND_SCHOOL,
    capacity: int = 30,
    product: str = "Séance",
    opens_at: dt.datetime | None = None,
    closes_at: dt.datetime | None = None,
    **values: object,
) -> SimpleNamespace:
    """An activity with one product, open on these sites, with its weekly patterns."""
    activity = services.save_activity(
        name=name, kind=kind, domain=domain, booking_mode=mode, **values, **WHO
    )
    sold = services.save_product(
        activity_id=activity.pk,
        name=product,
        unit_name=product.lower(),
        starts_at=hours[0],
        ends_at=hours[1],
        **WHO,
    )
    offerings = []
    for site_id in site_ids:
        offering = services.save_offering(
            activity_id=activity.pk,
            establishment_id=site_id,
            school_year_id=year_id,
            capacity=capacity,
            registration_opens_at=opens_at,
            registration_closes_at=closes_at,
            **WHO,
        )
        services.set_weekly_patterns(
            offering_id=offering.pk,
            patterns={(sold.pk, period, day): None for period, on in days.items() for day in on},
            **WHO,
        )
        offerings.append(offering)
    return SimpleNamespace(activity=activity, product=sold, offerings=offerings)


def make_offer() -> SimpleNamespace:
    """2026-2027 in zone C, one school, a canteen in it, judo that opens on 1 December."""
    year = services.save_school_year(starts_on=dt.date(2026, 9, 1), **WHO)
    services.import_calendar(school_year=year, **WHO)
    school = services.save_establishment(
        name="Marie-Curie",
        kind=EstablishmentKind.SCHOOL,
        address="3, rue des Écoles",
        phone="0199001260",
        **WHO,
    )
    canteen = make_activity(
        "Cantine",
        ActivityKind.CANTEEN,
        [school.pk],
        year.pk,
        days={PeriodKind.SCHOOL_DAYS: SCHOOL_WEEK},
        product="Repas",
        levels=["PS", "CP", "CM2"],
        how_to_register="1. Connectez-vous.",
    )
    judo = make_activity(
        "Judo",
        ActivityKind.SPORT,
        [school.pk],
        year.pk,
        days={PeriodKind.SCHOOL_DAYS: (1,)},
        hours=(dt.time(17), dt.time(18)),
        mode=BookingMode.WHOLE_PERIOD,
        domain=Domain.SPORTS,
        min_age=4,
        max_age=11,
        opens_at=dt.datetime(2026, 12, 1, 8, 0, tzinfo=dt.UTC),
    )
    return SimpleNamespace(year=year, school=school, canteen=canteen, judo=judo)
