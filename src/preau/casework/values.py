"""Values that cross the door of casework."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

# An agent's hold: renewed while the page is open; kept on purpose, it lasts the day.
LEASE = timedelta(minutes=15)
KEPT_LEASE = timedelta(hours=10)
UNDO_WINDOW = timedelta(hours=1)
PORTAL_DRAFT_LIFE = timedelta(days=7)
OPEN_FILE_DRAFT_LIFE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A stored file joined to a request, and the kind of document that it is said to be."""

    file_id: UUID
    document_kind_id: int | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What whoever asked is told at once, on screen and by e-mail (CRPA L112-11)."""

    reference: str
    title: str
    summary: str
    received: str
    service_name: str
    service_phone: str
    service_email: str
    due: str
    next_step: str
    silence: str
    sent_to: str
