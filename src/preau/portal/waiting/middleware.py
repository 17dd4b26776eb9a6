"""The waiting room's door, before sessions and database: first of the middlewares.

It measures how busy this process is, and while the room is on it lets in those who have a pass,
turns an admitted ticket into one, and shows the others their place in the queue. What it protects
is the booking of days and the sign-in (a password costs a tenth of a second): the rest of the
site stays open to all.
"""

from collections.abc import Callable
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from preau.kernel.clock import utc_now
from preau.openings.gate import GateKeeper, GateState, Ticket, take_ticket, use_ticket
from preau.portal.waiting import tokens
from preau.portal.waiting.page import QUEUE_PATH, poll_answer, waiting_page

PROTECTED = ("/espace/reservations",)
SIGN_IN = "/connexion/"
KEEPER = GateKeeper(settings.WEB_THREADS, settings.WEB_WORKERS)


class WaitingRoom:
    """See the module."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path != QUEUE_PATH and not _is_protected(path):
            return self._serve(request)
        state = KEEPER.state(utc_now())
        if path == QUEUE_PATH:
            return self._queue(request, state)
        visitor = _visitor(request)
        held = tokens.read_pass(request.COOKIES.get(tokens.PASS_COOKIE))
        inside = held is not None and held.visitor == visitor
        if state.is_on and not inside:
            ticket = _ticket(request, state)
            if ticket is None or ticket.number > state.admitted:
                return self._wait(request, state, ticket)
            if visitor and not use_ticket(ticket=ticket, visitor=visitor, now=utc_now()):
                return self._wait(request, state, None)
        response = self._serve(request, is_protected=True)
        if visitor and path != SIGN_IN:
            _set(response, tokens.PASS_COOKIE, tokens.write_pass(visitor), tokens.PASS_SECONDS)
        return response

    def _serve(self, request: HttpRequest, *, is_protected: bool = False) -> HttpResponse:
        KEEPER.meter.enter()
        try:
            return self.get_response(request)
        finally:
            KEEPER.meter.leave(is_protected=is_protected)

    def _wait(self, request: HttpRequest, state: GateState, ticket: Ticket | None) -> HttpResponse:
        """Give a ticket to who has none, and show the queue. A form that was sent is not lost:
        the page says that nothing was sent, and the browser's «back» finds it as it was."""
        if ticket is None:
            ticket = take_ticket()
        is_read = request.method in ("GET", "HEAD")
        target = request.get_full_path() if is_read else request.path
        if is_read:
            response: HttpResponse = redirect(f"{QUEUE_PATH}?suite={quote(target, safe='')}")
        else:
            response = waiting_page(ticket, state, target, was_sent=True)
        _set(response, tokens.TICKET_COOKIE, tokens.write_ticket(ticket), tokens.TICKET_SECONDS)
        return response

    def _queue(self, request: HttpRequest, state: GateState) -> HttpResponse:
        """The queue's own page: from the ticket's cookie alone, no session, no database."""
        target = _safe(request.GET.get("suite", ""))
        ticket = _ticket(request, state)
        if not state.is_on or ticket is None or ticket.number <= state.admitted:
            # It is this browser's turn, or there is no queue, or it has no ticket yet.
            if request.headers.get("HX-Request"):
                response = HttpResponse()
                response["HX-Redirect"] = target
                return response
            return redirect(target)
        if request.headers.get("HX-Request"):
            return poll_answer(ticket, state, target)
        return waiting_page(ticket, state, target)


def _is_protected(path: str) -> bool:
    return path == SIGN_IN or path.startswith(PROTECTED)


def _visitor(request: HttpRequest) -> str:
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return tokens.visitor_of(key) if key else ""


def _ticket(request: HttpRequest, state: GateState) -> Ticket | None:
    ticket = tokens.read_ticket(request.COOKIES.get(tokens.TICKET_COOKIE))
    return ticket if ticket is not None and ticket.epoch == state.epoch else None


def _safe(target: str) -> str:
    """A path of ours that the room protects, or the planning: never another site."""
    known = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if known and _is_protected(target.partition("?")[0]) else "/espace/reservations/"


def _set(response: HttpResponse, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
