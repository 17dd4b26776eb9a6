"""Instalment plans, seen and stopped by agents, opened for a family at the counter."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.billing.queries import get_invoice, with_left
from preau.families.queries import families_for_agent
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.french import euros
from preau.recovery import services
from preau.recovery.plans import plans as all_plans
from preau.recovery.plans import rules_of, steps_of
from preau.townhall.access import agent_required
from preau.townhall.acts import ReasonForm, act_page
from preau.townhall.recovery.forms import PlanForm
from preau.ui.exports import FORMATS, Cents, Column, export_table

PAGE = 50
SECTION = "townhall:billing"
COLUMNS = (
    Column("Facture", "invoice.number"),
    Column("Régie", "invoice.cash_office.name"),
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Montant", lambda row: Cents(row.total_cents)),
    Column("Échéances", lambda row: len(row.instalments.all())),
    Column("Délibération", "decision"),
    Column("Depuis le", "created_at"),
    Column("État", "get_status_display"),
    Column("Motif", "end_reason"),
)


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def plans(request: HttpRequest) -> HttpResponseBase:
    """Every plan, with what is late of it."""
    today = paris_day(utc_now())
    found = all_plans().filter(family__in=families_for_agent(request.user, day=today))
    if "export" in request.GET:
        return export_table(request.GET["export"], "echeanciers", COLUMNS, found)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    paid = dict(
        with_left()
        .filter(pk__in=[plan.invoice_id for plan in page])
        .values_list("pk", "paid_cents")
    )
    rows = []
    for plan in page:
        steps = steps_of(plan, paid[plan.invoice_id])
        rows.append(
            {
                "plan": plan,
                "steps": steps,
                "left_cents": sum(step.left_cents for step in steps),
                "is_late": any(step.is_late(today) for step in steps),
            }
        )
    return render(
        request,
        "townhall/recovery/plans.html",
        {
            "section": SECTION,
            "page": page,
            "rows": rows,
            "formats": FORMATS,
            "can_order": Permission.ORDER_COLLECTION in request.permissions,
        },
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Stop a plan that is not kept."""
    found = all_plans().filter(pk=plan_id).first()
    if found is None:
        raise Http404
    return act_page(
        request,
        title=_("Arrêter un échéancier"),
        lead=f"{found.family.name}, {found.invoice.number}, {euros(found.total_cents)}",
        warning=_("Ce qui reste de la facture est dû tout de suite, et relancé."),
        form=ReasonForm(request.POST or None),
        do=lambda data: services.end_plan(
            plan_id=plan_id, actor=request.actor, now=utc_now(), **data
        ),
        done=_("L’échéancier est arrêté."),
        label=_("Arrêter"),
        kind="stop",
        back=reverse("townhall:plans"),
    )


@agent_required(Permission.TAKE_PAYMENTS, Permission.ORDER_COLLECTION)
@require_http_methods(["GET", "POST"])
def open_one(request: HttpRequest, code: str, number: str) -> HttpResponse:
    """Cut an invoice in instalments for a family, as the council decided."""
    family: Any = (
        families_for_agent(request.user, day=paris_day(utc_now())).filter(code=code).first()
    )
    invoice: Any = get_invoice(number, family_id=family.pk) if family else None
    rule = rules_of([invoice.cash_office_id]).get(invoice.cash_office_id) if invoice else None
    if invoice is None or rule is None:
        raise Http404
    return act_page(
        request,
        title=_("Payer en plusieurs fois"),
        lead=f"{family.name}, {invoice.number}, {euros(invoice.left_cents)}",
        warning=_("%(decision)s : à partir de %(amount)s, %(count)s échéances au plus.")
        % {
            "decision": rule.decision,
            "amount": euros(rule.min_cents),
            "count": rule.max_count,
        },
        form=PlanForm(request.POST or None, most=rule.max_count, initial={"count": "2"}),
        do=lambda data: services.open_plan(
            invoice_number=number,
            family_id=family.pk,
            count=data["count"],
            actor=request.actor,
            now=utc_now(),
        ),
        done=_("L’échéancier est ouvert."),
        label=_("Ouvrir l’échéancier"),
        section="townhall:families",
        back=reverse("townhall:family-account", args=[family.code]),
    )
