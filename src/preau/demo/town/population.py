"""The families: built from the school register by the real import, then what the register does
not say: quotients, diets, accounts of the demo's families, babies for the crèche."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from preau.accounts.fixed import set_fixed_password
from preau.accounts.services import set_email
from preau.demo.town.people import FAMILIES, FAMILY_PASSWORD, LETTER_PASSWORD
from preau.demo.town.story import ONE_DAY, Story, utc
from preau.families import queries as families
from preau.families import services as family_services
from preau.families.bulk_quotients import NewQuotient, record_quotients
from preau.families.enums import CustodyWeeks, Diet, QuotientSource
from preau.journeys.onde.services import import_now
from preau.schools import queries as schools

if TYPE_CHECKING:
    from preau.accounts.models import User

ONDE = Path(__file__).parents[1] / "data" / "onde"
# Quotients as towns of the inner suburbs know them: few are very low or very high.
QUOTIENTS = [
    (8, 180, 400),
    (12, 400, 600),
    (17, 600, 800),
    (25, 800, 1100),
    (22, 1100, 1500),
    (16, 1500, 3200),
]
NO_QUOTIENT = 0.14


@dataclass(slots=True)
class Pupil:
    """A child at school, with the household that books for it in the story."""

    child_id: int
    family_id: int
    school_id: int
    level: str
    birth_on: date | None
    is_demo: bool = False

    @property
    def in_nursery(self) -> bool:
        return self.level in ("TPS", "PS", "MS", "GS")


@dataclass(slots=True)
class DemoHome:
    """One of the demo's own households."""

    family_id: int
    guardian_id: int
    user: "User"
    label: str
    email: str
    children: list[int]


def import_register(story: Story) -> None:
    """Both files of the Ministry, as the school office does it in September."""
    import_now(
        pupils=(ONDE / "eleves.csv").read_bytes(),
        adults=(ONDE / "responsables.csv").read_bytes(),
        now=utc(story.rentree + timedelta(days=1), 10),
        actor=story.agent("SCHOOL_OFFICE"),
    )


def read_pupils(story: Story) -> list[Pupil]:
    """Every pupil and the first household where it lives, in a steady order."""
    rows = list(
        schools.pupils_of_year(story.school_year_id, story.first + timedelta(days=20)).values_list(
            "child_id", "establishment_id", "level", "child__birth_on", "child__ine"
        )
    )
    homes = families.custodies_on([row[0] for row in rows], story.first + timedelta(days=20))
    pupils = [
        Pupil(child_id, homes[child_id][0].family_id, school, level, born)
        for child_id, school, level, born, _ine in sorted(rows, key=lambda row: row[4] or "")
        if child_id in homes
    ]
    story.dice.shuffle(pupils)
    return pupils


def find_homes(story: Story) -> dict[str, DemoHome]:
    """The demo's households, with accounts; and the weeks of the child who has two homes."""
    found: dict[str, DemoHome] = {}
    by_email = {
        guardian.email: guardian
        for guardian in families.guardians_to_invite().filter(
            email__in=[family.email for family in FAMILIES]
        )
    }
    for family in FAMILIES:
        guardian = family_services.prepare_account(
            guardian=by_email[family.email], now=story.settled
        )
        set_email(
            user=guardian.user,
            email=family.email,
            now=story.settled,
            is_verified=not family.must_change,
        )
        children = families.children_of(guardian.family_id, story.today)
        found[family.name] = DemoHome(
            guardian.family_id,
            guardian.pk,
            guardian.user,
            str(guardian),
            family.email,
            [child.pk for child in children],
        )
    signed = [found[family.name].user for family in FAMILIES if not family.must_change]
    set_fixed_password(users=signed, password=FAMILY_PASSWORD, now=story.settled)
    set_fixed_password(
        users=[found["letter"].user], password=LETTER_PASSWORD, now=story.now, must_change=True
    )
    for name, weeks in (("mother", CustodyWeeks.EVEN), ("father", CustodyWeeks.ODD)):
        for child_id in found[name].children:
            family_services.set_custody(
                child_id=child_id,
                family_id=found[name].family_id,
                weeks=weeks,
                starts_on=story.rentree,
                now=story.settled,
                actor=story.agent("COUNTER"),
            )
    return found


def give_quotients(story: Story, homes: dict[str, DemoHome], pupils: list[Pupil]) -> None:
    """A quotient for most households, from the rentrée on; a few are renewed, some have none."""
    fixed = {
        homes["three"].family_id: 84500,
        homes["mother"].family_id: 61200,
        homes["father"].family_id: 134000,
    }
    without = {homes["empty"].family_id, homes["letter"].family_id}
    ids = sorted({pupil.family_id for pupil in pupils} | set(fixed))
    first, later = [], []
    weights = [weight for weight, _, _ in QUOTIENTS]
    year_end = date(story.rentree.year + 1, 8, 31)
    for family_id in ids:
        _, low, high = story.dice.choices(QUOTIENTS, weights)[0]
        value = fixed.get(family_id) or story.dice.randrange(low, high) * 100
        if family_id in without or (family_id not in fixed and story.chance(NO_QUOTIENT)):
            continue
        first.append(NewQuotient(family_id, value, story.rentree, year_end))
        if family_id not in fixed and story.chance(0.04):
            starts_on = (story.today.replace(day=1) - ONE_DAY).replace(day=1)
            later.append(NewQuotient(family_id, int(value * 0.9) // 100 * 100, starts_on, year_end))
    record_quotients(
        quotients=first,
        source=QuotientSource.CAF,
        now=story.settled,
        actor=story.agent("COUNTER"),
    )
    record_quotients(
        quotients=later,
        source=QuotientSource.CAF,
        now=story.ago(12),
        actor=story.agent("ACCOUNTANT"),
    )


def choose_diets(story: Story, pupils: list[Pupil]) -> None:
    """Some children eat without pork or without meat."""
    for pupil in pupils[:60]:
        family_services.change_diet(
            family_id=pupil.family_id,
            child_id=pupil.child_id,
            diet=story.dice.choice([Diet.NO_PORK, Diet.NO_PORK, Diet.NO_MEAT]),
            now=story.settled,
            actor=story.agent("COUNTER"),
        )
