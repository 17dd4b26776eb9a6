"""Acts that return once the page stands: a click's answer can be read straight away.

Playwright's click returns when the navigation it starts is committed, its key press even before:
the new page may not be parsed, or not yet asked for. Here every act on a watched page (a click, a
key, a choice, an address) then waits until

- the browser loads nothing: Chromium says when a navigation is asked for, starts and ends, in the
  same order as it answers what we ask it afterwards;
- htmx is idle: it marks what it asks for, swaps and settles with classes.

What starts later of itself stays for the test to wait for (`expect`, `wait_for_url`): a delayed
search, a page that refreshes itself, a script's own fetch. A page that loads for longer than
`MOST_SECONDS` is left as it is.
"""

import contextlib
import functools
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Error, Keyboard, Locator, Mouse, Page

MOST_SECONDS = 30
POLL_MS = 15
STANDS = (
    "document.readyState === 'complete' && "
    "!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')"
)
ACTS: dict[type, tuple[str, ...]] = {
    Locator: (
        "check", "click", "dblclick", "fill", "press", "select_option", "set_checked",
        "set_input_files", "tap", "uncheck",
    ),
    Page: (
        "check", "click", "dblclick", "fill", "go_back", "go_forward", "goto", "press", "reload",
        "select_option", "set_input_files", "tap", "uncheck",
    ),
    Keyboard: ("press",),
    Mouse: ("click",),
}  # fmt: skip


class Tab:
    """What the browser says of one page's loading."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.loading = False
        self.session = page.context.new_cdp_session(page)
        frames = self.session.send("Page.getFrameTree")
        self.frame = frames["frameTree"]["frame"]["id"]
        self.session.on("Page.frameRequestedNavigation", self._asked)
        self.session.on("Page.frameStartedLoading", self._started)
        self.session.on("Page.frameStoppedLoading", self._stopped)
        self.session.send("Page.enable")

    def _asked(self, told: dict[str, Any]) -> None:
        if told["frameId"] == self.frame and told.get("disposition", "currentTab") == "currentTab":
            self.loading = True

    def _started(self, told: dict[str, Any]) -> None:
        if told["frameId"] == self.frame:
            self.loading = True

    def _stopped(self, told: dict[str, Any]) -> None:
        if told["frameId"] == self.frame:
            self.loading = False

    def stands(self) -> bool:
        """Whether nothing is on its way, what the last act asked for included."""
        try:
            answer = self.session.send("Runtime.evaluate", {"expression": STANDS})
        except Error:  # the page left while it was asked
            return False
        return not self.loading and answer["result"].get("value") is True

    def settle(self) -> None:
        """Wait until the page stands, or is closed, or takes too long."""
        deadline = time.monotonic() + MOST_SECONDS
        while not self.page.is_closed() and not self.stands():
            if time.monotonic() > deadline:
                return
            with contextlib.suppress(Error):  # closed meanwhile
                self.page.wait_for_timeout(POLL_MS)


_tabs: WeakKeyDictionary[Any, Tab] = WeakKeyDictionary()


def watch(page: Page) -> None:
    """Have each act on this page wait until it stands."""
    _tabs[page] = _tabs[page.keyboard] = _tabs[page.mouse] = Tab(page)


def settle(page: Page) -> None:
    """Wait until this page stands, without an act: it may have moved of itself."""
    tab = _tabs.get(page)
    if tab is None:
        page.wait_for_load_state()
    else:
        tab.settle()


def _settled(act: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(act)
    def then_settled(self: Any, *args: Any, **options: Any) -> Any:
        done = act(self, *args, **options)
        tab = _tabs.get(self.page if isinstance(self, Locator) else self)
        if tab is not None:
            tab.settle()
        return done

    return then_settled


def install() -> None:
    """Wrap Playwright's acts, once a process; pages that nobody watches behave as before."""
    for kind, names in ACTS.items():
        for name in names:
            act = getattr(kind, name)
            if not hasattr(act, "__wrapped__"):
                setattr(kind, name, _settled(act))
