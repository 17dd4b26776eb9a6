"""`/creche/criteres/`: points, proofs and the way to a place, open to all; of nobody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from preau.catalogue.enums import EstablishmentKind
from preau.catalogue.queries import establishments
from preau.childcare import queries
from preau.kernel.clock import paris_day, utc_now
from preau.ui.access import public


@require_safe
@public
def criteria(request: HttpRequest) -> HttpResponse:
    """The criteria in force, those to come, the pieces asked, the crèches and their sections."""
    today = paris_day(utc_now())
    sites = list(establishments(EstablishmentKind.CRECHE))
    sections: dict[int, list[object]] = {site.pk: [] for site in sites}
    for section in queries.sections(sections):
        sections[section.establishment_id].append(section)
    return render(
        request,
        "public/creche/criteria.html",
        {
            "scale": queries.scale_on(today),
            "coming": queries.scale_to_come(today),
            "settings": queries.care_settings(),
            "sites": [(site, sections[site.pk]) for site in sites],
        },
    )
