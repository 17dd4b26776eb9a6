"""One agent at a time: a lease, renewed while the page is open, free again when it runs out."""

from datetime import datetime

from django.db import transaction

from preau.casework.models import Request
from preau.casework.services._common import (
    HOLD_FIELDS,
    check_holder,
    check_open,
    free,
    lock_request,
)
from preau.casework.values import KEPT_LEASE, LEASE
from preau.kernel.actors import Actor


@transaction.atomic
def hold(*, request_id: int, now: datetime, actor: Actor) -> Request:
    """Take the request, or renew one's lease. Raises HeldByAnother, AlreadyDecided.

    Opening one request frees the others that the agent had merely opened (not those it keeps).
    """
    request = lock_request(request_id)
    check_open(request)
    check_holder(request, actor, now)
    mine = request.held_by_id == actor.user_id and (request.held_until or now) > now
    if not mine:
        request.held_since, request.is_kept = now, False
    request.held_by_id = actor.user_id
    until = now + LEASE
    request.held_until = max(until, request.held_until or until) if mine else until
    request.save(update_fields=HOLD_FIELDS)
    if not mine:
        # skip_locked: a request being decided right now frees itself; waiting could deadlock.
        others = (
            Request.objects.filter(held_by_id=actor.user_id, is_kept=False)
            .exclude(pk=request.pk)
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
            .values_list("pk", flat=True)
        )
        Request.objects.filter(pk__in=list(others)).update(
            held_by=None, held_since=None, held_until=None
        )
    return lock_request(request_id)


@transaction.atomic
def keep(*, request_id: int, now: datetime, actor: Actor) -> Request:
    """Keep the request for the day («Chez moi»). Raises HeldByAnother, AlreadyDecided."""
    request = lock_request(request_id)
    check_open(request)
    check_holder(request, actor, now)
    if request.held_by_id != actor.user_id or request.held_since is None:
        request.held_since = now
    request.held_by_id = actor.user_id
    request.held_until = now + KEPT_LEASE
    request.is_kept = True
    request.save(update_fields=HOLD_FIELDS)
    return lock_request(request_id)


@transaction.atomic
def release(*, request_id: int, now: datetime, actor: Actor) -> None:
    """Give one's hold back. Harmless when someone else, or nobody, holds it."""
    request = lock_request(request_id)
    if request.held_by_id == actor.user_id:
        free(request)
        request.save(update_fields=HOLD_FIELDS)
