"""Sites of the agent, and the day of one of them: what takes place, with live numbers."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from preau.accounts.enums import Permission
from preau.attendance.queries import counts_of
from preau.bookings.counts import pools_of
from preau.bookings.queries import next_days_of, queue_of, ranks_of, site_days, slots_of
from preau.bookings.rules import queue_words
from preau.bookings.services import move_in_queue
from preau.journeys.mass_acts import acts_of_slots
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.townhall.access import agent_required
from preau.townhall.sites.places import LIMITS
from preau.townhall.sites.scope import (
    MANAGING,
    asked_day,
    get_managed_slot_or_404,
    get_site_or_404,
    get_slot_or_404,
    may_manage_at,
    sites_of,
)


@agent_required(Permission.SEE_REGISTER)
@require_GET
def sites(request: HttpRequest) -> HttpResponse:
    """The agent's sites on a day. An agent of one site goes straight to it."""
    day = asked_day(request)
    found = sites_of(request)
    if len(found) == 1 and not request.GET:
        return redirect("townhall:site", site_id=found[0].pk)
    numbers = site_days([site.pk for site in found], day)
    rows = [(site, numbers.get(site.pk)) for site in found]
    return render(
        request,
        "townhall/sites/list.html",
        {
            "rows": rows,
            "day": day,
            "before": day - timedelta(days=1),
            "after": day + timedelta(days=1),
            "section": "townhall:sites",
        },
    )


@agent_required(Permission.SEE_REGISTER)
@require_GET
def site(request: HttpRequest, site_id: int) -> HttpResponse:
    """A day of a site: each activity with its places, who waits, who came."""
    found = get_site_or_404(request, site_id)
    day = asked_day(request)
    slots: list[Any] = list(slots_of(found.pk, day))
    counts = counts_of([slot.pk for slot in slots])
    shared: dict[int, Any] = pools_of([slot.pk for slot in slots if slot.shares])
    for slot in slots:
        # Of what it shares with the other products of its day, the moment that is full.
        slot.crowded = next((pool for pool in shared.get(slot.pk, ()) if pool.is_full), None)
    before, after = next_days_of(found.pk, day)
    may_manage = may_manage_at(request, found.pk)
    acts = acts_of_slots(slot.pk for slot in slots if slot.status == "CANCELLED" and may_manage)
    return render(
        request,
        "townhall/sites/day.html",
        {
            "site": found,
            "day": day,
            "today": paris_day(utc_now()),
            "rows": [(slot, counts[slot.pk], acts.get(slot.pk)) for slot in slots],
            "before": before,
            "after": after,
            "section": "townhall:sites",
            "may_manage": may_manage,
        },
    )


def _limits(slot: Any) -> list[dict[str, Any]]:
    """The limits of a slot as a form shows them; shared places are changed for the whole day."""
    return [
        {
            "name": name,
            "label": label,
            "value": _("sans") if getattr(slot, name) is None else getattr(slot, name),
        }
        for name, label in LIMITS
        if name != "shared"
    ]


@agent_required(Permission.SEE_REGISTER)
@require_GET
def queue(request: HttpRequest, slot_id: int) -> HttpResponse:
    """Places and waiting list of a slot."""
    slot = get_slot_or_404(request, slot_id)
    rows = list(queue_of(slot.pk))
    ranks = ranks_of([row.pk for row in rows])
    waiting = [row for row in rows if row.pk in ranks]
    for place, row in enumerate(waiting, 1):
        row.place = place
        rank, group = ranks[row.pk]
        row.said = queue_words(rank, group, "") if group else ""
    return render(
        request,
        "townhall/sites/queue.html",
        {
            "slot": slot,
            "queue": rows,
            "by_group": any(row.said for row in waiting),
            "pools": pools_of([slot.pk]).get(slot.pk, []),
            "limits": _limits(slot),
            "section": "townhall:sites",
            "may_manage": may_manage_at(request, slot.offering.establishment_id),
        },
    )


@agent_required(*MANAGING)
@require_POST
def reorder(request: HttpRequest, slot_id: int) -> HttpResponse:
    """Give a waiting child another rank (the first when none is said), with a reason that is
    kept."""
    slot = get_managed_slot_or_404(request, slot_id)
    waiting = [b for b in queue_of(slot.pk) if b.status == "WAITING"]
    text = request.POST.get("booking", "")
    moved: Any = next((b for b in waiting if str(b.pk) == text), None)
    if moved is None:
        raise Http404
    others = [b for b in waiting if b.pk != moved.pk]
    rank = request.POST.get("rank", "").strip() or "1"
    try:
        if not is_number(rank) or not 1 <= int(rank[:6]) <= len(waiting):
            raise Refusal(_("Écrivez un rang entre 1 et %s.") % len(waiting))
        place = int(rank) - 1
        move_in_queue(
            booking_id=moved.pk,
            before_id=others[place].pk if place < len(others) else None,
            reason=request.POST.get("reason", ""),
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("%(name)s passe %(rank)s.")
            % {"name": moved.child.first_name, "rank": french.ordinal(place + 1)},
        )
    return redirect("townhall:slot-queue", slot_id=slot.pk)
