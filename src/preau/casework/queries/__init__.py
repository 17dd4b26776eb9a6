"""Reading requests, by subject."""

from preau.casework.queries.requests import (
    acknowledgement,
    agent_sees_file,
    can_undo,
    events_of,
    family_holds_file,
    for_agent,
    for_family,
    get_draft,
    inbox_counts,
    list_inbox,
    neighbours,
    open_count,
    request_file,
    sent_acknowledgement,
    status_for_family,
    visible_kinds,
    waiting_for_family,
)
from preau.casework.queries.settings import Setting, all_kind_settings, kind_settings

__all__ = [
    "Setting", "acknowledgement", "agent_sees_file", "all_kind_settings", "can_undo", "events_of",
    "family_holds_file", "for_agent", "for_family", "get_draft", "inbox_counts", "kind_settings",
    "list_inbox", "neighbours", "open_count", "request_file", "sent_acknowledgement",
    "status_for_family",
    "visible_kinds", "waiting_for_family",
]
