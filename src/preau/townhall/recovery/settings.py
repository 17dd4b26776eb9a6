"""What the town decided of reminders, titres and instalments."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.billing.queries import cash_offices, get_cash_office
from preau.kernel.clock import utc_now
from preau.payments.gateways import save_gateway
from preau.payments.queries import gateway_accounts
from preau.recovery import queries, services
from preau.recovery.reminders import levels
from preau.recovery.settings import DEFAULT_LEVELS
from preau.recovery.settings import treasury as treasury_of_town
from preau.townhall.access import agent_required
from preau.townhall.acts import act_page
from preau.townhall.recovery.forms import (
    InstalmentRuleForm,
    LevelForm,
    TitrePayfipForm,
    TreasuryForm,
)

SECTION = "townhall:billing"
MOST_LEVELS = 5


@agent_required(Permission.ORDER_COLLECTION, Permission.MANAGE_TOWN)
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Levels, the public accountant, instalments and the PayFiP contract of titres."""
    found = levels()
    rules, contracts = queries.instalment_rules(), gateway_accounts("TITRE")
    return render(
        request,
        "townhall/recovery/settings.html",
        {
            "section": SECTION,
            "levels": found,
            "next_rank": min(max((row.rank for row in found), default=0) + 1, MOST_LEVELS),
            "treasury": treasury_of_town(),
            "offices": [
                (office, rules.get(office.pk), contracts.get(office.pk))
                for office in cash_offices()
            ],
        },
    )


@agent_required(Permission.ORDER_COLLECTION, Permission.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def level(request: HttpRequest, rank: int) -> HttpResponse:
    """One level of reminders."""
    if not 1 <= rank <= MOST_LEVELS:
        raise Http404
    found = next((row for row in levels() if row.rank == rank), None)
    initial: dict[str, Any] = {"channel": "EMAIL"}
    if found:
        initial = {
            name: getattr(found, name) for name in ("name", "days", "channel", "text", "is_active")
        }
    elif rank <= len(DEFAULT_LEVELS):
        _rank, name, days, channel, text = DEFAULT_LEVELS[rank - 1]
        initial = {"name": name, "days": days, "channel": channel, "text": text, "is_active": True}
    return act_page(
        request,
        title=_("Relance de niveau %(rank)s") % {"rank": rank},
        form=LevelForm(request.POST or None, initial=initial),
        do=lambda data: services.save_level(rank=rank, actor=request.actor, now=utc_now(), **data),
        done=_("Le niveau est enregistré."),
        label=_("Enregistrer"),
        back=reverse("townhall:recovery-settings"),
    )


@agent_required(Permission.ORDER_COLLECTION, Permission.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def treasury(request: HttpRequest) -> HttpResponse:
    """The public accountant."""
    found = treasury_of_town()
    names = ("name", "address", "phone", "days_after_last")
    return act_page(
        request,
        title=_("Comptable public"),
        form=TreasuryForm(
            request.POST or None,
            initial={name: getattr(found, name) for name in names} if found else {},
        ),
        do=lambda data: services.save_treasury(actor=request.actor, now=utc_now(), **data),
        done=_("C’est enregistré."),
        label=_("Enregistrer"),
        back=reverse("townhall:recovery-settings"),
    )


def _office(code: str) -> Any:
    found = get_cash_office(code)
    if found is None:
        raise Http404
    return found


@agent_required(Permission.ORDER_COLLECTION, Permission.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def instalments(request: HttpRequest, code: str) -> HttpResponse:
    """What the council decided for one cash office."""
    office = _office(code)
    found = queries.instalment_rules().get(office.pk)
    names = ("decision", "decided_on", "min_cents", "max_count", "is_active")
    return act_page(
        request,
        title=_("Payer en plusieurs fois, %(office)s") % {"office": office.name},
        warning=_("Un régisseur n’accorde pas de délai : seule une délibération le permet."),
        form=InstalmentRuleForm(
            request.POST or None,
            initial={name: getattr(found, name) for name in names} if found else {},
        ),
        do=lambda data: services.save_instalment_rule(
            cash_office_id=office.pk, actor=request.actor, now=utc_now(), **data
        ),
        done=_("C’est enregistré."),
        label=_("Enregistrer"),
        back=reverse("townhall:recovery-settings"),
    )


@agent_required(Permission.BILL, Permission.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def payfip(request: HttpRequest, code: str) -> HttpResponse:
    """The PayFiP contract on which titres are paid."""
    office = _office(code)
    found = gateway_accounts("TITRE").get(office.pk)
    initial = {**found.options, "is_active": found.is_active} if found else {}

    def do(data: dict[str, Any]) -> None:
        save_gateway(
            cash_office_id=office.pk,
            use="TITRE",
            gateway="PAYFIP",
            options={name: data[name] for name in ("numcli", "saisie", "service_url")},
            secret="",
            is_test=data["saisie"] == "T",
            is_active=data["is_active"],
            actor=request.actor,
            now=utc_now(),
        )

    return act_page(
        request,
        title=_("PayFiP des titres, %(office)s") % {"office": office.name},
        form=TitrePayfipForm(request.POST or None, initial=initial),
        do=do,
        done=_("C’est enregistré."),
        label=_("Enregistrer"),
        back=reverse("townhall:recovery-settings"),
    )
