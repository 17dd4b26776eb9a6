"""The family's home: what to do now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from preau.journeys.family_home import family_home
from preau.kernel.clock import utc_now
from preau.portal.access import family_required


@family_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    page = family_home(request.family, utc_now())
    return render(request, "portal/home/home.html", {"home": page, "guardian": request.guardian})
