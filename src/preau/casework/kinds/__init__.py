"""The kinds of request: one class each, found by its name or by its slug in addresses."""

from functools import cache

from preau.casework.errors import CaseRefusal
from preau.casework.kinds.base import Kind
from preau.casework.models import RequestKind


@cache
def _registry() -> dict[str, Kind]:
    # Imported on first use: the kinds call the services of most domains.
    from preau.casework.kinds.absence import Absence
    from preau.casework.kinds.add_child import AddChild
    from preau.casework.kinds.add_guardian import AddGuardian
    from preau.casework.kinds.address import AddressChange
    from preau.casework.kinds.card import NewCard
    from preau.casework.kinds.child_name import ChildName
    from preau.casework.kinds.contact import ContactChange
    from preau.casework.kinds.creche import CrechePlace
    from preau.casework.kinds.derogation import Derogation
    from preau.casework.kinds.diet import DietChange
    from preau.casework.kinds.document import DocumentCheck
    from preau.casework.kinds.enrolment import ActivityEnrolment
    from preau.casework.kinds.invoice import InvoiceDispute
    from preau.casework.kinds.leaving import SchoolLeaving
    from preau.casework.kinds.new_family import NewFamily
    from preau.casework.kinds.question import Question
    from preau.casework.kinds.quotient import QuotientUpdate
    from preau.casework.kinds.school import SchoolEnrolment

    kinds = (
        ActivityEnrolment(),
        SchoolEnrolment(),
        Derogation(),
        SchoolLeaving(),
        CrechePlace(),
        Absence(),
        DietChange(),
        NewCard(),
        AddressChange(),
        ContactChange(),
        AddChild(),
        ChildName(),
        AddGuardian(),
        QuotientUpdate(),
        DocumentCheck(),
        InvoiceDispute(),
        Question(),
        NewFamily(),
    )
    return {kind.kind: kind for kind in kinds}


def all_kinds() -> list[Kind]:
    """Every kind, in the order in which a chooser shows them."""
    return list(_registry().values())


def get_kind(kind: str) -> Kind:
    """The kind of this name. Raises CaseRefusal when there is none."""
    found = _registry().get(kind)
    if found is None:
        raise CaseRefusal("Ce genre de demande n’existe pas.")
    return found


def kind_by_slug(slug: str) -> Kind | None:
    """The kind that an address names, or None."""
    return next((kind for kind in all_kinds() if kind.slug == slug), None)


def missing_kinds() -> set[str]:
    """The declared kinds that no class serves: always empty (a test says so)."""
    return set(RequestKind.values) - set(_registry())
