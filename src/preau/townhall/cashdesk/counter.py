"""The counter, from the keyboard: search, tick, choose the means, give the receipt."""

from datetime import time, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Count, F, Q, Sum, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.billing import counter_queries, queries, services
from preau.billing.counter import is_deposited
from preau.billing.means import label
from preau.billing.receipts import is_printed, part_words, print_receipt
from preau.cashdesk import queries as desk
from preau.cashdesk import services as cashdesk
from preau.families.queries import payer_of
from preau.journeys.search import search_all
from preau.kernel.clock import at_paris, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.money import euros
from preau.townhall.access import agent_required
from preau.townhall.cashdesk.forms import CollectForm, CorrectForm, CounterFilterForm, VoidForm
from preau.townhall.cashdesk.scope import family_or_404, my_offices, section
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.refusals import add_refusal

PAGE = 50
COLUMNS = (
    Column("Reçu", "receipt_number"),
    Column("Le", "received_at"),
    Column("Régie", "cash_office.name"),
    Column("Dossier", "family.name"),
    Column("Moyens", lambda row: ", ".join(part_words(p) for p in row.parts.all())),
    Column("Montant", lambda row: Cents(-row.amount_cents if row.voids_id else row.amount_cents)),
    Column("Par", "taken_by_label"),
    Column("Annulation", "void_reason"),
)


@agent_required(Permission.TAKE_PAYMENTS)
@require_GET
def counter(request: HttpRequest) -> HttpResponse:
    """Search a family, or type an invoice's number; straight to it when one alone answers."""
    text = request.GET.get("q", "").strip()[:80]
    now = utc_now()
    found = search_all(request.user, text, permissions=request.permissions, now=now)  # type: ignore[arg-type]
    alone = found.invoice.family if found.invoice else found.only_family
    if alone:
        return redirect("townhall:counter-family", alone.code)
    offices = my_offices(request)
    days = desk.open_days(office.pk for office in offices)
    return render(
        request,
        "townhall/cashdesk/counter.html",
        {
            "section": "townhall:counter",
            "text": text,
            "found": found,
            "types": not found.families,
            "tills": [(office, days.get(office.pk)) for office in offices],
            "last": counter_queries.counter_payments().filter(taken_by_id=request.user.pk)[:6],
        },
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_GET
def family(request: HttpRequest, code: str) -> HttpResponse:
    """What the family owes each cash office, each with its form: two offices, two payments."""
    found = family_or_404(request, code)
    return _family_page(request, found, {})


def _family_page(
    request: HttpRequest, found: Any, forms: dict[str, CollectForm], status: int = 200
) -> HttpResponse:
    mine = {office.pk for office in my_offices(request)}
    days = desk.open_days(mine)
    desks = []
    for account in queries.family_accounts(found.pk):
        office = account.office
        can = office.pk in mine and office.is_active
        desks.append(
            {
                "account": account,
                "till": days.get(office.pk) if can else None,
                "is_mine": can,
                "form": forms.get(office.code) or CollectForm(account=account) if can else None,
            }
        )
    # Where there is something to pay comes first.
    desks.sort(key=lambda row: (not row["is_mine"], not row["account"].left_cents))  # type: ignore[attr-defined]
    return render(
        request,
        "townhall/cashdesk/family.html",
        {
            "section": "townhall:counter",
            "family": found,
            "payer": payer_of(found.pk),
            "desks": desks,
            "form": next(iter(forms.values()), None),
        },
        status=status,
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def take(request: HttpRequest, code: str, office: str) -> HttpResponse:
    """Take a payment for one cash office, by one means or several."""
    found = family_or_404(request, code)
    account = next(
        (row for row in queries.family_accounts(found.pk) if row.office.code == office), None
    )
    if account is None:
        raise Http404
    if request.method != "POST":
        return redirect("townhall:counter-family", found.code)
    if known := counter_queries.payment_sent(request.POST.get("key", ""), family_id=found.pk):
        return redirect("townhall:counter-done", known.receipt_number)  # sent twice, taken once
    form = CollectForm(request.POST, account=account)
    if form.is_valid():
        try:
            payment = cashdesk.collect(
                family_id=found.pk,
                cash_office_id=account.office.pk,
                parts=form.parts(),
                key=form.cleaned_data["key"],
                actor=request.actor,
                now=utc_now(),
                chosen=form.chosen(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("townhall:counter-done", payment.receipt_number)
    return _family_page(request, found, {office: form}, status=422)


@agent_required(Permission.TAKE_PAYMENTS)
@require_GET
def choose_office(request: HttpRequest, code: str) -> HttpResponse:
    """From the file to the counter."""
    return redirect("townhall:counter-family", family_or_404(request, code).code)


def _payment(request: HttpRequest, receipt: str) -> Any:
    found = counter_queries.get_counter_payment(receipt)
    if found is None:
        raise Http404
    family_or_404(request, found.family.code)
    return found


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def done(request: HttpRequest, receipt: str) -> HttpResponse:
    """What was received, its receipt to print, and what may still be done about it."""
    found = _payment(request, receipt)
    undone = counter_queries.void_of(found.pk)
    return render(
        request,
        "townhall/cashdesk/done.html",
        {
            **section(request),
            "payment": found,
            "parts": [(part_words(p), p.amount_cents) for p in (found.voids or found).parts.all()],
            "settled": counter_queries.settled_by(found),
            "undone": undone,
            "is_printed": is_printed(found),
            "can_undo": Permission.TAKE_PAYMENTS in request.permissions
            and not found.voids_id
            and undone is None,
            "is_deposited": not found.voids_id and is_deposited(found, now=utc_now()),
        },
    )


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def receipt(request: HttpRequest, receipt: str) -> HttpResponse:
    """The receipt as PDF: the first print, then duplicates."""
    found = _payment(request, receipt)
    payer = payer_of(found.family_id)
    pdf, is_copy = print_receipt(
        found,
        debtor=str(payer) if payer else found.family.name,
        actor=request.actor,
        now=utc_now(),
    )
    name = f"{found.receipt_number}{'-duplicata' if is_copy else ''}.pdf"
    return pdf_response(pdf, name)


def pdf_response(pdf: bytes, name: str) -> HttpResponse:
    """A PDF of the instant, shown in the page."""
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def void(request: HttpRequest, receipt: str) -> HttpResponse:
    """Undo an encashment, with its reason; both lines stay."""
    found = _payment(request, receipt)
    form = VoidForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            cashdesk.void(
                payment_id=found.pk,
                reason=form.cleaned_data["reason"],
                key=form.cleaned_data["key"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("L’encaissement est annulé ; les deux lignes restent."))
            return redirect("townhall:family-account", found.family.code)
    return render(
        request,
        "townhall/cashdesk/void.html",
        {"section": "townhall:counter", "payment": found, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, receipt: str) -> HttpResponse:
    """Once deposited: move what was received to the account where it belongs."""
    found = _payment(request, receipt)
    form = CorrectForm(
        request.POST if request.method == "POST" else None,
        initial={"code": found.family.printed_code},
    )
    if request.method == "POST" and form.is_valid():
        try:
            target = family_or_404(request, form.cleaned_data["code"].replace(" ", ""))
        except Http404:
            form.add_error("code", _("Aucun dossier n’a ce code."))
        else:
            try:
                services.correct_payment(
                    payment_id=found.pk,
                    to_family_id=target.pk,
                    reason=form.cleaned_data["reason"],
                    key=form.cleaned_data["key"],
                    actor=request.actor,
                    now=utc_now(),
                )
            except Refusal as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(
                    request,
                    _("%(amount)s imputés au dossier %(name)s.")
                    % {"amount": euros(found.amount_cents), "name": target.name},
                )
                return redirect("townhall:family-account", target.code)
    return render(
        request,
        "townhall/cashdesk/correct.html",
        {"section": "townhall:counter", "payment": found, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def payments(request: HttpRequest) -> HttpResponseBase:
    """Everything taken at the counter, voids included, with totals by means."""
    form = CounterFilterForm(request.GET, offices=queries.cash_offices())
    found = _narrowed(
        counter_queries.counter_payments(), form.cleaned_data if form.is_valid() else {}
    )
    if "export" in request.GET:
        rows = found.prefetch_related("parts").iterator(chunk_size=500)
        return export_table(request.GET["export"], "encaissements", COLUMNS, rows)
    page = Paginator(found.prefetch_related("parts"), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/cashdesk/payments.html",
        {
            "section": "townhall:billing",
            "form": form,
            "totals": _totals(found),
            "page": page,
            "formats": FORMATS,
        },
    )


def _narrowed(found: Any, asked: dict[str, Any]) -> Any:
    if asked.get("since"):
        found = found.filter(received_at__gte=at_paris(asked["since"], time.min))
    if asked.get("until"):
        found = found.filter(received_at__lt=at_paris(asked["until"] + timedelta(days=1), time.min))
    if asked.get("office"):
        found = found.filter(cash_office__code=asked["office"])
    if asked.get("means"):
        found = found.filter(
            Q(means=asked["means"])
            | Q(means="MIXED", pk__in=counter_queries.payments_by_means(asked["means"]))
        )
    if text := asked.get("q"):
        found = found.filter(
            Q(receipt_number__icontains=text)
            | Q(pk__in=counter_queries.payments_by_reference(text))
            | Q(family__name__icontains=text)
            | Q(family__code__iexact=text.replace(" ", ""))
        )
    return found


def _totals(found: Any) -> list[tuple[str, int, int]]:
    """(means, how many, cents) of what is shown, voids taken off."""
    signed = Case(When(voids=None, then=F("amount_cents")), default=-F("amount_cents"))
    rows = (
        found.exclude(means="MIXED")
        .order_by()
        .values("means")
        .annotate(n=Count("pk"), cents=Sum(signed))
    )
    totals = {row["means"]: [row["n"], row["cents"]] for row in rows}
    for means, sign, n, cents in counter_queries.parts_of_mixed(found.filter(means="MIXED")):
        total = totals.setdefault(means, [0, 0])
        total[0] += n
        total[1] += sign * cents
    return sorted((label(means), n, cents) for means, (n, cents) in totals.items())
