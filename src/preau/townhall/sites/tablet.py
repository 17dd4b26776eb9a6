"""The tablet of a site: a shell that works without network, its data, and what it sends."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from preau.accounts.enums import Permission
from preau.accounts.queries import may
from preau.attendance.onsite import site_day
from preau.attendance.services import close_sheet, receive_ticks
from preau.bookings.queries import slots_of
from preau.childsheet import queries as sheets
from preau.childsheet import services as sheet_services
from preau.childsheet.enums import Action
from preau.documents.queries import get_sealed, open_sealed
from preau.families.queries import get_children
from preau.journeys.site_tablet import pupils_here, tablet_day
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.kernel.ticks import TickAnswer, TickData, read_tick
from preau.townhall.access import agent_required
from preau.townhall.sites.scope import get_site_or_404, may_take_at
from preau.ui.files import sealed_response

BATCH = 400


@dataclass(frozen=True, slots=True)
class Sent:
    """What a tablet sent, and what its clock said then."""

    ticks: list[TickData]
    at: datetime
    device: str


def read_sent(request: HttpRequest) -> Sent | None:
    """The queue of a tablet, a site's or a crèche's; None when it cannot be read."""
    try:
        sent = json.loads(request.body)
        at = datetime.fromisoformat(sent["sent_at"])
        ticks = [read_tick(line) for line in sent["ticks"][:BATCH]]
        device = str(sent.get("device", ""))[:40]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Sent(ticks, at, device) if at.tzinfo is not None else None


def unreadable() -> HttpResponse:
    return JsonResponse({"error": _("Envoi illisible.")}, status=400)


def answered(answers: Iterable[TickAnswer]) -> HttpResponse:
    """Each line answered: the tablet forgets it."""
    return JsonResponse(
        {
            "answers": [
                {
                    "key": str(a.key),
                    "outcome": a.outcome,
                    "sentence": a.sentence,
                    "child": a.child_id,
                    "name": a.name,
                }
                for a in answers
            ]
        }
    )


@agent_required(Permission.SEE_REGISTER)
@require_GET
def tablet(request: HttpRequest, site_id: int) -> HttpResponse:
    """The shell: nothing personal in it, so that the tablet may keep it."""
    site = get_site_or_404(request, site_id)
    return render(
        request,
        "townhall/sites/tablet.html",
        {
            "site": site,
            "name": site.pk,
            "plain": reverse("townhall:site", args=[site.pk]),
            "urls": tablet_urls("tablet", site.pk) | {"close": _url("tablet-close", site.pk)},
            "section": "townhall:sites",
        },
    )


def tablet_urls(prefix: str, site_id: int) -> dict[str, str]:
    """Where a tablet reads and sends; 0 stands for a child."""
    return {
        "day": _url(f"{prefix}-data", site_id),
        "ticks": _url(f"{prefix}-ticks", site_id),
        "health": _url(f"{prefix}-health", site_id, 0),
        "photo": _url(f"{prefix}-photo", site_id, 0),
    }


def _url(name: str, *args: int) -> str:
    return reverse(f"townhall:{name}", args=args)


@agent_required(Permission.SEE_REGISTER)
@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, from the folder it looks after; the names of the files it keeps."""
    path = finders.find("ui/tablet-sw.js")
    assert isinstance(path, str)
    code = Path(path).read_text(encoding="utf-8")
    kept = [static(name) for name in ("ui/preau.css", "ui/preau.js", "ui/tablet.js")]
    response = HttpResponse(
        f"self.KEPT = {json.dumps(kept)};\n{code}", content_type="text/javascript; charset=utf-8"
    )
    response["Service-Worker-Allowed"] = "/mairie/tablette/"
    return response


@agent_required(Permission.SEE_REGISTER)
@require_GET
def data(request: HttpRequest, site_id: int) -> HttpResponse:
    """Today's children for the tablet, and the key with which it sends."""
    site = get_site_or_404(request, site_id)
    now = utc_now()
    return JsonResponse(tablet_day(site, paris_day(now), now) | who_holds(request, site.pk, now))


def who_holds(request: HttpRequest, site_id: int, now: datetime) -> dict[str, Any]:
    """Who holds the tablet, what this person may do, and the key with which it sends."""
    return {
        "csrf": get_token(request),
        "agent": request.user.pk,
        "may_take": may_take_at(request, site_id),
        "sees_health": may(request.user, Permission.SEE_HEALTH, paris_day(now), site_id),
        "now": now.isoformat(),
    }


@agent_required(Permission.TAKE_ATTENDANCE)
@require_POST
def ticks(request: HttpRequest, site_id: int) -> HttpResponse:
    """What the tablet queued: each line answered, once and only once."""
    site = get_site_or_404(request, site_id, Permission.TAKE_ATTENDANCE)
    now = utc_now()
    sent = read_sent(request)
    if sent is None:
        return unreadable()
    days = {paris_day(line.at) for line in sent.ticks} | {paris_day(now)}
    ours = frozenset(slot.pk for day in days for slot in slots_of(site.pk, day))
    answers = receive_ticks(
        ticks=sent.ticks,
        slot_ids=ours,
        sent_at=sent.at,
        device=sent.device,
        now=now,
        actor=request.actor,
    )
    return answered(answers)


@agent_required(Permission.TAKE_ATTENDANCE)
@require_POST
def close(request: HttpRequest, site_id: int) -> HttpResponse:
    """Close every sheet of the day (or the slots named): who was not seen is absent."""
    site = get_site_or_404(request, site_id, Permission.TAKE_ATTENDANCE)
    now = utc_now()
    asked = {int(pk) for pk in request.POST.getlist("slot") if is_number(pk)}
    closed = 0
    try:
        for slot in slots_of(site.pk, paris_day(now)):
            if slot.status == "OPEN" and (not asked or slot.pk in asked):
                close_sheet(slot_id=slot.pk, now=now, actor=request.actor)
                closed += 1
    except Refusal as refusal:
        return JsonResponse({"error": str(refusal)}, status=409)
    return JsonResponse({"closed": closed})


def _child_here(request: HttpRequest, site_id: int, child_id: int) -> Any:
    """A child expected or seen at the site today, or a pupil of it. Raises Http404."""
    site = get_site_or_404(request, site_id, Permission.SEE_HEALTH)
    today = paris_day(utc_now())
    expected = any(
        row.child.pk == child_id for one in site_day(site.pk, today).slots for row in one.sheet.rows
    )
    if not expected and not pupils_here(site.pk, child_id, today):
        raise Http404
    child = get_children([child_id]).get(child_id)
    if child is None:
        raise Http404
    return child


@agent_required(Permission.SEE_HEALTH)
@require_POST
def health(request: HttpRequest, site_id: int, child_id: int) -> HttpResponse:
    """The words of a child's health, asked for by a touch; the reading is journaled."""
    return health_words(request, _child_here(request, site_id, child_id))


def health_words(request: HttpRequest, child: Any) -> HttpResponse:
    """What the team must know of a child; the caller has checked who asks."""
    now = utc_now()
    read = sheet_services.read_health(
        child_id=child.pk, action=Action.READ, now=now, actor=request.actor
    )
    measures = sheet_services.read_measures(child_ids=[child.pk]).get(child.pk, "")
    return JsonResponse(
        {
            "name": str(child),
            "lines": [
                [label, words]
                for label, words in (
                    (_("Allergies"), ", ".join(read.allergen_words)),
                    (_("PAI"), measures),
                    (_("Traitement"), read.treatment),
                    (_("À savoir"), read.advice),
                    (_("Médecin"), f"{read.doctor} {read.doctor_phone}".strip()),
                )
                if words
            ],
        }
    )


@agent_required(Permission.SEE_REGISTER)
@require_GET
def photo(request: HttpRequest, site_id: int, child_id: int) -> HttpResponse:
    """The face of a child of the day, where its home gave it and consents."""
    site = get_site_or_404(request, site_id)
    today = paris_day(utc_now())
    here = {row.child.pk for one in site_day(site.pk, today).slots for row in one.sheet.rows}
    if child_id not in here:
        raise Http404
    return face_of(child_id)


def face_of(child_id: int) -> HttpResponse:
    """The photo of a child who is here today, with the consent. Raises Http404."""
    sheet = sheets.get_sheet(child_id)
    child = get_children([child_id]).get(child_id)
    if child is None or not sheet.photo_id or not child.photo_consent:
        raise Http404
    found = get_sealed(sheet.photo_id)
    assert found is not None
    name, content = open_sealed(found)
    return sealed_response(name, found.content_type, content)
