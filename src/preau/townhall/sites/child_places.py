"""One child's places at the counter: book, cancel or move a day, several or a whole period, with
what it does and costs before, and an undo after."""

import uuid
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.bookings.enums import Outcome
from preau.bookings.queries import booking_at, submissions_of
from preau.bookings.services import summary
from preau.bookings.services.sending import receipt_lines
from preau.enrolments.queries import enrolled_at
from preau.families.queries import children_of
from preau.journeys.family_file import visible_families
from preau.journeys.planning import Act, as_ids, counter_days, counter_schooling, look_at
from preau.journeys.planning.advances import submit_with_advances, undo_with_advances
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.periods import read_day
from preau.kernel.text import is_number
from preau.townhall.access import agent_required
from preau.townhall.families.scope import get_family_or_404
from preau.townhall.sites.family import desk_of
from preau.townhall.sites.scope import asked_day, scope_of
from preau.ui.days.checkout import asked_key, groups_of
from preau.ui.days.desk import Desk

PAGE = 60
LONGEST = timedelta(days=400)
USUAL = timedelta(days=27)
TAGS = {
    "booked": ("ok", _l("Réservé")),
    "waiting": ("full", _l("En liste d’attente")),
    "offered": ("wait", _l("Place proposée")),
    "past": ("ok", _l("Réservé")),
    "away": ("away", _l("Absence signalée")),
    "present": ("here", _l("Présent")),
    "absent": ("bad", _l("Absence non prévenue")),
    "cancelled": ("past", _l("Annulé par la ville")),
    "closed": ("past", _l("Fermé")),
    "full": ("full", _l("Complet")),
    "past-free": ("past", _l("Non réservé")),
}


class DaysForm(forms.Form):
    """Which days of which child."""

    enfant = forms.TypedChoiceField(label=_l("Enfant"), coerce=int)
    activite = forms.ChoiceField(label=_l("Activité"), required=False)
    du = forms.DateField(
        label=_l("Du"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    au = forms.DateField(
        label=_l("Au"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    jour_semaine = forms.TypedChoiceField(
        label=_l("Jour"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _l("Tous")), *((n, name) for n, name in enumerate(french.WEEKDAYS))],
    )
    deplacer = forms.IntegerField(required=False, widget=forms.HiddenInput)


def _as_day(text: str, default: date) -> date:
    try:
        return read_day(text)
    except ValueError:
        return default


@agent_required(Permission.BOOK)
@require_http_methods(["GET", "POST"])
def child_places(request: HttpRequest, code: str) -> HttpResponse:
    """The days of a child, to be checked; then what the act would do; then done."""
    desk = desk_of(request, code, "planning")
    if request.method == "POST" and request.POST.get("do") == "send":
        return _send(desk)
    now = utc_now()
    today = paris_day(now)
    children = list(children_of(desk.family, today))
    data = request.GET
    ids = {str(child.pk): child for child in children}
    child = ids.get(data.get("enfant", "")) or (children[0] if children else None)
    if child is None:
        return render(request, desk.template("places"), desk.context(child=None))
    first = _as_day(data.get("du", ""), today)
    last = min(max(_as_day(data.get("au", ""), first + USUAL), first), first + LONGEST)
    weekday = data.get("jour_semaine", "")
    asked = weekday if weekday in tuple("0123456") else ""
    found = counter_days(
        family=desk.family,
        child_id=child.pk,
        birth_on=child.birth_on,
        activity=data.get("activite", ""),
        first=first,
        last=last,
        weekday=int(asked) if asked else None,
        user_id=desk.user_id,
        now=now,
    )
    tab = found.board.tab
    query = {
        "enfant": str(child.pk),
        "activite": tab.slug if tab else "",
        "du": first.isoformat(),
        "au": last.isoformat(),
        "jour_semaine": asked,
        "deplacer": data.get("deplacer", "") if is_number(data.get("deplacer", "")) else "",
    }
    here = desk.url("places") + "?" + urlencode({k: v for k, v in query.items() if v})
    if request.method == "POST":
        return _look(desk, child, found, query, here)
    form = DaysForm(query)
    form.fields["enfant"].choices = [(one.pk, one.first_name) for one in children]
    form.fields["activite"].choices = [(t.slug, t.name) for t in found.board.tabs]
    moving = query["deplacer"]
    rows = [day for day in found.days if day.can_book] if moving else found.days
    page = Paginator(rows, PAGE).get_page(data.get("page"))
    for day in page:
        kind, word = TAGS.get(day.cell.state, ("", ""))
        day.cell.word = str(
            word if day.cell.state in ("waiting", "full") else day.cell.word or word
        )
        day.cell.state = kind
    plain = {k: v for k, v in query.items() if v and k not in ("du", "au", "deplacer")}
    return render(
        request,
        desk.template("places"),
        desk.context(
            child=child,
            form=form,
            page=page,
            found=found,
            tab=tab,
            here=here,
            first=first,
            last=last,
            moving=moving,
            moved=_moved(desk, child, moving),
            stay=desk.url("places")
            + "?"
            + urlencode({**plain, "du": query["du"], "au": query["au"]}),
            spans=_spans(desk, plain, today, found.ends_on),
            sent=_latest(desk),
        ),
    )


def _spans(
    desk: Desk, plain: dict[str, str], today: date, ends_on: date | None
) -> list[tuple[str, str]]:
    """Periods asked most: the four weeks to come, until the end of the enrolment."""
    found = [(today, today + USUAL, _("Les quatre semaines à venir"))]
    if ends_on and ends_on > today:
        words = _("Jusqu’à la fin de l’inscription, le %s") % french.day(ends_on, weekday=False)
        found.append((today, ends_on, words))
    base = desk.url("places")
    return [
        (f"{base}?{urlencode({**plain, 'du': a.isoformat(), 'au': b.isoformat()})}", words)
        for a, b, words in found
    ]


def _moved(desk: Desk, child: Any, moving: str) -> str:
    """The session that is moved, in words; empty when there is none."""
    if not moving:
        return ""
    act = Act(child.pk, leave=(int(moving),))
    lines = look_at(family_id=desk.family.pk, act=act, now=utc_now(), actor=desk.actor).review.lines
    return f"{french.day(date.fromisoformat(lines[0].day))}, {lines[0].activity}" if lines else ""


def _latest(desk: Desk) -> list[tuple[Any, str]]:
    return [(sent, summary(receipt_lines(sent))) for sent in submissions_of(desk.family.pk)[:5]]


# --- Look, then send ------------------------------------------------------------------------------


def _act(desk: Desk, child_id: int, every: tuple[int, ...] = ()) -> Act:
    """What the form asks; `every`: the sessions of the list, when all are asked."""
    data = desk.request.POST
    chosen = every or as_ids(data.getlist("slot"))
    if data.get("act") == "move":
        return Act(
            child_id, book=as_ids([data.get("vers", "")]), leave=as_ids([data.get("deplacer", "")])
        )
    if data.get("act") == "leave":
        return Act(child_id, leave=chosen)
    return Act(child_id, book=chosen)


def _look(desk: Desk, child: Any, found: Any, query: dict[str, str], here: str) -> HttpResponse:
    """What the act would do, day by day; nothing is written."""
    data = desk.request.POST
    every: tuple[int, ...] = ()
    if data.get("all") == "1":
        leaving = data.get("act") == "leave"
        every = tuple(
            d.cell.slot_id for d in found.days if (d.can_leave if leaving else d.can_book)
        )
    act = _act(desk, child.pk, every)
    if not act.book and (data.get("act") == "move" or not act.leave):
        messages.error(desk.request, _("Cochez au moins un jour."))
        return redirect(here)
    looked = look_at(family_id=desk.family.pk, act=act, now=utc_now(), actor=desk.actor)
    return render(
        desk.request,
        desk.template("places_check"),
        desk.context(
            child=child,
            verb=data.get("act", "book"),
            act=act,
            key=uuid.uuid4(),
            review=looked.review,
            groups=groups_of(looked.review.lines, planned=True),
            beyond=groups_of(looked.beyond, planned=True),
            kept=looked.kept,
            has_full=bool(looked.review.of(Outcome.WAITING)),
            here=here,
        ),
    )


def _send(desk: Desk) -> HttpResponse:
    """Do what was looked at; the form's key makes sending twice harmless."""
    data, now = desk.request.POST, utc_now()
    child = next(
        (c for c in children_of(desk.family, paris_day(now)) if str(c.pk) == data.get("enfant")),
        None,
    )
    if child is None:
        raise Http404
    act = Act(child.pk, book=as_ids(data.getlist("book")), leave=as_ids(data.getlist("leave")))
    try:
        sent = submit_with_advances(
            family_id=desk.family.pk,
            **act.parts(desk.family.pk),
            key=asked_key(desk),
            channel=desk.channel(data.get("channel", "")),
            when_full="skip" if data.get("full") == "skip" else "wait",
            all_or_nothing=data.get("full") == "all",
            late_allowed=data.get("late") == "1",
            reason=data.get("reason", "")[:200],
            use_kept=data.get("kept") == "1",
            schooling=counter_schooling(act, now),
            now=now,
            actor=desk.actor,
            had_draft=False,
        )
    except Refusal as refusal:
        messages.error(desk.request, str(refusal))
        return redirect(desk.url("places") + f"?enfant={child.pk}")
    if sent.advance:
        messages.warning(desk.request, sent.advance)
    return redirect(desk.url("planning-receipt", reference=sent.reference))


@agent_required(Permission.BOOK)
@require_POST
def undo(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Take a sending back whole, with a reason; the family is told."""
    desk = desk_of(request, code, "planning")
    try:
        done = undo_with_advances(
            reference=reference,
            family_id=desk.family.pk,
            reason=request.POST.get("reason", "")[:200],
            now=utc_now(),
            actor=desk.actor,
        )
    except ObjectDoesNotExist:
        raise Http404 from None
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("L’envoi est défait : %s") % done.words)
    return redirect(desk.url("planning-receipt", reference=reference))


# --- From the register ----------------------------------------------------------------------------


@agent_required(Permission.BOOK)
@require_GET
def from_booking(request: HttpRequest, booking_id: int) -> HttpResponse:
    """From a line of the register to the child's days, around that one."""
    booking: Any = booking_at(booking_id, scope_of(request, Permission.BOOK))
    if booking is None:
        raise Http404
    family = get_family_or_404(request, booking.family.code)
    url = desk_of(request, family.code, "planning").url("places")
    query = {
        "enfant": booking.child_id,
        "activite": booking.slot.offering.activity.slug,
        "du": booking.slot.day.isoformat(),
    }
    return redirect(f"{url}?{urlencode(query)}")


@agent_required(Permission.BOOK)
@require_GET
def choose_child(request: HttpRequest) -> HttpResponse:
    """Whom to book for, among the children enrolled at the agent's sites on that day."""
    day = asked_day(request)
    scope = scope_of(request, Permission.BOOK)
    site = request.GET.get("site", "")
    ids: Any = scope
    if is_number(site) and (scope is None or int(site) in scope):
        ids = [int(site)]
    text = request.GET.get("q", "")[:80]
    found = enrolled_at(ids, day, text).filter(
        family__in=visible_families(request.user, paris_day(utc_now())).values("pk")
    )
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/sites/choose_child.html",
        {
            "day": day,
            "page": page,
            "q": text,
            "site": site,
            "register": f"?{urlencode({'jour': day.isoformat(), 'site': site})}",
            "section": "townhall:sites",
        },
    )
