"""The attendance sheet of a slot, on a tablet; printed or exported; corrected with a trace."""

from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.accounts.queries import may
from preau.attendance.enums import AbsenceReason, AttendanceSource, Presence
from preau.attendance.errors import NotExpected
from preau.attendance.queries import SheetRow, sheet
from preau.attendance.services import (
    Mark,
    close_sheet,
    mark_all_present,
    record_presences,
    remove_walk_in,
    scan_card,
)
from preau.bookings.rules import is_young
from preau.families.enums import Diet
from preau.families.queries import colours_of, search_children
from preau.journeys.site_tablet import TIMED
from preau.kernel import french
from preau.kernel.clock import paris, paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.schools.queries import schooling_on
from preau.townhall.access import agent_required
from preau.townhall.sites.scope import get_slot_or_404, may_take
from preau.ui.exports import FORMATS, Column, export_table

VIEWS = (
    ("", _l("Tous"), None),
    ("a-pointer", _l("À pointer"), {"expected"}),
    ("presents", _l("Présents"), {"present", "left"}),
    ("absents", _l("Absents"), {"absent", "away"}),
)


@agent_required(Permission.SEE_REGISTER)
@require_GET
def show(request: HttpRequest, slot_id: int) -> HttpResponseBase:
    """The sheet: one line a child, what is most likely at the right."""
    slot = get_slot_or_404(request, slot_id)
    found = sheet(slot.pk, slot.day)
    if request.GET.get("export"):
        health = may(
            request.user,
            Permission.SEE_HEALTH,
            paris_day(utc_now()),
            slot.offering.establishment_id,
        )
        return _export(request.GET["export"], slot, found.rows, health)
    view = request.GET.get("etat", "")
    wanted = next((states for key, _label, states in VIEWS if key == view), None)
    rows = [r for r in found.rows if wanted is None or r.state in wanted]
    colours = colours_of([r.child.pk for r in rows], slot.day)
    for row in rows:
        row.child.colour = colours.get(row.child.pk, 1)
    today = paris_day(utc_now())
    return render(
        request,
        "townhall/sites/sheet.html",
        {
            "slot": slot,
            "sheet": found,
            "rows": [_row(row, slot) for row in rows],
            "counts": found.counts,
            "here": found.counts["present"],
            "young": sum(
                r.state == "present" and is_young(r.child.birth_on, slot.day, slot.age_cut)
                for r in found.rows
            ),
            "tabs": [
                {
                    "url": f"?etat={key}" if key else "?",
                    "label": label,
                    "count": sum(states is None or r.state in states for r in found.rows),
                    "current": key == view,
                }
                for key, label, states in VIEWS
            ],
            "timed": slot.offering.activity.kind in TIMED,
            "may_take": may_take(request, slot) and slot.day <= today,
            "is_future": slot.day > today,
            "clock": paris(utc_now()).time(),
            "sees_health": may(
                request.user, Permission.SEE_HEALTH, today, slot.offering.establishment_id
            ),
            "formats": FORMATS,
            "section": "townhall:sites",
        },
    )


def _row(row: SheetRow, slot: Any) -> dict[str, Any]:
    child, mark = row.child, row.attendance
    feminine = "e" if child.sex == "F" else ""
    tags = []
    if row.is_walk_in:
        tags.append(("wait", _("Sans réservation"), "triangle-alert"))
    if child.has_pai:
        tags.append(("bad", _("PAI : voir la fiche au bureau"), "heart-pulse"))
    if child.diet != Diet.STANDARD:
        tags.append(("town", Diet(child.diet).label.capitalize(), "leaf"))
    kind, word, icon, css = {
        "expected": ("", "", "", ""),
        "present": ("here", f"Présent{feminine}", "check-check", "st-in"),
        "left": ("past", f"Parti{feminine}", "log-out", "st-out"),
        "absent": ("bad", f"Absent{feminine}", "calendar-x-2", "st-away"),
        "away": ("away", _("Absence signalée"), "calendar-x-2", "st-away"),
    }[row.state]
    if row.state == "present" and mark and mark.arrived_at:
        word += f" {french.clock_time(mark.arrived_at)}"
    if row.state == "left" and mark and mark.left_at:
        word += f" à {french.clock_time(mark.left_at)}"
    return {
        "pk": child.pk,
        "child": child,
        "name": str(child),
        "class": row.school_class,
        "state": row.state,
        "css": css,
        "kind": kind,
        "word": word,
        "icon": icon,
        "tags": tags,
        "walk_in": row.is_walk_in,
        "reason": AbsenceReason(row.report.reason).label if row.report else "",
    }


def _export(file_format: str, slot: Any, rows: list[SheetRow], health: bool) -> HttpResponseBase:
    def state(row: SheetRow) -> str:
        return {
            "expected": _("attendu"),
            "present": _("présent"),
            "left": _("parti"),
            "absent": _("absent"),
            "away": _("absence signalée"),
        }[row.state]

    columns = [
        Column("Nom", "child.last_name"),
        Column("Prénom", "child.first_name"),
        Column("Né(e) le", "child.birth_on"),
        Column("Classe", "school_class"),
        Column("Repas", lambda r: Diet(r.child.diet).label),
        # Even the sign leaves in a file for those alone who may read health.
        *([Column("PAI", "child.has_pai")] if health else []),
        Column("État", state),
        Column("Sans réservation", "is_walk_in"),
        Column("Arrivée", lambda r: r.attendance and r.attendance.arrived_at),
        Column("Départ", lambda r: r.attendance and r.attendance.left_at),
    ]
    name = f"{slot.offering.activity.name} {slot.offering.establishment.name} {slot.day}"
    return export_table(file_format, name, columns, rows)


@agent_required(Permission.SEE_REGISTER)
@require_GET
def printed(request: HttpRequest, slot_id: int) -> HttpResponse:
    """The expected list, for paper."""
    slot = get_slot_or_404(request, slot_id)
    found = sheet(slot.pk, slot.day)
    return render(
        request,
        "townhall/sites/printed.html",
        {
            "slot": slot,
            "sheet": found,
            "rows": [_row(row, slot) for row in found.rows],
            "counts": found.counts,
            "timed": slot.offering.activity.kind in TIMED,
            "section": "townhall:sites",
        },
    )


def _back(request: HttpRequest, slot: Any, anchor: str = "") -> HttpResponse:
    response = redirect("townhall:sheet", slot_id=slot.pk)
    view = request.POST.get("etat", "")
    if view in {key for key, _label, _states in VIEWS} and view:
        response["Location"] += f"?etat={view}"
    response["Location"] += anchor
    return response


@agent_required(Permission.TAKE_ATTENDANCE)
@require_POST
def mark(request: HttpRequest, slot_id: int) -> HttpResponse:
    """One child: present, absent, gone, or taken off a list it was added to by mistake."""
    slot = get_slot_or_404(request, slot_id, Permission.TAKE_ATTENDANCE)
    act, _sep, pk = request.POST.get("mark", "").partition(":")
    if not is_number(pk):
        raise Http404
    now = utc_now()
    clock = paris(now).time().replace(second=0, microsecond=0)
    today = slot.day == paris_day(now)
    timed = slot.offering.activity.kind in TIMED and today
    child_id = int(pk)
    marks = {
        "present": Mark(child_id, Presence.PRESENT, arrived=clock if timed else None),
        "absent": Mark(child_id, Presence.ABSENT),
        "left": Mark(child_id, Presence.PRESENT, left=clock if today else slot.ends_at),
    }
    try:
        if act == "remove":
            remove_walk_in(slot_id=slot.pk, child_id=child_id, now=now, actor=request.actor)
        elif act in marks:
            record_presences(slot_id=slot.pk, marks=[marks[act]], now=now, actor=request.actor)
        else:
            raise Http404
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return _back(request, slot, f"#e{child_id}")


@agent_required(Permission.TAKE_ATTENDANCE)
@require_POST
def everyone(request: HttpRequest, slot_id: int) -> HttpResponse:
    """All those expected are there; those reported away are left as they are."""
    slot = get_slot_or_404(request, slot_id, Permission.TAKE_ATTENDANCE)
    try:
        count = mark_all_present(slot_id=slot.pk, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%s pointés présents.") % french.count(count, _("enfant")))
    return _back(request, slot)


@agent_required(Permission.TAKE_ATTENDANCE)
@require_POST
def close(request: HttpRequest, slot_id: int) -> HttpResponse:
    """Close the sheet: who was not recorded is absent."""
    slot = get_slot_or_404(request, slot_id, Permission.TAKE_ATTENDANCE)
    try:
        close_sheet(slot_id=slot.pk, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("La liste est close. Elle peut encore être corrigée, avec une trace.")
        )
    return _back(request, slot)


@agent_required(Permission.TAKE_ATTENDANCE)
@require_POST
def card(request: HttpRequest, slot_id: int) -> HttpResponse:
    """A card scanned or typed: present, or refused in clear words."""
    slot = get_slot_or_404(request, slot_id, Permission.TAKE_ATTENDANCE)
    code = request.POST.get("code", "")[:80]
    try:
        scan = scan_card(
            code=code,
            slot_id=slot.pk,
            now=utc_now(),
            actor=request.actor,
            walk_in=request.POST.get("walk_in") == "1",
        )
    except NotExpected as refusal:
        return render(
            request,
            "townhall/sites/unexpected.html",
            {"slot": slot, "code": code, "sentence": str(refusal), "section": "townhall:sites"},
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return _back(request, slot, "#carte")
    words = _("%s : déjà pointé.") if scan.already else _("%s : présent.")
    messages.success(request, words % scan.child_name)
    return _back(request, slot, "#carte")


@agent_required(Permission.TAKE_ATTENDANCE)
@require_http_methods(["GET", "POST"])
def walk_in(request: HttpRequest, slot_id: int) -> HttpResponse:
    """A child who was not expected: found by name, then added."""
    slot = get_slot_or_404(request, slot_id, Permission.TAKE_ATTENDANCE)
    text = request.GET.get("q", "").strip()[:80]
    if request.method == "POST":
        pk = request.POST.get("child", "")
        if not is_number(pk):
            raise Http404
        now = utc_now()
        arrived = paris(now).time().replace(second=0, microsecond=0)
        timed = slot.offering.activity.kind in TIMED and slot.day == paris_day(now)
        try:
            record_presences(
                slot_id=slot.pk,
                marks=[Mark(int(pk), Presence.PRESENT, arrived=arrived if timed else None)],
                now=now,
                actor=request.actor,
                walk_in=True,
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return _back(request, slot, f"#e{pk}")
    children = search_children(text) if len(text) >= 2 else []
    schooling = schooling_on([c.pk for c in children], slot.day)
    return render(
        request,
        "townhall/sites/walk_in.html",
        {
            "slot": slot,
            "q": text,
            "children": [(c, schooling.get(c.pk)) for c in children],
            "section": "townhall:sites",
        },
    )


@agent_required(Permission.TAKE_ATTENDANCE)
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, slot_id: int, child_id: int) -> HttpResponse:
    """Presence and hours of one child, written by hand."""
    slot = get_slot_or_404(request, slot_id, Permission.TAKE_ATTENDANCE)
    row = next((r for r in sheet(slot.pk, slot.day).rows if r.child.pk == child_id), None)
    if row is None:
        raise Http404
    error = ""
    if request.method == "POST":
        data = request.POST
        try:
            mark = Mark(
                child_id,
                Presence.ABSENT if data.get("presence") == "ABSENT" else Presence.PRESENT,
                arrived=_hour(data.get("arrived", "")),
                left=_hour(data.get("left", "")),
                clear_hours=True,
            )
            record_presences(
                slot_id=slot.pk,
                marks=[mark],
                now=utc_now(),
                actor=request.actor,
                source=AttendanceSource.HAND,
            )
        except Refusal as refusal:
            error = str(refusal)
        else:
            return _back(request, slot, f"#e{child_id}")
    mark_now = row.attendance
    return render(
        request,
        "townhall/sites/correct.html",
        {
            "slot": slot,
            "row": _row(row, slot),
            "presence": request.POST.get("presence")
            or (mark_now.presence if mark_now else Presence.PRESENT),
            "arrived": request.POST.get("arrived") or _said(mark_now and mark_now.arrived_at),
            "left": request.POST.get("left") or _said(mark_now and mark_now.left_at),
            "error": error,
            "closed": sheet(slot.pk, slot.day).closure,
            "section": "townhall:sites",
        },
        status=422 if error else 200,
    )


def _said(instant: datetime | None) -> str:
    return f"{paris(instant):%H:%M}" if instant else ""


def _hour(text: str) -> time | None:
    """«17:05», «17h05», «17 h 5»; None when empty. Raises Refusal for anything else."""
    text = text.strip().lower().replace(" ", "").replace("\u00a0", "").replace("h", ":")
    if not text:
        return None
    if text.endswith(":"):
        text += "00"
    try:
        hours, minutes = (int(part) for part in text.split(":"))
        return time(hours, minutes)
    except ValueError:
        raise Refusal(_("Écrivez une heure comme 17 h 05.")) from None
