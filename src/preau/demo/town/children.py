"""Children's sheets, two homes, the sites' teams, and what the kitchen was told."""

from datetime import time, timedelta

from preau.attendance.services import add_duty, save_groups
from preau.catalogue.queries import menus
from preau.catalogue.services import save_allergens
from preau.catalogue.services.menus import DISHES
from preau.childsheet import services as sheets
from preau.childsheet.enums import Vaccine
from preau.childsheet.health import Health
from preau.demo.town.population import DemoHome, Pupil
from preau.demo.town.presence import family_actor
from preau.demo.town.story import ONE_DAY, Story
from preau.families import services as families
from preau.families.enums import CustodyHolidays, CustodyWeeks, Diet
from preau.kitchen import services as kitchen

VACCINES = tuple(Vaccine.values)
SHEETS = 70
# What a word of a menu says of the dish; enough for a demonstration.
HOLDS = {
    "GLUTEN": ("semoule", "lasagnes", "taboulé", "pâtes", "pané", "tarte", "quiche", "gâteau",
               "crêpe", "coquillettes", "spaghetti", "boulgour", "clafoutis", "muffin", "pizza"),
    "EGGS": ("omelette", "œuf", "flan", "quiche", "gâteau", "mayonnaise", "crêpe", "clafoutis"),
    "FISH": ("poisson", "colin", "saumon", "thon", "cabillaud", "brandade", "sardine"),
    "MILK": ("yaourt", "comté", "fromage", "petit-suisse", "camembert", "flan", "crème", "gratin",
             "purée", "lasagnes", "emmental", "brie", "quiche", "tomme", "saint-", "cantal"),
    "CELERY": ("velouté", "céleri", "soupe", "potage"),
    "MUSTARD": ("vinaigrette", "moutarde"),
    "NUTS": ("noix", "noisette", "amande"),
    "PORK": ("porc", "jambon", "lardons", "saucisse", "chipolata"),
    "MEAT": ("dinde", "poulet", "bœuf", "veau", "agneau", "sauté", "rôti", "steak", "hachis",
             "boulettes", "porc", "jambon", "saucisse", "bolognaise", "blanquette"),
}  # fmt: skip
TEAM = ("Léa Petit", "Karim Benali", "Julie Moreau", "Thomas Girard", "Awa Diallo", "Hugo Roche")


def fill_sheets(story: Story, pupils: list[Pupil], homes: dict[str, DemoHome]) -> None:
    """The demo's own children have a whole sheet; some pupils of the town too."""
    for name in ("three", "mother", "late"):
        home = homes.get(name)
        if home is None:
            continue
        actor = family_actor(home.family_id)
        for rank, child_id in enumerate(home.children):
            who = {
                "child_id": child_id,
                "family_id": home.family_id,
                "now": story.settled,
                "actor": actor,
            }
            sheets.add_collector(
                kind="ALLOWED",
                name="Rose Martin",
                relationship="grand-mère",
                phone="0639981200",
                **who,
            )
            sheets.set_phones(
                phones=[
                    ("Rose Martin", "grand-mère", "0639981200"),
                    ("Paul Lemoine", "voisin", "0639981201"),
                ],
                **who,
            )
            sheets.set_leave_alone(
                may=rank == 0, from_hour=time(17, 30) if rank == 0 else None, **who
            )
            for kind in ("PHOTO", "OUTING", "CARE"):
                sheets.sign_consent(kind=kind, is_given=kind != "PHOTO" or rank == 0, **who)
            sheets.write_health(
                health=Health(
                    allergens=("PEANUTS", "EGGS") if rank == 1 else (),
                    doctor="Claire Vidal",
                    doctor_phone="0199005500",
                    vaccines=() if rank == 2 else VACCINES,
                ),
                **who,
            )
            if rank == 1:
                sheets.record_pai(
                    measures="Urticaire : antihistaminique. Gêne respiratoire : stylo "
                    "d’adrénaline, puis le 15.",
                    signed_on=story.settled.date(),
                    **who,
                )
            if rank < 2:
                sheets.confirm_sheet(**who)
    mine = {child_id for home in homes.values() for child_id in home.children}
    for rank, pupil in enumerate([p for p in pupils if p.child_id not in mine][:SHEETS]):
        who = {
            "child_id": pupil.child_id,
            "family_id": pupil.family_id,
            "now": story.settled,
            "actor": story.agent("COUNTER"),
        }
        sheets.write_health(
            health=Health(
                allergens=(story.dice.choice(("PEANUTS", "MILK", "EGGS", "FISH", "GLUTEN")),),
                vaccines=() if rank % 12 == 0 else VACCINES,
            ),
            **who,
        )
        if rank % 3 == 0:
            sheets.record_pai(
                measures="Voir le protocole joint.", signed_on=story.settled.date(), **who
            )


def share_custody(story: Story, pupils: list[Pupil], homes: dict[str, DemoHome]) -> None:
    """Halves of the holidays, days exchanged, a disagreement, and a protected address."""
    agent = story.agent("COUNTER")
    mother, father = homes["mother"], homes["father"]
    rules = (
        (mother, CustodyWeeks.EVEN, CustodyHolidays.HALVES_EVEN),
        (father, CustodyWeeks.ODD, CustodyHolidays.HALVES_ODD),
    )
    for home, weeks, holidays in rules:
        for child_id in home.children:
            families.set_custody(
                child_id=child_id,
                family_id=home.family_id,
                weeks=weeks,
                holidays=holidays,
                starts_on=story.today,
                now=story.now,
                actor=agent,
            )
    child_id = mother.children[0]
    monday = story.today + timedelta(days=7 - story.today.weekday())
    swap = families.propose_swap(
        child_id=child_id,
        asked_by=father.family_id,
        to_family=mother.family_id,
        starts_on=monday + 12 * ONE_DAY,
        ends_on=monday + 13 * ONE_DAY,
        now=story.now,
        actor=family_actor(father.family_id),
    )
    families.answer_swap(
        swap_id=swap.pk,
        family_id=mother.family_id,
        agrees=True,
        now=story.now,
        actor=family_actor(mother.family_id),
    )
    families.propose_swap(
        child_id=child_id,
        asked_by=mother.family_id,
        to_family=father.family_id,
        starts_on=monday + 18 * ONE_DAY,
        ends_on=monday + 18 * ONE_DAY,
        now=story.now,
        actor=family_actor(mother.family_id),
    )
    taken = {home.family_id for home in homes.values()}
    others = [pupil for pupil in pupils if pupil.family_id not in taken]
    if len(others) < 2:
        return
    families.protect_address(
        family_id=others[-1].family_id,
        reason="Ordonnance de protection",
        now=story.now,
        actor=story.agent("SCHOOL_OFFICE"),
    )
    families.record_parenting(
        child_id=others[-2].child_id,
        data=families.ParentingData("DISAGREEMENT", "BOTH_SIGN", story.today),
        now=story.now,
        actor=agent,
    )


def staff_sites(story: Story) -> None:
    """Who works at each school's evening, this week; small and big ones."""
    actor = story.town_hall
    for rank, site_id in enumerate(list(story.sites.values())[:12]):
        who = {"establishment_id": site_id, "now": story.now, "actor": actor}
        save_groups(groups=[("Petits", 3, 5), ("Grands", 6, 12)], **who)
        for day in (story.today, story.today + ONE_DAY):
            for n in range(3):
                add_duty(
                    day=day,
                    name=TEAM[(rank + n) % len(TEAM)],
                    starts_at=time(11, 30) if n == 0 else time(16, 0),
                    ends_at=time(18, 30),
                    **who,
                )


def feed_town(story: Story, homes: dict[str, DemoHome]) -> None:
    """What each dish holds; the meals fixed at the cut-off, then one change."""
    for menu in menus(story.today - 14 * ONE_DAY, story.today + 35 * ONE_DAY):
        held = {
            course: [
                code
                for code, words in HOLDS.items()
                if any(word in getattr(menu, course).lower() for word in words)
            ]
            for course in DISHES
        }
        save_allergens(day=menu.day, allergens=held, now=story.opening, actor=story.town_hall)
    kitchen.save_setting(
        establishment_id=None,
        emails=["cuisine@saint-aubin.example"],
        days_before=1,
        hour=time(10, 0),
        is_active=True,
        now=story.opening,
        actor=story.town_hall,
    )
    kitchen.fix_due(now=story.now, today=story.today)
    three = homes["three"]
    families.change_diet(
        family_id=three.family_id,
        child_id=three.children[0],
        diet=Diet.NO_MEAT,
        now=story.now,
        actor=family_actor(three.family_id),
    )
    kitchen.fix_due(now=story.now, today=story.today)
