"""What changes a family's file. Each act is journaled; unchanged data writes nothing."""

from preau.families.services._common import lock_family
from preau.families.services.access import (
    ask_email_verification,
    ask_file_opening,
    change_own_password,
    choose_password_by_link,
    confirm_email,
    find_opening_email,
    grant_first_password,
    invite_by_email,
    prepare_account,
    request_password_reset,
    send_password_reset,
    use_opening_link,
)
from preau.families.services.custody import end_custody, set_custody, set_custody_of_homes
from preau.families.services.household import (
    change_address,
    close_family,
    open_family,
    rename_family,
    reopen_family,
)
from preau.families.services.letters import (
    finish_batch,
    note_letter_printed,
    note_progress,
    open_batch,
    start_batch,
    unseal,
    wipe_expired_batches,
)
from preau.families.services.parenting import (
    ParentingData,
    lift_parenting,
    note_judgment_read,
    record_parenting,
)
from preau.families.services.people import (
    add_child,
    add_guardian,
    change_child,
    change_contact,
    change_diet,
    change_guardian,
    note_sheet,
    remove_guardian,
    set_payer,
)
from preau.families.services.protection import (
    protect_address,
    read_protected_address,
    unprotect_address,
)
from preau.families.services.quotients import record_quotient
from preau.families.services.searching import refresh_search
from preau.families.services.swaps import answer_swap, propose_swap, type_swap, withdraw_swap
from preau.families.services.writing import write_to_family

__all__ = [
    "ParentingData",
    "add_child",
    "add_guardian",
    "answer_swap",
    "ask_email_verification",
    "ask_file_opening",
    "change_address",
    "change_child",
    "change_contact",
    "change_diet",
    "change_guardian",
    "change_own_password",
    "choose_password_by_link",
    "close_family",
    "confirm_email",
    "end_custody",
    "find_opening_email",
    "finish_batch",
    "grant_first_password",
    "invite_by_email",
    "lift_parenting",
    "lock_family",
    "note_judgment_read",
    "note_letter_printed",
    "note_progress",
    "note_sheet",
    "open_batch",
    "open_family",
    "prepare_account",
    "propose_swap",
    "protect_address",
    "read_protected_address",
    "record_parenting",
    "record_quotient",
    "refresh_search",
    "remove_guardian",
    "rename_family",
    "reopen_family",
    "request_password_reset",
    "send_password_reset",
    "set_custody",
    "set_custody_of_homes",
    "set_payer",
    "start_batch",
    "type_swap",
    "unprotect_address",
    "unseal",
    "use_opening_link",
    "wipe_expired_batches",
    "withdraw_swap",
    "write_to_family",
]
