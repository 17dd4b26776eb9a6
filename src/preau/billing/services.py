"""What other rooms may ask of billing, in one place."""

from preau.billing.acts import apply_acts, end_person, name_person, record_act
from preau.billing.agreements import end_agreement, make_agreement, save_third_party
from preau.billing.computing import compute
from preau.billing.counter import Part, take_payment, void_payment
from preau.billing.credits import issue_credit_note, use_credit
from preau.billing.giving_back import correct_payment, give_back, undo_give_back
from preau.billing.offices import assign_activity, save_cash_office
from preau.billing.runs import (
    approve_run,
    cancel_run,
    issue,
    open_run,
    preview,
    recompute_run,
    resume_runs,
)

__all__ = [
    "Part",
    "apply_acts",
    "approve_run",
    "assign_activity",
    "cancel_run",
    "compute",
    "correct_payment",
    "end_agreement",
    "end_person",
    "give_back",
    "issue",
    "issue_credit_note",
    "make_agreement",
    "name_person",
    "open_run",
    "preview",
    "recompute_run",
    "record_act",
    "resume_runs",
    "save_cash_office",
    "save_third_party",
    "take_payment",
    "undo_give_back",
    "use_credit",
    "void_payment",
]
