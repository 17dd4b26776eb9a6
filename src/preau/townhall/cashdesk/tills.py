"""The till of a cash office: its day, deposits, handovers, and its statement at any instant."""

from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.billing import acts, queries
from preau.billing.means import label
from preau.billing.till import held_at, received_between
from preau.cashdesk import papers, services
from preau.cashdesk import queries as desk
from preau.cashdesk.state import alerts, pieces_held, state_of
from preau.kernel.clock import at_paris, paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.money import euros
from preau.townhall.access import agent_required
from preau.townhall.cashdesk.counter import pdf_response
from preau.townhall.cashdesk.forms import (
    CloseDayForm,
    DepositForm,
    HandoverForm,
    InstantForm,
    OpenDayForm,
    VoidForm,
)
from preau.townhall.cashdesk.scope import my_offices, office_or_404, section
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.files import file_response
from preau.ui.refusals import add_refusal

READERS = (Permission.TAKE_PAYMENTS, Permission.BILL, Permission.MANAGE_TOWN)
DAYS = (
    Column("Ouverte le", "opened_at"),
    Column("Par", "opened_by"),
    Column("Fonds de caisse", lambda row: Cents(row.float_cents)),
    Column("Close le", lambda row: row.closed_at or ""),
    Column("Attendu", lambda row: _or_blank(row.expected_cents)),
    Column("Compté", lambda row: _or_blank(row.counted_cents)),
    Column("Différence", lambda row: Cents(row.difference_cents)),
    Column("Motif", "difference_reason"),
)
DEPOSITS = (
    Column("Bordereau", "number"),
    Column("Le", "made_at"),
    Column("Par", "made_by"),
    Column("Montant", lambda row: Cents(row.signed_cents)),
    Column("Annule", lambda row: row.voids.number if row.voids else ""),
    Column("Motif", "void_reason"),
)
RECENT = 8
PAGE = 50


def _or_blank(cents: int | None) -> Any:
    return "" if cents is None else Cents(cents)


@agent_required(*READERS)
@require_GET
def tills(request: HttpRequest) -> HttpResponse:
    """Every till at a glance, and what waits."""
    now = utc_now()
    return render(
        request,
        "townhall/cashdesk/tills.html",
        section(request)
        | {
            "rows": [(o, state_of(o.pk, at=now)) for o in queries.cash_offices(only_active=True)],
            "alerts": alerts(now=now),
        },
    )


@agent_required(*READERS)
@require_GET
def till(request: HttpRequest, office: str) -> HttpResponse:
    """One till: what it holds, its open day, its last days, deposits and handovers."""
    found, now = office_or_404(office), utc_now()
    act = acts.act_on(found.pk, paris_day(now))
    return render(
        request,
        "townhall/cashdesk/till.html",
        section(request)
        | {
            "office": found,
            "act": act,
            "state": state_of(found.pk, at=now),
            "day": desk.open_day_of(found.pk),
            "is_mine": found in my_offices(request),
            "open_form": OpenDayForm(initial={"float": act.float_cents if act else 0}),
            "days": desk.days_of(found.pk).filter(closed_at__isnull=False)[:RECENT],
            "deposits": desk.deposits_of(found.pk)[:RECENT],
            "handovers": desk.handovers_of(found.pk)[:RECENT],
            "alerts": [a for a in alerts(now=now) if a.office_code == found.code],
        },
    )


@agent_required(*READERS)
@require_GET
def days(request: HttpRequest, office: str) -> HttpResponseBase:
    """Every day of a till, its differences included."""
    found = office_or_404(office)
    rows = desk.days_of(found.pk)
    if "export" in request.GET:
        return export_table(request.GET["export"], f"journees-{found.code}", DAYS, rows.iterator())
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/cashdesk/days.html",
        section(request) | {"office": found, "page": page, "formats": FORMATS},
    )


@agent_required(*READERS)
@require_GET
def deposits(request: HttpRequest, office: str) -> HttpResponseBase:
    """Every deposit of a till, and what undoes one."""
    found = office_or_404(office)
    rows = desk.deposits_of(found.pk)
    if "export" in request.GET:
        code = request.GET["export"]
        return export_table(code, f"versements-{found.code}", DEPOSITS, rows.iterator())
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/cashdesk/deposits.html",
        section(request) | {"office": found, "page": page, "formats": FORMATS},
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_POST
def open_day(request: HttpRequest, office: str) -> HttpResponse:
    """Open the day with the float that was counted."""
    found = office_or_404(office)
    form = OpenDayForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(e) for errors in form.errors.values() for e in errors))
        return redirect("townhall:till", found.code)
    try:
        services.open_day(
            cash_office_id=found.pk,
            actor=request.actor,
            now=utc_now(),
            float_cents=form.cleaned_data["float"],
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:till", found.code)
    messages.success(request, _("La caisse est ouverte."))
    return redirect("townhall:counter")


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def close_day(request: HttpRequest, office: str) -> HttpResponse:
    """Count and close."""
    found = office_or_404(office)
    if desk.open_day_of(found.pk) is None:
        return redirect("townhall:till", found.code)
    form = CloseDayForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            day = services.close_day(
                cash_office_id=found.pk,
                counted=form.counted(),
                difference_reason=form.cleaned_data["reason"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("Journée close : %(counted)s comptés, différence %(difference)s.")
                % {
                    "counted": euros(day.counted_cents or 0),
                    "difference": euros(day.difference_cents),
                },
            )
            return redirect("townhall:till-day", day.pk)
    return render(
        request,
        "townhall/cashdesk/close.html",
        section(request)
        | {"office": found, "form": form, "state": state_of(found.pk, at=utc_now())},
        status=422 if form.errors else 200,
    )


def _day(day_id: int) -> Any:
    found = desk.get_day(day_id)
    if found is None:
        raise Http404
    return found, received_between(
        found.cash_office_id, found.opened_at, found.closed_at or utc_now()
    )


@agent_required(*READERS)
@require_GET
def day(request: HttpRequest, day_id: int) -> HttpResponse:
    """One day, as it was counted."""
    found, received = _day(day_id)
    return render(
        request,
        "townhall/cashdesk/day.html",
        section(request)
        | {
            "day": found,
            "received": [(label(means), n, cents) for means, n, cents in received],
            "counted": sorted(
                ((int(value), n, int(value) * n) for value, n in found.counted.items()),
                reverse=True,
            ),
        },
    )


@agent_required(*READERS)
@require_GET
def day_pdf(request: HttpRequest, day_id: int) -> HttpResponse:
    """The day's report."""
    found, received = _day(day_id)
    return pdf_response(
        papers.day_report(found, received=received, now=utc_now()), f"journee-{found.pk}.pdf"
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def deposit(request: HttpRequest, office: str) -> HttpResponse:
    """Deposit cash and pieces, with a slip."""
    found = office_or_404(office)
    held = held_at(found.pk, utc_now())
    form = DepositForm(request.POST if request.method == "POST" else None, held=held)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.make_deposit(
                cash_office_id=found.pk,
                cash_cents=form.cleaned_data["cash"] or 0,
                means=form.cleaned_data.get("means", []),
                key=form.cleaned_data["key"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("Versement %(number)s de %(amount)s : imprimez le bordereau.")
                % {"number": made.number, "amount": euros(made.total_cents)},
            )
            return redirect("townhall:till", found.code)
    return render(
        request,
        "townhall/cashdesk/deposit.html",
        section(request) | {"office": found, "form": form, "pieces": pieces_held(found.pk)[:200]},
        status=422 if form.errors else 200,
    )


@agent_required(*READERS)
@require_GET
def deposit_seen(request: HttpRequest, number: str) -> HttpResponse:
    """A deposit or its cancellation: lines, pieces, slip, and the other line."""
    found = _deposit(number)
    return render(
        request,
        "townhall/cashdesk/deposit_seen.html",
        section(request)
        | {
            "deposit": found,
            "office": found.cash_office,
            "undone": getattr(found, "voided_by", None),
            "lines": [(label(x.means), x.pieces, x.amount_cents) for x in found.lines.all()],
            "pieces": desk.pieces_of(found)[:200],
            "is_mine": found.cash_office in my_offices(request),
        },
    )


def _deposit(number: str) -> Any:
    found = desk.get_deposit(number)
    if found is None:
        raise Http404
    return found


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def void_deposit(request: HttpRequest, number: str) -> HttpResponse:
    """Undo a deposit made by mistake; both lines stay, what it took is in the till again."""
    found = _deposit(number)
    form = VoidForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            void = services.void_deposit(
                deposit_id=found.pk, actor=request.actor, now=utc_now(), **form.cleaned_data
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("Versement annulé sous le n° %(number)s : %(amount)s sont de nouveau en caisse.")
                % {"number": void.number, "amount": euros(void.total_cents)},
            )
            again = "townhall:till-deposit" if "again" in request.POST else "townhall:till"
            return redirect(again, found.cash_office.code)
    return render(
        request,
        "townhall/cashdesk/void_deposit.html",
        section(request) | {"deposit": found, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(*READERS)
@require_GET
def deposit_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The slip."""
    return file_response(papers.deposit_slip(_deposit(number), now=utc_now()).file)


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, office: str) -> HttpResponse:
    """One person hands the till to another."""
    found = office_or_404(office)
    form = HandoverForm(
        request.POST if request.method == "POST" else None, people=acts.people_of(found.pk)
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = services.hand_over(
                cash_office_id=found.pk,
                from_person_id=int(form.cleaned_data["leaving"]),
                to_person_id=int(form.cleaned_data["coming"]),
                counted=form.counted(),
                note=form.cleaned_data["note"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Remise de service %s enregistrée.") % made.number)
            return redirect("townhall:till", found.code)
    return render(
        request,
        "townhall/cashdesk/handover.html",
        section(request)
        | {"office": found, "form": form, "state": state_of(found.pk, at=utc_now())},
        status=422 if form.errors else 200,
    )


@agent_required(*READERS)
@require_GET
def handover_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The report that both sign."""
    found = desk.get_handover(number)
    if found is None:
        raise Http404
    return file_response(papers.handover_report(found, now=utc_now()).file)


def _asked_instant(request: HttpRequest) -> tuple[InstantForm, datetime]:
    form, now = InstantForm(request.GET or None), utc_now()
    if not form.is_valid() or not form.cleaned_data["on"]:
        return form, now
    at = at_paris(form.cleaned_data["on"], form.cleaned_data["at"] or time(23, 59, 59))
    return form, min(at, now)


@agent_required(*READERS)
@require_GET
def statement(request: HttpRequest, office: str) -> HttpResponse:
    """État de la régie, now or at a past instant: for an inspection."""
    found = office_or_404(office)
    form, at = _asked_instant(request)
    state = state_of(found.pk, at=at)
    if "pdf" in request.GET:
        return pdf_response(papers.statement_paper(state, now=utc_now()), f"etat-{found.code}.pdf")
    return render(
        request,
        "townhall/cashdesk/statement.html",
        section(request) | {"office": found, "state": state, "form": form},
    )
