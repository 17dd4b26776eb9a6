"""What an ONDE import would change: computed from the files and the database, written nowhere.

The same plan is previewed and applied. A file read twice plans nothing the second time.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

from preau.catalogue.class_lists import ListedClass, spread_classes
from preau.catalogue.queries import school_year_of
from preau.families.bulk import BulkFamily
from preau.families.register import (
    KnownChild,
    KnownFamily,
    children_without_ine,
    known_children,
    known_families,
)
from preau.families.values import AddressData, ChildData, GuardianData
from preau.journeys.onde.households import Household, address_key, group_households, person_key
from preau.kernel.errors import Refusal
from preau.kernel.text import search_key
from preau.schools.queries import ONDE, ROLLOVER, register_addresses, running_schoolings
from preau.schools.register import ADULTS, AdultRow, PostalAddress, Problem, PupilRow, Register

# More leavers than this share of the known pupils looks like a wrong file: said loudly.
SUSPICIOUS_LEAVERS = 0.25


class NoSchoolYear(Refusal):
    message = "Aucune année scolaire ne couvre ce jour : créez-la d’abord dans l’offre."
    code = "no_school_year"


class NoSchool(Refusal):
    message = "Aucune école n’existe encore : créez-les d’abord dans l’offre."
    code = "no_school"


@dataclass(frozen=True, slots=True)
class ClassMove:
    """A pupil to put in a class; `known` when it leaves another class of ours."""

    ine: str
    class_id: str
    level: str
    known: bool


@dataclass(slots=True)
class ImportPlan:
    """All that would be written, and all that was not understood."""

    school_year_id: int
    day: date
    starts_on: date
    ends_on: date
    classes: list[ListedClass] = field(default_factory=list)
    spread: dict[str, int] = field(default_factory=dict)
    new_children: list[ChildData] = field(default_factory=list)
    new_families: list[BulkFamily] = field(default_factory=list)
    new_links: list[tuple[str, int]] = field(default_factory=list)  # INE, family
    new_guardians: list[tuple[int, GuardianData]] = field(default_factory=list)
    moves: list[tuple[int, AddressData]] = field(default_factory=list)
    corrections: list[tuple[int, ChildData]] = field(default_factory=list)
    adopted: dict[str, int] = field(default_factory=dict)  # INE → child known by name and birth
    class_moves: list[ClassMove] = field(default_factory=list)
    leavers: list[int] = field(default_factory=list)  # schooling ids
    pupils: dict[str, int] = field(default_factory=dict)  # known INE → child id
    addresses: dict[int, str] = field(default_factory=dict)  # family → key to remember
    new_addresses: list[tuple[BulkFamily, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    pupils_read: int = 0
    adults_read: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, in the order of the preview."""
        return {
            "pupils_read": self.pupils_read,
            "adults_read": self.adults_read,
            "new_families": len(self.new_families),
            "new_children": len(self.new_children),
            "new_guardians": len(self.new_guardians)
            + sum(len(f.guardians) for f in self.new_families),
            "new_links": len(self.new_links),
            "new_classes": len(self.classes),
            "moves": len(self.moves),
            "corrections": len(self.corrections),
            "adopted": len(self.adopted),
            "class_changes": sum(move.known for move in self.class_moves),
            "class_entries": sum(not move.known for move in self.class_moves),
            "leavers": len(self.leavers),
            "refused_lines": sum(problem.is_refused for problem in self.problems),
        }

    @property
    def changes_nothing(self) -> bool:
        ignored = {"pupils_read", "adults_read", "new_classes", "refused_lines"}
        return not any(n for name, n in self.counts.items() if name not in ignored)


def make_plan(files: Register, *, day: date) -> ImportPlan:
    """The plan of an import on `day` (in Paris). Raises NoSchoolYear, NoSchool."""
    year = school_year_of(day)
    if year is None:
        raise NoSchoolYear
    schoolings = {s.child_id: s for s in running_schoolings(year.pk).select_related("school_class")}
    plan = ImportPlan(
        school_year_id=year.pk,
        day=day,
        # The first import of a year speaks for the whole year; later ones from their own day.
        starts_on=day if schoolings else year.starts_on,
        ends_on=year.ends_on,
        problems=list(files.problems),
        pupils_read=len(files.pupils),
        adults_read=len(files.adults),
    )
    _plan_classes(plan, files.pupils)
    if not any(schooling.source == ONDE for schooling in schoolings.values()):
        plan.starts_on = year.starts_on
    children = known_children(ines=[pupil.ine for pupil in files.pupils])
    children |= _adopt(plan, [pupil for pupil in files.pupils if pupil.ine not in children])
    _plan_children(plan, files.pupils, children)
    _plan_schoolings(plan, files.pupils, schoolings)
    households, problems = group_households(files)
    plan.problems += problems
    _plan_households(plan, households)
    plan.problems.sort(key=lambda problem: (problem.file, problem.line))
    return plan


def _plan_classes(plan: ImportPlan, pupils: list[PupilRow]) -> None:
    levels: dict[str, Counter[str]] = defaultdict(Counter)
    names: dict[str, str] = {}
    for pupil in pupils:
        levels[pupil.class_id][pupil.level] += 1
        names[pupil.class_id] = pupil.class_name
    plan.classes = [
        ListedClass(class_id, names[class_id], tuple(sorted(levels[class_id])))
        for class_id in sorted(names)
    ]
    plan.spread = spread_classes(listed=plan.classes, school_year_id=plan.school_year_id)
    if len(plan.spread) < len(plan.classes):
        raise NoSchool


def _adopt(plan: ImportPlan, pupils: list[PupilRow]) -> dict[str, KnownChild]:
    """Children already in a file, without an INE: the same names and birth, and no namesake."""
    here = children_without_ine({pupil.birth_on for pupil in pupils})
    found: dict[str, KnownChild] = {}
    for pupil in pupils:
        key = (search_key(pupil.last_name, pupil.first_name), pupil.birth_on)
        known = here.pop(key, None)
        if known is not None:
            found[pupil.ine] = known
            plan.adopted[pupil.ine] = known.id
    return found


def _plan_children(
    plan: ImportPlan, pupils: list[PupilRow], children: dict[str, KnownChild]
) -> None:
    for pupil in pupils:
        wanted = ChildData(
            ine=pupil.ine,
            last_name=pupil.last_name,
            usage_name=pupil.usage_name,
            first_name=pupil.first_name,
            birth_on=pupil.birth_on,
            sex=pupil.sex,
            photo_consent=pupil.photo_consent,
        )
        known = children.get(pupil.ine)
        if known is None:
            plan.new_children.append(wanted)
            continue
        plan.pupils[pupil.ine] = known.id
        if not known.is_same(wanted):
            plan.corrections.append((known.id, wanted))


def _plan_schoolings(plan: ImportPlan, pupils: list[PupilRow], schoolings: dict) -> None:
    for pupil in pupils:
        child_id = plan.pupils.get(pupil.ine)
        running = schoolings.get(child_id) if child_id else None
        if (
            running is not None
            and running.ends_on >= plan.day
            and running.level == pupil.level
            and running.school_class is not None
            and running.school_class.external_id == pupil.class_id
        ):
            continue
        plan.class_moves.append(
            ClassMove(
                pupil.ine,
                pupil.class_id,
                pupil.level,
                # Prepared by the roll-over, the year begins with the register's own class.
                known=running is not None and running.source != ROLLOVER,
            )
        )
    present = set(plan.pupils.values())
    staying = [
        s for s in schoolings.values() if s.source in (ONDE, ROLLOVER) and s.ends_on >= plan.day
    ]
    plan.leavers = [s.pk for s in staying if s.child_id not in present]
    if staying and len(plan.leavers) > SUSPICIOUS_LEAVERS * len(staying):
        plan.warnings.append(
            f"{len(plan.leavers)} élèves sur {len(staying)} ne sont plus dans le fichier. "
            "Est-ce bien l’export complet ?"
        )


def _plan_households(plan: ImportPlan, households: list[Household]) -> None:
    families = known_families(
        child_ids=plan.pupils.values(),
        emails={adult.email for household in households for adult in household.adults} - {""},
        day=plan.day,
    )
    by_child: dict[int, list[KnownFamily]] = defaultdict(list)
    by_adult: dict[str, list[KnownFamily]] = defaultdict(list)
    for family in families:
        for child_id in family.child_ids:
            by_child[child_id].append(family)
        for key in family.guardian_keys:
            by_adult[key].append(family)
    known_addresses = register_addresses()
    taken: set[int] = set()
    for household in households:
        match = _match(household, plan.pupils, by_child, by_adult)
        if match is None:
            _plan_new_family(plan, household)
        elif match.id in taken:
            adult = household.adults[0]
            plan.problems.append(
                Problem(
                    ADULTS,
                    adult.line,
                    f"{adult.first_name} {adult.last_name} n’habite plus avec son foyer "
                    f"({match.code}) : séparation à traiter dans le dossier",
                    is_refused=False,
                )
            )
        else:
            taken.add(match.id)
            _plan_known_family(plan, household, match, known_addresses)


def _match(
    household: Household,
    pupils: dict[str, int],
    by_child: dict[int, list[KnownFamily]],
    by_adult: dict[str, list[KnownFamily]],
) -> KnownFamily | None:
    """The family of ours that this household is: most adults in common, by name."""
    keys = {person_key(adult.last_name, adult.first_name) for adult in household.adults}
    home = address_key(household.address)
    emails = {adult.email for adult in household.adults} - {""}
    candidates = {
        family.id: family
        for child in household.children
        if (child_id := pupils.get(child.ine))
        for family in by_child[child_id]
    }
    scored = [
        (len(keys & family.guardian_keys), family.address_key == home, -family.id, family)
        for family in candidates.values()
    ]
    if not any(score for score, *_ in scored):
        # No child in common: the same adult by name, at the same address or with the same e-mail.
        scored = [
            (1, family.address_key == home, -family.id, family)
            for key in keys
            for family in by_adult[key]
            if family.address_key == home or family.emails & emails
        ]
    best = max(scored, default=None, key=lambda row: row[:3])
    return best[3] if best and best[0] else None


def _plan_new_family(plan: ImportPlan, household: Household) -> None:
    family = BulkFamily(
        address=_address(household.address),
        guardians=[_guardian(adult) for adult in household.adults],
        children=[child.ine for child in household.children],
    )
    plan.new_families.append(family)
    plan.new_addresses.append((family, address_key(household.address)))


def _plan_known_family(
    plan: ImportPlan,
    household: Household,
    family: KnownFamily,
    known_addresses: dict[int, str],
) -> None:
    plan.new_links += [
        (child.ine, family.id)
        for child in household.children
        if plan.pupils.get(child.ine) not in family.child_ids
    ]
    plan.new_guardians += [
        (family.id, _guardian(adult))
        for adult in household.adults
        if person_key(adult.last_name, adult.first_name) not in family.guardian_keys
    ]
    key = address_key(household.address)
    last = known_addresses.get(family.id)
    if key == last:
        return
    plan.addresses[family.id] = key
    if key == family.address_key:
        return
    if last is None:
        adult = household.adults[0]
        plan.problems.append(
            Problem(
                ADULTS,
                adult.line,
                f"l’adresse diffère de celle du dossier {family.code}, qui est gardée",
                is_refused=False,
            )
        )
    else:
        plan.moves.append((family.id, _address(household.address)))


def _guardian(adult: AdultRow) -> GuardianData:
    return GuardianData(
        civility=adult.civility,
        last_name=adult.last_name,
        usage_name=adult.usage_name,
        first_name=adult.first_name,
        email=adult.email,
        mobile_phone=adult.mobile_phone,
        home_phone=adult.home_phone,
        work_phone=adult.work_phone,
    )


def _address(address: PostalAddress) -> AddressData:
    return AddressData(
        line1=address.line, postcode=address.postcode, city=address.city, country=address.country
    )
