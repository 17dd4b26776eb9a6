"""Sessions in the database, as Django's; each page asks for its own, so its statement is kept."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from preau.kernel.kept import Kept


def _session(key: str, now: Any) -> "QuerySet[Session]":
    return Session.objects.filter(session_key=key, expire_date__gt=now)


_read_session = Kept(_session)


class SessionStore(db.SessionStore):
    """`SESSION_ENGINE`: the same rows, the same signed data."""

    def _get_session_from_db(self) -> Session | None:
        found = _read_session.first(self.session_key, timezone.now()) if self.session_key else None
        if found is None:
            self._session_key = None
        return found
