"""What each web process is served with: open connections, remembered paths, one policy header."""

import contextlib
import http.client
import socket
import subprocess
import time

import pytest
from csp.constants import HEADER, NONCE
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.urls import get_resolver

from preau.config.paths import MOST, remember_paths
from preau.config.policy import Policy
from preau.config.run import web_command

IDLE = 300


# --- Connections ---------------------------------------------------------------------------------


@contextlib.contextmanager
def server(tmp_path, **changed):
    """The web server's own command line around a page that says «ici»; its port."""
    (tmp_path / "here.py").write_text(
        "def application(environ, start):\n"
        "    start('200 OK', [('content-length', '3')])\n"
        "    return [b'ici']\n"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = web_command(host="127.0.0.1", port=port, workers=1, threads=1)
    for name, value in changed.items():
        command[command.index(f"--{name}") + 1] = str(value)
    command[-1] = "here:application"
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()


def visit(port, timeout=10.0):
    """One browser that reads the page and keeps its connection."""
    browser = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    browser.request("GET", "/")
    assert browser.getresponse().read() == b"ici"
    return browser


def test_hundreds_of_idle_browsers_leave_the_door_open(tmp_path):
    with server(tmp_path) as port, contextlib.ExitStack() as stack:
        for _ in range(IDLE):
            stack.callback(visit(port).close)
        visit(port).close()


def test_with_fewer_allowed_they_would_close_it(tmp_path):
    with server(tmp_path, backpressure=16) as port, contextlib.ExitStack() as stack:
        for _ in range(16):
            stack.callback(visit(port).close)
        with pytest.raises(TimeoutError):
            visit(port, timeout=0.5)


# --- Paths ---------------------------------------------------------------------------------------


@pytest.fixture
def resolver():
    """The town's addresses, remembered for the test alone."""
    found = get_resolver()
    remember_paths()
    yield found
    del found.resolve


def test_a_path_without_value_is_looked_up_once(resolver, monkeypatch):
    first = resolver.resolve("/espace/reservations/")
    assert first.view_name == "portal:planning"
    monkeypatch.setattr(type(resolver), "url_patterns", [])
    assert resolver.resolve("/espace/reservations/") is first


def test_a_path_with_a_value_and_one_that_leads_nowhere_are_not_kept(resolver):
    path = "/espace/reservations/recus/R-2026-ABCDEF/"
    found = resolver.resolve(path)
    assert found.kwargs and resolver.resolve(path) is not found
    for _ in range(2):
        with pytest.raises(Http404):
            resolver.resolve("/nulle-part/")


def test_no_more_than_some_are_kept(resolver, monkeypatch):
    monkeypatch.setattr("preau.config.paths.MOST", 1)
    first, second = "/espace/reservations/", "/espace/absences/"
    assert resolver.resolve(first) is resolver.resolve(first)
    assert resolver.resolve(second) is not resolver.resolve(second)
    assert MOST >= 100


# --- The policy header -------------------------------------------------------------------------


def answer(policy, **attributes):
    """The header of a page whose response, or request, says something of its policy."""
    request, response = RequestFactory().get("/"), HttpResponse()
    policy.process_request(request)
    for name, value in attributes.items():
        setattr(response, name, value)
    return policy.process_response(request, response).get(HEADER)


@pytest.fixture
def policy():
    return Policy(lambda request: HttpResponse())


def test_pages_share_one_header_written_once(policy, monkeypatch):
    first = answer(policy)
    assert "default-src" in first and "unsafe-inline" not in first
    monkeypatch.setattr(policy, "build_policy", lambda *args: pytest.fail("written again"))
    monkeypatch.setattr(policy, "get_policy_parts", lambda *args: pytest.fail("written again"))
    assert answer(policy) == first


def test_a_page_with_its_own_policy_keeps_it_and_lends_it_to_nobody(policy):
    own = answer(policy, _csp_update={"frame-ancestors": ["https://ville.example"]})
    assert "https://ville.example" in own
    assert answer(policy, _csp_exempt=True) is None
    shared = answer(policy)
    assert "ville.example" not in shared
    assert answer(policy, _csp_update={"frame-ancestors": ["https://ville.example"]}) == own


def test_a_nonce_is_never_shared(policy):
    shared, found = answer(policy), set()
    for _ in range(2):
        request, response = RequestFactory().get("/"), HttpResponse()
        policy.process_request(request)
        response._csp_update = {"script-src": [NONCE]}
        nonce = str(request.csp_nonce)
        header = policy.process_response(request, response).get(HEADER)
        assert f"'nonce-{nonce}'" in header
        found.add(header)
    assert len(found) == 2 and answer(policy) == shared and "nonce" not in shared
