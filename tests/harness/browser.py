"""A real browser: Playwright's own API driving the machine's Chromium.

    def test_…(open_page, live_server):           # or `site`, the whole stack (tests.harness.stack)
        page = open_page(width=360, javascript=False)
        page.goto(live_server.url)

Every page opened here watches itself: an error of script, a word of the console, a breach of the
content security policy or a request to a third party fails the test at its end.
Each act on it (a click, a key, an address) returns once the page stands (tests.harness.settling).
Without Chromium these tests are left out, and the end of the report names them in one loud line.
"""

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.harness import settling

AXE = Axe()
CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
ASKS_FOR_A_BROWSER = {"browser", "page", "open_page", "phone", "desk"}
LEFT_OUT = "no Chromium on this machine"
HEIGHTS = {360: 780, 1280: 900}
OURS = {"localhost", "127.0.0.1"}
PATIENCE_MS = 30_000  # A loaded machine is slow; what is there is found at once all the same.


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--all-looks`: every page at 1280 and 360 px, light and dark, its refusals too (minutes)."""
    parser.addoption("--all-looks", action="store_true", help="read every page in all its looks")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that drive a browser; leave them out when there is none."""
    for item in items:
        if ASKS_FOR_A_BROWSER & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason=LEFT_OUT))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name the tests left out, in one line that cannot be missed."""
    left_out = [
        report.nodeid
        for report in terminalreporter.stats.get("skipped", [])
        if LEFT_OUT in str(report.longrepr)
    ]
    if left_out:
        terminalreporter.write_line(
            f"!!! {len(left_out)} BROWSER TESTS LEFT OUT, {LEFT_OUT} "
            f"(apt install chromium): {', '.join(left_out)}",
            red=True,
            bold=True,
        )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's Chromium. It sees pages of ours only, and its sandbox works neither for root
    nor in most containers: it does without.
    """
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": arguments}


expect.set_options(timeout=PATIENCE_MS)
settling.install()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page of its own (cookies too) at a width, with or without JavaScript.

    `expected` lists pieces of console messages that the test means to provoke.
    """
    contexts = []
    problems: list[str] = []

    def watch(page: Any, expected: tuple[str, ...]) -> None:
        def note(problem: str) -> None:
            if not any(piece in problem for piece in expected):
                problems.append(problem)

        def asked(request: Any) -> None:
            parts = urlsplit(request.url)
            if parts.scheme in {"http", "https"} and parts.hostname not in OURS:
                note(f"request to a third party: {request.url}")

        page.on("pageerror", lambda error: note(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: (
                note(f"{page.url}: {message.text}") if message.type == "error" else None
            ),
        )
        page.on("request", asked)

    def open_one(
        width: int = 1280,
        *,
        javascript: bool = True,
        scheme: str = "light",
        base_url: str | None = None,
        expected: tuple[str, ...] = (),
        **options: Any,
    ) -> Any:
        phone = width < 600
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHTS.get(width, 900)},
            java_script_enabled=javascript,
            color_scheme=scheme,
            base_url=base_url,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            has_touch=phone,
            is_mobile=phone,
            reduced_motion="reduce",
            accept_downloads=True,
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        watch(page, expected)
        settling.watch(page)
        return page

    yield open_one
    for context in contexts:
        # What a page still asks for is answered before the tables are emptied under it.
        for page in context.pages:
            settling.settle(page)
        context.close()
    assert problems == []


@pytest.fixture
def phone(open_page: Callable[..., Any]) -> Any:
    """A page 360 px wide, as a telephone shows it."""
    return open_page(360)


@pytest.fixture
def desk(open_page: Callable[..., Any]) -> Any:
    """A page 1280 px wide, as a desk shows it."""
    return open_page(1280)


def read_standing(page: Any, read: Callable[[], Any]) -> Any:
    """What `read()` finds on a page that stands; again when the page left meanwhile, of itself."""
    for _ in range(2):
        settling.settle(page)
        try:
            return read()
        except PlaywrightError:
            continue
    settling.settle(page)
    return read()


def overflow_of(page: Any) -> int:
    """By how many pixels a page scrolls sideways."""
    script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return int(read_standing(page, lambda: page.evaluate(script)))


def read_by_axe(page: Any) -> list[str]:
    """What axe-core finds wrong on a page, and whether it scrolls sideways; [] when all is well."""
    read = functools.partial(AXE.run, page, options={"resultTypes": ["violations"]})
    found = read_standing(page, read).response["violations"]
    overflow = overflow_of(page)
    wrong = [
        f"{page.url}: {violation['id']}: {violation['help']} -> "
        + "; ".join(node["html"][:160] for node in violation["nodes"][:3])
        for violation in found
    ]
    return wrong + ([f"{page.url} scrolls sideways by {overflow} px"] if overflow > 0 else [])


@pytest.fixture(scope="session")
def assert_accessible() -> Callable[[Any], None]:
    """Call it on a page (JavaScript on): axe-core finds no violation, nothing scrolls sideways."""

    def check(page: Any) -> None:
        wrong = read_by_axe(page)
        assert wrong == [], "\n".join(wrong)

    return check


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Any, str], Path]:
    """Keep a picture of a page under var/pictures: `picture(page, "inbox")`."""

    def keep(page: Any, name: str) -> Path:
        folder = Path(request.config.rootpath) / "var" / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{request.node.name}-{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return keep
