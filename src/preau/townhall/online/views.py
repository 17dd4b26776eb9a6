"""Payments on line: the list, one with all that its bank said, and what to do of a doubt."""

from datetime import time, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.billing.queries import cash_offices
from preau.families.queries import families_for_agent
from preau.kernel.clock import at_paris, paris_day, utc_now
from preau.kernel.french import euros
from preau.payments import queries, resolving
from preau.payments.asking import ask_again
from preau.townhall.access import agent_required
from preau.townhall.acts import ReasonForm, act_page
from preau.townhall.online.forms import ConfirmForm, PaymentFilterForm, RefundForm
from preau.ui.exports import FORMATS, Cents, Column, export_table

PAGE = 50
COLUMNS = (
    Column("Référence", "reference"),
    Column("Le", "created_at"),
    Column("Régie", "cash_office.name"),
    Column("Banque", "get_gateway_display"),
    Column("Pour", "get_use_display"),
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Payeur", "payer_label"),
    Column("Montant", lambda row: Cents(row.amount_cents)),
    Column("État", "get_status_display"),
    Column("Référence de la banque", "provider_id"),
    Column("Fini le", "ended_at"),
)


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def payments(request: HttpRequest) -> HttpResponseBase:
    """Those in doubt first, then all: filtered, paged, exported."""
    offices = list(cash_offices())
    form = PaymentFilterForm(request.GET or None, offices=offices)
    asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    office = next((o for o in offices if o.code == asked.get("office")), None)
    until = asked.get("until")
    found = queries.attempts(
        text=asked.get("q", ""),
        status=asked.get("state", ""),
        gateway=asked.get("gateway", ""),
        cash_office_id=office.pk if office else None,
        since=at_paris(asked["since"], time.min) if asked.get("since") else None,
        until=at_paris(until + timedelta(days=1), time.min) if until else None,
    )
    if "export" in request.GET:
        return export_table(request.GET["export"], "paiements-en-ligne", COLUMNS, found.iterator())
    return render(
        request,
        "townhall/online/payments.html",
        {
            "section": "townhall:billing",
            "form": form,
            "doubtful": queries.divergences(utc_now())[:100],
            "rejected": queries.rejected_events()[:5],
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "formats": FORMATS,
        },
    )


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def events(request: HttpRequest) -> HttpResponse:
    """Everything that the banks sent, as it came."""
    page = Paginator(queries.events(), PAGE).get_page(request.GET.get("page"))
    return render(
        request, "townhall/online/events.html", {"section": "townhall:billing", "page": page}
    )


def _attempt(request: HttpRequest, reference: str) -> Any:
    """The payment, if its family is among those that this agent may see."""
    found = queries.attempt_file(reference)
    today = paris_day(utc_now())
    if (
        found is None
        or not families_for_agent(request.user, day=today).filter(pk=found.family_id).exists()
    ):
        raise Http404
    return found


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def payment(request: HttpRequest, reference: str) -> HttpResponse:
    """One payment: what it pays, what was given back, each message raw."""
    found = _attempt(request, reference)
    given = sum(refund.amount_cents for refund in found.refunds.all())
    return render(
        request,
        "townhall/online/payment.html",
        {
            "section": "townhall:billing",
            "attempt": found,
            "left_cents": found.amount_cents - given,
            "in_doubt": found.status in resolving.OPEN,
            "can_settle": Permission.TAKE_PAYMENTS in request.permissions,
            "can_refund": Permission.REFUND in request.permissions and found.status == "SETTLED",
        },
    )


@agent_required(Permission.SEE_ACCOUNTS)
@require_POST
def ask_bank(request: HttpRequest, reference: str) -> HttpResponse:
    """Have the bank asked now about a payment in doubt."""
    if ask_again(reference, now=utc_now()):
        messages.info(request, _("La question part : la réponse s’affiche ici dans un instant."))
    else:
        messages.error(
            request,
            _("Cette banque ne se laisse pas interroger : regardez sur son site ou appelez-la."),
        )
    return redirect("townhall:billing-payments")


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, reference: str) -> HttpResponse:
    """The money is on the statement, the bank's message never came."""
    found = _attempt(request, reference)
    return act_page(
        request,
        title=_("Constater un paiement"),
        lead=f"{found.family.name}, {euros(found.amount_cents)}, {found.reference}",
        warning=_(
            "Seulement si la somme est sur le relevé du compte. Interrogez d’abord la banque. "
            "Le paiement sera inscrit au compte de la famille, à votre nom."
        ),
        form=ConfirmForm(request.POST or None),
        do=lambda data: resolving.confirm(
            reference=reference, actor=request.actor, now=utc_now(), **data
        ),
        done=_("Le paiement est inscrit au compte de la famille."),
        label=_("Inscrire ce paiement"),
        back=reverse("townhall:online-payment", args=[reference]),
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def dismiss(request: HttpRequest, reference: str) -> HttpResponse:
    """Nothing was paid: the payment leaves the list of doubts."""
    found = _attempt(request, reference)
    return act_page(
        request,
        title=_("Classer sans suite"),
        lead=f"{found.family.name}, {euros(found.amount_cents)}, {found.reference}",
        warning=_("Un message de la banque qui viendrait plus tard compterait encore."),
        form=ReasonForm(request.POST or None),
        do=lambda data: resolving.dismiss(
            reference=reference, actor=request.actor, now=utc_now(), **data
        ),
        done=_("Le paiement est classé sans suite."),
        label=_("Classer"),
        kind="stop",
        back=reverse("townhall:online-payment", args=[reference]),
    )


@agent_required(Permission.REFUND)
@require_http_methods(["GET", "POST"])
def refund(request: HttpRequest, reference: str) -> HttpResponse:
    """What the bank gave back from its own screen, in part or whole."""
    found = _attempt(request, reference)

    def do(data: dict[str, Any]) -> None:
        resolving.record_refund(
            reference=reference,
            amount_cents=data["amount"],
            bank_reference=data["bank_reference"],
            reason=data["reason"],
            actor=request.actor,
            now=utc_now(),
        )

    return act_page(
        request,
        title=_("Inscrire un remboursement"),
        lead=f"{found.family.name}, {euros(found.amount_cents)}, {found.reference}",
        warning=_(
            "Le remboursement se fait sur le site de la banque ; son message l’inscrit seul. "
            "Inscrivez-le ici si ce message n’est pas venu. PayFiP ne rend pas l’argent : passez "
            "par l’état de remboursement."
        ),
        form=RefundForm(request.POST or None),
        do=do,
        done=_("Le remboursement est inscrit."),
        label=_("Inscrire"),
        back=reverse("townhall:online-payment", args=[reference]),
    )
