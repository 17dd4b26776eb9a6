"""The crèche: small brothers and sisters, who wait for a place or have a contract."""

from datetime import date, timedelta

from preau.childcare import services as childcare
from preau.demo.town.population import DemoHome, Pupil
from preau.demo.town.presence import family_actor
from preau.demo.town.story import Story
from preau.families import services as families
from preau.families.enums import Sex
from preau.families.queries import get_children
from preau.families.values import ChildData
from preau.kernel.enums import Channel

CONTRACTS = 34
WAITING = 22
GIRLS = ["Lou", "Alba", "Romy", "Inès", "Jade", "Lina", "Mila", "Aya", "Rose", "Nour", "Zélie"]
BOYS = ["Malo", "Gabin", "Noé", "Sacha", "Adam", "Léon", "Milo", "Ismaël", "Côme", "Tao", "Élie"]
WEEKS = [
    [570, 570, 570, 570, 570],
    [540, 540, 0, 540, 540],
    [600, 600, 600, 600, 0],
    [480, 480, 480, 480, 480],
    [0, 540, 540, 540, 0],
    [540, 540, 540, 540, 540],
]


def fill_nursery(story: Story, pupils: list[Pupil], homes: dict[str, DemoHome]) -> None:
    """Contracts since the rentrée for some families of young pupils; others wait, by date."""
    used = {home.family_id for home in homes.values()}
    found = []
    for pupil in pupils:
        if pupil.in_nursery and pupil.family_id not in used:
            used.add(pupil.family_id)
            found.append(pupil)
        if len(found) == CONTRACTS + WAITING:
            break
    site = story.sites["creche-des-tilleuls"]
    elders = get_children(pupil.child_id for pupil in found)
    actor = story.agent("CRECHE")
    for rank, pupil in enumerate(found):
        elder = elders[pupil.child_id]
        is_girl = story.chance(0.5)
        months = story.dice.randrange(5, 26)
        child = families.add_child(
            family_id=pupil.family_id,
            child=ChildData(
                first_name=story.dice.choice(GIRLS if is_girl else BOYS),
                last_name=elder.last_name,
                birth_on=story.today - timedelta(days=30 * months + rank % 28),
                sex=Sex.FEMALE if is_girl else Sex.MALE,
            ),
            now=story.settled,
            actor=family_actor(pupil.family_id),
        )
        week = story.dice.choice(WEEKS)
        if rank < CONTRACTS:
            childcare.sign_contract(
                child_id=child.pk,
                family_id=pupil.family_id,
                establishment_id=site,
                starts_on=story.rentree,
                ends_on=date(story.rentree.year + 1, 7, 31),
                weekly_minutes=week,
                now=story.settled,
                actor=actor,
            )
        else:
            asked = story.now - timedelta(days=3 + story.dice.randrange(0, 200))
            childcare.preregister(
                child_id=child.pk,
                family_id=pupil.family_id,
                establishment_id=site if story.chance(0.7) else None,
                wished_from=story.today + timedelta(days=story.dice.randrange(20, 240)),
                weekly_minutes=week,
                channel=Channel.PORTAL,
                asked_at=asked,
                now=story.now,
                actor=family_actor(pupil.family_id),
            )
