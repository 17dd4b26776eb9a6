"""One short page at a time in each web process, and never a closed door.

Two threads that draw pages together share one interpreter: they hand it over at each question to
the database, and serve a fifth fewer pages than one thread would. One thread alone would let a
long export shut half of the site. So several threads stand ready, one of them works, and whoever
has worked for PATIENCE is passed by: the next comes in beside it, at the price of a slower page.
"""

import threading
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PATIENCE = 0.15  # Seconds; most pages take a tenth of it.


class Turnstile:
    """A lock that whoever holds it too long loses, without knowing it."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._door = threading.Lock()
        self._changing = threading.Lock()

    def enter(self) -> threading.Lock:
        """Wait for one's turn, at most `patience`; give what `leave` takes."""
        door = self._door
        while not door.acquire(timeout=self.patience):
            with self._changing:
                if self._door is door:
                    # The one inside takes long: a new door, which we hold, and it keeps the old.
                    mine = threading.Lock()
                    mine.acquire()
                    self._door = mine
                    return mine
                door = self._door
        return door

    def leave(self, door: threading.Lock) -> None:
        """Let the next one in."""
        door.release()


class OneAtATime:
    """The middleware. What a response streams after it is returned goes on outside."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.turnstile = Turnstile()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        door = self.turnstile.enter()
        try:
            return self.get_response(request)
        finally:
            self.turnstile.leave(door)
