"""What families asked: decided, waiting, late, held by an agent; an offered place; certificates."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from preau.bookings import services as bookings
from preau.bookings.queries import live_bookings, slots_between
from preau.casework import services as casework
from preau.casework.addresses import open_file_address
from preau.casework.values import GivenFile
from preau.demo.town.days import ONE_PAGE, Days
from preau.demo.town.population import DemoHome
from preau.demo.town.presence import family_actor
from preau.demo.town.request_cases import Case, cases_of
from preau.demo.town.story import Story, actor_of
from preau.documents.bulk import store_for_families
from preau.enrolments.services import enrol
from preau.families import queries as families
from preau.families.services import ask_file_opening
from preau.journeys.certificates import issue
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal

REFUSALS = {
    "ADDRESS_CHANGE": "Le justificatif est au nom d’une autre personne. Joignez une attestation "
    "d’hébergement, ou une facture à votre nom.",
    "ENROLMENT": "Le centre est complet le mercredi jusqu’aux vacances. Votre enfant reste sur la "
    "liste ; l’autre centre a encore des places.",
    "ABSENCE": "Le certificat ne porte pas sur ces jours.",
    "INVOICE_DISPUTE": "Le pointage montre la présence de votre enfant ce jour-là.",
}


def receive_requests(story: Story, days: Days, homes: dict[str, DemoHome]) -> None:
    """Some forty requests of every kind, in every state."""
    cases = sorted(cases_of(story, days, homes), key=lambda case: -case.days)
    demo = {home.family_id for home in homes.values()}
    for case in cases:
        case.is_demo = case.pupil.family_id in demo
        now = story.ago(case.days)
        request = _send(story, case, now)
        _follow(story, case, request, now)
    _from_unknown_families(story)


def _send(story: Story, case: Case, now: datetime) -> Any:
    family_id = case.pupil.family_id
    payer = families.payer_of(family_id)
    files = store_for_families(
        content=ONE_PAGE,
        name="piece.pdf",
        content_type="application/pdf",
        family_ids=[family_id for _ in case.pieces],
        now=now,
    )
    channel = case.channel
    if channel == Channel.PORTAL and not case.is_demo and story.chance(0.25):
        channel = story.dice.choice([Channel.COUNTER, Channel.COUNTER, Channel.PHONE])
    by_family = channel == Channel.PORTAL
    return casework.submit_request(
        kind=case.kind,
        family_id=family_id,
        child_id=(case.pupil.child_id or None) if case.kind in CHILD_KINDS else None,
        user=payer.user if by_family and payer.user_id else None,
        applicant_name=str(payer),
        applicant_email=payer.email,
        payload=case.payload,
        files=[
            GivenFile(file_id, story.pieces.get(piece))
            for piece, file_id in zip(case.pieces, files, strict=True)
        ],
        channel=channel,
        now=now,
        actor=family_actor(family_id)
        if by_family
        else replace(story.agent("COUNTER"), channel=channel),
        key=uuid.uuid4(),
    )


CHILD_KINDS = {"ENROLMENT", "CRECHE_PLACE", "SCHOOL_ENROLMENT", "DIET", "CARD", "ABSENCE"}


def _follow(story: Story, case: Case, request: Any, now: datetime) -> None:
    if request.status != "SUBMITTED":
        return  # automatic: done already
    agent = story.agent("COUNTER")
    delay = timedelta(hours=story.dice.choice((2, 5, 26, 30, 52, 75, 120, 200)))
    later = min(now + delay, story.now - timedelta(minutes=5))
    match case.fate:
        case "approved":
            try:
                casework.approve(
                    request_id=request.pk, now=later, actor=agent, message=case.message
                )
            except Refusal as refusal:
                casework.add_note(
                    request_id=request.pk, message=str(refusal), now=later, actor=agent
                )
        case "refused":
            casework.refuse(
                request_id=request.pk,
                reason=case.message or REFUSALS[case.kind],
                now=later,
                actor=agent,
            )
        case "waiting":
            casework.ask_piece(request_id=request.pk, message=case.message, now=later, actor=agent)
        case "answered":
            casework.ask_piece(request_id=request.pk, message=case.message, now=later, actor=agent)
            casework.give_piece(
                request_id=request.pk,
                message="Voici le document demandé, merci.",
                now=min(later + timedelta(days=1), story.now),
                actor=family_actor(case.pupil.family_id),
            )
        case "held":
            casework.keep(request_id=request.pk, now=story.now, actor=story.agent("SCHOOL_OFFICE"))
        case "withdrawn":
            casework.withdraw(
                request_id=request.pk, now=later, actor=family_actor(case.pupil.family_id)
            )
        case "noted":
            casework.add_note(request_id=request.pk, message=case.message, now=later, actor=agent)


def _from_unknown_families(story: Story) -> None:
    """A family that asked for the link to open its file, and has not followed it yet."""
    ask_file_opening(
        email="lea.prigent@example.org",
        address=open_file_address(),
        now=story.now - timedelta(hours=1),
    )


def offer_a_place(story: Story, days: Days, homes: dict[str, DemoHome]) -> None:
    """A full Wednesday of next week: the demo's family waits, a place is freed and offered."""
    three = homes["three"]
    child_id = three.children[1]
    offering_id = story.offerings["mercredi", story.sites["centre-des-fosses"]]
    actor = actor_of(three.user, three.label, is_agent=False)
    enrol(
        child_id=child_id,
        family_id=three.family_id,
        offering_id=offering_id,
        starts_on=story.rentree,
        channel=Channel.PORTAL,
        now=story.ago(30),
        actor=story.agent("COUNTER"),
    )
    slots = [
        slot
        for slot in slots_between([offering_id], story.today + timedelta(days=2), story.last)
        if slot.left(young=False) > 0
        and slot.capacity >= 100
        and not live_bookings(three.family_id, [child_id], slot.day, slot.day)
    ]
    if not slots:
        return
    slot = slots[0]
    bookings.change_capacity(
        slot_id=slot.pk, capacity=0, now=story.ago(9), actor=story.agent("ADMINISTRATOR")
    )
    bookings.submit_planning(
        family_id=three.family_id,
        add=[(slot.pk, child_id)],
        key=uuid.uuid4(),
        channel=Channel.PORTAL,
        now=story.ago(8),
        actor=actor,
    )
    bookings.change_capacity(
        slot_id=slot.pk,
        capacity=slot.capacity,
        now=story.now - timedelta(minutes=40),
        actor=story.agent("ADMINISTRATOR"),
    )


def issue_certificates(story: Story, homes: dict[str, DemoHome]) -> None:
    """Certificates that the demo's families asked for."""
    wanted: list[tuple[str, str, int | None, float]] = [
        ("three", "SCHOOL", 0, 45),
        ("three", "ENROLMENT", 1, 11),
        ("three", "ATTENDANCE", 2, 2),
        ("three", "TAX", None, 1),
        ("mother", "SCHOOL", 0, 20),
    ]
    for name, kind, rank, ago in wanted:
        home = homes[name]
        family = families.get_family(home.family_id)
        now = story.ago(ago)
        child = None
        if rank is not None:
            child_id = home.children[rank]
            child = families.get_children([child_id])[child_id]
        try:
            issue(
                kind=kind,
                family=family,
                child=child,
                first=story.first,
                last=story.today,
                year=story.today.year,
                now=now,
                actor=Actor(home.user.pk, home.label, Channel.PORTAL),  # type: ignore[attr-defined]
            )
        except Refusal:
            continue
