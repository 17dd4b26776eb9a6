"""What no text holds and PostgreSQL keeps nowhere: a NUL is refused at the door, once for all."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

NUL = "\x00"


class NoNul:
    """400 for an address or a form with a NUL in it. What machines post is read by its own room."""

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
