"""Which cash offices an agent sees, and at which it collects."""

from typing import Any

from django.http import Http404, HttpRequest

from preau.accounts.enums import Permission
from preau.billing import queries
from preau.billing.acts import offices_naming
from preau.journeys.family_file import visible_family
from preau.kernel.clock import paris_day, utc_now


def office_or_404(code: str) -> Any:
    """The cash office with this code."""
    found = queries.get_cash_office(code)
    if found is None:
        raise Http404
    return found


def family_or_404(request: HttpRequest, code: str) -> Any:
    """A family's file that this agent may open."""
    found = visible_family(request.user, code, paris_day(utc_now()))  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found


def my_offices(request: HttpRequest) -> list[Any]:
    """Where the agent is named today."""
    return list(offices_naming(request.user.pk, paris_day(utc_now())))


def section(request: HttpRequest) -> dict[str, str]:
    """Where the cash desk stands in this agent's menu: who cannot collect comes from «Factures»."""
    collects = Permission.TAKE_PAYMENTS in request.permissions
    return {"section": "townhall:counter" if collects else "townhall:billing"}
