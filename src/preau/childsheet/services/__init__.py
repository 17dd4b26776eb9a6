"""What changes a child's sheet. Each act is journaled, without a word of health."""

from preau.childsheet.services.health import (
    check_vaccines,
    confirm_sheet,
    end_pai,
    read_document,
    read_health,
    read_health_for_site,
    read_measures,
    record_pai,
    set_photo,
    write_health,
)
from preau.childsheet.services.people import (
    add_collector,
    confirm_other_parent,
    remove_collector,
    set_leave_alone,
    set_phones,
    sign_consent,
)
from preau.childsheet.services.reminders import send_reminders

__all__ = [
    "add_collector",
    "check_vaccines",
    "confirm_other_parent",
    "confirm_sheet",
    "end_pai",
    "read_document",
    "read_health",
    "read_health_for_site",
    "read_measures",
    "record_pai",
    "remove_collector",
    "send_reminders",
    "set_leave_alone",
    "set_phones",
    "set_photo",
    "sign_consent",
    "write_health",
]
