"""Two homes: who has the child each day, who may act, whose address nobody reads."""

import datetime as dt

import pytest

from preau.audit.models import Entry
from preau.bookings.household import get_household
from preau.families import queries, services
from preau.families.custody import Stay, custody_calendars, follows
from preau.families.enums import CustodyHolidays, CustodyWeeks
from preau.families.errors import ClosedFamily, ParentingRefused, SwapRefused
from preau.families.models import Custody, Family, ParentingRecord, ProtectedAddress
from preau.families.services import ParentingData
from preau.families.values import AddressData, ChildData, GuardianData
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from tests.bookings import world
from tests.harness.people import AGENT, DAY, NOW, adult_of, child_of, make_family, make_town

pytestmark = pytest.mark.django_db

D = dt.date
HALVES = CustodyHolidays.HALVES_EVEN
PARENT = Actor(user_id=7, label="Amina", channel=Channel.PORTAL)


@pytest.fixture
def homes():
    """One child, even weeks with its mother, odd ones with its father; 2026-10-17 to 11-01 off."""
    world.make_year()
    mother = make_family(children=1, adults=1)
    child = child_of(mother)
    services.set_custody(
        child_id=child.pk, family_id=mother.pk, weeks="EVEN", starts_on=DAY, now=NOW, actor=AGENT
    )
    father = services.open_family(
        address=AddressData("3 rue Neuve", "75012", "Paris"),
        guardians=[GuardianData("Rousseau", "Thomas")],
        children=[ChildData(child_id=child.pk, weeks=CustodyWeeks.ODD)],
        channel="COUNTER",
        now=NOW,
        actor=AGENT,
    )
    return child, mother, father


def test_the_weeks_of_two_homes_change_together_or_not_at_all(homes):
    child, mother, father = homes

    def weeks():
        day = D(2026, 12, 1)
        return [
            Custody.objects.filter(child=child, family=home, starts_on__lte=day)
            .exclude(ends_on__lt=day)
            .get()
            .weeks
            for home in (mother, father)
        ]

    def exchange():
        rules = {mother.pk: {"weeks": "ODD"}, father.pk: {"weeks": "EVEN"}}
        services.set_custody_of_homes(
            child_id=child.pk,
            rules=rules,
            starts_on=D(2026, 11, 2),
            ends_on=None,
            now=NOW,
            actor=AGENT,
        )

    Family.objects.filter(pk=father.pk).update(status="CLOSED")
    with pytest.raises(ClosedFamily):
        exchange()
    assert weeks() == ["EVEN", "ODD"]
    Family.objects.filter(pk=father.pk).update(status="ACTIVE")
    exchange()
    assert weeks() == ["ODD", "EVEN"]


def test_weeks_days_and_halves_of_holidays(django_assert_max_num_queries):
    world.make_year()
    autumn = [(D(2026, 10, 17), D(2026, 11, 1))]
    halves = Stay("EVEN", D(2026, 9, 1), None, "", HALVES)
    # 16 days: the first eight in an even year, whatever the week's number.
    assert follows(halves, D(2026, 10, 17), autumn) and follows(halves, D(2026, 10, 24), autumn)
    assert not follows(halves, D(2026, 10, 25), autumn)
    assert follows(halves, D(2026, 11, 9), autumn) is (D(2026, 11, 9).isocalendar().week % 2 == 0)
    odd = Stay("ODD", D(2026, 9, 1), None, "", CustodyHolidays.HALVES_ODD)
    for n in range(16):
        day = D(2026, 10, 17) + dt.timedelta(days=n)
        assert follows(odd, day, autumn) is not follows(halves, day, autumn)
    days = Stay("DAYS", D(2026, 9, 1), None, "1100000" + "0011100")
    assert follows(days, D(2026, 10, 5)) is False  # an odd Monday
    assert follows(days, D(2026, 10, 12)) is True  # an even Monday
    assert follows(days, D(2026, 10, 7)) is True  # an odd Wednesday
    assert not follows(Stay("ALL", D(2026, 9, 1), None, "", "NONE"), D(2026, 10, 20), autumn)


def test_the_household_of_each_day(homes, django_assert_max_num_queries):
    child, mother, father = homes
    with django_assert_max_num_queries(3):
        days = queries.household_on([child.pk], D(2026, 10, 7), D(2026, 10, 18))[child.pk]
    assert {day: home for day, home in days.items() if day < D(2026, 10, 12)} == {
        D(2026, 10, 7) + dt.timedelta(days=n): father.pk for n in range(5)
    }
    assert days[D(2026, 10, 12)] == mother.pk
    for family, weeks, rule in ((mother, "EVEN", HALVES), (father, "ODD", "HALVES_ODD")):
        services.set_custody(
            child_id=child.pk,
            family_id=family.pk,
            weeks=weeks,
            holidays=rule,
            starts_on=D(2026, 10, 10),
            now=NOW,
            actor=AGENT,
        )
    days = queries.household_on([child.pk], D(2026, 10, 17), D(2026, 11, 1))[child.pk]
    assert days[D(2026, 10, 19)] == mother.pk and days[D(2026, 10, 26)] == father.pk


def test_days_exchanged_move_when_both_agree(homes):
    child, mother, father = homes
    week = (D(2026, 11, 9), D(2026, 11, 13))  # week 46: the mother's

    def home(day=week[0]):
        return queries.household_on([child.pk], day, day)[child.pk][day]

    def propose(**more):
        return services.propose_swap(
            child_id=child.pk,
            asked_by=mother.pk,
            to_family=father.pk,
            starts_on=week[0],
            ends_on=week[1],
            now=NOW,
            actor=PARENT,
            **more,
        )

    swap = propose()
    assert propose().pk == swap.pk, "asked twice, it is one"
    assert home() == mother.pk
    with pytest.raises(SwapRefused, match="autre parent"):
        services.answer_swap(
            swap_id=swap.pk, family_id=mother.pk, agrees=True, now=NOW, actor=PARENT
        )
    assert [s.pk for s in queries.swaps_to_answer(father.pk, DAY)] == [swap.pk]
    services.answer_swap(swap_id=swap.pk, family_id=father.pk, agrees=True, now=NOW, actor=PARENT)
    assert home() == father.pk
    assert not get_household(mother.pk, *week).kids[child.pk].lives_here(week[0])
    assert get_household(father.pk, *week).kids[child.pk].lives_here(week[0])
    with pytest.raises(SwapRefused, match="guichet"):
        services.withdraw_swap(swap_id=swap.pk, family_id=mother.pk, now=NOW, actor=PARENT)
    services.withdraw_swap(swap_id=swap.pk, family_id=None, now=NOW, actor=AGENT)
    assert home() == mother.pk
    said = " ".join(Entry.objects.values_list("summary", flat=True))
    assert "rue Neuve" not in said
    stranger = make_family(last_name="Autre")
    with pytest.raises(SwapRefused):
        services.type_swap(
            child_id=child.pk,
            to_family=stranger.pk,
            starts_on=week[0],
            ends_on=week[1],
            now=NOW,
            actor=AGENT,
        )


def test_a_judgment_takes_the_child_out_of_a_home(homes):
    child, mother, father = homes
    thomas = adult_of(father)
    data = ParentingData("JUDGMENT", "SOLE", D(2026, 11, 2), guardian_id=thomas.pk)
    with pytest.raises(ParentingRefused, match="Joignez"):
        services.record_parenting(child_id=child.pk, data=data, now=NOW, actor=AGENT)
    with pytest.raises(ParentingRefused, match="justice"):
        services.record_parenting(
            child_id=child.pk,
            data=ParentingData("DISAGREEMENT", "SOLE", DAY, guardian_id=thomas.pk),
            now=NOW,
            actor=AGENT,
        )
    file = _sealed()
    record = services.record_parenting(
        child_id=child.pk,
        data=ParentingData(
            "JUDGMENT", "SOLE", D(2026, 11, 2), guardian_id=thomas.pk, sealed_file_id=file.pk
        ),
        now=NOW,
        actor=AGENT,
    )
    assert queries.children_of(father, D(2026, 11, 2)) == []
    assert queries.children_of(father, D(2026, 11, 1))
    assert queries.household_on([child.pk], D(2026, 11, 3), D(2026, 11, 3))[child.pk] == {
        D(2026, 11, 3): mother.pk
    }
    with pytest.raises(ParentingRefused, match="pourquoi"):
        services.lift_parenting(record_id=record.pk, reason=" ", now=NOW, actor=AGENT)
    services.lift_parenting(record_id=record.pk, reason="appel", now=NOW, actor=AGENT)
    assert ParentingRecord.objects.get().lifted_by == AGENT.label
    assert queries.parenting_in_force([child.pk], D(2026, 12, 1)) == {}


def _sealed():
    from django.core.files.uploadedfile import SimpleUploadedFile

    from preau.documents.services import store_sealed

    return store_sealed(
        uploaded=SimpleUploadedFile("jugement.pdf", b"%PDF-1.4 jugement secret"),
        actor=AGENT,
        now=NOW,
    )


def test_a_disagreement_asks_for_both_signatures(homes):
    child, *_ = homes
    assert queries.both_must_sign([child.pk], DAY) == set()
    services.record_parenting(
        child_id=child.pk,
        data=ParentingData("DISAGREEMENT", "BOTH_SIGN", DAY),
        now=NOW,
        actor=AGENT,
    )
    assert queries.both_must_sign([child.pk], DAY) == {child.pk}


def test_a_protected_address_is_nowhere_in_clear():
    make_town()
    family = make_family()
    assert services.protect_address(family_id=family.pk, reason="ordonnance", now=NOW, actor=AGENT)
    family.refresh_from_db()
    assert "Lavoir" not in queries.address_of(family).one_line
    assert family.is_resident
    assert "lavoir" not in family.search_text
    assert "Lavoir" not in ProtectedAddress.objects.get().sealed
    assert services.change_address(
        family_id=family.pk,
        address=AddressData("9 rue Cachée", "94300", "VINCENNES"),
        now=NOW,
        actor=AGENT,
    )
    family.refresh_from_db()
    assert "Cachée" not in queries.address_of(family).one_line
    assert "Cachée" not in " ".join(Entry.objects.values_list("summary", flat=True))
    read = services.read_protected_address(family_id=family.pk, now=NOW, actor=AGENT)
    assert read.line1 == "9 rue Cachée"
    assert Entry.objects.filter(action="families.read_protected_address").count() == 1
    services.unprotect_address(family_id=family.pk, now=NOW, actor=AGENT)
    family.refresh_from_db()
    assert queries.address_of(family).line1 == "9 rue Cachée"


def test_two_homes_without_a_rule_both_have_the_child(homes):
    child, mother, father = homes
    services.set_custody(
        child_id=child.pk, family_id=father.pk, weeks="ALL", starts_on=DAY, now=NOW, actor=AGENT
    )
    calendar = custody_calendars([child.pk], DAY, DAY)[child.pk]
    assert calendar.homes_on(D(2026, 10, 12)) == [mother.pk, father.pk]
    assert calendar.is_shared(DAY)
