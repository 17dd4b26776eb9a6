"""Opening a file, its people, where children live, the quotient, finding it again."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from preau.audit.queries import list_family_entries
from preau.families import custody, queries, rules, services
from preau.families.duplicates import find_likely_duplicates
from preau.families.enums import CustodyWeeks, Diet, QuotientSource
from preau.families.errors import (
    AlreadyInFamily,
    BadQuotient,
    ClosedFamily,
    ImpossibleBirth,
    IneTaken,
    LastGuardian,
    MissingAddress,
    MissingName,
    NoGuardian,
    NotInFamily,
)
from preau.families.models import Family
from preau.families.values import AddressData, ChildData, GuardianData
from preau.kernel.codes import normalise_family_code
from tests.harness.people import (
    ADDRESS,
    AGENT,
    DAY,
    NOW,
    adult_of,
    child_of,
    make_agent,
    make_family,
    make_town,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town():
    return make_town()


def test_open_family_draws_a_code_and_names_the_file():
    family = make_family()
    assert normalise_family_code(family.code) == family.code
    assert family.name == "Belkacem – Rousseau"
    assert family.sort_key == "belkacem rousseau"
    assert family.is_resident
    assert [str(a) for a in queries.guardians_of(family)] == ["Amina Belkacem", "Thomas Rousseau"]
    assert queries.payer_of(family) == adult_of(family)
    children = queries.children_of(family, DAY)
    assert [(c.first_name, c.colour) for c in children] == [("Lina", 1), ("Noé", 2)]
    assert adult_of(family).mobile_phone == "0639981120"
    assert list_family_entries(family.pk).first().action == "families.open"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"guardians": []}, NoGuardian),
        ({"address": AddressData(line1="", postcode="94300", city="Vincennes")}, MissingAddress),
        ({"address": AddressData(line1="1 rue A", postcode="9430", city="X")}, MissingAddress),
        ({"guardians": [GuardianData(last_name=" - ", first_name="A")]}, MissingName),
        (
            {"children": [ChildData("A", "B", birth_on=dt.date(1950, 1, 1))]},
            ImpossibleBirth,
        ),
        ({"children": [ChildData("A", "B", birth_on=dt.date(2031, 1, 1))]}, ImpossibleBirth),
        ({"children": [ChildData("A", "B")]}, ImpossibleBirth),
    ],
)
def test_open_family_refuses_and_leaves_nothing(changes, error):
    asked = {
        "address": ADDRESS,
        "guardians": [GuardianData("Petit", "Jean")],
        "children": [],
        "channel": "COUNTER",
        "now": NOW,
        "actor": AGENT,
    } | changes
    with pytest.raises(error):
        services.open_family(**asked)
    assert not Family.objects.exists()


def test_residence_follows_the_address():
    town = make_town()
    assert rules.is_resident(AddressData("1 rue A", "94300", "vincennes"), town)
    assert not rules.is_resident(AddressData("1 rue A", "94300", "Saint-Mandé"), town)
    assert not rules.is_resident(AddressData("1 rue A", "75012", "Paris"), town)
    assert not rules.is_resident(AddressData("1 rue A", "94300", "Vincennes", "", "BELGIQUE"), town)
    family = make_family()
    away = AddressData("3 rue Neuve", "75012", "Paris")
    assert services.change_address(family_id=family.pk, address=away, now=NOW, actor=AGENT)
    assert not services.change_address(family_id=family.pk, address=away, now=NOW, actor=AGENT)
    family.refresh_from_db()
    assert not family.is_resident
    assert list_family_entries(family.pk).filter(action="families.change_address").count() == 1


def test_a_child_of_two_households():
    family = make_family(children=1)
    child = child_of(family)
    other = services.open_family(
        address=AddressData("3 rue Neuve", "75012", "Paris"),
        guardians=[GuardianData("Rousseau", "Thomas")],
        children=[ChildData(child_id=child.pk, weeks=CustodyWeeks.ODD)],
        channel="COUNTER",
        now=NOW,
        actor=AGENT,
    )
    assert set(queries.families_of_child(child, DAY)) == {family, other}
    assert rules.custody_warning(list(queries.custodies_of_child(child, DAY)))
    services.set_custody(
        child_id=child.pk,
        family_id=family.pk,
        weeks=CustodyWeeks.EVEN,
        starts_on=dt.date(2026, 11, 1),
        now=NOW,
        actor=AGENT,
    )
    later = dt.date(2026, 11, 2)
    assert not rules.custody_warning(list(queries.custodies_of_child(child, later)))
    assert child_of(family, day=later).weeks == "EVEN"
    assert child_of(family, day=DAY).weeks == "ALL"
    assert custody.in_week("EVEN", dt.date(2026, 10, 26))
    assert not custody.in_week("ODD", dt.date(2026, 10, 26))
    services.end_custody(
        child_id=child.pk, family_id=family.pk, ends_on=dt.date(2026, 11, 15), now=NOW, actor=AGENT
    )
    assert queries.children_of(family, dt.date(2026, 11, 16)) == []
    assert [f.pk for f in queries.families_of_child(child, dt.date(2026, 12, 1))] == [other.pk]


def test_set_custody_again_changes_nothing():
    family = make_family(children=1)
    child = child_of(family)
    before = list_family_entries(family.pk).count()
    custody = services.set_custody(
        child_id=child.pk, family_id=family.pk, weeks="ALL", starts_on=DAY, now=NOW, actor=AGENT
    )
    assert custody.child_id == child.pk
    assert child.custodies.count() == 1
    assert list_family_entries(family.pk).count() == before


def test_the_database_itself_refuses_two_custodies_at_once():
    from preau.families.models import Custody

    family = make_family(children=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Custody.objects.create(child=child_of(family), family=family, starts_on=DAY)
    with pytest.raises(AlreadyInFamily):
        services.add_child(
            family_id=family.pk, child=ChildData(child_id=child_of(family).pk), now=NOW, actor=AGENT
        )


def test_people_change_and_every_act_is_journaled():
    family = make_family()
    lina, amina = child_of(family), adult_of(family)
    assert services.change_diet(
        family_id=family.pk, child_id=lina.pk, diet=Diet.NO_MEAT, now=NOW, actor=AGENT
    )
    assert not services.change_diet(
        family_id=family.pk, child_id=lina.pk, diet=Diet.NO_MEAT, now=NOW, actor=AGENT
    )
    assert services.change_contact(
        family_id=family.pk,
        guardian_id=amina.pk,
        email=" Amina@Example.ORG ",
        mobile_phone="+33 6 11 22 33 44",
        now=NOW,
        actor=AGENT,
    )
    amina.refresh_from_db()
    assert (amina.email, amina.mobile_phone) == ("amina@example.org", "0611223344")
    assert services.change_child(
        family_id=family.pk, child_id=lina.pk, changes={"ine": "123456789ab"}, now=NOW, actor=AGENT
    )
    with pytest.raises(IneTaken):
        services.add_child(
            family_id=family.pk,
            now=NOW,
            actor=AGENT,
            child=ChildData("A", "B", birth_on=dt.date(2020, 1, 1), ine="123456789AB"),
        )
    actions = set(list_family_entries(family.pk).values_list("action", flat=True))
    assert actions >= {
        "families.change_diet",
        "families.change_guardian",
        "families.change_child",
    }
    other = make_family(last_name="Autre")
    with pytest.raises(NotInFamily):
        services.change_diet(
            family_id=other.pk, child_id=lina.pk, diet="STANDARD", now=NOW, actor=AGENT
        )
    with pytest.raises(NotInFamily):
        services.change_contact(
            family_id=other.pk, guardian_id=amina.pk, email="x@example.org", now=NOW, actor=AGENT
        )


def test_an_adult_leaves_and_the_payer_follows():
    family = make_family()
    amina, thomas = queries.guardians_of(family)
    services.remove_guardian(family_id=family.pk, guardian_id=amina.pk, now=NOW, actor=AGENT)
    assert queries.payer_of(family) == thomas
    with pytest.raises(LastGuardian):
        services.remove_guardian(family_id=family.pk, guardian_id=thomas.pk, now=NOW, actor=AGENT)


def test_a_closed_file_takes_no_act():
    family = make_family()
    services.close_family(family_id=family.pk, reason="déménagement", now=NOW, actor=AGENT)
    with pytest.raises(ClosedFamily):
        services.change_address(
            family_id=family.pk,
            address=AddressData("1 rue B", "75012", "Paris"),
            now=NOW,
            actor=AGENT,
        )
    services.reopen_family(family_id=family.pk, now=NOW, actor=AGENT)
    assert services.rename_family(family_id=family.pk, name="Belkacem", now=NOW, actor=AGENT)


def test_the_quotient_in_force_is_the_last_recorded():
    family = make_family()

    def record(value, start, minutes, end=None):
        return services.record_quotient(
            family_id=family.pk,
            value_cents=value,
            source=QuotientSource.CAF,
            starts_on=start,
            ends_on=end,
            now=NOW + dt.timedelta(minutes=minutes),
            actor=AGENT,
        )

    record(74_200, dt.date(2026, 1, 1), 0)
    corrected = record(81_250, dt.date(2026, 9, 1), 1, dt.date(2026, 12, 31))
    assert record(81_250, dt.date(2026, 9, 1), 2, dt.date(2026, 12, 31)) == corrected
    assert queries.quotient_on(family.pk, DAY).value_cents == 81_250
    assert queries.quotient_on(family.pk, dt.date(2026, 8, 1)).value_cents == 74_200
    assert queries.quotient_on(family.pk, dt.date(2027, 1, 1)).value_cents == 74_200
    assert queries.quotient_on(family.pk, dt.date(2025, 1, 1)) is None
    other = make_family(last_name="Autre")
    assert set(queries.quotients_on([family.pk, other.pk], DAY)) == {family.pk}
    with pytest.raises(BadQuotient):
        record(-1, DAY, 3)


@pytest.mark.parametrize(
    "typed",
    [
        "belkacem",
        "BELKÁCEM ami",
        "noe rousseau",
        "Lavoir",
        "06 39 98 11",
        "+33639981120",
        "amina@exa",
        "thomas",
    ],
)
def test_agents_find_a_file_by_what_they_know(typed):
    family = make_family(email="amina@example.org")
    make_family(
        last_name="Zidane", adults=1, children=0, address=AddressData("1 rue Z", "75012", "Paris")
    )
    if typed.startswith(("06", "+33")):
        services.change_contact(
            family_id=Family.objects.exclude(pk=family.pk).get().pk,
            guardian_id=adult_of(Family.objects.exclude(pk=family.pk).get()).pk,
            mobile_phone="0700000000",
            now=NOW,
            actor=AGENT,
        )
    if typed == "amina@exa":
        assert queries.search(Family.objects.all(), "amina").count() == 2
    agent = make_agent()
    found = queries.families_for_agent(agent, typed, day=DAY)
    assert [f.pk for f in found] == [family.pk]


def test_search_by_code_and_by_odd_characters():
    family = make_family()
    agent = make_agent()
    for typed in (family.code, family.printed_code.lower(), family.code[:5]):
        assert family in queries.families_for_agent(agent, typed, day=DAY)
    for typed in ("'", "\\", "a' | 'b", ":*", "((", "%", "…", "'; DROP TABLE x; --"):
        list(queries.families_for_agent(agent, typed, day=DAY))


def test_search_uses_its_index(django_assert_num_queries):
    from django.db import connection

    for i in range(30):
        make_family(last_name=f"Nom{chr(97 + i % 26)}", children=1, adults=1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = queries.search(Family.objects.all(), "nomb lina").explain()
    assert "family_search" in plan


def test_an_agent_of_one_site_sees_no_file_unless_composed():
    from preau.accounts.enums import Role

    make_family()
    agent = make_agent(Role.CRECHE, site=12)
    assert not queries.families_for_agent(agent, day=DAY).exists()
    assert queries.families_for_agent(agent, day=DAY, within=Family.objects.all()).exists()
    assert not queries.families_for_agent(
        make_agent(Role.SITE_MANAGER, email="b@example.org"), day=DAY
    ).exists()


def test_likely_duplicates_say_why():
    family = make_family(email="amina@example.org")
    make_family(
        last_name="Petit", adults=1, children=0, address=AddressData("99 rue Z", "75012", "Paris")
    )
    found = find_likely_duplicates(
        guardians=[
            GuardianData(
                "BELKACEM", "Amina", email="Amina@example.org", mobile_phone="07 00 00 00 01"
            )
        ],
        children=[ChildData("ROUSSEAU", "Lina", birth_on=dt.date(2016, 6, 9))],
        address=AddressData("8, rue du lavoir", "94300", "Vincennes"),
    )
    assert [match.family_id for match in found][:1] == [family.pk]
    assert len(found[0].reasons) >= 4
    assert any("même enfant\u00a0: Lina Rousseau" in reason for reason in found[0].reasons)
    assert (
        find_likely_duplicates(
            guardians=[GuardianData("Nouveau", "Paul")],
            children=[ChildData("Nouveau", "Zoé", birth_on=dt.date(2020, 1, 1))],
            address=AddressData("5 rue Inconnue", "94300", "Vincennes"),
        )
        == []
    )


def test_names_read_in_capitals_are_written_as_names():
    family = services.open_family(
        address=ADDRESS,
        guardians=[GuardianData("D'ALMEIDA-ROUX", "JEAN-PIERRE")],
        children=[],
        channel="COUNTER",
        now=NOW,
        actor=AGENT,
    )
    assert str(adult_of(family)) == "Jean-Pierre D'Almeida-Roux"
