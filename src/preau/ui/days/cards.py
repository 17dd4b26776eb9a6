"""Cards of a family's children: declared lost (dead at once), asked for again, issued."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from preau.attendance.enums import CardStatus
from preau.attendance.queries import cards_of, get_card, orders_of
from preau.attendance.services import declare_card_lost, issue_card, order_card
from preau.families.queries import children_of
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.ui.days.desk import Desk


def cards_page(desk: Desk) -> HttpResponse:
    """Each child with its card, what became of the ones before, and what can be done."""
    today = paris_day(utc_now())
    children = children_of(desk.family, today)
    ids = [child.pk for child in children]
    cards: dict[int, list[Any]] = {}
    for card in cards_of(ids):
        cards.setdefault(card.child_id, []).append(card)
    orders = orders_of(ids)
    rows = []
    for child in children:
        mine = cards.get(child.pk, [])
        active = next((c for c in mine if c.status == CardStatus.ACTIVE), None)
        rows.append(
            {
                "child": child,
                "active": active,
                "code": _spaced(active.code) if active else "",
                "past": [_past(c) for c in mine if c is not active],
                "order": orders.get(child.pk),
                "lost_url": desk.url("card-lost", card_id=active.pk) if active else "",
                "order_url": desk.url("card-order", child_id=child.pk),
                "issue_url": (desk.url("card-issue", child_id=child.pk) if desk.is_agent else ""),
                "print_url": (
                    desk.url("card-print", card_id=active.pk) if active and desk.is_agent else ""
                ),
            }
        )
    return render(desk.request, desk.template("list"), desk.context(rows=rows))


def _spaced(code: str) -> str:
    return " ".join(code[i : i + 5] for i in range(0, len(code), 5))


def _past(card: Any) -> str:
    what = {
        CardStatus.LOST: _("perdue, déclarée le %s"),
        CardStatus.REPLACED: _("remplacée le %s"),
    }[CardStatus(card.status)]
    when = french.day(card.ended_at, year=True, weekday=False)
    return _("Carte n° %(rank)s, remise le %(issued)s, %(end)s") % {
        "rank": card.rank,
        "issued": french.day(card.issued_at, year=True, weekday=False),
        "end": what % when,
    }


def lost_page(desk: Desk, card_id: int) -> HttpResponse:
    """Confirm, then the card is dead: no site accepts it any more."""
    now = utc_now()
    ids = [child.pk for child in children_of(desk.family, paris_day(now))]
    card = get_card(card_id, child_ids=ids)
    if card is None:
        raise Http404
    if desk.request.method == "POST":
        declare_card_lost(card_id=card.pk, family_id=desk.family.pk, now=now, actor=desk.actor)
        if desk.request.POST.get("order") == "1":
            _order(desk, card.child_id, now)
        words = _("La carte de %s ne marche plus. Si vous la retrouvez, jetez-la.")
        messages.success(desk.request, words % card.child.first_name)
        return redirect(desk.url("cards"))
    return render(
        desk.request, desk.template("lost"), desk.context(card=card, back=desk.url("cards"))
    )


def order_step(desk: Desk, child_id: int) -> HttpResponse:
    """Ask for the next card."""
    now = utc_now()
    if child_id not in {child.pk for child in children_of(desk.family, paris_day(now))}:
        raise Http404
    _order(desk, child_id, now)
    return redirect(desk.url("cards"))


def _order(desk: Desk, child_id: int, now: Any) -> None:
    try:
        order_card(
            child_id=child_id,
            family_id=desk.family.pk,
            channel=desk.channel(),
            now=now,
            actor=desk.actor,
        )
    except Refusal as refusal:
        messages.error(desk.request, str(refusal))
    else:
        messages.success(
            desk.request,
            _("La nouvelle carte est demandée : le service vous la fera remettre par l’école."),
        )


def issue_step(desk: Desk, child_id: int) -> HttpResponse:
    """An agent gives the next card; the one before is dead."""
    now = utc_now()
    if child_id not in {child.pk for child in children_of(desk.family, paris_day(now))}:
        raise Http404
    card = issue_card(child_id=child_id, family_id=desk.family.pk, now=now, actor=desk.actor)
    words = _("Carte n° %(rank)s de %(name)s : code %(code)s.")
    messages.success(
        desk.request,
        words % {"rank": card.rank, "name": card.child.first_name, "code": _spaced(card.code)},
    )
    return redirect(desk.url("cards"))
