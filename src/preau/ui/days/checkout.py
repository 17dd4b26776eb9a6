"""The planning's last steps: check, send, read the receipt; answer an offer."""

import uuid
from datetime import date, datetime
from math import ceil
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from preau.bookings.enums import Outcome
from preau.bookings.queries import get_submission
from preau.bookings.rules import queue_words
from preau.bookings.services import accept_offer, decline_offer, get_terms, receipt_lines
from preau.journeys.planning import hold_draft, review_draft, send_draft
from preau.kernel import french
from preau.kernel.clock import paris, utc_now
from preau.kernel.errors import Refusal
from preau.ui.days.desk import Desk

_GROUPS = (
    (Outcome.CONFIRMED, "ok", _l("Réservés"), "check"),
    (Outcome.WAITING, "full", _l("Complets : en liste d’attente"), "list-ordered"),
    (Outcome.CANCELLED, "ok", _l("Retirés, sans frais"), "minus"),
    (Outcome.CHARGED, "bad", _l("Retirés, mais dus"), "circle-alert"),
    (Outcome.LEFT_QUEUE, "past", _l("Retirés de la liste d’attente"), "minus"),
    (Outcome.ALREADY, "past", _l("Déjà faits"), "check"),
    (Outcome.FULL, "full", _l("Complets, non demandés"), "list-ordered"),
    (Outcome.TOO_LATE, "past", _l("Délai passé"), "lock"),
    (Outcome.NOT_OPEN, "past", _l("Réservations pas ouvertes"), "lock"),
    (Outcome.REFUSED, "bad", _l("Refusés"), "circle-alert"),
)
# More days than that of one outcome are folded by child and month: on a telephone, what is sent
# must be in sight. What each day says of itself (a rank, a surcharge) is folded later.
MANY, MANY_TELLING = 12, 40
_PLANNED = {
    Outcome.CONFIRMED: _l("À réserver"),
    Outcome.WAITING: _l("Complets : à mettre en liste d’attente"),
    Outcome.CANCELLED: _l("À retirer, sans frais"),
    Outcome.CHARGED: _l("À retirer, mais dus"),
    Outcome.LEFT_QUEUE: _l("À retirer de la liste d’attente"),
    Outcome.TOO_LATE: _l("Trop tard"),
    Outcome.REFUSED: _l("Impossibles"),
}


def groups_of(lines: list[Any], *, planned: bool = False) -> list[dict[str, Any]]:
    """Lines by outcome, in the order that matters, each with its words ready to read."""
    found = []
    for outcome, kind, title, icon in _GROUPS:
        rows = [line for line in lines if line.outcome == outcome]
        if rows:
            drawn = [_row(line) for line in rows]
            telling = any(row["note"] for row in drawn)
            folded = len(rows) > (MANY_TELLING if telling else MANY)
            found.append(
                {
                    "outcome": outcome,
                    "kind": kind,
                    "icon": icon,
                    "title": _PLANNED.get(outcome, title) if planned else title,
                    "rows": [] if folded else drawn,
                    "many": len(rows),
                    "folds": _folds(rows) if folded else [],
                }
            )
    return found


def _folds(lines: list[Any]) -> list[dict[str, Any]]:
    """A year of days folded by child and month: «Lina, décembre 2026 : 14 jours»."""
    found: dict[tuple[str, str], list[Any]] = {}
    for line in sorted(lines, key=lambda line: (line.day[:7], line.name, line.day)):
        found.setdefault((line.name, line.day[:7]), []).append(line)
    folds = []
    for (name, month), rows in found.items():
        drawn = [_row(line) for line in rows]
        known = [row["cents"] for row in drawn if row["cents"] is not None]
        folds.append(
            {
                "child": name,
                "month": french.month(date.fromisoformat(f"{month}-01")),
                "rows": drawn,
                "what": ", ".join(dict.fromkeys(row["activity"] for row in drawn)),
                "cents": sum(known) if known else None,
            }
        )
    return folds


def _row(line: Any) -> dict[str, Any]:
    activity = line.activity
    if line.product and line.product.lower() not in activity.lower():
        activity = f"{activity}, {line.product.lower()}"
    note = line.sentence
    if line.rank:
        words = queue_words(line.rank, line.group, _("de la liste d’attente"))
        note = words + (f". {note}" if note else "")
    cents = None
    if line.cents is not None and line.outcome in (Outcome.CONFIRMED, Outcome.CHARGED):
        cents = line.cents
    elif line.cents and line.outcome == Outcome.CANCELLED:
        cents = -line.cents
    return {
        "child": line.name,
        "day": french.day(date.fromisoformat(line.day)),
        "activity": activity,
        "note": note,
        "cents": cents,
        "surcharge": line.surcharge,
    }


def review_page(desk: Desk) -> HttpResponse:
    """What sending would do, day by day; the button that sends, and its choices."""
    request, now = desk.request, utc_now()
    late_allowed = desk.is_agent and request.POST.get("late") == "1"
    if request.method == "POST" and request.POST.get("do") == "hold":
        # The time is over: the same places are held again, if they are still free.
        hold_draft(family_id=desk.family.pk, user_id=desk.user_id, now=now, actor=desk.actor)
        return redirect(desk.url("planning-review"))
    if request.method == "POST":
        data = request.POST
        key = asked_key(desk)
        try:
            sent = send_draft(
                family_id=desk.family.pk,
                user_id=desk.user_id,
                key=key,
                channel=desk.channel(data.get("channel", "")),
                when_full="skip" if data.get("full") == "skip" else "wait",
                all_or_nothing=data.get("full") == "all",
                now=now,
                actor=desk.actor,
                late_allowed=late_allowed,
                reason=data.get("reason", "")[:200],
                use_kept=desk.is_agent and data.get("kept") == "1",
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect(desk.url("planning-review"))
        if sent.advance:
            messages.warning(request, sent.advance)
        return redirect(desk.url("planning-receipt", reference=sent.reference))
    review = review_draft(family_id=desk.family.pk, user_id=desk.user_id, now=now, actor=desk.actor)
    return render(
        request,
        desk.template("review"),
        desk.context(
            review=review,
            groups=groups_of(review.lines, planned=True),
            has_full=bool(review.of(Outcome.WAITING)),
            hold_words=hold_words(review.held, review.held_until, now),
            may_hold=bool(review.not_held and get_terms().hold_minutes),
            may_be_late=desk.is_agent and bool(review.of(Outcome.TOO_LATE, Outcome.NOT_OPEN)),
            back=desk.url("planning"),
        ),
    )


def hold_words(held: int, until: datetime | None, now: datetime) -> str:
    """«8 places sont gardées pour vous jusqu’à 10 h 12, encore 14 minutes.»; the script counts the
    minutes down, and says when the time is over."""
    if not held or until is None or until <= now:
        return ""
    minutes = max(ceil((until - now).total_seconds() / 60), 1)
    words = _("%(places)s %(held)s pour vous jusqu’à %(hour)s") % {
        "places": french.count(held, _("place")),
        "held": _("sont gardées") if held > 1 else _("est gardée"),
        "hour": french.clock_time(paris(until)),
    }
    return format_html(
        '<span data-hold="{}" data-now="{}" data-soon="{}" data-over="{}"><span data-hold-words>'
        '{}, <span data-hold-left>{}</span>.</span><span class="sr" role="status"></span></span>',
        until.isoformat(),
        now.isoformat(),
        _("Encore deux minutes, puis rien ne sera plus gardé pour vous."),
        _("Le temps est passé : rien n’est plus gardé pour vous. C’est peut-être encore libre."),
        words,
        _("encore %s") % french.count(minutes, _("minute")),
    )


def asked_key(desk: Desk) -> uuid.UUID:
    """The key of the sending that a form holds."""
    try:
        return uuid.UUID(desk.request.POST.get("key", ""))
    except ValueError:
        raise Http404 from None


def receipt_page(desk: Desk, reference: str) -> HttpResponse:
    """What became of each day of a sending."""
    submission = get_submission(reference, family_id=desk.family.pk)
    if submission is None:
        raise Http404
    lines = receipt_lines(submission)
    booked = sum(line.outcome == Outcome.CONFIRMED for line in lines)
    removed = sum(line.outcome in (Outcome.CANCELLED, Outcome.CHARGED) for line in lines)
    parts = []
    if booked:
        parts.append(f"{french.count(booked, _('jour'))} {french.plural(booked, _('réservé'))}")
    if removed:
        parts.append(f"{french.count(removed, _('jour'))} {french.plural(removed, _('retiré'))}")
    return render(
        desk.request,
        desk.template("receipt"),
        desk.context(
            submission=submission,
            sent=_("Envoyé %s") % french.instant(submission.at),
            groups=groups_of(lines),
            title=", ".join(parts) or _("Planning envoyé"),
            back=desk.url("planning"),
        ),
    )


def answer_offer(desk: Desk, booking_id: int) -> HttpResponse:
    """«Une place se libère»: take it, or let it go."""
    accept = desk.request.POST.get("answer") == "yes"
    act = accept_offer if accept else decline_offer
    try:
        booking = act(
            booking_id=booking_id, family_id=desk.family.pk, now=utc_now(), actor=desk.actor
        )
    except Refusal as refusal:
        messages.error(desk.request, str(refusal))
    except ObjectDoesNotExist:
        raise Http404 from None
    else:
        day = french.day(booking.slot.day)
        words = (
            _("La place du %s est réservée.")
            if accept
            else _("La place du %s est rendue ; cela ne vous coûte rien.")
        )
        messages.success(desk.request, words % day)
    return redirect(desk.url("planning"))
