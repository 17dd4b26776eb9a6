"""The school office's chapter: sectors, derogations, a take-over, a merge, the year prepared."""

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile

from preau.casework import services as casework
from preau.casework.queries import signers_of
from preau.catalogue.queries import establishments, school_year_of
from preau.demo.town.population import Pupil
from preau.demo.town.presence import family_actor
from preau.demo.town.story import Story
from preau.enrolments import renewals
from preau.enrolments.queries import renewals_of
from preau.families import queries as families
from preau.families.figures import home_addresses
from preau.families.services import open_family
from preau.families.values import AddressData, ChildData, GuardianData
from preau.journeys.merging.merge import Choices, merge_families
from preau.journeys.rollover.next_offer import open_next_offer
from preau.journeys.rollover.renewal import open_renewal, tell_families
from preau.journeys.takeover.services import (
    approve_take_over,
    run_reading,
    run_take_over,
    start_take_over,
)
from preau.kernel.enums import Channel
from preau.schools import promotions, sectors
from preau.schools.sectors import parse_address

TOLD, ANSWERED = 100, 24
REGULATION = """\
# Inscription et réservation

Inscrire un enfant ne réserve aucun jour : les jours se réservent dans l’espace famille.

# Absences

Une absence se signale avant 9 h. La maladie se justifie dans les huit jours.

# Retards

Après l’heure de fin, l’équipe appelle les personnes nommées sur la fiche de l’enfant.
"""
TAKE_OVER = """\
[familles]
code;adresse;code_postal;commune
F00412;21 rue Massue;94300;Vincennes
F00413;4 rue de Fontenay;94300;Vincennes
F00414;9 avenue Aubert;94300;Vincennes
[adultes]
famille;civilite;nom;prenom;courriel;portable
F00412;Mme;Okonkwo;Ngozi;ngozi.okonkwo@example.org;0639980412
F00413;M.;Vidal;Étienne;etienne.vidal@example.org;0639980413
F00413;Mme;Vidal;Clara;;
F00414;Mme;Sorel;Judith;;0639980414
[enfants]
famille;enfant;nom;prenom;ne_le;garde
F00412;E1;Okonkwo;Ada;03/02/2024;
F00413;E2;Vidal;Basile;31/02/2023;
F00414;E3;Sorel;Lou;19/06/2024;paires
[quotients]
famille;quotient;source;du;au
F00412;689;CAF;01/01/2026;
"""


def prepare_the_year(story: Story, pupils: list[Pupil]) -> None:
    """All of the chapter, in the order of a school year."""
    draw_sectors(story, pupils)
    publish_the_regulation(story)
    ask_derogations(story, pupils)
    wait_for_the_other_parent(story, pupils)
    take_over(story)
    merge_two_files(story)
    year = school_year_of(story.today)
    if year is not None:
        promotions.prepare_roll_over(from_year=year, now=story.ago(2), actor=story.town_hall)
        renew(story, year, pupils)


def draw_sectors(story: Story, pupils: list[Pupil]) -> None:
    """Each street of the pupils' homes to the school where most of its children go already."""
    lines = home_addresses([pupil.child_id for pupil in pupils])
    votes: dict[tuple[str, str], Counter[int]] = {}
    names: dict[str, str] = {}
    for pupil in pupils:
        line = lines.get(pupil.child_id, "")
        number, key = parse_address(line)
        if number is None or not key:
            continue
        names.setdefault(key, line.split(" ", 1)[1])
        cycle = "maternelle" if pupil.in_nursery else "élémentaire"
        votes.setdefault((key, cycle), Counter())[pupil.school_id] += 1
    schools = {site.pk: site.name for site in establishments("SCHOOL")}
    rows = ["voie;cote;du;au;cycle;ecole"]
    for (key, cycle), count in sorted(votes.items()):
        best = [pk for pk, _n in count.most_common(2)]
        sides = (("pair", best[0]), ("impair", best[-1])) if len(best) > 1 else (("", best[0]),)
        rows += [f"{names[key]};{side};;;{cycle};{schools[pk]}" for side, pk in sides]
    sectors.replace_sectors(
        content="\n".join(rows).encode(), now=story.opening, actor=story.town_hall
    )


def publish_the_regulation(story: Story) -> None:
    row = renewals.save_regulation(
        pk=None,
        title="Règlement intérieur des accueils",
        version=f"{story.rentree.year}-{story.rentree.year + 1}",
        body=REGULATION,
        in_force_on=story.rentree,
        now=story.opening,
        actor=story.town_hall,
    )
    renewals.publish_regulation(pk=row.pk, now=story.opening, actor=story.town_hall)


def ask_derogations(story: Story, pupils: list[Pupil]) -> None:
    """Three families ask for another school: one is granted, two wait for the commission."""
    year = school_year_of(story.today)
    pool = [p for p in pupils if not p.is_demo and p.level in ("CE1", "CE2")]
    if year is None or len(pool) < 40:
        return
    others = [site.pk for site in establishments("SCHOOL") if "CE1" in (site.levels or ())]
    reasons = (["SIBLING"], ["WORK", "CARE"], ["OTHER"])
    for rank, (pupil, why) in enumerate(zip(pool[7:37:10], reasons, strict=True)):
        payer = families.payer_of(pupil.family_id)
        request = casework.submit_request(
            kind="DEROGATION",
            family_id=pupil.family_id,
            child_id=pupil.child_id,
            applicant_name=str(payer),
            payload={
                "school_year": year.pk,
                "level": pupil.level,
                "establishment": next(pk for pk in others if pk != pupil.school_id),
                "reasons": why,
                "comment": "Nous passons devant cette école chaque matin.",
            },
            channel=Channel.COUNTER,
            now=story.ago(12 - rank),
            actor=story.agent("COUNTER"),
            key=uuid.uuid4(),
        )
        if rank == 0:
            casework.approve(
                request_id=request.pk,
                message="La fratrie est réunie.",
                now=story.ago(3),
                actor=story.agent("SCHOOL_OFFICE"),
            )


def renew(story: Story, year: Any, pupils: list[Pupil]) -> None:
    """Next year's offer opened, the renewal running: some families have answered, one has
    declined, a hundred were written to; the others have not been told yet."""
    opened = open_next_offer(
        from_year=year,
        registration_opens_on=story.today + timedelta(days=45),
        with_slots=False,
        now=story.ago(9),
        actor=story.agent("ADMINISTRATOR"),
    )
    office = story.agent("SCHOOL_OFFICE")
    campaign = open_renewal(
        from_year=year,
        to_year=opened.year,
        opens_on=story.today - timedelta(days=8),
        closes_on=story.today + timedelta(days=30),
        now=story.ago(8),
        actor=office,
    )
    kept = {pupil.family_id for pupil in pupils if pupil.is_demo}
    rows = [row for row in renewals_of(campaign)[:180] if row.family_id not in kept]
    tell_families(campaign=campaign, chosen=rows[:TOLD], now=story.ago(7), actor=office)
    for rank, row in enumerate(rows[: 2 * ANSWERED : 2]):
        lines = row.lines.filter(offering__isnull=False).values_list("pk", flat=True)
        renewals.answer_renewal(
            renewal_id=row.pk,
            family_id=row.family_id,
            wanted=[] if rank == ANSWERED - 1 else list(lines),
            accepts=True,
            guardian_id=None,
            now=story.ago(6 - rank % 5),
            actor=story.agent("COUNTER") if rank % 3 == 0 else family_actor(row.family_id),
        )


def wait_for_the_other_parent(story: Story, pupils: list[Pupil]) -> None:
    """A departure from school asked by one parent of a child for whom both must sign."""
    ids = families.both_must_sign([pupil.child_id for pupil in pupils], story.today)
    pupil = next((p for p in pupils if p.child_id in ids and not p.is_demo), None)
    if pupil is None:
        return
    adults = list(families.guardians_of(pupil.family_id))
    request = casework.submit_request(
        kind="SCHOOL_LEAVING",
        family_id=pupil.family_id,
        child_id=pupil.child_id,
        applicant_name=str(adults[0]),
        applicant_email=adults[0].email,
        payload={"last_day": story.today + timedelta(days=25), "next_school": ""},
        channel=Channel.COUNTER,
        now=story.now,
        actor=story.agent("COUNTER"),
        key=uuid.uuid4(),
    )
    first = signers_of(request, story.today)[0].guardian
    casework.sign_request(
        request_id=request.pk,
        guardian_id=first.pk if first else None,
        agrees=True,
        note="signé au guichet",
        now=story.now,
        actor=story.agent("COUNTER"),
    )


def take_over(story: Story) -> None:
    """A small file of another software: two families come in, one is refused with its reason."""
    file: Any = ContentFile(TAKE_OVER.encode("cp1252"), "reprise-2026.csv")
    row = start_take_over(
        uploaded=file,
        name="reprise-2026.csv",
        as_of=story.rentree,
        now=story.settled,
        actor=story.agent("SCHOOL_OFFICE"),
    )
    run_reading(take_over_id=row.pk, now=story.settled)
    approve_take_over(take_over_id=row.pk, now=story.settled, actor=story.agent("SCHOOL_OFFICE"))
    run_take_over(take_over_id=row.pk, now=story.settled)


def merge_two_files(story: Story) -> None:
    """The same family twice, under two spellings of a street: made one."""
    born = story.today.replace(year=story.today.year - 2, day=1)
    opened = [
        open_family(
            address=AddressData(line1=line, postcode="94300", city="Vincennes"),
            guardians=[
                GuardianData(
                    last_name="Garnier",
                    first_name="Hélène",
                    civility="MME",
                    email="helene.garnier@example.org",
                    mobile_phone=phone,
                )
            ],
            children=[ChildData(last_name="Garnier", first_name="Maël", birth_on=born)],
            channel=Channel.COUNTER,
            now=story.ago(20),
            actor=story.agent("COUNTER"),
        )
        for line, phone in (("3 rue Eugénie-Gérard", "0639980077"), ("3 r. Eugenie Gerard", ""))
    ]
    kept, other = opened
    adults = [families.guardians_of(family).get().pk for family in opened]
    children = [families.children_of(family, story.today)[0].pk for family in opened]
    merge_families(
        kept_id=kept.pk,
        other_id=other.pk,
        choices=Choices(adults={adults[1]: adults[0]}, children={children[1]: children[0]}),
        key=uuid.uuid4(),
        now=story.ago(4),
        actor=story.agent("SCHOOL_OFFICE"),
    )
