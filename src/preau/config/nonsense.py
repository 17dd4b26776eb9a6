"""What no honest page sends is answered once for all by a 400: a NUL, which no text holds and
PostgreSQL keeps nowhere; a day or a number out of all bounds."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from psycopg.errors import DatetimeFieldOverflow, NumericValueOutOfRange

from preau.ui.errors import bad_request

logger = logging.getLogger(__name__)
NUL = "\x00"
OUT_OF_BOUNDS = (DatetimeFieldOverflow, NumericValueOutOfRange)


class Nonsense:
    """See the module. What machines post is read by its own room."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if NUL in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL in the address")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Forms are read here as the check of their token would, just after."""
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            for name, values in request.POST.lists():
                if NUL in name or any(NUL in str(value) for value in values):
                    raise BadRequest("NUL in a form")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """«9999-12-31» has no day after it, and no column holds thirty figures."""
        if not isinstance(error, OverflowError) and not isinstance(error.__cause__, OUT_OF_BOUNDS):
            return None
        logger.warning("out of all bounds: %s", request.path, exc_info=error)
        return bad_request(request, error)
