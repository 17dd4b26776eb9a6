"""The planning's first steps: choose days, copy, undo; wait for an opening."""

from datetime import date, datetime, timedelta
from math import ceil
from random import randrange
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from preau.bookings.queries import read_offers
from preau.bookings.services import (
    change_draft,
    clear_draft,
    release_holds,
    undo_draft,
)
from preau.catalogue.enums import ActivityKind
from preau.journeys.planning import (
    Board,
    Choices,
    copy_to_sibling,
    copy_week,
    get_board,
    hold_draft,
    page_span,
    send_choices,
    weeks_until,
)
from preau.kernel import french
from preau.kernel.clock import paris, paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.periods import read_day
from preau.ui.days.board import draw_weeks, shown_pairs
from preau.ui.days.checkout import asked_key, hold_words
from preau.ui.days.desk import Desk

ICONS = {
    ActivityKind.CANTEEN: "utensils",
    ActivityKind.MORNING_CARE: "sunrise",
    ActivityKind.EVENING_CARE: "sunset",
    ActivityKind.WEDNESDAY: "tent-tree",
    ActivityKind.HOLIDAY_CENTRE: "tent-tree",
    ActivityKind.SPORT: "volleyball",
}
# The oldest and the furthest month that the page turns to.
REACH = timedelta(days=800)


def asked_month(text: str, today: date) -> date:
    """The month of `?mois=2026-11`; the current one when it is missing or makes no sense."""
    try:
        month = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month, no instant
    except ValueError:
        return today.replace(day=1)
    return month if abs(month - today) < REACH else today.replace(day=1)


def planning_page(desk: Desk) -> HttpResponse:
    """A month of an activity; its form keeps choices on the server and leads to the recap."""
    request, now = desk.request, utc_now()
    today = paris_day(now)
    if request.method == "POST":
        return _keep(desk, now)
    month = asked_month(request.GET.get("mois", ""), today)
    activity = request.GET.get("activite", "")
    board = get_board(
        family=desk.family, user_id=desk.user_id, month=month, activity=activity, now=now
    )
    held, added = shown_pairs(board)
    chosen = [c for c in board.cells() if c.chosen is not None]
    cents = sum(
        (c.cents if c.chosen else -c.cents) for c in chosen if c.state not in ("full", "waiting")
    )
    return render(
        request,
        desk.template("planning"),
        desk.context(
            board=board,
            weeks=draw_weeks(board) if board.tab else "",
            held=held,
            added=added,
            tabs=_tabs(desk, board),
            months=_months(desk, board),
            price=_price_words(board),
            count=len(chosen),
            cents=cents,
            text=_recap_words(board),
            elsewhere=len(board.draft) - len(chosen),
            offers=read_offers(desk.family.pk, now) if board.offers else [],
            past=request.GET.get("passees") == "1",
            hold_words=hold_words(board.held, board.held_until, now),
            lapsed_words=_lapsed_words(board),
            review_url=desk.url("planning-review"),
            here=_here(desk, board),
            pattern=desk.url("planning-pattern") + _query(board) if board.tab else "",
            opening=desk.url("planning-opening") + _query(board)
            if board.opens_at and not desk.is_agent
            else "",
        ),
    )


def _lapsed_words(board: Board) -> str:
    """«3 places ne sont plus gardées depuis 10 h 12.»; empty when no hold of them ended."""
    if not board.lapsed or board.lapsed_at is None:
        return ""
    return _("%(places)s %(gone)s depuis %(hour)s.") % {
        "places": french.count(board.lapsed, _("place")),
        "gone": _("ne sont plus gardées") if board.lapsed > 1 else _("n’est plus gardée"),
        "hour": french.clock_time(paris(board.lapsed_at)),
    }


# A page waits by itself for an opening of the same day; before, it only says when.
WAITS = timedelta(hours=12)
SPREAD_SECONDS = 6


def opening_page(desk: Desk) -> HttpResponse:
    """Before the hour: a page that goes to the planning by itself, once, when booking opens.

    It counts on the server's clock, and asks nothing before: a few seconds of chance spread the
    browsers that wake up together.
    """
    request, now = desk.request, utc_now()
    board = get_board(
        family=desk.family,
        user_id=desk.user_id,
        month=asked_month(request.GET.get("mois", ""), paris_day(now)),
        activity=request.GET.get("activite", ""),
        now=now,
    )
    target = _here(desk, board)
    if board.opens_at is None:
        if request.headers.get("HX-Request"):
            response = HttpResponse()
            response["HX-Redirect"] = target
            return response
        return redirect(target)
    left = board.opens_at - now
    response = render(
        request,
        desk.template("opening"),
        desk.context(
            board=board,
            words=board.opening_words,
            asked_at=french.clock_time(paris(now)),
            seconds=ceil(left.total_seconds()) + randrange(SPREAD_SECONDS)  # noqa: S311
            if left <= WAITS
            else 0,
            here=request.get_full_path(),
            back=target,
        ),
    )
    response["Cache-Control"] = "no-store"
    return response


def _query(board: Board, month: date | None = None, activity: str = "", **more: str) -> str:
    tab = activity or (board.tab.slug if board.tab else "")
    return "?" + urlencode({"mois": f"{month or board.month:%Y-%m}", "activite": tab, **more})


def _here(desk: Desk, board: Board) -> str:
    return desk.url("planning") + _query(board)


def _tabs(desk: Desk, board: Board) -> list[dict[str, Any]]:
    return [
        {
            "url": desk.url("planning") + _query(board, activity=tab.slug),
            "label": tab.name,
            "icon": ICONS.get(ActivityKind(tab.kind), "calendar-days"),
            "current": tab == board.tab,
        }
        for tab in board.tabs
    ]


def _months(desk: Desk, board: Board) -> dict[str, str]:
    before = (board.month - timedelta(days=1)).replace(day=1)
    after = (board.month + timedelta(days=32)).replace(day=1)
    base = desk.url("planning")
    return {
        "before": base + _query(board, before),
        "before_name": french.month(before, year=False),
        "after": base + _query(board, after),
        "after_name": french.month(after, year=False),
        "past": base + _query(board, passees="1"),
    }


def _price_words(board: Board) -> dict[str, Any]:
    """What a day costs, in one sentence, and the rules behind, child by child."""
    names = {kid.pk: kid.first_name for kid in board.kids}
    known: dict[str, dict[int, int]] = {}
    why: list[tuple[str, tuple[str, ...]]] = []
    for child_id, products in board.prices.items():
        for product, (cents, sentences) in products.items():
            if cents is None:
                continue
            known.setdefault(product, {})[child_id] = cents
            label = f"{names[child_id]}, {product.lower()}" if product else names[child_id]
            why.append((label, sentences))
    said = []
    for product, by_child in known.items():
        what = product or board.unit[0]
        if len(set(by_child.values())) == 1:
            amount = french.euros(next(iter(by_child.values())))
            said.append(f"{what[:1].upper()}{what[1:]} : {amount}")
        else:
            each = ", ".join(f"{names[pk]} {french.euros(cents)}" for pk, cents in by_child.items())
            said.append(f"{what[:1].upper()}{what[1:]} : {each}")
    return {"said": said, "why": why}


def _recap_words(board: Board) -> str:
    names = {kid.pk: kid.first_name for kid in board.kids}
    tally: dict[int, list[int]] = {}
    for cell in board.cells():
        if cell.chosen is not None:
            tally.setdefault(cell.child_id, [0, 0])[0 if cell.chosen else 1] += 1
    parts = []
    for child_id, (added, removed) in tally.items():
        words = []
        if added:
            words.append(french.count(added, _("ajouté")))
        if removed:
            words.append(french.count(removed, _("retiré")))
        parts.append(f"{names[child_id]} : {', '.join(words)}.")
    return " ".join(parts)


# --- The form's buttons ---------------------------------------------------------------------------


def _keep(desk: Desk, now: datetime) -> HttpResponse:
    """Keep the choices of the page, then do what its button says."""
    data = desk.request.POST
    today = paris_day(now)
    month, activity = asked_month(data.get("mois", ""), today), data.get("activite", "")
    choices = Choices(
        held=frozenset(data.get("held", "").split()),
        added=frozenset(data.get("added", "").split()),
        checked=frozenset(data.getlist("c")),
    )
    if data.get("do") == "send" and not desk.is_agent:
        sent = _send_now(desk, choices, now)
        if sent is not None:
            return sent
    change_draft(family_id=desk.family.pk, user_id=desk.user_id, changes=choices.changes(), now=now)
    act, _sep, rest = data.get("do", "review").partition(":")
    act = "review" if act == "send" else act
    back = desk.url("planning") + "?" + urlencode({"mois": f"{month:%Y-%m}", "activite": activity})
    if act == "review":
        hold_draft(family_id=desk.family.pk, user_id=desk.user_id, now=now, actor=desk.actor)
        return redirect(desk.url("planning-review"))
    if act == "undo":
        undo_draft(family_id=desk.family.pk, user_id=desk.user_id, now=now)
    elif act == "clear":
        clear_draft(family_id=desk.family.pk, user_id=desk.user_id, now=now)
        release_holds(family_id=desk.family.pk, user_id=desk.user_id, now=now)
    elif act == "keep" and _is_ours(data.get("go", ""), desk):
        return redirect(data["go"])
    elif act in ("copy", "kid"):
        _copy(desk, act, rest, month=month, activity=activity, now=now)
        back += f"#s{rest[5:7]}{rest[8:10]}"
    return redirect(back)


def _send_now(desk: Desk, choices: Choices, now: datetime) -> HttpResponse | None:
    """Send the page as it stands; None when it must be checked first, which a message tells."""
    try:
        sent = send_choices(
            family_id=desk.family.pk,
            user_id=desk.user_id,
            key=asked_key(desk),
            choices=choices,
            channel=desk.channel(""),
            now=now,
            actor=desk.actor,
            family=desk.family,
        )
    except Refusal as refusal:
        messages.info(desk.request, str(refusal))
        return None
    if sent.advance:
        messages.warning(desk.request, sent.advance)
    return HttpResponseRedirect(desk.url("planning-receipt", reference=sent.reference))


def _is_ours(url: str, desk: Desk) -> bool:
    parts = urlsplit(url)
    return (
        not parts.netloc
        and not parts.scheme
        and parts.path
        in (
            desk.url("planning"),
            desk.url("planning-pattern"),
        )
    )


def _copy(desk: Desk, act: str, rest: str, *, month: date, activity: str, now: datetime) -> None:
    at, _sep, how = rest.partition(":")
    try:
        monday = read_day(at)
    except ValueError:
        raise Http404 from None
    first, last = page_span(month)
    if not first <= monday <= last:
        raise Http404
    if how == "next":
        last = max(last, monday + timedelta(days=13))
    elif how == "year":
        last = monday + timedelta(days=370)
    board = get_board(
        family=desk.family,
        user_id=desk.user_id,
        month=month,
        activity=activity,
        now=now,
        span=(first, last),
    )
    if act == "copy":
        aims = weeks_until(monday, monday + timedelta(days=7) if how == "next" else last)
        wishes = copy_week(board, monday, aims)
    else:
        giver, _sep, taker = how.partition(":")
        kids = {str(kid.pk): kid.pk for kid in board.kids}
        if giver not in kids or taker not in kids:
            raise Http404
        wishes = copy_to_sibling(board, monday, kids[giver], kids[taker])
    before = len(board.draft)
    draft = change_draft(family_id=desk.family.pk, user_id=desk.user_id, changes=wishes, now=now)
    changed = len(draft.changes) - before
    if changed > 0:
        words = _("%(days)s de plus à envoyer. Rien n’est réservé avant l’envoi.")
        messages.info(desk.request, words % {"days": french.count(changed, _("jour"))})
    elif not wishes or draft.changes == board.draft:
        messages.info(desk.request, _("Ces jours étaient déjà les mêmes, ou ne se changent plus."))
