"""The agents' one search: families first, then what a number names."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Case, When

from preau.accounts.enums import Permission
from preau.attendance.queries import find_card
from preau.billing.queries import get_invoice
from preau.casework import queries as casework
from preau.documents.queries import find_by_code
from preau.families.queries import families_of_child, with_people
from preau.journeys.family_file import visible_families
from preau.kernel.clock import paris_day
from preau.kernel.text import search_key

if TYPE_CHECKING:
    from preau.accounts.models import User

SHOWN = 12
CARD_LENGTH = 10


@dataclass(slots=True)
class Results:
    """What was found; `more` says that there are other families than those shown."""

    families: list[Any] = field(default_factory=list)
    more: bool = False
    invoice: Any = None
    request: Any = None
    document: Any = None
    card: Any = None

    @property
    def is_empty(self) -> bool:
        return not (self.families or self.invoice or self.request or self.document or self.card)

    @property
    def only_family(self) -> Any:
        """The one answer, when it is a family."""
        alone = len(self.families) == 1 and not (self.invoice or self.request or self.document)
        return self.families[0] if alone else None


def search_all(user: "User", text: str, *, permissions: frozenset[str], now: datetime) -> Results:
    """Families by code, name, telephone, e-mail, street; an invoice, a request, a document by
    its number, each only to those who may see it."""
    results = Results()
    if len(text) < 2:
        return results
    day = paris_day(now)
    # Files whose own name begins so come first; a child's or a street's after.
    named = Case(When(sort_key__startswith=search_key(text), then=0), default=1)
    ranked = visible_families(user, day, text).order_by(named, "sort_key", "pk")
    found = list(with_people(ranked[: SHOWN + 1], day))
    results.families, results.more = found[:SHOWN], len(found) > SHOWN
    number = re.sub(r"\s", "", text).upper()
    if len(number) == CARD_LENGTH and not results.families:
        results.card = find_card(number)
        if results.card is not None:
            homes = families_of_child(results.card.child_id, day).values("pk")
            visible = visible_families(user, day).filter(pk__in=homes)
            results.families = list(with_people(visible, day))
            results.card = results.card if results.families else None
    if re.search(r"\d", number) and len(number) >= 6:
        visible = visible_families(user, day)
        if Permission.SEE_ACCOUNTS in permissions:
            invoice = get_invoice(number)
            if invoice and visible.filter(pk=invoice.family_id).exists():
                results.invoice = invoice
        if Permission.HANDLE_REQUESTS in permissions:
            results.request = casework.for_agent(permissions).filter(reference=number).first()
        document = find_by_code(number)
        if document and document.family_id and visible.filter(pk=document.family_id).exists():
            results.document = document
    return results
