"""Verbs of the places. Other rooms import them from here."""

from preau.bookings.services.adjusting import (
    FIELDS,
    Adjusted,
    apply_offering,
    change_capacity,
    change_places,
)
from preau.bookings.services.cancelling import (
    cancel_bookings,
    cancel_future,
    cancel_slots,
)
from preau.bookings.services.deciding import Line
from preau.bookings.services.drafts import change_draft, clear_draft, keep_held, undo_draft
from preau.bookings.services.holding import Held, expire_holds, hold_places, release_holds
from preau.bookings.services.offers import (
    accept_offer,
    decline_offer,
    expire_offers,
    move_in_queue,
)
from preau.bookings.services.one_place import book_place
from preau.bookings.services.opening import open_slots
from preau.bookings.services.periods import WholePeriod, book_whole_period
from preau.bookings.services.reopening import Restored, reopen_slots, restore_bookings
from preau.bookings.services.sending import (
    preview_planning,
    receipt_lines,
    submit_planning,
    summary,
)
from preau.bookings.services.terms import get_terms, save_terms
from preau.bookings.services.undoing import Undone, undo_submission

__all__ = [
    "FIELDS",
    "Adjusted",
    "Held",
    "Line",
    "Restored",
    "Undone",
    "WholePeriod",
    "accept_offer",
    "apply_offering",
    "book_place",
    "book_whole_period",
    "cancel_bookings",
    "cancel_future",
    "cancel_slots",
    "change_capacity",
    "change_draft",
    "change_places",
    "clear_draft",
    "decline_offer",
    "expire_holds",
    "expire_offers",
    "get_terms",
    "hold_places",
    "keep_held",
    "move_in_queue",
    "open_slots",
    "preview_planning",
    "receipt_lines",
    "release_holds",
    "reopen_slots",
    "restore_bookings",
    "save_terms",
    "submit_planning",
    "summary",
    "undo_draft",
    "undo_submission",
]
