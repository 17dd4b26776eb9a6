"""The engine: received once, held by one agent, decided once, undone within the hour."""

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest
from django.db import connection

from preau.audit.models import Entry
from preau.casework import queries, services
from preau.casework.errors import (
    AlreadyDecided,
    CannotUndo,
    HeldByAnother,
    InvalidPayload,
    MessageNeeded,
    StaleRequest,
)
from preau.casework.kinds import all_kinds, get_kind, missing_kinds
from preau.casework.models import Request, RequestEvent
from preau.casework.services import decide as deciding
from preau.casework.values import GivenFile
from preau.families import queries as families
from preau.families import services as family_services
from preau.families.values import AddressData
from preau.messaging.models import Message
from tests.casework.world import (
    ADDRESS,
    agent_actor,
    diet,
    family_actor,
    make_file,
    move,
    reload,
    submit,
)
from tests.harness.people import DAY, NOW, child_of, make_agent, make_family, make_town

pytestmark = pytest.mark.django_db
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


@pytest.fixture
def world():
    make_town()
    family = make_family()
    one = make_agent(email="sonia@example.fr")
    two = make_agent(email="karim@example.fr")
    return SimpleNamespace(
        family=family, one=agent_actor(one), two=agent_actor(two), users=(one, two)
    )


def test_every_declared_kind_is_served():
    assert missing_kinds() == set()
    assert len({kind.slug for kind in all_kinds()}) == len(all_kinds())


def test_a_request_is_numbered_dated_and_acknowledged(world):
    request = move(world.family)
    assert request.reference == "2026-00001"
    assert request.status == "SUBMITTED"
    assert request.due_on == DAY + dt.timedelta(days=7)
    mail = Message.objects.get(to="amina@example.fr")
    for words in (
        "2026-00001",
        "mardi 6 octobre 2026",
        "01 99 00 12 34",
        "Sans réponse",
        "13 octobre",
    ):
        assert words.replace(" ", " ") in mail.body.replace("\u00a0", " "), words
    assert "/espace/demandes/2026-00001/" in mail.body
    assert Entry.objects.filter(action="casework.submit", family_id=world.family.pk).exists()


def test_the_same_key_is_one_request(world):
    key = uuid.uuid4()
    first = move(world.family, key=key)
    assert move(world.family, key=key).pk == first.pk
    assert Request.objects.count() == 1
    assert Message.objects.filter(to="amina@example.fr").count() == 1
    assert move(world.family).reference == "2026-00002"


def test_references_follow_each_other_without_gap_and_restart_each_year(world):
    move(world.family)
    with pytest.raises(InvalidPayload):
        submit(world.family, "ADDRESS_CHANGE", {**ADDRESS, "postcode": "9"})
    assert move(world.family).reference == "2026-00002"
    assert move(world.family, now=NOW + dt.timedelta(days=100)).reference == "2027-00001"


def test_bad_answers_are_told_field_by_field(world):
    with pytest.raises(InvalidPayload) as refused:
        submit(world.family, "ADDRESS_CHANGE", {"line1": "", "postcode": "9430", "city": "V"})
    assert set(refused.value.errors) == {"line1", "postcode", "since"}
    assert not Request.objects.exists()


def test_approval_writes_the_file_and_tells_the_family(world):
    request = move(world.family)
    kind = get_kind(request.kind)
    changes = {change.label: change for change in kind.changes(request, DAY)}
    assert changes["Adresse"].before == "8 rue du Lavoir"
    assert changes["Adresse"].after == "41 bis, avenue des Aulnes"
    services.approve(
        request_id=request.pk,
        now=NOW,
        actor=world.one,
        version=request.version,
        seen=kind.fingerprint(request, DAY),
        message="Bonne installation.",
    )
    assert families.address_of(reload(world.family)).line1 == "41 bis, avenue des Aulnes"
    request.refresh_from_db()
    assert request.status == "APPROVED" and request.decided_by_label == "Sonia Lopes"
    mail = Message.objects.filter(subject__contains="acceptée").get()
    assert "Bonne installation." in mail.body
    last = request.events.last()
    assert last.kind == "APPROVED" and "Bonne installation." in last.message


def test_one_agent_at_a_time_and_the_lease_runs_out(world):
    request = move(world.family)
    services.hold(request_id=request.pk, now=NOW, actor=world.one)
    for act in (
        lambda now: services.hold(request_id=request.pk, now=now, actor=world.two),
        lambda now: services.approve(request_id=request.pk, now=now, actor=world.two),
        lambda now: services.refuse(request_id=request.pk, reason="non", now=now, actor=world.two),
        lambda now: services.ask_piece(
            request_id=request.pk, message="?", now=now, actor=world.two
        ),
    ):
        with pytest.raises(HeldByAnother, match="Sonia Lopes"):
            act(NOW + MINUTE)
    # Renewed while the page is open, then free.
    services.hold(request_id=request.pk, now=NOW + 10 * MINUTE, actor=world.one)
    with pytest.raises(HeldByAnother):
        services.hold(request_id=request.pk, now=NOW + 20 * MINUTE, actor=world.two)
    taken = services.hold(request_id=request.pk, now=NOW + 26 * MINUTE, actor=world.two)
    assert taken.held_by_id == world.two.user_id
    with pytest.raises(HeldByAnother):
        services.approve(request_id=request.pk, now=NOW + 27 * MINUTE, actor=world.one)


def test_opening_another_request_frees_the_first_unless_kept(world):
    first, second, third = move(world.family), move(world.family), move(world.family)
    services.hold(request_id=first.pk, now=NOW, actor=world.one)
    services.keep(request_id=second.pk, now=NOW, actor=world.one)
    services.hold(request_id=third.pk, now=NOW, actor=world.one)
    held = set(Request.objects.filter(held_by_id=world.one.user_id).values_list("pk", flat=True))
    assert held == {second.pk, third.pk}
    services.release(request_id=second.pk, now=NOW, actor=world.two)
    assert Request.objects.get(pk=second.pk).held_by_id == world.one.user_id
    services.release(request_id=second.pk, now=NOW, actor=world.one)
    assert Request.objects.get(pk=second.pk).held_by_id is None


def test_an_approval_of_what_changed_meanwhile_is_refused(world):
    request = move(world.family)
    seen = get_kind(request.kind).fingerprint(request, DAY)
    family_services.change_address(
        family_id=world.family.pk,
        now=NOW,
        actor=world.two,
        address=AddressData(line1="1 rue Neuve", postcode="94300", city="Vincennes"),
    )
    with pytest.raises(StaleRequest):
        services.approve(request_id=request.pk, now=NOW, actor=world.one, seen=seen)
    services.give_piece(
        request_id=request.pk, now=NOW, actor=family_actor(world.family), message="Voilà"
    )
    with pytest.raises(StaleRequest):
        services.approve(request_id=request.pk, now=NOW, actor=world.one, version=1)
    assert Request.objects.get(pk=request.pk).status == "SUBMITTED"


def test_a_piece_is_asked_given_and_the_request_comes_back(world):
    request = move(world.family)
    with pytest.raises(MessageNeeded):
        services.ask_piece(request_id=request.pk, message=" ", now=NOW, actor=world.one)
    services.ask_piece(
        request_id=request.pk,
        message="Un justificatif de moins de trois mois.",
        now=NOW,
        actor=world.one,
    )
    request.refresh_from_db()
    assert (request.status, request.held_by_id) == ("WAITING_FAMILY", None)
    assert "justificatif" in Message.objects.filter(subject__contains="pièce manque").get().body
    later = NOW + dt.timedelta(days=3)
    services.give_piece(
        request_id=request.pk,
        files=[GivenFile(make_file(world.family).pk)],
        now=later,
        actor=family_actor(world.family),
    )
    request.refresh_from_db()
    assert request.status == "SUBMITTED"
    assert request.due_on == DAY + dt.timedelta(days=10)
    assert [e.kind for e in request.events.all()] == ["SUBMITTED", "PIECE_ASKED", "PIECE_GIVEN"]


def test_a_refusal_has_its_reason_and_the_ways_to_contest(world):
    request = move(world.family)
    with pytest.raises(MessageNeeded):
        services.refuse(request_id=request.pk, reason="", now=NOW, actor=world.one)
    services.refuse(
        request_id=request.pk, reason="Le justificatif est illisible.", now=NOW, actor=world.one
    )
    body = Message.objects.filter(subject__contains="refusée").get().body
    assert "illisible" in body and "recours gracieux" in body
    assert families.address_of(reload(world.family)).line1 == "8 rue du Lavoir"
    for act in (services.approve, services.withdraw):
        with pytest.raises(AlreadyDecided):
            act(request_id=request.pk, now=NOW, actor=world.one)


def test_the_family_withdraws_as_long_as_nothing_is_decided(world):
    request = move(world.family)
    services.withdraw(request_id=request.pk, now=NOW, actor=family_actor(world.family))
    with pytest.raises(AlreadyDecided):
        services.approve(request_id=request.pk, now=NOW, actor=world.one)


def test_undo_within_the_hour_puts_the_file_back(world):
    request = move(world.family)
    services.approve(request_id=request.pk, now=NOW, actor=world.one)
    services.undo(request_id=request.pk, now=NOW + 59 * MINUTE, actor=world.one)
    assert families.address_of(reload(world.family)).line1 == "8 rue du Lavoir"
    request.refresh_from_db()
    assert (request.status, request.decided_at, request.result) == ("SUBMITTED", None, {})
    assert Message.objects.filter(subject__contains="décision annulée").exists()
    services.approve(request_id=request.pk, now=NOW + HOUR, actor=world.one)
    with pytest.raises(CannotUndo):
        services.undo(request_id=request.pk, now=NOW + 2 * HOUR + MINUTE, actor=world.one)


def test_undo_is_refused_when_the_file_changed_since(world):
    request = move(world.family)
    services.approve(request_id=request.pk, now=NOW, actor=world.one)
    family_services.change_address(
        family_id=world.family.pk,
        now=NOW,
        actor=world.two,
        address=AddressData(line1="1 rue Neuve", postcode="94300", city="Vincennes"),
    )
    with pytest.raises(CannotUndo):
        services.undo(request_id=request.pk, now=NOW + MINUTE, actor=world.one)
    assert families.address_of(reload(world.family)).line1 == "1 rue Neuve"
    assert Request.objects.get(pk=request.pk).status == "APPROVED"


def test_an_automatic_kind_is_applied_at_once_and_acknowledged_so(world):
    request = diet(world.family)
    assert (request.status, request.was_automatic) == ("APPROVED", True)
    assert child_of(world.family).diet == "NO_PORK"
    mail = Message.objects.get(to="amina@example.fr")
    assert request.reference in mail.body and "acceptée" in mail.body


def test_the_town_sets_automatic_or_validated(world):
    services.save_kind_settings(
        kind="DIET",
        is_automatic=False,
        service_id=None,
        days=20,
        next_step="Nous lisons.",
        now=NOW,
        actor=world.one,
    )
    request = diet(world.family)
    assert (request.status, request.due_on) == ("SUBMITTED", DAY + dt.timedelta(days=20))
    assert child_of(world.family).diet == "STANDARD"
    assert queries.acknowledgement(request).next_step == "Nous lisons."


def test_an_automatic_request_that_the_file_refuses_goes_to_the_inbox(world):
    services.save_kind_settings(
        kind="ADDRESS_CHANGE",
        is_automatic=True,
        service_id=None,
        days=7,
        next_step="",
        now=NOW,
        actor=world.one,
    )
    family_services.close_family(
        family_id=world.family.pk, reason="départ", now=NOW, actor=world.one
    )
    request = move(world.family)
    assert (request.status, request.was_automatic) == ("SUBMITTED", False)
    note = request.events.get(kind="NOTE")
    assert note.is_internal and "clos" in note.message
    assert request.reference == "2026-00001"


def test_steps_are_append_only(world):
    request = move(world.family)
    with pytest.raises(Exception, match="append-only"):
        RequestEvent.objects.filter(request=request).update(message="réécrit")


def test_inbox_counts_and_tabs(world):
    late = move(world.family, now=NOW - dt.timedelta(days=10))
    todo = move(world.family)
    waiting = move(world.family)
    services.ask_piece(request_id=waiting.pk, message="?", now=NOW, actor=world.one)
    done = move(world.family)
    services.refuse(request_id=done.pk, reason="non", now=NOW, actor=world.one)
    services.hold(request_id=todo.pk, now=NOW, actor=world.one)
    found = queries.for_agent({"handle_requests"})
    counts = queries.inbox_counts(found, user_id=world.one.user_id, now=NOW)
    assert (counts.to_handle, counts.late, counts.mine, counts.waiting, counts.done_today) == (
        2,
        1,
        1,
        1,
        1,
    )

    def tab(name, **filters):
        return [
            r.pk
            for r in queries.list_inbox(
                found, tab=name, user_id=world.one.user_id, now=NOW, **filters
            )
        ]

    assert tab("todo") == [late.pk, todo.pk]
    assert tab("mine") == [todo.pk]
    assert tab("waiting") == [waiting.pk]
    assert tab("done") == [done.pk]
    assert tab("todo", late=True) == [late.pk]
    assert tab("todo", text="belkacem") == [late.pk, todo.pk]
    assert tab("todo", text=todo.reference) == [todo.pk]
    assert tab("todo", text="inconnu") == []
    assert tab("todo", channel="COUNTER") == []


def test_each_agent_sees_the_kinds_of_its_permissions(world):
    move(world.family)
    assert queries.for_agent({"handle_requests"}).count() == 1
    assert queries.for_agent({"manage_creche"}).count() == 0
    assert set(queries.visible_kinds({"manage_creche"})) == {"CRECHE_PLACE"}
    assert "CRECHE_PLACE" not in queries.visible_kinds({"handle_requests"})


# --- Races ------------------------------------------------------------------------------------


def _rush(count, act):
    start = Barrier(count)

    def run(order):
        start.wait()
        try:
            return act(order)
        except (HeldByAnother, AlreadyDecided) as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return sorted(map(str, pool.map(run, range(count))))


@pytest.mark.django_db(transaction=True)
def test_of_two_agents_at_once_one_decides(world):
    request = move(world.family)
    agents = (world.one, world.two)

    def act(order):
        if order:
            services.refuse(request_id=request.pk, reason="non", now=NOW, actor=agents[1])
            return "refused"
        services.approve(request_id=request.pk, now=NOW, actor=agents[0])
        return "approved"

    results = _rush(2, act)
    assert results.count("already_decided") == 1
    decided = RequestEvent.objects.filter(request=request, kind__in=("APPROVED", "REFUSED"))
    assert decided.count() == 1
    moved = families.address_of(reload(world.family)).line1 != "8 rue du Lavoir"
    assert moved == ("approved" in results)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_agents_decide(world, monkeypatch):
    """Control: the race is real, two contrary decisions are taken and told."""
    request = move(world.family)
    both_in = Barrier(2)
    agents = (world.one, world.two)

    def unlocked(request_id):
        found = Request.objects.select_related("family", "child", "service", "held_by").get(
            pk=request_id
        )
        both_in.wait()
        return found

    monkeypatch.setattr(deciding, "lock_request", unlocked)

    def act(order):
        if order:
            services.refuse(request_id=request.pk, reason="non", now=NOW, actor=agents[1])
            return "refused"
        services.approve(request_id=request.pk, now=NOW, actor=agents[0])
        return "approved"

    assert _rush(2, act) == ["approved", "refused"]
    decided = RequestEvent.objects.filter(request=request, kind__in=("APPROVED", "REFUSED"))
    assert decided.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_six_agents_one_holds(world):
    request = move(world.family)
    agents = [agent_actor(make_agent(email=f"a{i}@example.fr")) for i in range(6)]

    def act(order):
        services.hold(request_id=request.pk, now=NOW, actor=agents[order])
        return "held"

    assert _rush(6, act) == ["held"] + ["held_by_another"] * 5


@pytest.mark.django_db(transaction=True)
def test_sent_many_times_at_once_it_is_one_request_and_numbers_have_no_gap(world):
    key = uuid.uuid4()

    def act(order):
        return move(world.family, key=key if order < 4 else None).reference

    references = _rush(8, act)
    assert sorted(set(references)) == [f"2026-0000{i}" for i in range(1, 6)]
    assert Request.objects.count() == 5
