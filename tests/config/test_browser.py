"""The browser harness keeps its own promises."""

from typing import Any

import pytest


def test_a_page_opens_at_each_width(open_page: Any, live_server: Any) -> None:
    for width in (360, 1280):
        page = open_page(width)
        answer = page.goto(f"{live_server.url}/healthz")
        assert answer.status == 200
        page.set_content("<meta name='viewport' content='width=device-width'>")
        assert page.evaluate("window.innerWidth") == width


def test_axe_sees_what_is_wrong(desk: Any, assert_accessible: Any) -> None:
    desk.set_content("<html><body><img src='data:,'></body></html>")
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(desk)


def test_the_whole_stack_answers(site: Any, desk: Any) -> None:
    answer = desk.goto(f"{site.url}/healthz")
    assert answer.json() == {"status": "ok"}
