"""Early childhood: sections, who waits, commissions and offers, contracts, hours, statements."""

from preau.childcare.models.commissions import Commission, CommissionPlace, Decision, Offer
from preau.childcare.models.contracts import Contract, FamilyIncome, Terms
from preau.childcare.models.hours import Absence, Presence, PresenceCorrection, Punch
from preau.childcare.models.places import CareSettings, Section
from preau.childcare.models.signing import Signature, Signing
from preau.childcare.models.statements import Statement
from preau.childcare.models.wishes import Criterion, Piece, Preregistration, Scale, Wish

__all__ = [
    "Absence",
    "CareSettings",
    "Commission",
    "CommissionPlace",
    "Contract",
    "Criterion",
    "Decision",
    "FamilyIncome",
    "Offer",
    "Piece",
    "Preregistration",
    "Presence",
    "PresenceCorrection",
    "Punch",
    "Scale",
    "Section",
    "Signature",
    "Signing",
    "Statement",
    "Terms",
    "Wish",
]
