"""A refusal leaves nothing in the books, and a line in the journal."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction

from preau.audit.services import record
from preau.kernel.errors import Refusal


def journalled(action: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run a service in one transaction; when it refuses, nothing is kept but a line that says so.

    The service takes `actor` and `now`, and perhaps `family_id` and `cash_office_id`.
    """

    def decorate(service: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(service)
        def inner(**given: Any) -> Any:
            try:
                with transaction.atomic():
                    return service(**given)
            except Refusal as refusal:
                record(
                    actor=given["actor"],
                    now=given["now"],
                    action=action,
                    summary=str(refusal),
                    family_id=given.get("family_id"),
                    object_type="cash_office" if given.get("cash_office_id") else "",
                    object_id=given.get("cash_office_id"),
                    data={
                        "code": refusal.code,
                        **{k: given[k] for k in ("amount_cents", "means") if given.get(k)},
                    },
                )
                raise

        return inner

    return decorate
