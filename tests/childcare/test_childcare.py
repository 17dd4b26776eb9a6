"""The crèche's list: points, proofs, wishes, births; commissions, offers; the rooms it keeps."""

import datetime as dt

import pytest
from django.urls import reverse

from preau.accounts.enums import Role
from preau.childcare import queries, services
from preau.childcare.errors import (
    AlreadyWaiting,
    BadDates,
    BadWeek,
    ContractOverlaps,
    NoIncome,
    NotBorn,
    NothingToOffer,
    NotThisAge,
    NotWaiting,
    OfferOver,
    PiecesMissing,
    ScaleKept,
    SectionFull,
    SessionClosed,
    TooManyAdmitted,
)
from preau.childcare.rules.week import week_words
from preau.kernel.clock import utc_now
from preau.kernel.enums import Channel
from tests.childcare.world import (
    AGENT,
    HOURS,
    NOW,
    PARENT,
    WEEK,
    WEEK_MINUTES,
    WHO,
    add_baby,
    add_unborn,
    day,
    make_creche,
    make_world,
    sign,
)
from tests.harness.people import make_agent, make_family
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
POINTS = [
    {"label": "Parents au travail", "points": 10, "most": 1, "proof": "Attestation d’employeur"},
    {"label": "Autre enfant petit", "points": 3, "most": 3, "proof": "Livret de famille"},
]


@pytest.fixture
def world():
    world = make_world()
    scale = services.save_scale(label="Critères 2026", criteria=POINTS, **WHO)
    services.publish_scale(scale_id=scale.pk, applies_from=day("2026-01-01"), **WHO)
    world.scale = queries.get_scale(scale.pk)
    world.work, world.small = world.scale.criteria.all()
    return world


def wait(world, child, *, asked_at=NOW, **fields):
    return services.preregister(
        **{
            "child_id": child.pk,
            "family_id": world.family.pk,
            "establishment_id": world.site.pk,
            "wished_from": day("2027-01-04"),
            "weekly_minutes": WEEK_MINUTES,
            "week": WEEK,
            "channel": Channel.PORTAL,
            "now": NOW,
            "actor": AGENT,
            "asked_at": asked_at,
            **fields,
        }
    )


def prove(row, code, accepted=True):
    piece = row.pieces.get(criterion__code=code)
    services.decide_piece(preregistration_id=row.pk, piece_id=piece.pk, accepted=accepted, **WHO)
    row.refresh_from_db()


def test_a_week_in_words():
    assert week_words([540, 540, 0, 540, 0]) == "lundi, mardi et jeudi, 27\u00a0h par semaine"


def test_ranks_follow_the_proved_points_then_the_day_of_asking(world):
    late = wait(
        world,
        world.baby,
        asked_at=NOW + MINUTE,
        claims={"parents-au-travail": 1, "autre-enfant-petit": 2},
    )
    early = wait(world, add_baby(world.family, "Tao"))
    assert [(row.pk, row.rank) for row in queries.waiting_list()] == [(early.pk, 1), (late.pk, 2)]
    assert (late.score, late.claimed_score) == (0, 16)
    prove(late, "autre-enfant-petit")
    assert (late.score, queries.rank_of(late.pk), queries.rank_of(early.pk)) == (6, 1, 2)
    prove(late, "autre-enfant-petit", accepted=False)
    assert queries.rank_of(late.pk) == 2
    with pytest.raises(AlreadyWaiting):
        wait(world, world.baby)
    for bad in ([0] * 5, [800, 0, 0, 0, 0], [60] * 4, [-5, 60, 0, 0, 0]):
        with pytest.raises(BadWeek):
            wait(world, add_baby(world.family, "Zoé"), weekly_minutes=bad, week=None)
    services.withdraw(preregistration_id=early.pk, reason="déménage", **WHO)
    assert queries.rank_of(late.pk) == 1 and queries.rank_of(early.pk) is None
    with pytest.raises(NotWaiting):
        services.withdraw(preregistration_id=early.pk, reason="", **WHO)


def test_base_pieces_unlock_the_rank_at_the_day_of_asking(world):
    row = wait(world, world.baby, has_base_pieces=False)
    other = wait(world, add_baby(world.family, "Tao"), asked_at=NOW + MINUTE)
    assert row.status == "INCOMPLETE" and queries.rank_of(row.pk) is None
    with pytest.raises(PiecesMissing):
        services.make_offer(
            preregistration_id=row.pk,
            section_id=world.section.pk,
            starts_on=day("2027-01-04"),
            **WHO,
        )
    for piece in row.pieces.filter(criterion=None):
        services.decide_piece(preregistration_id=row.pk, piece_id=piece.pk, accepted=True, **WHO)
    assert (queries.rank_of(row.pk), queries.rank_of(other.pk)) == (1, 2)
    piece = row.pieces.filter(criterion=None).first()
    services.decide_piece(preregistration_id=row.pk, piece_id=piece.pk, accepted=False, **WHO)
    assert queries.rank_of(row.pk) is None


def test_each_wished_creche_has_its_rank(world):
    park = make_creche("Crèche du Parc")
    first = wait(world, world.baby, more_wishes=[services.Wished(park.site.pk)])
    second = wait(
        world, add_baby(world.family, "Tao"), establishment_id=park.site.pk, asked_at=NOW + MINUTE
    )
    ranks = queries.ranks_of(queries.get_preregistration(first.pk))
    assert [(r.wish.establishment.name, r.sentence) for r in ranks] == [
        ("Crèche des Lilas", "1er sur 1"),
        ("Crèche du Parc", "1er sur 2"),
    ]
    [only] = queries.ranks_of(queries.get_preregistration(second.pk))
    assert only.sentence == "2e sur 2"
    assert queries.waiting_list(world.site.pk).count() == 1
    assert queries.waiting_list(park.site.pk).count() == 2


def test_a_child_to_be_born_waits_then_is_named(world):
    child = add_unborn(world.family)
    row = wait(world, child)
    with pytest.raises(NotBorn):
        sign(world, child_id=child.pk, preregistration_id=row.pk)
    services.complete_birth(
        preregistration_id=row.pk,
        first_name="Malo",
        last_name="Rousseau",
        birth_on=day("2026-09-08"),
        sex="M",
        now=NOW,
        actor=PARENT,
    )
    assert str(queries.get_preregistration(row.pk).child) == "Malo Rousseau"


def test_a_published_scale_is_kept(world):
    with pytest.raises(ScaleKept):
        services.save_scale(scale_id=world.scale.pk, label="x", criteria=POINTS, **WHO)
    with pytest.raises(ScaleKept):
        services.publish_scale(scale_id=world.scale.pk, applies_from=day("2027-01-01"), **WHO)
    later = services.save_scale(label="Critères 2027", criteria=POINTS[:1], **WHO)
    services.publish_scale(scale_id=later.pk, applies_from=day("2027-01-01"), **WHO)
    assert queries.scale_on(day("2026-12-31")).pk == world.scale.pk
    assert queries.scale_on(day("2027-01-01")).pk == later.pk
    assert queries.scale_to_come(day("2026-12-31")).pk == later.pk


# --- The commission and its offers ------------------------------------------------------------


@pytest.fixture
def session(world):
    row = services.open_commission(label="Commission", held_on=day("2026-10-01"), **WHO)
    world.place = services.save_place(
        commission_id=row.pk,
        section_id=world.section.pk,
        starts_on=day("2027-01-04"),
        weekdays=[0, 1],
        count=1,
        **WHO,
    )
    world.session = row
    world.files = [wait(world, world.baby, claims={"parents-au-travail": 1})]
    for order, name in enumerate(("Tao", "Milo"), 1):
        world.files.append(wait(world, add_baby(world.family, name), asked_at=NOW + order * MINUTE))
    return world


def decide(world, order, outcome):
    return services.decide(
        commission_id=world.session.pk,
        preregistration_id=world.files[order].pk,
        outcome=outcome,
        place_id=world.place.pk,
        **WHO,
    )


def test_the_commission_sees_numbers_and_points_and_gives_no_place_too_many(session):
    prove(session.files[0], "parents-au-travail")
    [place] = queries.places_of(session.session.pk)
    seen = queries.candidates(session.session.pk, place)
    assert [(one.number, one.score.points) for one in seen] == [
        (row.number, row.score) for row in session.files
    ]
    assert "Rousseau" not in repr(seen) and "Zélie" not in repr(seen)
    decide(session, 0, "ADMIT")
    with pytest.raises(TooManyAdmitted):
        decide(session, 1, "ADMIT")
    decide(session, 1, "SUBSTITUTE")
    decide(session, 2, "SUBSTITUTE")
    [offer] = services.close_commission(commission_id=session.session.pk, **WHO)
    # The wish was Monday, Tuesday, Thursday; the place has Monday and Tuesday.
    assert offer.week == [list(HOURS), list(HOURS), None, None, None]
    with pytest.raises(SessionClosed):
        decide(session, 2, "WAIT")
    session.session.refresh_from_db()
    minutes = session.session.minutes
    assert "Rousseau" not in str(minutes) and session.files[0].number in str(minutes)
    assert [row["outcome"] for row in minutes["places"][0]["rows"]] == [
        "place attribuée",
        "liste complémentaire, 1er",
        "liste complémentaire, 2e",
    ]


def test_an_offer_declined_or_unanswered_goes_to_the_next(session):
    decide(session, 0, "ADMIT")
    decide(session, 1, "SUBSTITUTE")
    decide(session, 2, "SUBSTITUTE")
    [offer] = services.close_commission(commission_id=session.session.pk, **WHO)
    services.answer_offer(offer_id=offer.pk, accepted=False, now=NOW, actor=PARENT)
    with pytest.raises(OfferOver):
        services.answer_offer(offer_id=offer.pk, accepted=True, now=NOW, actor=PARENT)
    second = queries.offers(pending_only=True).get()
    assert second.preregistration_id == session.files[1].pk
    assert services.lapse_offers(now=NOW + dt.timedelta(days=9)) == 0
    assert services.lapse_offers(now=NOW + dt.timedelta(days=11)) == 1
    third = queries.offers(pending_only=True).get()
    assert third.preregistration_id == session.files[2].pk
    # Both keep their rank.
    assert [row.pk for row in queries.waiting_list()] == [
        session.files[0].pk,
        session.files[1].pk,
    ]
    services.answer_offer(
        offer_id=third.pk, accepted=True, now=NOW + dt.timedelta(days=12), actor=PARENT
    )
    with pytest.raises(NothingToOffer):
        services.make_offer(
            preregistration_id=session.files[2].pk,
            section_id=session.section.pk,
            starts_on=day("2027-01-04"),
            **WHO,
        )


def test_a_place_is_for_the_age_of_its_section(world):
    services.save_section(section_id=world.section.pk, min_months=30, max_months=48, **WHO)
    row = wait(world, world.baby)
    with pytest.raises(NotThisAge):
        services.make_offer(
            preregistration_id=row.pk,
            section_id=world.section.pk,
            starts_on=day("2027-01-04"),
            **WHO,
        )


# --- Contracts --------------------------------------------------------------------------------


def test_contracts_never_overlap_nor_exceed_the_section(world):
    first = sign(world)
    with pytest.raises(ContractOverlaps):
        sign(world, starts_on=day("2026-12-31"), ends_on=day("2027-12-31"))
    with pytest.raises(BadDates):
        sign(world, ends_on=day("2026-01-01"))
    services.save_section(section_id=world.section.pk, capacity=1, **WHO)
    other = add_baby(world.family, "Tao")
    with pytest.raises(SectionFull):
        sign(world, child_id=other.pk)
    # Half-hours that nobody takes are free; a full section may be exceeded, and it is said.
    sign(world, child_id=other.pk, week=(None, None, HOURS, None, HOURS))
    sign(world, child_id=add_baby(world.family, "Milo").pk, allow_full=True)
    assert queries.contracts_of(world.family.pk).count() == 3
    assert first.punch_code and len(first.punch_code) == 6
    poor = make_family(children=0)
    child = add_baby(poor, "Alba")
    with pytest.raises(NoIncome):
        sign(world, child_id=child.pk, family_id=poor.pk, allow_full=True)


def test_the_board_counts_each_half_hour(world):
    sign(world)
    sign(
        world, child_id=add_baby(world.family, "Tao").pk, week=(None, (780, 1080), None, None, None)
    )
    [row] = queries.board([world.site.pk], day("2026-10-05"))
    monday, tuesday = row.days[0], row.days[1]
    assert (monday["peak"], tuesday["peak"], row.days[2]["peak"]) == (1, 2, 0)
    counts = {half["time"]: half["count"] for half in tuesday["counts"]}
    assert (counts["8\u00a0h"], counts["8\u00a0h\u00a030"]) == (0, 1)
    assert (counts["13\u00a0h"], counts["17\u00a0h\u00a030"], counts["18\u00a0h"]) == (2, 1, 0)
    assert tuesday["free"] == 8


def test_the_tablet_notes_an_arrival_then_a_departure_once(world):
    contract = sign(world)
    at = dt.datetime(2026, 10, 5, 6, 31, tzinfo=dt.UTC)

    def punch(minutes, code=contract.punch_code):
        return services.punch_code(
            code=code.lower(),
            establishment_id=world.site.pk,
            source="CODE",
            now=at + dt.timedelta(minutes=minutes),
            actor=AGENT,
        ).kind

    assert [punch(0), punch(1), punch(540), punch(541)] == ["arrived", "again", "left", "again"]
    row = contract.presences.get()
    assert (row.arrived_at, row.left_at) == (at, at + dt.timedelta(minutes=540))
    services.correct_presence(
        contract_id=contract.pk,
        day=day("2026-10-05"),
        arrived=dt.time(8, 15),
        left=dt.time(17, 30),
        reason="tablette oubliée",
        now=at + dt.timedelta(days=1),
        actor=AGENT,
    )
    correction = queries.corrections_of(contract.pk).get()
    assert (correction.before, correction.after) == ("08:31–17:31", "08:15–17:30")


# --- Screens ----------------------------------------------------------------------------------


def test_a_creche_s_own_agent_sees_its_list_and_contracts(world):
    park = make_creche("Crèche du Parc")
    here = wait(world, world.baby)
    there = wait(world, add_baby(world.family, "Tao"), establishment_id=park.site.pk)
    client = client_of(make_agent(Role.CRECHE, site=world.site.pk, now=utc_now()))
    assert client.get(reverse("townhall:childcare-file", args=[here.pk])).status_code == 200
    for name, pk in (("file", there.pk), ("sign", there.pk)):
        assert client.get(reverse(f"townhall:childcare-{name}", args=[pk])).status_code == 404
    page = client.post(reverse("townhall:childcare-withdraw", args=[there.pk]))
    assert page.status_code == 404
    # The commission gives the places of every crèche.
    assert client.get(reverse("townhall:childcare-commissions")).status_code == 404


def test_the_public_page_says_every_point_and_proof(world, client):
    text = client.get(reverse("public:creche-criteria")).content.decode()
    assert "Parents au travail" in text and "Attestation d’employeur" in text
    assert "Les Papillons" in text


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_whoever_waits(world, count, django_assert_max_num_queries):
    for order in range(count):
        wait(world, add_baby(world.family, f"Bébé {order}"))
    client = client_of(make_agent(Role.CRECHE, now=utc_now()))
    with django_assert_max_num_queries(12):
        client.get(reverse("townhall:childcare"))
