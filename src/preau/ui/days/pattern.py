"""The planning by weekly pattern: the same days every week over a period, with exceptions."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from preau.bookings.services import change_draft
from preau.journeys.planning import (
    Board,
    Composed,
    Pattern,
    compose,
    get_board,
    page_span,
    pattern_rows,
)
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.periods import week_start
from preau.ui.days.desk import Desk
from preau.ui.days.planning import asked_month
from preau.ui.forms import DateField

# A school year and the summer before it.
LONGEST = timedelta(days=400)
WEEKS = (
    ("ALL", _l("Toutes les semaines")),
    ("EVEN", _l("Les semaines paires")),
    ("ODD", _l("Les semaines impaires")),
)


class PatternForm(forms.Form):
    """The period and its exceptions; the days are boxes of the page (`d`)."""

    first = DateField(label=_l("Du"), help_text="")
    last = DateField(label=_l("Au"), help_text="")
    weeks = forms.ChoiceField(
        label=_l("Quelles semaines"), choices=WEEKS, widget=forms.RadioSelect, initial="ALL"
    )
    but_first = DateField(label=_l("Sauf du"), required=False, help_text="")
    but_last = DateField(label=_l("au"), required=False, help_text="")
    only = forms.BooleanField(
        label=_l("Retirer les autres jours déjà choisis ou réservés de cette période"),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        first, last = values.get("first"), values.get("last")
        if first and last and last < first:
            self.add_error("last", _("Le dernier jour est avant le premier."))
        elif first and last and last - first > LONGEST:
            self.add_error("last", _("Choisissez une année au plus."))
        but_first, but_last = values.get("but_first"), values.get("but_last")
        if but_last and not but_first:
            self.add_error("but_first", _("Indiquez le premier jour à laisser de côté."))
        elif but_first and but_last and but_last < but_first:
            self.add_error("but_last", _("Le dernier jour est avant le premier."))
        return values

    def but(self) -> tuple[tuple[date, date], ...]:
        first = self.cleaned_data.get("but_first")
        return ((first, self.cleaned_data.get("but_last") or first),) if first else ()


def pattern_page(desk: Desk) -> HttpResponse:
    """Choose days of the week for each child, and a period; what results joins the choices that
    the calendar shows, where any day may still be changed, and is sent from there."""
    request, now = desk.request, utc_now()
    today = paris_day(now)
    data = request.POST if request.method == "POST" else request.GET
    month, activity = asked_month(data.get("mois", ""), today), data.get("activite", "")
    values = {
        "family": desk.family,
        "user_id": desk.user_id,
        "month": month,
        "activity": activity,
        "now": now,
    }
    board = get_board(**values)
    if board.tab is None or not board.tab.by_day:
        raise Http404
    rows = pattern_rows(board)
    if not rows:
        # A month of holidays: the weeks that come after it say which days there are.
        ahead = page_span(month)[0], month + timedelta(days=120)
        rows = pattern_rows(get_board(**values, span=ahead))
    products = list(dict.fromkeys(row.product for row in rows))
    back = desk.url("planning") + "?" + urlencode({"activite": board.tab.slug})
    first = max(today + timedelta(days=1), month)
    form = PatternForm(
        request.POST or None,
        initial={"first": first, "last": board.year_ends_on or first, "weeks": "ALL"},
    )
    chosen = set(request.POST.getlist("d"))
    days = frozenset(
        (row.child_id, weekday, row.product)
        for row in rows
        for weekday, _checked in row.boxes
        if f"{row.child_id}:{weekday}:{products.index(row.product)}" in chosen
    )
    missing = request.method == "POST" and not days
    if request.method == "POST" and form.is_valid() and not missing:
        asked = form.cleaned_data
        pattern = Pattern(
            days=days,
            first=asked["first"],
            last=asked["last"],
            weeks=asked["weeks"],
            but=form.but(),
            only=asked["only"],
        )
        span = week_start(pattern.first), week_start(pattern.last) + timedelta(days=6)
        found = compose(get_board(**values, span=span), pattern)
        change_draft(family_id=desk.family.pk, user_id=desk.user_id, changes=found.wishes, now=now)
        messages.info(request, _said(found))
        return redirect(f"{back}&{urlencode({'mois': f'{pattern.first:%Y-%m}'})}")
    return render(
        request,
        desk.template("pattern"),
        desk.context(
            board=board,
            form=form,
            rows=_drawn(rows, products, chosen if request.method == "POST" else None),
            weekdays=[french.WEEKDAYS[weekday] for weekday, _ in rows[0].boxes] if rows else [],
            missing=missing,
            has_more=request.method == "POST",
            tabs=_tabs(desk, board),
            back=back,
        ),
        status=422 if form.errors or missing else 200,
    )


def _drawn(rows: Any, products: list[str], chosen: set[str] | None) -> list[dict[str, Any]]:
    drawn = []
    for row in rows:
        boxes = []
        for weekday, checked in row.boxes:
            value = f"{row.child_id}:{weekday}:{products.index(row.product)}"
            boxes.append(
                {
                    "value": value,
                    "day": french.WEEKDAYS[weekday],
                    "checked": checked if chosen is None else value in chosen,
                }
            )
        drawn.append(
            {"name": row.first_name, "product": row.product, "colour": row.colour, "boxes": boxes}
        )
    return drawn


def _said(found: Composed) -> str:
    """«62 jours de plus à envoyer, 3 sur liste d’attente. 4 jours ne se changent plus.»"""
    if not (found.added or found.removed):
        words = _("Ces jours étaient déjà choisis ou réservés.")
    else:
        parts = []
        if found.added:
            parts.append(_("%s de plus") % french.count(found.added, _("jour")))
        if found.removed:
            parts.append(_("%s de moins") % french.count(found.removed, _("jour")))
        words = _("%s. Rien n’est réservé avant l’envoi.") % ", ".join(parts)
    if found.full:
        words += " " + _("%s complets : votre enfant y attendra une place.") % french.count(
            found.full, _("jour")
        )
    if found.missed:
        words += " " + _("%s laissés de côté : délai passé ou pas encore ouverts.") % french.count(
            found.missed, _("jour")
        )
    return words


def _tabs(desk: Desk, board: Board) -> list[dict[str, Any]]:
    return [
        {
            "url": desk.url("planning-pattern") + "?" + urlencode({"activite": tab.slug}),
            "label": tab.name,
            "current": tab == board.tab,
        }
        for tab in board.tabs
        if tab.by_day
    ]
