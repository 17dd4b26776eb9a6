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
    give_card_back,
    issue_card,
    issue_first_cards,
    order_card,
    return_card,
    scan_card,
)
from preau.attendance.services.sheets import (
    Mark,
    close_sheet,
    mark_all_present,
    record_presences,
    remove_walk_in,
)
from preau.attendance.services.staff import (
    add_duty,
    copy_week_before,
    remove_duty,
    save_groups,
    set_absent,
)
from preau.attendance.services.ticks import receive_ticks

__all__ = [
    "Effect",
    "Mark",
    "Scan",
    "add_document",
    "add_duty",
    "close_sheet",
    "copy_week_before",
    "declare_card_lost",
    "effects_in_words",
    "give_card_back",
    "issue_card",
    "issue_first_cards",
    "justify_absence",
    "mark_all_present",
    "order_card",
    "preview_absence",
    "receive_ticks",
    "record_presences",
    "remove_duty",
    "remove_walk_in",
    "report_absence",
    "return_card",
    "save_groups",
    "scan_card",
    "set_absent",
]
