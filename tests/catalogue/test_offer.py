"""Activities, offerings, weekly patterns, menus: what agents may and may not do."""

from datetime import UTC, date, datetime, time

import pytest

from preau.audit.models import Entry
from preau.catalogue import queries, services
from preau.catalogue.enums import ActivityKind, BookingMode, Domain, EstablishmentKind, PeriodKind
from preau.catalogue.errors import CatalogueRefusal
from preau.catalogue.models import Offering, WeeklyPattern
from preau.kernel.actors import Actor

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
WHO = {"now": NOW, "actor": Actor.system("Sonia Lopes")}


@pytest.fixture
def offer():
    class Offer:
        year = services.save_school_year(starts_on=date(2026, 9, 1), **WHO)
        school = services.save_establishment(
            name="Marie-Curie", kind=EstablishmentKind.SCHOOL, levels=["CM2", "CP"], **WHO
        )
        activity = services.save_activity(
            name="Cantine",
            kind=ActivityKind.CANTEEN,
            domain=Domain.AROUND_SCHOOL,
            booking_mode=BookingMode.DAYS,
            **WHO,
        )
        product = services.save_product(
            activity_id=activity.pk,
            name="Repas",
            starts_at=time(11, 40),
            ends_at=time(13, 40),
            **WHO,
        )
        offering = services.save_offering(
            activity_id=activity.pk,
            establishment_id=school.pk,
            school_year_id=year.pk,
            capacity=180,
            **WHO,
        )

    return Offer


def test_what_is_made_is_named_and_journaled(offer):
    assert offer.activity.slug == "cantine" and offer.product.slug == "repas"
    assert offer.school.levels == ["CP", "CM2"]  # in the order of the school life
    assert offer.offering.starts_on == date(2026, 9, 1)
    assert Entry.objects.filter(actor_label="Sonia Lopes").count() == 5
    services.save_establishment(
        establishment_id=offer.school.pk, name="Marie-Curie", kind=EstablishmentKind.SCHOOL, **WHO
    )
    assert Entry.objects.count() == 5  # nothing changed, nothing written


def test_the_short_name_that_rulebooks_know_never_changes(offer):
    renamed = services.save_activity(
        activity_id=offer.activity.pk,
        name="Restauration scolaire",
        slug="autre",
        kind=ActivityKind.CANTEEN,
        domain=Domain.AROUND_SCHOOL,
        booking_mode=BookingMode.DAYS,
        **WHO,
    )
    assert renamed.slug == "cantine"


def test_two_activities_of_one_name_get_two_addresses(offer):
    twin = services.save_activity(
        name="Cantine",
        kind=ActivityKind.CANTEEN,
        domain=Domain.AROUND_SCHOOL,
        booking_mode=BookingMode.DAYS,
        **WHO,
    )
    assert twin.slug == "cantine-2"
    product = services.save_product(
        activity_id=twin.pk, name="Repas", starts_at=time(11), ends_at=time(13), **WHO
    )
    assert product.slug == "repas"


def test_refusals_are_said_by_field(offer):
    with pytest.raises(CatalogueRefusal) as refusal:
        services.save_product(
            activity_id=offer.activity.pk, name="", starts_at=time(14), ends_at=time(13), **WHO
        )
    assert "name" in refusal.value.fields
    with pytest.raises(CatalogueRefusal, match="Déjà ouverte sur ce site"):
        services.save_offering(
            activity_id=offer.activity.pk,
            establishment_id=offer.school.pk,
            school_year_id=offer.year.pk,
            capacity=1,
            **WHO,
        )
    with pytest.raises(CatalogueRefusal, match="n’est pas dans l’année scolaire"):
        services.save_offering(
            activity_id=offer.activity.pk,
            establishment_id=offer.school.pk,
            school_year_id=offer.year.pk,
            capacity=1,
            label="b",
            ends_on=date(2027, 9, 1),
            **WHO,
        )
    with pytest.raises(CatalogueRefusal, match="créez-en une autre"):
        other = services.save_establishment(name="B", kind=EstablishmentKind.SCHOOL, **WHO)
        services.save_offering(
            offering_id=offer.offering.pk,
            activity_id=offer.activity.pk,
            establishment_id=other.pk,
            school_year_id=offer.year.pk,
            capacity=1,
            **WHO,
        )


def test_nothing_in_use_is_deleted(offer):
    for delete, pk in (
        (services.delete_activity, offer.activity.pk),
        (services.delete_establishment, offer.school.pk),
        (services.delete_school_year, offer.year.pk),
    ):
        with pytest.raises(CatalogueRefusal, match="encore utilisé"):
            delete(pk=pk, **WHO)
    services.delete_offering(pk=offer.offering.pk, **WHO)
    services.delete_activity(pk=offer.activity.pk, **WHO)
    with pytest.raises(CatalogueRefusal, match="n’existe plus"):
        services.delete_activity(pk=offer.activity.pk, **WHO)


def test_weekly_patterns_become_exactly_what_is_asked(offer):
    monday = (offer.product.pk, PeriodKind.SCHOOL_DAYS, 0)
    friday = (offer.product.pk, PeriodKind.SCHOOL_DAYS, 4)

    def put(patterns):
        return services.set_weekly_patterns(offering_id=offer.offering.pk, patterns=patterns, **WHO)

    assert put({monday: None, friday: 40}) == 2
    assert put({monday: None, friday: 40}) == 0
    assert put({friday: 50}) == 2
    assert [(p.weekday, p.capacity) for p in WeeklyPattern.objects.all()] == [(4, 50)]
    with pytest.raises(CatalogueRefusal, match="n’existe pas"):
        put({(offer.product.pk + 1, PeriodKind.SCHOOL_DAYS, 0): None})


def test_a_new_year_takes_the_offer_of_the_last_one_closed(offer):
    services.set_weekly_patterns(
        offering_id=offer.offering.pk,
        patterns={(offer.product.pk, PeriodKind.SCHOOL_DAYS, 0): None},
        **WHO,
    )
    after = services.save_school_year(starts_on=date(2027, 9, 1), **WHO)
    assert services.copy_offerings(source_id=offer.year.pk, target_id=after.pk, **WHO) == 1
    assert services.copy_offerings(source_id=offer.year.pk, target_id=after.pk, **WHO) == 0
    copy = Offering.objects.get(school_year=after)
    assert not copy.is_open and copy.patterns.count() == 1


@pytest.mark.parametrize(
    ("opens", "closes", "is_open", "state"),
    [
        (None, None, True, "open"),
        (None, None, False, "closed"),
        (datetime(2026, 7, 2, tzinfo=UTC), None, True, "soon"),
        (NOW, None, True, "open"),
        (None, NOW, True, "closed"),
    ],
)
def test_registration_state(opens, closes, is_open, state):
    assert queries.registration_state(opens, closes, is_open, NOW) == state


def test_a_week_of_menus(offer):
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    services.save_week_menus(days={monday: {"main": "Lasagnes"}, tuesday: {"main": "Colin"}}, **WHO)
    services.save_week_menus(days={monday: {"main": "Lasagnes aux lentilles"}, tuesday: {}}, **WHO)
    assert [(m.day, m.main) for m in queries.menus(monday, tuesday)] == [
        (monday, "Lasagnes aux lentilles")
    ]


def test_a_class_belongs_to_a_school(offer):
    gym = services.save_establishment(name="Gymnase", kind=EstablishmentKind.SPORTS, **WHO)
    with pytest.raises(CatalogueRefusal, match="école"):
        services.save_class(
            establishment_id=gym.pk, school_year_id=offer.year.pk, name="CP A", **WHO
        )
    services.save_class(
        establishment_id=offer.school.pk,
        school_year_id=offer.year.pk,
        name="CP A",
        levels=["CP"],
        **WHO,
    )
    with pytest.raises(CatalogueRefusal, match="existe déjà"):
        services.save_class(
            establishment_id=offer.school.pk, school_year_id=offer.year.pk, name="CP A", **WHO
        )
