"""Reading early childhood: the list, commissions, contracts, hours, statements, figures."""

from preau.childcare.queries.commissions import (
    accepted_offer,
    candidates,
    commissions,
    get_commission,
    offers,
    places_of,
)
from preau.childcare.queries.contracts import (
    absences_of,
    all_contracts,
    contracts_of,
    corrections_of,
    get_absence,
    get_contract,
    incomes_of,
    presences_of,
    running_contracts,
    terms_on,
)
from preau.childcare.queries.occupancy import board, expected_on
from preau.childcare.queries.places import care_settings, get_section, months_on, sections
from preau.childcare.queries.scales import get_scale, scale_on, scale_to_come, scales
from preau.childcare.queries.signing import (
    papers_of,
    papers_of_contracts,
    to_sign_by,
    unsigned_contracts,
)
from preau.childcare.queries.statements import (
    contracts_of_month,
    statements,
    statements_of_contract,
    statements_of_family,
)
from preau.childcare.queries.todo import CareTodo, care_todo, may_be_at_creche
from preau.childcare.queries.waiting import (
    get_preregistration,
    pending_offers_of,
    preregistrations,
    preregistrations_of,
    rank_of,
    ranks_of,
    waiting_for_child,
    waiting_list,
)

__all__ = [
    "CareTodo",
    "absences_of",
    "accepted_offer",
    "all_contracts",
    "board",
    "candidates",
    "care_settings",
    "care_todo",
    "commissions",
    "contracts_of",
    "contracts_of_month",
    "corrections_of",
    "expected_on",
    "get_absence",
    "get_commission",
    "get_contract",
    "get_preregistration",
    "get_scale",
    "get_section",
    "incomes_of",
    "may_be_at_creche",
    "months_on",
    "offers",
    "papers_of",
    "papers_of_contracts",
    "pending_offers_of",
    "places_of",
    "preregistrations",
    "preregistrations_of",
    "presences_of",
    "rank_of",
    "ranks_of",
    "running_contracts",
    "scale_on",
    "scale_to_come",
    "scales",
    "sections",
    "statements",
    "statements_of_contract",
    "statements_of_family",
    "terms_on",
    "to_sign_by",
    "unsigned_contracts",
    "waiting_for_child",
    "waiting_list",
]
