"""Verbs of the places. Other rooms import them from here."""

from preau.bookings.services.cancelling import (
    cancel_booking,
    cancel_bookings,
    cancel_future,
    cancel_slots,
    change_capacity,
)
from preau.bookings.services.drafts import change_draft, clear_draft, undo_draft
from preau.bookings.services.offers import (
    accept_offer,
    book_place,
    decline_offer,
    expire_offers,
    move_in_queue,
)
from preau.bookings.services.opening import open_slots
from preau.bookings.services.periods import WholePeriod, book_whole_period
from preau.bookings.services.reopening import Restored, reopen_slots, restore_bookings
from preau.bookings.services.sending import (
    Line,
    preview_planning,
    receipt_lines,
    submit_planning,
    summary,
)

__all__ = [
    "Line",
    "Restored",
    "WholePeriod",
    "accept_offer",
    "book_place",
    "book_whole_period",
    "cancel_booking",
    "cancel_bookings",
    "cancel_future",
    "cancel_slots",
    "change_capacity",
    "change_draft",
    "clear_draft",
    "decline_offer",
    "expire_offers",
    "move_in_queue",
    "open_slots",
    "preview_planning",
    "receipt_lines",
    "reopen_slots",
    "restore_bookings",
    "submit_planning",
    "summary",
    "undo_draft",
]
