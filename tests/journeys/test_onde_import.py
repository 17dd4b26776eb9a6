"""From ONDE's files to families, on the whole town and on small cases that change."""

import resource
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db.models import Count

import preau.demo
from preau.families.models import Child, Custody, Family, Guardian
from preau.journeys.onde.services import (
    ImportRefused,
    approve_import,
    import_now,
    plan_import,
    preview_import,
    run_import,
)
from preau.kernel.actors import Actor
from preau.kernel.codes import normalise_family_code
from preau.schools.models import PupilImport, PupilRecord, Schooling
from tests.connectors.test_onde import ADULTS, LUCIE, MOTHER, PUPILS

pytestmark = pytest.mark.django_db

DATA = Path(preau.demo.__path__[0]) / "data" / "onde"
NOW = datetime(2026, 9, 10, 8, 0, tzinfo=UTC)
ACTOR = Actor.system("essai")

FATHER = MOTHER.replace("MME;;ROUX;Amina", "M.;;ROUX;Karim").replace("amina@", "karim@")
FAR_FATHER = FATHER.replace("8 rue du Lavoir;94300;VINCENNES", "2 quai Nord;75012;PARIS")
PAUL = LUCIE.replace("Lucie", "Paul").replace("1234567890A", "1234567890B").replace(";F;", ";M;")


def both_children(adult: str) -> str:
    return adult.removesuffix(";;;;") + ";;ROUX;Paul;CE2 - MME BRUN"


def files(pupils: list[str], adults: list[str]) -> dict[str, bytes]:
    return {
        "pupils": "\r\n".join([PUPILS, *pupils, ""]).encode("cp1252"),
        "adults": "\r\n".join([ADULTS, *adults, ""]).encode("cp1252"),
    }


def load(pupils: list[str], adults: list[str], now: datetime = NOW):
    return import_now(**files(pupils, adults), now=now, actor=ACTOR)


def test_the_whole_town(schools) -> None:
    pupils = (DATA / "eleves.csv").read_bytes()
    adults = (DATA / "responsables.csv").read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    plan = import_now(pupils=pupils, adults=adults, now=NOW, actor=ACTOR)
    print(
        f"\nONDE: {plan.pupils_read} pupils in {time.perf_counter() - started:.1f} s, "
        f"{(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024} MB more"
    )
    assert plan.problems == []
    assert Child.objects.count() == 3399
    assert Guardian.objects.count() == 3724
    assert Family.objects.count() == 2257
    assert Schooling.objects.count() == 3399
    homes = Child.objects.annotate(homes=Count("custodies")).values_list("homes", flat=True)
    assert sorted(set(homes)) == [1, 2]
    assert sum(n == 2 for n in homes) == 514
    for family in Family.objects.all()[:200]:
        assert normalise_family_code(family.code) == family.code
    payers = Guardian.objects.filter(is_payer=True).values("family_id").distinct().count()
    assert payers == 2257
    again = plan_import(pupils=pupils, adults=adults, now=NOW + timedelta(days=1))
    assert again.changes_nothing, again.counts


def test_siblings_and_two_adults_make_one_family(schools) -> None:
    load([LUCIE, PAUL], [both_children(MOTHER), both_children(FATHER)])
    family = Family.objects.get()
    assert family.name == "Roux"
    assert [g.first_name for g in family.guardians.all()] == ["Amina", "Karim"]
    assert {c.child.first_name for c in family.custodies.select_related("child")} == {
        "Lucie",
        "Paul",
    }


def test_separated_parents_make_two_families_that_share_the_child(schools) -> None:
    load([LUCIE], [MOTHER, FAR_FATHER])
    assert Family.objects.count() == 2
    assert Child.objects.get().custodies.count() == 2
    assert set(Family.objects.values_list("is_resident", flat=True)) <= {True, False}


def test_neighbours_who_share_no_child_stay_apart(schools) -> None:
    neighbour = FATHER.replace("ROUX;Karim", "PETIT;Léo").replace("ROUX;Lucie", "PETIT;Zoé")
    zoe = PAUL.replace("ROUX;;Paul", "PETIT;;Zoé")
    load([LUCIE, zoe], [MOTHER, neighbour])
    assert Family.objects.count() == 2


def test_a_later_file_changes_class_address_and_tells_who_left(schools) -> None:
    load([LUCIE, PAUL], [both_children(MOTHER)])
    promoted = LUCIE.replace("CE2;CE2 - MME BRUN;101", "CM1;CM1 - M. NOIR;102")
    moved = MOTHER.replace("8 rue du Lavoir", "41 avenue des Aulnes").replace(
        "CE2 - MME BRUN", "CM1 - M. NOIR"
    )
    later = NOW + timedelta(days=60)
    plan = load([promoted], [moved], now=later)
    assert plan.counts["class_changes"] == 1
    assert plan.counts["moves"] == 1
    assert plan.counts["leavers"] == 1
    assert plan.warnings, "half of the pupils leaving is said loudly"
    assert Family.objects.get().address_line1 == "41 avenue des Aulnes"
    lucie = Schooling.objects.filter(child__first_name="Lucie").order_by("starts_on")
    assert [(s.level, s.ends_on) for s in lucie] == [
        ("CE2", date(2026, 11, 8)),
        ("CM1", date(2027, 8, 31)),
    ]
    assert Schooling.objects.get(child__first_name="Paul").ends_on == date(2026, 11, 8)
    assert plan_import(**files([promoted], [moved]), now=later).changes_nothing


def test_the_address_that_a_family_changed_itself_is_kept(schools) -> None:
    load([LUCIE], [MOTHER])
    Family.objects.update(address_line1="5 place du Marché")
    plan = load([LUCIE], [MOTHER], now=NOW + timedelta(days=30))
    assert plan.changes_nothing
    assert Family.objects.get().address_line1 == "5 place du Marché"


def test_a_new_sibling_and_a_second_parent_join_the_file(schools) -> None:
    load([LUCIE], [MOTHER])
    code = Family.objects.get().code
    load([LUCIE, PAUL], [both_children(MOTHER), both_children(FATHER)], now=NOW + timedelta(days=9))
    family = Family.objects.get()
    assert family.code == code
    assert family.guardians.count() == 2
    assert Custody.objects.filter(family=family).count() == 2


def test_an_adult_who_left_home_is_told_not_guessed(schools) -> None:
    load([LUCIE], [MOTHER, FATHER])
    plan = load([LUCIE], [MOTHER, FAR_FATHER], now=NOW + timedelta(days=9))
    assert Family.objects.count() == 1
    assert any("séparation à traiter" in p.reason for p in plan.problems)


def test_a_corrected_birth_date_is_written(schools) -> None:
    load([LUCIE], [MOTHER])
    plan = load([LUCIE.replace("09/06/2018", "10/06/2018")], [MOTHER])
    assert plan.counts["corrections"] == 1
    assert Child.objects.get().birth_on == date(2018, 6, 10)


def test_an_adult_without_known_child_is_reported(schools) -> None:
    plan = load([LUCIE], [MOTHER, FATHER.replace("ROUX;Lucie", "ROUX;Inconnue")])
    assert Family.objects.count() == 1
    assert "n’est pas dans le fichier des élèves" in plan.problems[0].reason
    assert plan.problems[0].line == 3


def test_preview_writes_nothing_then_the_job_applies_once(schools) -> None:
    import_id = preview_import(**files([LUCIE], [MOTHER]), now=NOW, actor=ACTOR)
    assert Child.objects.count() == 0
    approve_import(import_id=import_id, now=NOW, actor=ACTOR)
    with pytest.raises(ImportRefused):
        approve_import(import_id=import_id, now=NOW, actor=ACTOR)
    for _ in range(2):
        run_import(import_id=import_id, user_id=None, label="essai", now=NOW)
    assert Child.objects.count() == 1
    assert PupilImport.objects.get().status == "APPLIED"


def test_files_swapped_are_refused_and_write_nothing(schools) -> None:
    both = files([LUCIE], [MOTHER])
    with pytest.raises(ImportRefused, match="n’est pas un export d’ONDE"):
        preview_import(pupils=both["adults"], adults=both["pupils"], now=NOW, actor=ACTOR)
    assert PupilImport.objects.count() == 0


def test_a_child_of_another_software_is_recognised_and_gets_its_ine(schools) -> None:
    from tests.harness.people import make_town

    make_town()
    load([LUCIE], [MOTHER])
    Child.objects.update(ine=None)
    PupilRecord.objects.all().delete()
    Schooling.objects.all().delete()
    plan = load([LUCIE], [MOTHER])
    assert plan.counts["adopted"] == 1 and plan.counts["new_children"] == 0
    assert Child.objects.get().ine == "1234567890A"
    assert Family.objects.count() == 1


def test_the_preview_tells_each_change_one_by_one(schools) -> None:
    load([LUCIE, PAUL], [both_children(MOTHER)])
    october = NOW + timedelta(days=30)
    changed = LUCIE.replace("CE2 - MME BRUN", "CM1 - M. NOIR").replace(";CE2;", ";CM1;")
    import_id = preview_import(**files([changed], [MOTHER]), now=october, actor=ACTOR)
    told = PupilImport.objects.get(pk=import_id).examples
    assert len(told["leavers"]) == 1 and "Paul" in told["leavers"][0]
    assert [line for line in told["class_changes"] + told["class_entries"] if "Lucie" in line]
