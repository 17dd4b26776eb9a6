"""The verbs of casework, by subject."""

from preau.casework.services.decide import approve, refuse, undo
from preau.casework.services.drafts import (
    add_draft_file,
    drop_draft_file,
    purge_drafts,
    save_draft,
    send_draft,
    send_open_file_link,
    start_draft,
    use_open_file_link,
)
from preau.casework.services.exchange import add_note, ask_piece, give_piece, send_message, withdraw
from preau.casework.services.hold import hold, keep, release
from preau.casework.services.setting import save_kind_settings
from preau.casework.services.signing import ask_signatures, sign_request
from preau.casework.services.submit import submit_request
from preau.casework.values import GivenFile

__all__ = [
    "GivenFile",
    "add_draft_file",
    "add_note",
    "approve",
    "ask_piece",
    "ask_signatures",
    "drop_draft_file",
    "give_piece",
    "hold",
    "keep",
    "purge_drafts",
    "refuse",
    "release",
    "save_draft",
    "save_kind_settings",
    "send_draft",
    "send_message",
    "send_open_file_link",
    "sign_request",
    "start_draft",
    "submit_request",
    "undo",
    "use_open_file_link",
    "withdraw",
]
