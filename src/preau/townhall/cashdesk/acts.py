"""The act of a cash office, all its versions, and whom it names."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.accounts.queries import agents_who_may, get_agent
from preau.billing import acts, queries
from preau.billing.means import label
from preau.catalogue.queries import list_all_activities
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.cashdesk.forms import ActForm, EndPersonForm, PersonForm
from preau.townhall.cashdesk.scope import office_or_404
from preau.ui.refusals import add_refusal

SECTION = {"section": "townhall:billing"}
KEEPERS = (Permission.BILL, Permission.MANAGE_TOWN)
COPIED = (
    "decision",
    "means",
    "cash_ceiling_cents",
    "till_ceiling_cents",
    "deposit_days",
    "float_cents",
    "payment_days",
    "allows_refunds",
    "refund_max_cents",
)


@agent_required(*KEEPERS, Permission.TAKE_PAYMENTS)
@require_GET
def act(request: HttpRequest, code: str) -> HttpResponse:
    """The act in force, those before, the people named, and the activities outside it."""
    office, today = office_or_404(code), paris_day(utc_now())
    names = {activity.pk: activity.name for activity in list_all_activities()}
    versions = [
        {
            "act": one,
            "means": [label(means) for means in one.means],
            "products": [names[pk] for pk in one.activity_ids if pk in names],
        }
        for one in acts.acts_of(office.pk)
    ]
    current = acts.act_on(office.pk, today)
    outside = [
        row.activity.name
        for row in queries.accountings()
        if row.cash_office_id == office.pk
        and current
        and current.activity_ids
        and row.activity_id not in current.activity_ids
    ]
    return render(
        request,
        "townhall/cashdesk/act.html",
        SECTION
        | {
            "office": office,
            "current": current,
            "versions": versions,
            "people": acts.people_of(office.pk),
            "today": today,
            "outside": outside,
            "can_change": bool(request.permissions & set(KEEPERS)),
        },
    )


@agent_required(*KEEPERS)
@require_http_methods(["GET", "POST"])
def new_act(request: HttpRequest, code: str) -> HttpResponse:
    """Record the act, or its next version: nothing of the past changes."""
    office, now = office_or_404(code), utc_now()
    form = ActForm(
        request.POST if request.method == "POST" else None,
        activities=list_all_activities(),
        initial=_initial(office, acts.act_on(office.pk, paris_day(now))),
    )
    if request.method == "POST" and form.is_valid():
        try:
            acts.record_act(cash_office_id=office.pk, actor=request.actor, now=now, **form.values())
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("L’acte est enregistré."))
            return redirect("townhall:cash-office-act", office.code)
    return render(
        request,
        "townhall/cashdesk/new_act.html",
        SECTION | {"office": office, "form": form},
        status=422 if form.errors else 200,
    )


def _initial(office: Any, current: Any) -> dict[str, Any]:
    if current is None:
        return {"means": office.means, "payment_days": office.payment_days}
    initial = {name: getattr(current, name) for name in COPIED}
    initial["activities"] = [str(pk) for pk in current.activity_ids] or [
        str(row.activity_id) for row in queries.accountings() if row.cash_office_id == office.pk
    ]
    return initial


@agent_required(*KEEPERS)
@require_http_methods(["GET", "POST"])
def name_person(request: HttpRequest, code: str) -> HttpResponse:
    """Name an agent who may collect."""
    office, now = office_or_404(code), utc_now()
    agents = agents_who_may(Permission.TAKE_PAYMENTS, paris_day(now)).order_by(
        "last_name", "first_name"
    )
    form = PersonForm(
        request.POST if request.method == "POST" else None,
        agents=agents,
        initial={"starts_on": paris_day(now)},
    )
    if request.method == "POST" and form.is_valid():
        agent = get_agent(int(form.cleaned_data["user"]))
        assert agent is not None
        try:
            acts.name_person(
                cash_office_id=office.pk,
                user_id=agent.pk,
                name=str(agent),
                role=form.cleaned_data["role"],
                order_reference=form.cleaned_data["order_reference"],
                starts_on=form.cleaned_data["starts_on"],
                ends_on=form.cleaned_data["ends_on"],
                actor=request.actor,
                now=now,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("%s est nommé(e).") % agent)
            return redirect("townhall:cash-office-act", office.code)
    return render(
        request,
        "townhall/cashdesk/person.html",
        SECTION | {"office": office, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(*KEEPERS)
@require_http_methods(["GET", "POST"])
def end_person(request: HttpRequest, code: str, person_id: int) -> HttpResponse:
    """End a naming: the last day of its functions."""
    office, now = office_or_404(code), utc_now()
    person = acts.people_of(office.pk).filter(pk=person_id).first()
    if person is None:
        raise Http404
    form = EndPersonForm(
        request.POST if request.method == "POST" else None, initial={"ends_on": paris_day(now)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            acts.end_person(
                person_id=person.pk,
                ends_on=form.cleaned_data["ends_on"],
                actor=request.actor,
                now=now,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("La fin des fonctions est enregistrée."))
            return redirect("townhall:cash-office-act", office.code)
    return render(
        request,
        "townhall/cashdesk/end_person.html",
        SECTION | {"office": office, "person": person, "form": form},
        status=422 if form.errors else 200,
    )
