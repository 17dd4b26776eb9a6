"""`/mairie/chiffres/`: charts where one looks, tables and spreadsheets where one works."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.townhall.access import agent_required
from preau.townhall.figures.shared import SECTION, may


@require_safe
@agent_required(Permission.SEE_FIGURES, Permission.MANAGE_CRECHE)
def index(request: HttpRequest) -> HttpResponse:
    """Every page of figures that this agent may open."""
    return render(
        request,
        "townhall/figures/index.html",
        {"may": may(request), "section": SECTION},
    )
