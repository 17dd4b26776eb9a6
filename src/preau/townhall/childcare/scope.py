"""What an agent may see of the crèches: its own, or all of them; 404 otherwise."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from preau.accounts.enums import Permission
from preau.accounts.queries import establishment_scope
from preau.catalogue import queries as catalogue
from preau.catalogue.enums import EstablishmentKind
from preau.childcare import queries
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.periods import read_day

SECTION = "townhall:childcare"


def today() -> date:
    return paris_day(utc_now())


def scope_of(request: HttpRequest, permission: str = Permission.MANAGE_CRECHE) -> Any:
    """Ids of the establishments where the agent has the right; None: everywhere."""
    return establishment_scope(request.user, permission, today())


def sites(request: HttpRequest, permission: str = Permission.MANAGE_CRECHE) -> list[Any]:
    """The crèches that the agent manages."""
    scope = scope_of(request, permission)
    found = catalogue.establishments(EstablishmentKind.CRECHE)
    return list(found if scope is None else found.filter(pk__in=scope))


def site_ids(request: HttpRequest, permission: str = Permission.MANAGE_CRECHE) -> list[int]:
    return [site.pk for site in sites(request, permission)]


def files(request: HttpRequest) -> QuerySet[Any]:
    """The pre-registrations that the agent may see: those that wish one of its crèches."""
    scope = scope_of(request)
    found = queries.preregistrations()
    if scope is None:
        return found
    wished = Q(wishes__establishment_id__in=scope) | Q(establishment_id__in=scope)
    return found.filter(pk__in=queries.preregistrations().filter(wished).values("pk"))


def file_or_404(request: HttpRequest, pk: int) -> Any:
    if not files(request).filter(pk=pk).exists():
        raise Http404
    return queries.get_preregistration(pk)


def contract_or_404(
    request: HttpRequest, pk: int, permission: str = Permission.MANAGE_CRECHE
) -> Any:
    scope = scope_of(request, permission)
    row = queries.get_contract(pk)
    if row is None or (scope is not None and row.establishment_id not in scope):
        raise Http404
    return row


def site_or_404(request: HttpRequest, pk: int, permission: str = Permission.MANAGE_CRECHE) -> Any:
    found = next((site for site in sites(request, permission) if site.pk == pk), None)
    if found is None:
        raise Http404
    return found


def asked_month(request: HttpRequest) -> date:
    """The month of `?mois=2026-10`; the last one that is over when it makes no sense."""
    try:
        return read_day(f"{request.GET.get('mois', '')}-01")
    except ValueError:
        return (today().replace(day=1) - timedelta(days=1)).replace(day=1)


def asked_day(request: HttpRequest) -> date:
    """The day of `?jour=2026-10-06`; today when it makes no sense."""
    try:
        return read_day(request.GET.get("jour", ""))
    except ValueError:
        return today()


def month_nav(month: date) -> dict[str, str]:
    """The months before and after, as addresses."""
    before = (month - timedelta(days=1)).replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    return {"previous": f"?mois={before:%Y-%m}", "next": f"?mois={after:%Y-%m}"}
