"""Under which account a charge is booked: the product's own nature, or else its activity's.

What an invoice line was booked under is kept with it: a nature changed later moves nothing of what
is issued.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing.models import InvoiceLine, ProductAccounting
from preau.kernel.actors import Actor


class Nature(NamedTuple):
    """An account by nature (70671…) and a function (281…), as M57 has them; "" when unsaid."""

    code: str = ""
    function: str = ""


UNSAID = Nature()


@dataclass(frozen=True, slots=True)
class Natures:
    """The natures of some activities, by id, and those of their products that differ, by slug."""

    activities: Mapping[int, Nature] = field(default_factory=dict)
    products: Mapping[tuple[int, str], Nature] = field(default_factory=dict)

    def of(self, activity_id: int | None, product: str = "") -> Nature:
        """The product's, or else its activity's."""
        if activity_id is None:
            return UNSAID
        found = self.products.get((activity_id, product)) if product else None
        return found or self.activities.get(activity_id, UNSAID)


def natures_of(cash_office_id: int) -> Natures:
    """Those of all the activities for which a cash office collects. One query."""
    activities: dict[int, Nature] = {}
    products: dict[tuple[int, str], Nature] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT activity_id, '', accounting_code, function_code
            FROM billing_activityaccounting WHERE cash_office_id = %(office)s
            UNION ALL
            SELECT product.activity_id, product.slug, own.accounting_code,
                coalesce(nullif(own.function_code, ''), accounting.function_code)
            FROM billing_productaccounting own
            JOIN catalogue_product product ON product.id = own.product_id
            JOIN billing_activityaccounting accounting
                ON accounting.activity_id = product.activity_id
                AND accounting.cash_office_id = %(office)s
            """,
            {"office": cash_office_id},
        )
        for activity_id, slug, *said in cursor.fetchall():
            if slug:
                products[activity_id, slug] = Nature(*said)
            else:
                activities[activity_id] = Nature(*said)
    return Natures(activities, products)


def nature_of(line: InvoiceLine) -> Nature:
    """What an issued line was booked under."""
    return Nature(line.accounting_code, line.function_code)


def product_natures(activity_ids: Iterable[int]) -> "QuerySet[ProductAccounting]":
    """The products of these activities with a nature of their own."""
    return ProductAccounting.objects.filter(product__activity_id__in=list(activity_ids))


@transaction.atomic
def set_product_nature(
    *,
    product_id: int,
    accounting_code: str,
    function_code: str = "",
    actor: Actor,
    now: datetime,
) -> ProductAccounting | None:
    """Give a product a nature of its own, or (no code) that of its activity again.

    Counts for what is issued from now on.
    """
    code = accounting_code.strip()[:20]
    found: ProductAccounting | None = None
    if code:
        values: dict[str, Any] = {
            "accounting_code": code,
            "function_code": function_code.strip()[:10],
        }
        found, _created = ProductAccounting.objects.update_or_create(
            product_id=product_id, defaults=values
        )
    elif not ProductAccounting.objects.filter(product_id=product_id).delete()[0]:
        return None
    record(
        actor=actor,
        now=now,
        action="billing.set_product_nature",
        summary=_("Produit n° %(id)s : compte %(code)s") % {"id": product_id, "code": code}
        if code
        else _("Produit n° %(id)s : compte de son activité") % {"id": product_id},
        object_type="product",
        object_id=product_id,
    )
    return found
