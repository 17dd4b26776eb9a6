"""One short page at a time; a long one is passed by; the door never stays shut."""

import threading

import pytest
from django.http import HttpResponse

from preau.config.turnstile import OneAtATime, Turnstile


def test_one_works_at_a_time():
    turnstile, inside, most = Turnstile(patience=30), [], []

    def work() -> None:
        for _ in range(200):
            door = turnstile.enter()
            inside.append(1)
            most.append(len(inside))
            inside.pop()
            turnstile.leave(door)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert len(most) == 800
    assert max(most) == 1


def test_a_long_view_keeps_nobody_waiting():
    """While one never ends, the others pass beside it, one by one; then it ends, and all is as
    before."""
    turnstile = Turnstile(patience=0.01)
    long = turnstile.enter()
    for _ in range(3):
        short = turnstile.enter()
        assert short is not long
        turnstile.leave(short)
    turnstile.leave(long)
    again = turnstile.enter()
    assert again.locked()
    turnstile.leave(again)
    assert not again.locked()


def test_only_the_first_waits_for_the_long_one():
    turnstile = Turnstile(patience=0.01)
    turnstile.enter()
    turnstile.leave(turnstile.enter())
    turnstile.patience = 30  # whoever waited now would wait until the test's end
    turnstile.leave(turnstile.enter())


def test_the_door_opens_after_an_error_and_before_a_stream_ends(rf):
    def fails(_request: object) -> HttpResponse:
        raise ZeroDivisionError

    request, door = rf.get("/"), OneAtATime(fails)
    door.turnstile.patience = 30
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            door(request)
    door.get_response = lambda _request: HttpResponse(part for part in ("a", "b"))
    door(request)
    assert door(request).content == b"ab"
