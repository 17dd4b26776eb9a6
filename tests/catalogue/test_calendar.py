"""The calendar of an académie de Créteil town (zone C), 2026-2027."""

from datetime import UTC, date, datetime, timedelta

import pytest

from preau.catalogue import queries, services
from preau.catalogue.enums import EstablishmentKind, PeriodKind
from preau.catalogue.errors import CatalogueRefusal
from preau.catalogue.models import ClosedDay, SchoolHoliday
from preau.kernel.actors import Actor

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
WHO = {"now": NOW, "actor": Actor.system()}
P = PeriodKind


@pytest.fixture
def year():
    year = services.save_school_year(starts_on=date(2026, 9, 1), **WHO)
    services.import_calendar(school_year=year, **WHO)
    return year


def test_a_year_is_named_by_its_years_and_may_not_overlap(year):
    assert (year.label, year.ends_on) == ("2026-2027", date(2027, 8, 31))
    with pytest.raises(CatalogueRefusal, match="Une autre année"):
        services.save_school_year(starts_on=date(2027, 8, 1), **WHO)


def test_the_import_is_the_states_calendar_for_zone_c(year):
    found = {h.name: (h.starts_on, h.ends_on, h.kind) for h in queries.list_holidays()}
    assert found == {
        "Vacances de la Toussaint": (date(2026, 10, 17), date(2026, 11, 1), P.SMALL_HOLIDAYS),
        "Vacances de Noël": (date(2026, 12, 19), date(2027, 1, 3), P.SMALL_HOLIDAYS),
        "Vacances d’hiver": (date(2027, 2, 6), date(2027, 2, 21), P.SMALL_HOLIDAYS),
        "Vacances de printemps": (date(2027, 4, 3), date(2027, 4, 18), P.SMALL_HOLIDAYS),
        "Pont de l’Ascension": (date(2027, 5, 6), date(2027, 5, 8), P.SMALL_HOLIDAYS),
        "Vacances d’été": (date(2027, 7, 3), date(2027, 8, 31), P.SUMMER),
    }
    public = set(ClosedDay.objects.filter(is_public_holiday=True).values_list("day", flat=True))
    assert public == {
        date(2026, 11, 1),
        date(2026, 11, 11),
        date(2026, 12, 25),
        date(2027, 1, 1),
        date(2027, 3, 29),
        date(2027, 5, 1),
        date(2027, 5, 6),
        date(2027, 5, 8),
        date(2027, 5, 17),
        date(2027, 7, 14),
        date(2027, 8, 15),
    }


def test_importing_again_adds_nothing_and_keeps_what_an_agent_changed(year):
    winter = SchoolHoliday.objects.get(name="Vacances d’hiver")
    services.save_holiday(
        holiday_id=winter.pk,
        name="Vacances d’hiver",
        starts_on=date(2027, 2, 5),
        ends_on=winter.ends_on,
        kind=winter.kind,
        **WHO,
    )
    again = services.import_calendar(school_year=year, **WHO)
    assert (again.holidays_added, again.holidays_kept, again.public_holidays_added) == (0, 6, 0)
    assert again.is_complete
    winter.refresh_from_db()
    assert winter.starts_on == date(2027, 2, 5)


@pytest.mark.parametrize(
    ("day", "kind", "closed", "holiday"),
    [
        (date(2026, 8, 31), None, "", ""),  # before the year
        (date(2026, 9, 1), P.SCHOOL_DAYS, "", ""),  # a Tuesday
        (date(2026, 9, 2), P.WEDNESDAYS, "", ""),
        (date(2026, 9, 5), None, "", ""),  # a Saturday
        (date(2026, 10, 16), P.SCHOOL_DAYS, "", ""),
        (date(2026, 10, 19), P.SMALL_HOLIDAYS, "", "Vacances de la Toussaint"),
        (date(2026, 11, 2), P.SCHOOL_DAYS, "", ""),  # a Monday
        (date(2026, 11, 11), P.WEDNESDAYS, "Armistice", ""),
        (date(2026, 12, 18), P.SCHOOL_DAYS, "", ""),
        (date(2026, 12, 23), P.SMALL_HOLIDAYS, "", "Vacances de Noël"),  # a Wednesday
        (date(2026, 12, 25), P.SMALL_HOLIDAYS, "Noël", "Vacances de Noël"),
        (date(2026, 12, 31), P.SMALL_HOLIDAYS, "", "Vacances de Noël"),
        (date(2027, 1, 1), P.SMALL_HOLIDAYS, "Jour de l’an", "Vacances de Noël"),
        (date(2027, 1, 4), P.SCHOOL_DAYS, "", ""),
        (date(2027, 3, 29), P.SCHOOL_DAYS, "Lundi de Pâques", ""),
        (date(2027, 5, 7), P.SMALL_HOLIDAYS, "", "Pont de l’Ascension"),
        (date(2027, 7, 2), P.SCHOOL_DAYS, "", ""),
        (date(2027, 7, 5), P.SUMMER, "", "Vacances d’été"),
        (date(2027, 8, 31), P.SUMMER, "", "Vacances d’été"),
        (date(2027, 9, 1), None, "", ""),  # the next year is not made yet
    ],
)
def test_each_day_is_what_it_is(year, day, kind, closed, holiday):
    info = queries.day_calendar(day, day)[day]
    assert (info.period_kind, info.closed_reason, info.holiday_name) == (kind, closed, holiday)


def test_a_saturday_of_term_has_the_patterns_of_term(year):
    info = queries.day_calendar(date(2026, 9, 5), date(2026, 9, 5))[date(2026, 9, 5)]
    assert info.period_kind is None and info.pattern_kind == P.SCHOOL_DAYS and info.is_open


def test_the_calendar_joins_years_and_costs_the_same_whatever_its_length(
    year, django_assert_num_queries
):
    services.save_school_year(starts_on=date(2027, 9, 1), **WHO)
    with django_assert_num_queries(3):
        days = queries.day_calendar(date(2026, 9, 1), date(2027, 9, 3))
    assert len(days) == 368
    assert days[date(2027, 8, 31)].period_kind == P.SUMMER
    assert days[date(2027, 9, 1)].period_kind == P.WEDNESDAYS
    assert queries.day_calendar(date(2027, 1, 2), date(2027, 1, 1)) == {}


def test_closures_of_one_site_concern_it_alone(year):
    site = services.save_establishment(
        name="Les Aulnes", kind=EstablishmentKind.LEISURE_CENTRE, **WHO
    )
    day = date(2026, 9, 9)
    services.save_closed_day(day=day, reason="Travaux", establishment_id=site.pk, **WHO)
    services.save_closed_day(day=day + timedelta(1), reason="Pont", **WHO)
    everywhere = queries.day_calendar(day, day + timedelta(1))
    there = queries.day_calendar(day, day + timedelta(1), establishment_id=site.pk)
    assert [d.closed_reason for d in everywhere.values()] == ["", "Pont"]
    assert [d.closed_reason for d in there.values()] == ["Travaux", "Pont"]
    assert queries.closures(day, day) == {(day, site.pk): "Travaux"}
    with pytest.raises(CatalogueRefusal, match="déjà inscrite"):
        services.save_closed_day(day=day, reason="x", establishment_id=site.pk, **WHO)


def test_the_rulebooks_calendar(year):
    calendar = queries.rule_calendar(date(2026, 9, 1), date(2027, 8, 31))
    assert [(h.name, h.resumes_on) for h in calendar.holidays] == [
        ("toussaint", date(2026, 11, 2)),
        ("noel", date(2027, 1, 4)),
        ("hiver", date(2027, 2, 22)),
        ("printemps", date(2027, 4, 19)),
        ("ascension", date(2027, 5, 9)),
        ("summer", date(2027, 9, 1)),
    ]
    assert date(2026, 11, 11) in calendar.public_holidays
    assert calendar.zone == "C"


def test_holidays_may_not_overlap(year):
    with pytest.raises(CatalogueRefusal, match="Vacances de Noël"):
        services.save_holiday(
            name="x",
            starts_on=date(2027, 1, 3),
            ends_on=date(2027, 1, 9),
            kind=P.SMALL_HOLIDAYS,
            **WHO,
        )


def test_an_unpublished_year_says_so():
    year = services.save_school_year(starts_on=date(2035, 9, 1), **WHO)
    result = services.import_calendar(school_year=year, **WHO)
    assert not result.is_complete and result.holidays_added == 0
    assert result.public_holidays_added == 11
