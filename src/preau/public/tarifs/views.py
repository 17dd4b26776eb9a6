"""The simulator: my quotient, my children, my week; my month's price, line by line."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from preau.journeys import price_simulation as simulation
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.text import is_number
from preau.public.pages.caching import public_page
from preau.public.tarifs.forms import DAYS, MOST_CHILDREN, ChildForm, HouseholdForm
from preau.town import queries as town
from preau.town.enums import PageSlug


@public_page()
@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    """`/tarifs/`: the form, and below it the price when it has been asked."""
    today = paris_day(utc_now())
    months = simulation.months(today)
    page = town.get_page(PageSlug.PRICES)
    context = {"section": "public:prices", "page": page, "body": town.render_markdown(page.body)}
    if not months:
        return render(request, "public/tarifs/none.html", context)
    choices = simulation.choices(months[0])
    asked = "mois" in request.GET
    default = months[1] if len(months) > 1 and today.day > 20 else months[0]
    form = HouseholdForm(
        request.GET if asked else None,
        months=months,
        formula=simulation.has_formula(months[0]),
        nursery=any(c.how == "hours" for c in choices),
        initial={"mois": f"{default:%Y-%m}"},
    )
    wanted = request.GET.get("enfants", "1")
    count = min(int(wanted), MOST_CHILDREN) if is_number(wanted) and int(wanted) else 1
    children = [
        ChildForm(
            request.GET if asked and f"e{n}-niveau" in request.GET else None,
            choices=choices,
            number=n,
        )
        for n in range(1, count + 1)
    ]
    found = None
    if asked and form.is_valid() and all(c.is_valid() for c in children if c.is_bound):
        kids = tuple(c.child() if c.is_bound else simulation.Child() for c in children)
        found = simulation.simulate(form.household(kids), form.months[form.cleaned_data["mois"]])
    return render(
        request,
        "public/tarifs/simulator.html",
        {
            **context,
            "form": form,
            "children": children,
            "days": DAYS,
            "found": found,
        },
    )
