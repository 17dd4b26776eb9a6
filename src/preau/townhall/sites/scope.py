"""What an agent may see of the sites: his own, or all of them; 404 otherwise."""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest

from preau.accounts.enums import Permission
from preau.accounts.queries import establishment_scope
from preau.bookings.queries import get_slot
from preau.catalogue.queries import establishments, get_establishment
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.periods import read_day

# Acting on a site's sessions: on the offer, or for families.
MANAGING = (Permission.MANAGE_CATALOGUE, Permission.BOOK)


def asked_day(request: HttpRequest) -> date:
    """The day of `?jour=2026-10-06`; today when it is missing or makes no sense."""
    try:
        return read_day(request.GET.get("jour", ""))
    except ValueError:
        return paris_day(utc_now())


def scope_of(request: HttpRequest, permission: str = Permission.SEE_REGISTER) -> Any:
    """The ids of the sites where the agent has the permission; None: everywhere."""
    return establishment_scope(request.user, permission, paris_day(utc_now()))


def managed_scope(request: HttpRequest) -> frozenset[int] | None:
    """The sites where the agent may act on the sessions; None: everywhere."""
    sites: frozenset[int] = frozenset()
    for permission in MANAGING:
        scope = scope_of(request, permission)
        if scope is None:
            return None
        sites |= scope
    return sites


def may_manage_at(request: HttpRequest, site_id: int) -> bool:
    """Whether the agent may act on the sessions of this site."""
    scope = managed_scope(request)
    return scope is None or site_id in scope


def sites_of(request: HttpRequest) -> list[Any]:
    """The sites that the agent may see, by kind and name."""
    scope = scope_of(request)
    found = establishments()
    return list(found if scope is None else found.filter(pk__in=scope))


def get_site_or_404(
    request: HttpRequest, site_id: int, permission: str = Permission.SEE_REGISTER
) -> Any:
    scope = scope_of(request, permission)
    site = get_establishment(site_id)
    if site is None or (scope is not None and site.pk not in scope):
        raise Http404
    return site


def get_slot_or_404(
    request: HttpRequest, slot_id: int, permission: str = Permission.SEE_REGISTER
) -> Any:
    """A slot of a site within the agent's scope for this permission."""
    scope = scope_of(request, permission)
    slot = get_slot(slot_id)
    if slot is None or (scope is not None and slot.offering.establishment_id not in scope):
        raise Http404
    return slot


def get_managed_site_or_404(request: HttpRequest, site_id: int) -> Any:
    """A site whose sessions the agent may act on."""
    site = get_establishment(site_id)
    if site is None or not may_manage_at(request, site.pk):
        raise Http404
    return site


def get_managed_slot_or_404(request: HttpRequest, slot_id: int) -> Any:
    """A slot that the agent may act on."""
    slot = get_slot(slot_id)
    if slot is None or not may_manage_at(request, slot.offering.establishment_id):
        raise Http404
    return slot


def may_take(request: HttpRequest, slot: Any) -> bool:
    """Whether the agent may take attendance at this slot."""
    if Permission.TAKE_ATTENDANCE not in request.permissions:
        return False
    scope = scope_of(request, Permission.TAKE_ATTENDANCE)
    return scope is None or slot.offering.establishment_id in scope


def may_take_at(request: HttpRequest, site_id: int) -> bool:
    """Whether the agent may take attendance at this site."""
    if Permission.TAKE_ATTENDANCE not in request.permissions:
        return False
    scope = scope_of(request, Permission.TAKE_ATTENDANCE)
    return scope is None or site_id in scope
