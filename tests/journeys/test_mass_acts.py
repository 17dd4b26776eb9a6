"""Acts on many children at once: by the rules, once, told in one message, undone."""

import datetime as dt
import uuid

import pytest

from preau.audit.models import Entry
from preau.bookings.models import Booking, Slot
from preau.catalogue.models import SchoolClass
from preau.enrolments.models import Enrolment
from preau.journeys.mass_acts import (
    MassAct,
    Wish,
    ask_mass_act,
    ask_undo,
    preview_mass_act,
    preview_undo,
    run_mass_act,
    run_undo,
    undone_rows,
)
from preau.journeys.mass_acts.preview import MassActRefused
from preau.messaging.models import Message
from preau.schools.models import Schooling
from tests.bookings import world

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 10, 15)


@pytest.fixture
def agent():
    return world.agent(world.make_agent())


@pytest.fixture
def town():
    """A canteen on two days; two households, three children, one of them waiting."""
    slots = [world.make_slot("2026-10-15", capacity=2), world.make_slot("2026-10-16")]
    bouvier, nguyen = world.make_family(2), world.make_family(1, name="Nguyen")
    lina, noe = world.children_of(bouvier)
    [sami] = world.children_of(nguyen)
    for slot in slots:
        world.book(slot, lina, bouvier)
        world.book(slot, noe, bouvier)
    world.book(slots[0], sami, nguyen, status="WAITING")
    world.book(slots[1], sami, nguyen)
    return {"slots": slots, "lina": lina, "noe": noe, "sami": sami, "families": [bouvier, nguyen]}


def wish(kind="CLOSED_DAY", **fields):
    found = {"reason": "Panne de chauffage", "starts_on": DAY, "ends_on": DAY} | fields
    return Wish(kind, **found)


def ask(asked, now, agent, **fields):
    fields = {"seen": preview_mass_act(asked, now).seen, "key": uuid.uuid4()} | fields
    return ask_mass_act(wish=asked, where="École", now=now, actor=agent, **fields)


def undo(act, now, agent, **fields):
    """Read, asked for a reason, done by the worker: the act as it is then."""
    act.refresh_from_db()
    fields = {"reason": "Chauffage réparé", "seen": preview_undo(act, now).seen} | fields
    ask_undo(act_id=act.pk, now=now, actor=agent, **fields)
    run_undo(act_id=act.pk, user_id=agent.user_id, label=agent.label, now=now)
    act.refresh_from_db()
    return act


def put_in_class(child, name="CE2 B"):
    year = world.make_year()
    found, _ = SchoolClass.objects.get_or_create(
        establishment=world.make_site(), school_year=year, name=name
    )
    Schooling.objects.create(
        child=child,
        establishment=found.establishment,
        school_year=year,
        school_class=found,
        level="CE2",
        starts_on=year.starts_on,
        ends_on=year.ends_on,
        channel="COUNTER",
        created_at=world.NOW,
    )
    return found


def states(slot):
    return dict(Booking.objects.filter(slot=slot).values_list("child", "status"))


def test_a_closed_day_from_its_preview_to_its_undoing(town, now, agent):
    asked = wish(ends_on=DAY + dt.timedelta(days=1))
    preview = preview_mass_act(asked, now)
    assert (preview.children, preview.families, len(preview.rows)) == (3, 2, 6)
    assert not preview.charged
    act = ask(asked, now, agent)
    assert MassAct.objects.get().status == "QUEUED"
    assert Booking.objects.filter(status="CANCELLED").count() == 0  # the worker acts
    run_mass_act(act_id=act.pk, now=now)
    act.refresh_from_db()
    # The five places, and the one who waited, as the preview said.
    assert (act.status, act.done, act.families, len(act.slots)) == ("DONE", 6, 2, 2)
    assert set(Slot.objects.values_list("status", "taken")) == {("CANCELLED", 0)}
    assert not Booking.objects.filter(is_charged=True).exists()
    # One message a household, each child and day in it.
    assert Message.objects.count() == 2
    told = Message.objects.get(family_id=town["families"][0].pk)
    assert told.body.count("Cantine") == 4 and "Panne de chauffage" in told.body
    assert Entry.objects.filter(action="bookings.cancel").count() == 2
    assert Entry.objects.filter(action="journeys.mass_act").count() == 1

    read = preview_undo(act, now)
    assert (read.opened, [(fate, n) for fate, _label, n in read.counts]) == (
        2,
        [("BACK", 5), ("WAITS", 1)],
    )
    assert Slot.objects.filter(status="OPEN").count() == 0  # only read
    undo(act, now, agent)
    assert (act.status, act.restored, act.missed) == ("UNDONE", 6, 0)
    assert states(town["slots"][0]) == {
        town["lina"].pk: "CONFIRMED",
        town["noe"].pk: "CONFIRMED",
        town["sami"].pk: "WAITING",
    }
    assert list(Slot.objects.order_by("pk").values_list("status", "taken")) == [
        ("OPEN", 2),
        ("OPEN", 3),
    ]
    assert Message.objects.count() == 4
    assert Message.objects.latest("pk").body.count("Chauffage réparé") == 1
    assert "Chauffage réparé" in Entry.objects.get(action="journeys.ask_undo").summary
    with pytest.raises(MassActRefused, match="déjà défait"):
        undo(act, now, agent)


def test_run_again_after_a_kill_it_ends_and_tells_once(town, now, agent, monkeypatch):
    act = ask(wish(ends_on=DAY + dt.timedelta(days=1)), now, agent)
    from preau.journeys.mass_acts import acting

    monkeypatch.setattr(acting, "SLOTS_AT_ONCE", 1)
    real, calls = acting.cancel_slots, []

    def dies_at_the_second(**fields):
        calls.append(fields)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return real(**fields)

    monkeypatch.setattr(acting, "cancel_slots", dies_at_the_second)
    with pytest.raises(RuntimeError):
        run_mass_act(act_id=act.pk, now=now)
    act.refresh_from_db()
    assert (act.status, act.done) == ("RUNNING", 3) and not Message.objects.exists()
    run_mass_act(act_id=act.pk, now=now)
    run_mass_act(act_id=act.pk, now=now)
    act.refresh_from_db()
    assert (act.status, act.done, len(act.held)) == ("DONE", 6, 6)
    assert Message.objects.count() == 2


def test_a_class_on_a_trip_leaves_the_others_and_the_queue_moves_up(town, now, agent):
    trip = put_in_class(town["lina"])
    put_in_class(town["noe"], "CM1")
    asked = wish("SCHOOL_TRIP", reason="Musée", school_class=trip.pk)
    preview = preview_mass_act(asked, now)
    assert [row.child_id for row in preview.rows] == [town["lina"].pk]
    assert preview.rows[0].sentence == "Prévenu à temps : rien n’est dû."
    act = ask(asked, now, agent)
    run_mass_act(act_id=act.pk, now=now)
    lina = Booking.objects.get(slot=town["slots"][0], child=town["lina"])
    assert (lina.status, lina.is_charged) == ("CANCELLED", False)
    assert Booking.objects.get(slot=town["slots"][0], child=town["noe"]).status == "CONFIRMED"
    assert Booking.objects.get(slot=town["slots"][0], child=town["sami"]).status == "OFFERED"
    assert Booking.objects.filter(slot=town["slots"][1], status="CONFIRMED").count() == 3
    # Her place is another's now: she waits, first, and both the agent and her family know.
    undo(act, now, agent)
    assert (act.restored, act.queued, act.missed) == (0, 1, 0)
    assert states(town["slots"][0])[town["lina"].pk] == "WAITING"
    told = Message.objects.latest("pk").body
    assert "la place a été donnée depuis, vous êtes 1er de la liste" in told
    assert [(row.child, row.fate) for row in undone_rows(act)] == [("Lina Bouvier", "QUEUED")]


def test_a_class_on_a_trip_leaves_its_queues_too_and_is_offered_nothing(town, now, agent):
    trip = put_in_class(town["lina"])
    put_in_class(town["sami"])
    preview = preview_mass_act(asked := wish("SCHOOL_TRIP", school_class=trip.pk), now)
    assert {row.child_id for row in preview.rows} == {town["lina"].pk, town["sami"].pk}
    assert "Retiré de la liste d’attente : rien n’est dû." in dict(preview.sentences)
    act = ask(asked, now, agent)
    run_mass_act(act_id=act.pk, now=now)
    slot = town["slots"][0]
    assert Booking.objects.get(slot=slot, child=town["sami"]).status == "CANCELLED"
    assert not Message.objects.filter(subject__startswith="Une place se libère").exists()
    undo(act, now, agent)
    assert states(slot)[town["sami"].pk] == "WAITING"


def test_what_has_begun_stays(town, agent):
    late = dt.datetime(2026, 10, 15, 10, 0, tzinfo=dt.UTC)  # noon in Paris: the canteen has begun
    preview = preview_mass_act(wish(ends_on=DAY + dt.timedelta(days=1)), late)
    assert {row.day for row in preview.rows} == {DAY + dt.timedelta(days=1)}
    act = ask(wish(ends_on=DAY + dt.timedelta(days=1)), late, agent)
    run_mass_act(act_id=act.pk, now=late)
    assert Slot.objects.get(day=DAY).status == "OPEN"


def test_other_sites_and_activities_are_left_alone(town, now, agent):
    other = world.make_slot(
        "2026-10-15", offering=world.make_offering(site=world.make_site("École Pasteur"))
    )
    world.book(other, town["sami"], town["families"][1])
    act = ask(wish(sites=(world.make_site().pk,)), now, agent)
    run_mass_act(act_id=act.pk, now=now)
    assert Slot.objects.get(pk=other.pk).status == "OPEN"
    assert preview_mass_act(wish(sites=()), now).rows == []
    assert preview_mass_act(wish(activity=0), now).rows == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ends_on": DAY - dt.timedelta(days=1)}, "avant le premier"),
        ({"ends_on": DAY + dt.timedelta(days=60)}, "un mois"),
        ({"starts_on": dt.date(2026, 9, 1), "ends_on": dt.date(2026, 9, 2)}, "passés"),
        ({"reason": "  "}, "motif"),
        ({"kind": "SCHOOL_TRIP"}, "classe"),
        ({"school_class": 3}, "toutes les classes"),
    ],
)
def test_refusals_say_why(now, fields, words):
    with pytest.raises(MassActRefused, match=words):
        preview_mass_act(wish(**fields), now)


def test_what_was_read_is_what_is_done_and_once(town, now, agent):
    with pytest.raises(MassActRefused, match="aperçu"):
        ask(wish(), now, agent, seen="autre")
    key = uuid.uuid4()
    first = ask(wish(), now, agent, key=key)
    assert ask(wish(), now, agent, key=key).pk == first.pk
    assert MassAct.objects.count() == 1


def sessions(*slots, **fields):
    return wish("SESSIONS", slots=tuple(slot.pk for slot in slots), **fields)


def test_sessions_chosen_by_hand_come_back_as_they_were(town, now, agent):
    first, second = town["slots"]
    act = ask(sessions(first), now, agent)
    run_mass_act(act_id=act.pk, now=now)
    assert [Slot.objects.get(pk=s.pk).status for s in (first, second)] == ["CANCELLED", "OPEN"]
    undo(act, now, agent)
    first.refresh_from_db()
    assert (first.status, first.taken, first.cancelled_reason) == ("OPEN", 2, "")
    back = Booking.objects.get(slot=first, child=town["lina"])
    assert (back.status, back.is_charged, back.decision_sentence) == ("CONFIRMED", True, "")
    with pytest.raises(MassActRefused, match="au moins une séance"):
        preview_mass_act(sessions(), now)


def test_a_place_lost_meanwhile_waits_first_and_what_ended_is_told(town, now, agent):
    slot = town["slots"][1]
    act = ask(sessions(slot, starts_on=slot.day, ends_on=slot.day), now, agent)
    run_mass_act(act_id=act.pk, now=now)
    act.refresh_from_db()
    # The town has fewer places now, and Noé is enrolled no more.
    Slot.objects.filter(pk=slot.pk).update(capacity=1)
    Enrolment.objects.filter(child=town["noe"], offering=slot.offering).update(status="ENDED")
    read = preview_undo(act, now)
    assert {row.child: row.fate for row in read.rows} == {
        "Lina Bouvier": "BACK",
        "Noé Bouvier": "MISSED",
        "Lina Nguyen": "QUEUED",
    }
    assert read.of("MISSED")[0].why == "l’inscription a pris fin depuis"
    with pytest.raises(MassActRefused, match="pourquoi"):
        undo(act, now, agent, reason=" ")
    with pytest.raises(MassActRefused, match="aperçu"):
        undo(act, now, agent, seen="autre")
    undo(act, now, agent)
    slot.refresh_from_db()
    assert (slot.taken, act.restored, act.queued, act.missed) == (1, 1, 1, 1)
    told = {m.family_id: m.body for m in Message.objects.filter(subject__startswith="Finalement")}
    assert "l’inscription a pris fin depuis\u202f; appelez" in told[town["families"][0].pk]
    assert "liste d’attente" in told[town["families"][1].pk]


def test_what_began_since_stays_cancelled_what_had_begun_comes_back(town, now, agent):
    noon = dt.datetime(2026, 10, 15, 10, 0, tzinfo=dt.UTC)
    slot = town["slots"][0]
    act = ask(sessions(slot), now, agent)
    run_mass_act(act_id=act.pk, now=now)
    act.refresh_from_db()
    assert (preview_undo(act, noon).opened, preview_undo(act, noon).begun) == (0, 1)
    with pytest.raises(MassActRefused, match="passés"):
        undo(act, noon, agent)
    other = town["slots"][1]
    after = noon + dt.timedelta(days=2)
    late = ask(sessions(other, starts_on=other.day, ends_on=other.day), after, agent)
    run_mass_act(act_id=late.pk, now=after)
    undo(late, after, agent)
    assert Booking.objects.filter(slot=other, status="CONFIRMED").count() == 3


def test_another_act_that_closes_the_day_is_told(town, now, agent):
    act = ask(sessions(town["slots"][0]), now, agent)
    run_mass_act(act_id=act.pk, now=now)
    strike = ask(wish("STRIKE", ends_on=DAY + dt.timedelta(days=1)), now, agent)
    run_mass_act(act_id=strike.pk, now=now)
    act.refresh_from_db()
    assert [other.pk for other in preview_undo(act, now).others] == [strike.pk]
