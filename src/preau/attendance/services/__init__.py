"""Verbs of attendance, absences and cards. Other rooms import them from here."""

from preau.attendance.services.absences import (
    Effect,
    add_document,
    effects_in_words,
    justify_absence,
    preview_absence,
    report_absence,
)
from preau.attendance.services.cards import (
    Scan,
    declare_card_lost,
    issue_card,
    issue_first_cards,
    order_card,
    scan_card,
)
from preau.attendance.services.sheets import (
    Mark,
    close_sheet,
    mark_all_present,
    record_presences,
    remove_walk_in,
)

__all__ = [
    "Effect",
    "Mark",
    "Scan",
    "add_document",
    "close_sheet",
    "declare_card_lost",
    "effects_in_words",
    "issue_card",
    "issue_first_cards",
    "justify_absence",
    "mark_all_present",
    "order_card",
    "preview_absence",
    "record_presences",
    "remove_walk_in",
    "report_absence",
    "scan_card",
]
