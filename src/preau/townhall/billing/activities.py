"""Which cash office collects for which activity, and under which account each product goes."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from preau.accounts.enums import Permission
from preau.billing import queries, services
from preau.billing.natures import product_natures, set_product_nature
from preau.catalogue.queries import list_all_activities, read_standing
from preau.kernel.clock import utc_now
from preau.townhall.access import agent_required
from preau.townhall.billing.forms import ActivityForm, ProductNatureForm


@dataclass(slots=True)
class Row:
    """One activity: its form, and one for each of its products (none when it has but one)."""

    activity: Any
    form: ActivityForm
    products: list[tuple[Any, ProductNatureForm]]

    @property
    def forms(self) -> list[Any]:
        return [self.form, *(form for _product, form in self.products)]

    @property
    def has_own(self) -> bool:
        """Whether a product has an account of its own, or was given one in vain."""
        return any(form.initial or form.errors for _product, form in self.products)


def _rows(request: HttpRequest) -> list[Row]:
    sent = request.POST if request.method == "POST" else None
    offices = list(queries.cash_offices())
    known = {row.activity_id: row for row in queries.accountings()}
    activities = list(list_all_activities())
    products = read_standing().products
    own = {row.product_id: row for row in product_natures(a.pk for a in activities)}
    rows = []
    for activity in activities:
        row = known.get(activity.pk)
        form = ActivityForm(
            sent,
            prefix=f"a{activity.pk}",
            offices=offices,
            initial={
                "office": row.cash_office.code,
                "accounting_code": row.accounting_code,
                "function_code": row.function_code,
                "is_meal": row.is_meal,
                "counts_for_tax": row.counts_for_tax,
                "is_prepaid": row.is_prepaid,
            }
            if row
            else {"is_meal": activity.kind == "CANTEEN"},
        )
        its = products.get(activity.pk, {})
        rows.append(
            Row(
                activity,
                form,
                [
                    (product, _product_form(sent, pk, own.get(pk)))
                    for pk, product in its.items()
                    if len(its) > 1 or pk in own
                ],
            )
        )
    return rows


def _product_form(sent: Any, product_id: int, own: Any) -> ProductNatureForm:
    return ProductNatureForm(
        sent,
        prefix=f"p{product_id}",
        initial={"accounting_code": own.accounting_code, "function_code": own.function_code}
        if own
        else {},
    )


@agent_required(Permission.BILL, Permission.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def activities(request: HttpRequest, code: str) -> HttpResponse:
    """For which activities this office (or another) collects, one form for all."""
    found = queries.get_cash_office(code)
    if found is None:
        raise Http404
    rows = _rows(request)
    if request.method == "POST" and all(form.is_valid() for row in rows for form in row.forms):
        offices = {office.code: office.pk for office in queries.cash_offices()}
        now = utc_now()
        for row in rows:
            values = row.form.cleaned_data
            if values["office"] and row.form.has_changed():
                services.assign_activity(
                    activity_id=row.activity.pk,
                    cash_office_id=offices[values.pop("office")],
                    actor=request.actor,
                    now=now,
                    **values,
                )
            for product, form in row.products:
                if form.has_changed():
                    set_product_nature(
                        product_id=product.pk, actor=request.actor, now=now, **form.cleaned_data
                    )
        messages.success(request, _("Les activités et leurs comptes sont enregistrés."))
        return redirect("townhall:cash-offices")
    return render(
        request,
        "townhall/billing/activities.html",
        {
            "section": "townhall:billing",
            "office": found,
            "rows": rows,
            "forms": [form for row in rows for form in row.forms],
        },
        status=422 if any(form.errors for row in rows for form in row.forms) else 200,
    )
