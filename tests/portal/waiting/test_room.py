"""The waiting room: order of arrival, no way round it, and nothing when nobody waits."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from preau.openings import gate
from preau.openings.gate import (
    GateKeeper,
    GateState,
    Ticket,
    move_gate,
    open_room,
    read_gate,
    take_ticket,
    use_ticket,
)
from preau.openings.models import Gate
from preau.portal.waiting import middleware, tokens
from preau.portal.waiting.middleware import WaitingRoom

NOW = dt.datetime(2026, 12, 1, 8, 0, tzinfo=dt.UTC)
PLANNING = "/espace/reservations/?mois=2027-02"
pytestmark = pytest.mark.django_db


class Visitor:
    """A browser: keeps its cookies, follows nothing by itself."""

    def __init__(self, session: str = "abc") -> None:
        self.cookies = {"preau_session": session} if session else {}
        self.room = WaitingRoom(lambda request: HttpResponse("dedans"))

    def get(self, path: str, method: str = "get", **headers: str) -> HttpResponse:
        request: HttpRequest = getattr(RequestFactory(headers=headers), method)(path)
        request.COOKIES.update(self.cookies)
        response = self.room(request)
        self.cookies.update({name: m.value for name, m in response.cookies.items()})
        return response

    @property
    def is_in(self) -> bool:
        return self.get(PLANNING).content == b"dedans"


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch):
    """Set the gate, as every process sees it."""

    def put(**values: int) -> None:
        Gate.objects.update_or_create(pk=1, defaults=values)
        monkeypatch.setattr(middleware.KEEPER, "state", lambda now: read_gate())

    put(is_on=False)
    return put


def test_it_is_not_there_when_it_is_not_needed(state) -> None:
    visitor = Visitor()
    assert visitor.is_in
    assert tokens.TICKET_COOKIE not in visitor.cookies


def test_places_follow_the_order_of_arrival_and_survive_reloads(state) -> None:
    state(is_on=True, epoch=3, rate_milli=1000)
    first, second = Visitor("one"), Visitor("two")
    for visitor in (first, second):
        response = visitor.get(PLANNING)
        assert response.status_code == 302
        assert response["Location"].startswith("/file-attente/?suite=%2Fespace")
    page = second.get("/file-attente/?suite=" + PLANNING).content.decode()
    assert "1\u00a0famille est avant vous" in page
    assert 'aria-live="polite"' in page
    assert "<noscript><meta http-equiv" in page
    for _ in range(3):
        second.get(PLANNING)
    assert Gate.objects.get().last_ticket == 2
    state(admitted=1)
    assert first.is_in
    assert not second.is_in
    poll = second.get("/file-attente/?suite=" + PLANNING, HX_Request="true").content.decode()
    assert "Vous êtes les prochains" in poll
    assert "<html" not in poll
    state(admitted=2)
    assert second.get("/file-attente/?suite=" + PLANNING)["Location"] == PLANNING
    assert second.is_in
    state(is_on=False)
    assert second.is_in


def test_those_inside_stay_inside_when_it_opens(state) -> None:
    visitor = Visitor()
    assert visitor.is_in
    state(is_on=True, epoch=1)
    assert visitor.is_in
    assert not Visitor("other").is_in


def test_no_token_is_forged_copied_or_kept_from_another_day(state) -> None:
    state(is_on=True, epoch=5, last_ticket=900, admitted=900)
    honest = Visitor("honest")
    honest.cookies[tokens.TICKET_COOKIE] = tokens.write_ticket(Ticket(5, 7))
    assert honest.is_in
    thief = Visitor("thief")
    thief.cookies |= {k: v for k, v in honest.cookies.items() if k != "preau_session"}
    assert not thief.is_in, "an entry pass is worth nothing in another session"
    late = Visitor("late")
    late.cookies[tokens.TICKET_COOKIE] = tokens.write_ticket(Ticket(5, 7))
    assert not late.is_in, "a ticket lets one session in"
    for forged in (
        "5.1",
        "5.1:x:y",
        tokens.write_ticket(Ticket(4, 1)),
        "é" * 50,
        "9" * 500,
        tokens.write_pass(tokens.visitor_of("forger")),
    ):
        forger = Visitor("forger")
        forger.cookies[tokens.TICKET_COOKIE] = forged
        assert not forger.is_in
    assert Visitor("forger").get("/file-attente/?suite=//evil.example")["Location"] == (
        "/espace/reservations/"
    )


def test_a_form_sent_while_waiting_is_told_not_sent(state) -> None:
    state(is_on=True, epoch=1)
    response = Visitor().get("/espace/reservations/envoi/", method="post")
    assert response.status_code == 200
    assert "Rien n’a encore été envoyé" in response.content.decode()


def test_polls_ask_neither_session_nor_database(state, django_assert_num_queries, monkeypatch):
    state(is_on=True, epoch=1, last_ticket=50)
    visitor = Visitor()
    visitor.get(PLANNING)
    fixed = GateState(is_on=True, epoch=1, admitted=2, last_ticket=51, rate=4)
    monkeypatch.setattr(middleware.KEEPER, "state", lambda now: fixed)
    visitor.get("/file-attente/")
    delays = set()
    with django_assert_num_queries(0):
        for _ in range(30):
            answer = visitor.get("/file-attente/", HX_Request="true")
            delays.add(int(answer["Retry-After"]))
    assert min(delays) >= 5
    assert len(delays) > 1, "polls are spread"


def test_the_rest_of_the_site_never_waits(state) -> None:
    state(is_on=True, epoch=1)
    assert Visitor().get("/tarifs/").content == b"dedans"
    assert Visitor("").get("/connexion/").status_code == 302


def test_the_gate_opens_when_full_paces_and_closes_when_quiet() -> None:
    full = {"busy": 1.0, "seconds": 1.0}
    second = dt.timedelta(seconds=1)
    assert not move_gate(**full, is_full=False, now=NOW).is_on
    on = move_gate(**full, is_full=True, now=NOW + second)
    assert on.is_on and on.epoch == 1
    for _ in range(500):
        take_ticket()
    slower = move_gate(**full, is_full=True, now=NOW + 2 * second)
    assert 0 < slower.admitted < 60
    assert slower.rate < on.rate
    faster = move_gate(busy=0.2, seconds=1.0, is_full=False, now=NOW + 3 * second)
    assert faster.rate > slower.rate
    same = move_gate(busy=0.2, seconds=1.0, is_full=False, now=NOW + 3.2 * second)
    assert same == faster, "one beat a second, whoever beats"
    Gate.objects.update(admitted=500)
    assert move_gate(busy=0.1, seconds=1, is_full=False, now=NOW + 10 * second).is_on
    assert not move_gate(busy=0.1, seconds=1, is_full=False, now=NOW + 40 * second).is_on


@pytest.mark.django_db(transaction=True)
def test_tickets_taken_at_once_are_all_different() -> None:
    from django.db import connection

    open_room(rate=10, now=NOW)

    def take(_: int) -> int:
        try:
            return take_ticket().number
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        numbers = sorted(pool.map(take, range(60)))
    assert numbers == list(range(1, 61))


@pytest.mark.django_db(transaction=True)
def test_of_twelve_copies_of_a_ticket_one_comes_in() -> None:
    from django.db import connection

    def use(number: int) -> bool:
        try:
            return use_ticket(ticket=Ticket(1, 7), visitor=f"visitor{number}", now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(use, range(12))) == [False] * 11 + [True]


def test_a_process_measures_how_busy_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=1.0)
    monkeypatch.setattr(gate, "time", SimpleNamespace(monotonic=lambda: clock.now))
    keeper = GateKeeper(threads=1)
    keeper.meter.enter()
    clock.now += 2
    assert keeper.meter.read()[:2] == (1.0, 2.0)
    clock.now += 1
    keeper.meter.leave()
    clock.now += 3
    assert keeper.meter.read()[0] == 0.25


def test_full_servers_go_on_being_fed_at_the_pace_that_they_show() -> None:
    """Else the rate falls to nothing while those inside are served, and the servers wait then."""
    second = dt.timedelta(seconds=1)
    full = {"busy": 1.0, "seconds": 1.0, "served": 90.0}
    on = move_gate(**full, is_full=True, now=NOW)
    assert on.rate == pytest.approx(0.7 * 90, abs=0.01)
    for _ in range(2_000):
        take_ticket()
    for n in range(1, 6):
        on = move_gate(**full, is_full=True, now=NOW + n * second)
    assert on.rate == pytest.approx(0.7 * 90, abs=0.01)
    assert on.admitted == 5 * 63


def test_the_last_ones_are_called_ahead_unless_servers_are_full() -> None:
    """They come at their next poll, some seconds later: the servers would wait for them."""
    second = dt.timedelta(seconds=1)
    move_gate(busy=1.0, seconds=1.0, is_full=True, now=NOW)
    for _ in range(30):
        take_ticket()
    Gate.objects.update(rate_milli=10_000)
    assert move_gate(busy=1.0, seconds=1.0, is_full=True, now=NOW + second).admitted < 10
    assert move_gate(busy=0.8, seconds=1.0, is_full=False, now=NOW + 2 * second).admitted == 30
