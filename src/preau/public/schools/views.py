"""What a family that arrives asks first: our school, and its rules."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from preau.enrolments.queries import current_regulation
from preau.kernel.clock import paris_day, utc_now
from preau.public.pages.caching import public_page
from preau.schools.enums import Cycle
from preau.schools.sectors import known_streets, schools_for_address
from preau.town.queries import render_markdown


@public_page()
@require_safe
def find_school(request: HttpRequest) -> HttpResponse:
    """The nursery and the elementary school of an address; nothing typed is kept."""
    address = " ".join(request.GET.get("adresse", "").split())[:120]
    found = schools_for_address(address) if address else {}
    return render(
        request,
        "public/schools/find.html",
        {
            "address": address,
            "answers": [
                (Cycle(cycle).label, found[cycle].establishment)
                for cycle in Cycle.values
                if cycle in found
            ],
            "streets": known_streets(address) if address and not found else [],
            "section": "public:activities",
        },
    )


@public_page()
@require_safe
def regulation(request: HttpRequest) -> HttpResponse:
    """The règlement intérieur in force, as families accept it."""
    found = current_regulation(paris_day(utc_now()))
    return render(
        request,
        "public/schools/regulation.html",
        {"found": found, "body": render_markdown(found.body) if found else ""},
    )
