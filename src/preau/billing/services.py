"""What other rooms may ask of billing, in one place."""

from preau.billing.counter import take_payment, void_payment
from preau.billing.credits import issue_credit_note, use_credit
from preau.billing.offices import assign_activity, save_cash_office
from preau.billing.runs import (
    approve_run,
    cancel_run,
    compute,
    issue,
    open_run,
    preview,
    recompute_run,
    resume_runs,
)

__all__ = [
    "approve_run",
    "assign_activity",
    "cancel_run",
    "compute",
    "issue",
    "issue_credit_note",
    "open_run",
    "preview",
    "recompute_run",
    "resume_runs",
    "save_cash_office",
    "take_payment",
    "use_credit",
    "void_payment",
]
