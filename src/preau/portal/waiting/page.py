"""The queue's page and its polls, cheap enough for everyone to look at the same time.

The page is rendered once per process and language; only the place, the wait and the address to go
on to are written in. Polls are at least 5 s apart, with jitter, and further when the wait is long.
"""

import random
from functools import cache
from html import escape
from urllib.parse import quote

from django.http import HttpResponse
from django.template.loader import render_to_string

from preau.kernel.french import count, plural
from preau.openings.gate import GateState, Ticket
from preau.openings.rules import estimate_minutes

QUEUE_PATH = "/file-attente/"
LEAST_SECONDS = 5
MARK_PLACE, MARK_REFRESH, MARK_SENT = "@@place@@", "@@refresh@@", "@@sent@@"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SENT = (
    '<p class="note wait">Rien n’a encore été envoyé. Quand ce sera votre tour, revenez en arrière '
    "dans votre navigateur : vos choix y sont.</p>"
)


def waiting_page(
    ticket: Ticket, state: GateState, target: str, *, was_sent: bool = False
) -> HttpResponse:
    """The whole page: it refreshes itself without JavaScript, and more softly with it."""
    seconds = _seconds(ticket, state)
    html = (
        _skeleton()
        .replace(MARK_REFRESH, f"{seconds};url={QUEUE_PATH}?suite={quote(target, safe='')}")
        .replace(MARK_PLACE, _place(ticket, state, target, seconds))
        .replace(MARK_SENT, SENT if was_sent else "")
    )
    return _answer(html, seconds)


def poll_answer(ticket: Ticket, state: GateState, target: str) -> HttpResponse:
    """The place alone, for the page that is already open."""
    seconds = _seconds(ticket, state)
    return _answer(_place(ticket, state, target, seconds), seconds)


def _place(ticket: Ticket, state: GateState, target: str, seconds: int) -> str:
    ahead = max(ticket.number - state.admitted - 1, 0)
    minutes = estimate_minutes(ahead, state.rate)
    words = (
        f"{count(ahead, 'famille')} {plural(ahead, 'est', 'sont')} avant vous."
        if ahead
        else "Vous êtes les prochains."
    )
    address = escape(f"{QUEUE_PATH}?suite={quote(target, safe='')}")
    return (
        f'<div id="place" role="status" aria-live="polite" hx-get="{address}" '
        f'hx-trigger="load delay:{seconds}s" hx-swap="outerHTML">'
        f'<p class="big"><b>{words}</b></p>'
        f"<p>Encore {count(minutes, 'minute')} environ, au rythme d’en ce moment.</p></div>"
    )


def _seconds(ticket: Ticket, state: GateState) -> int:
    ahead = max(ticket.number - state.admitted, 0)
    patience = min(ahead / max(state.rate, 1.0) / 4, 25)
    return LEAST_SECONDS + int(patience + random.random() * 3)  # noqa: S311  (jitter, no secret)


@cache
def _skeleton() -> str:
    return render_to_string(
        "portal/waiting/queue.html",
        {"place": MARK_PLACE, "refresh": MARK_REFRESH, "sent": MARK_SENT},
    )


def _answer(html: str, seconds: int) -> HttpResponse:
    response = HttpResponse(html)
    response["Cache-Control"] = "no-store"
    response["Retry-After"] = str(seconds)
    response["Content-Security-Policy"] = POLICY
    response["X-Frame-Options"] = "DENY"
    return response
