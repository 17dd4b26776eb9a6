"""Server to server: the bank calls the shop, waits 35 s, follows no redirect, and tries again."""

import logging
import threading
import time
import urllib.error
import urllib.request
from typing import Any

from preau.demo.bank.book import Book, Notification

logger = logging.getLogger("preau.demo.bank")

THREADS = 4
LONGEST_PAUSE_S = 60.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


class Notifier:
    """A few threads that make the calls which are due."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._busy: set[int] = set()
        self._stop = False

    def start(self) -> None:
        """Begin calling; calls left by an earlier process are taken up."""
        for _ in range(THREADS):
            threading.Thread(target=self._run, daemon=True, name="bank-notifier").start()

    def stop(self) -> None:
        """Make no further call."""
        with self._book.lock:
            self._stop = True
            self._book.changed.notify_all()

    def wait(self, token: str, seconds: float) -> bool:
        """Wait until nothing is owed for this payment; False if it still is after `seconds`."""
        until = time.monotonic() + seconds
        with self._book.lock:
            while any(n.token == token for n in self._book.owed.values()):
                left = until - time.monotonic()
                if left <= 0 or not self._book.changed.wait(left):
                    return False
            return True

    def _take(self) -> Notification | None:
        """The next call that is due, marked busy; sleeps until there is one. None: stop."""
        book = self._book
        with book.lock:
            while not self._stop:
                pause: float | None = None
                for item in sorted(book.owed.values(), key=lambda n: n.due_at):
                    if item.held or item.number in self._busy:
                        continue
                    before = book.notifications.get(item.after)
                    if before is not None and not before.done:
                        continue
                    wait = item.due_at - time.time()
                    if wait <= 0:
                        self._busy.add(item.number)
                        return item
                    pause = wait if pause is None else min(pause, wait)
                book.changed.wait(pause)
            return None

    def _run(self) -> None:
        while (item := self._take()) is not None:
            outcome = call(item, self._book.knobs.timeout_s)
            with self._book.lock:
                knobs = self._book.knobs
                item.attempts += 1
                item.last = outcome
                item.done = outcome == "ok" or item.attempts >= knobs.max_attempts
                pause = min(knobs.retry_s * 2 ** (item.attempts - 1), LONGEST_PAUSE_S)
                item.due_at = time.time() + pause
                self._busy.discard(item.number)
                self._book.save(item)
            if outcome != "ok":
                logger.warning("notification %s: %s", item.number, outcome)


def call(item: Notification, timeout_s: float) -> str:
    """Make one call. "ok", or what went wrong."""
    request = urllib.request.Request(  # noqa: S310 (the shop's own address, http or https)
        item.url,
        data=item.body.encode("utf-8"),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        method="POST",
    )
    try:
        with _opener.open(request, timeout=timeout_s) as response:
            text = response.read(65_536).decode("utf-8", "replace")
            if item.expects and item.expects not in text:
                return f"réponse sans {item.expects}"
            return "ok" if response.status == 200 else f"HTTP {response.status}"
    except urllib.error.HTTPError as error:
        error.close()
        return f"HTTP {error.code}"
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
