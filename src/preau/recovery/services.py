"""What other rooms may ask of recovery, in one place."""

from preau.recovery.lists import approve_list, cancel_list, exclude_item, prepare_list, ripe_debts
from preau.recovery.plans import end_plan, open_plan, proposal
from preau.recovery.reminders import fail, preview, resume_runs, send_reminders, work
from preau.recovery.settings import save_instalment_rule, save_level, save_treasury
from preau.recovery.titres import (
    TitreData,
    answer_reduction,
    ask_reduction,
    cancel_titre,
    import_titres,
    record_titre,
)

__all__ = [
    "TitreData",
    "answer_reduction",
    "approve_list",
    "ask_reduction",
    "cancel_list",
    "cancel_titre",
    "end_plan",
    "exclude_item",
    "fail",
    "import_titres",
    "open_plan",
    "prepare_list",
    "preview",
    "proposal",
    "record_titre",
    "resume_runs",
    "ripe_debts",
    "save_instalment_rule",
    "save_level",
    "save_treasury",
    "send_reminders",
    "work",
]
