"""The crèche: sections, points, small brothers and sisters who wait, are offered a place, or have
a contract with its hours and statements."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from preau.accounts.fixed import set_fixed_password
from preau.accounts.services import set_email
from preau.childcare import queries
from preau.childcare import services as childcare
from preau.childcare.bulk import record_hours
from preau.childcare.enums import CareAbsence, IncomeSource, Outcome, PunchSource, Regime
from preau.childcare.rules.week import Week, lengths
from preau.demo.town.people import CARE_FAMILIES, FAMILY_PASSWORD
from preau.demo.town.population import DemoHome, Pupil
from preau.demo.town.presence import family_actor
from preau.demo.town.story import Story
from preau.families import services as families
from preau.families.enums import Sex
from preau.families.queries import get_children, guardians_of
from preau.families.values import ChildData
from preau.kernel.clock import at_paris
from preau.kernel.enums import Channel

CONTRACTS = 34
WAITING = 22
GIRLS = ["Lou", "Alba", "Romy", "Inès", "Jade", "Lina", "Mila", "Aya", "Rose", "Nour", "Zélie"]
BOYS = ["Malo", "Gabin", "Noé", "Sacha", "Adam", "Léon", "Milo", "Ismaël", "Côme", "Tao", "Élie"]
SECTIONS = (
    # name, months, places, children for an adult
    ("Les Poussins", (2, 15), 12, 5),
    ("Les Papillons", (15, 26), 16, 6),
    ("Les Explorateurs", (26, 48), 17, 8),
)
CRITERIA = (
    (
        "Les deux parents travaillent, ou le parent seul travaille",
        10,
        1,
        "Attestations d’employeur",
    ),
    ("Parent seul", 8, 1, "Avis d’imposition, ou attestation de la CAF"),
    ("Naissance multiple", 6, 1, "Acte de naissance"),
    ("Autre enfant de moins de 6 ans à charge", 3, 3, "Livret de famille"),
    ("Enfant en situation de handicap au foyer", 12, 1, "Notification de la MDPH, ou AEEH"),
    ("Frère ou sœur déjà à la crèche", 5, 1, "Vérifié par le service"),
    ("Demande renouvelée après une année d’attente", 4, 1, "Vérifié par le service"),
)
MORNING, DAY = (480, 780), (510, 1050)
LONG, SHORT = (465, 1095), (540, 1020)
WEEKS: list[Week] = [
    (DAY, DAY, DAY, DAY, DAY),
    (DAY, DAY, None, DAY, DAY),
    (LONG, LONG, LONG, LONG, None),
    (SHORT, SHORT, SHORT, SHORT, SHORT),
    (None, DAY, DAY, DAY, None),
    (DAY, SHORT, MORNING, DAY, SHORT),
]


def fill_nursery(story: Story, pupils: list[Pupil], homes: dict[str, DemoHome]) -> None:
    """Contracts since the rentrée for some families of young pupils; others wait, by points."""
    site = story.sites["creche-des-tilleuls"]
    by = {"now": story.settled, "actor": story.agent("CRECHE")}
    sections = _sections(site, by)
    scale = childcare.save_scale(
        label=f"Critères {story.rentree.year}",
        criteria=[
            {"label": label, "points": points, "most": most, "proof": proof}
            for label, points, most, proof in CRITERIA
        ],
        council_decision="Délibération du 18 juin",
        **by,
    )
    childcare.publish_scale(scale_id=scale.pk, applies_from=date(story.rentree.year, 1, 1), **by)
    codes = [criterion.code for criterion in queries.get_scale(scale.pk).criteria.all()]
    found = _young(pupils, homes)
    elders = get_children(pupil.child_id for pupil in found)
    contracts, waiting = [], []
    for rank, pupil in enumerate(found):
        if rank < CONTRACTS:
            contracts.append(_contract(story, pupil, elders[pupil.child_id], rank, sections, by))
        else:
            waiting.append(_wait(story, pupil, elders[pupil.child_id], rank, site, codes))
    _live(story, [contract for contract in contracts if contract])
    _signatures(story, [contract for contract in contracts if contract][:5], by)
    offered = _commission(story, waiting, sections)
    signed = [contract for contract in contracts if contract]
    _open_accounts(story, [signed[3].family_id, offered])


def _open_accounts(story: Story, family_ids: list[int]) -> None:
    """An account for a family of the crèche, and for one that is offered a place."""
    users = []
    for known, family_id in zip(CARE_FAMILIES, family_ids, strict=True):
        adult = families.prepare_account(guardian=_first_adult(family_id), now=story.settled)
        set_email(user=adult.user, email=known.email, now=story.settled, is_verified=True)
        users.append(adult.user)
    set_fixed_password(users=users, password=FAMILY_PASSWORD, now=story.settled)


def _sections(site: int, by: dict[str, Any]) -> list[Any]:
    return [
        childcare.save_section(
            establishment_id=site,
            name=name,
            min_months=low,
            max_months=high,
            capacity=places,
            children_per_adult=ratio,
            position=position,
            **by,
        )
        for position, (name, (low, high), places, ratio) in enumerate(SECTIONS)
    ]


def _young(pupils: list[Pupil], homes: dict[str, DemoHome]) -> list[Pupil]:
    used = {home.family_id for home in homes.values()}
    found = []
    for pupil in pupils:
        if pupil.in_nursery and pupil.family_id not in used:
            used.add(pupil.family_id)
            found.append(pupil)
        if len(found) == CONTRACTS + WAITING:
            break
    return found


def _baby(story: Story, pupil: Pupil, elder: Any, rank: int, months: int) -> Any:
    is_girl = story.chance(0.5)
    return families.add_child(
        family_id=pupil.family_id,
        child=ChildData(
            first_name=story.dice.choice(GIRLS if is_girl else BOYS),
            last_name=elder.last_name,
            birth_on=story.rentree - timedelta(days=30 * months + rank % 28),
            sex=Sex.FEMALE if is_girl else Sex.MALE,
        ),
        now=story.settled,
        actor=family_actor(pupil.family_id),
    )


def _contract(
    story: Story, pupil: Pupil, elder: Any, rank: int, sections: list[Any], by: dict[str, Any]
) -> Any:
    """A contract since the rentrée, in the section of its age; two began with an adaptation."""
    number = (0, 1, 2, 1, 2)[rank % 5]
    low, high = SECTIONS[number][1]
    child = _baby(story, pupil, elder, rank, story.dice.randrange(low + 2, min(high, 34) - 1))
    childcare.record_income(
        family_id=pupil.family_id,
        annual_cents=None if rank == 9 else story.dice.randrange(9_000, 130_000) * 100,
        children=story.dice.choice([1, 2, 2, 2, 3]),
        has_disabled_child=rank == 4,
        regime=Regime.MSA if rank % 17 == 3 else Regime.GENERAL,
        source=IncomeSource.REFUSED if rank == 9 else IncomeSource.CDAP,
        starts_on=date(story.rentree.year, 1, 1),
        **by,
    )
    return childcare.sign_contract(
        child_id=child.pk,
        family_id=pupil.family_id,
        section_id=sections[number].pk,
        starts_on=story.first,
        ends_on=date(story.rentree.year + 1, 7, 31),
        week=story.dice.choice(WEEKS),
        weeks_off=Decimal(story.dice.choice([0, 2, 3, 5])),
        allow_full=True,
        **by,
    )


def _wait(story: Story, pupil: Pupil, elder: Any, rank: int, site: int, codes: list[str]) -> Any:
    """A file on the list; the last two are of children to be born, one without its pieces."""
    actor = family_actor(pupil.family_id)
    asked = story.now - timedelta(days=3 + story.dice.randrange(0, 200))
    last = CONTRACTS + WAITING - 1
    if rank >= last - 1:
        child = families.add_child(
            family_id=pupil.family_id,
            child=ChildData(
                first_name="Bébé",
                last_name=elder.last_name,
                expected_on=story.today + timedelta(days=60 + 40 * (last - rank)),
            ),
            now=story.settled,
            actor=actor,
        )
    else:
        child = _baby(story, pupil, elder, rank, story.dice.randrange(2, 22))
    week = story.dice.choice(WEEKS)
    claims = {code: 1 for code in codes if story.chance(0.3)}
    row = childcare.preregister(
        child_id=child.pk,
        family_id=pupil.family_id,
        establishment_id=site if story.chance(0.8) else None,
        wished_from=story.today + timedelta(days=story.dice.randrange(20, 240)),
        weekly_minutes=lengths(week),
        week=week,
        claims=claims,
        has_base_pieces=rank not in (last, last - 5),
        channel=Channel.PORTAL,
        asked_at=asked,
        now=asked,
        actor=actor,
    )
    by = {"now": story.now - timedelta(days=2), "actor": story.agent("CRECHE")}
    for piece in row.pieces.filter(criterion__isnull=False):
        if story.chance(0.75):
            childcare.decide_piece(
                preregistration_id=row.pk, piece_id=piece.pk, accepted=True, **by
            )
    return row


def _signatures(story: Story, contracts: list[Any], by: dict[str, Any]) -> None:
    """Three contracts signed on line, two that wait for it; the others are still on paper."""
    for rank, contract in enumerate(contracts):
        terms = contract.terms.get()
        childcare.send_for_signature(terms_id=terms.pk, tells=False, **by)
        if rank < 3:
            adult = _first_adult(contract.family_id)
            childcare.sign_online(
                terms_id=terms.pk,
                adult=adult,
                name=str(adult),
                now=story.settled,
                actor=family_actor(contract.family_id),
            )


def _first_adult(family_id: int) -> Any:
    """The first adult of a household who has authority."""
    return next(adult for adult in guardians_of(family_id) if adult.has_authority)


def _live(story: Story, contracts: list[Any]) -> None:
    """Hours of each day since the start, some absences, statements of the months over."""
    rows = []
    for rank, contract in enumerate(contracts):
        absent = _absence(story, contract, rank)
        day = contract.starts_on
        week = contract.weekly_minutes
        terms = contract.terms.get()
        closed = set(terms.closed_days)
        while day < story.today:
            span = terms.week[day.weekday()] if day.weekday() < len(week) else None
            if span and day.isoformat() not in closed and not absent[0] <= day <= absent[1]:
                rows.append((contract.pk, day, *_clock(story, day, span), PunchSource.CODE))
            day += timedelta(days=1)
    record_hours(rows)
    for month in story.months_over:
        after = (month + timedelta(days=32)).replace(day=1)
        childcare.close_month(
            month=month,
            establishment_ids=[story.sites["creche-des-tilleuls"]],
            now=min(at_paris(after + timedelta(days=1), time(10)), story.now),
            actor=story.agent("CRECHE"),
            tells=False,
        )


def _clock(story: Story, day: date, span: list[int]) -> tuple[datetime, datetime]:
    late = story.dice.choice([-12, -4, 0, 0, 0, 3, 8])
    early = story.dice.choice([-20, -8, 0, 0, 0, 0, 9])
    start, end = span[0] - early, span[1] - late
    return (
        at_paris(day, time(start // 60, start % 60)),
        at_paris(day, time(end // 60, end % 60)),
    )


def _absence(story: Story, contract: Any, rank: int) -> tuple[date, date]:
    """One child in four was ill a week; one in nine took a holiday."""
    nothing = (date.max, date.max)
    start = contract.starts_on + timedelta(days=14 + rank % 9)
    end = start + timedelta(days=7)
    reason = {0: CareAbsence.ILLNESS, 5: CareAbsence.LEAVE}.get(rank % 9)
    if rank % 4 == 0:
        reason = CareAbsence.ILLNESS
    if reason is None or end >= story.today:
        return nothing
    by = {
        "now": at_paris(start - timedelta(days=1), time(18)),
        "actor": story.agent("CRECHE"),
    }
    absence = childcare.report_absence(
        contract_id=contract.pk,
        starts_on=start,
        ends_on=end,
        reason=reason,
        channel=Channel.PHONE,
        **by,
    )
    if reason == CareAbsence.ILLNESS and rank % 8 == 0:
        childcare.add_certificate(
            absence_id=absence.pk,
            now=at_paris(end, time(9)),
            actor=story.agent("CRECHE"),
        )
    return start, end


def _commission(story: Story, waiting: list[Any], sections: list[Any]) -> int:
    """A session held last week, with one offer to answer and a substitute; one to come.

    The household that is to answer.
    """
    by = {"now": story.now - timedelta(days=6), "actor": story.agent("CRECHE")}
    held = childcare.open_commission(
        label="Commission d’automne", held_on=story.today - timedelta(days=6), **by
    )
    childcare.set_members(
        commission_id=held.pk,
        members="Adjointe à la petite enfance\nDirectrice de la crèche\nMédecin de la PMI\n"
        "Deux parents élus",
        **by,
    )
    starts = story.today + timedelta(days=40)
    places = [
        childcare.save_place(
            commission_id=held.pk,
            section_id=section.pk,
            starts_on=starts,
            weekdays=[0, 1, 2, 3, 4],
            count=1,
            **by,
        )
        for section in sections[:2]
    ]
    for place in queries.places_of(held.pk):
        for order, candidate in enumerate(queries.candidates(held.pk, place)[:2]):
            if candidate.decision is None:
                childcare.decide(
                    commission_id=held.pk,
                    preregistration_id=candidate.pk,
                    outcome=Outcome.SUBSTITUTE if order else Outcome.ADMIT,
                    place_id=place.pk,
                    **by,
                )
    assert places
    offers = childcare.close_commission(commission_id=held.pk, **by)
    if len(offers) > 1:
        childcare.answer_offer(
            offer_id=offers[0].pk,
            accepted=True,
            now=story.now - timedelta(days=2),
            actor=family_actor(offers[0].preregistration.family_id),
        )
    childcare.open_commission(
        label="Commission de printemps", held_on=story.today + timedelta(days=110), **by
    )
    return int(offers[-1].preregistration.family_id)
