"""What other rooms may ask of direct debit, in one place."""

from preau.directdebit.batches import (
    approve_batch,
    cancel_batch,
    collect_batch,
    collect_due,
    first_day,
    prepare_batch,
    put_debit_back,
    set_debit_aside,
    suggested_day,
    take_file,
)
from preau.directdebit.creditors import save_creditor
from preau.directdebit.mandates import (
    OnlineProof,
    amend_mandate,
    attach_paper,
    lapse_unused,
    record_mandate,
    revoke_mandate,
    sign_mandate,
)
from preau.directdebit.returns import record_reject
from preau.directdebit.statements import give_to_family, import_file, set_entry_aside

__all__ = [
    "OnlineProof",
    "amend_mandate",
    "approve_batch",
    "attach_paper",
    "cancel_batch",
    "collect_batch",
    "collect_due",
    "first_day",
    "give_to_family",
    "import_file",
    "lapse_unused",
    "prepare_batch",
    "put_debit_back",
    "record_mandate",
    "record_reject",
    "revoke_mandate",
    "save_creditor",
    "set_debit_aside",
    "set_entry_aside",
    "sign_mandate",
    "suggested_day",
    "take_file",
]
