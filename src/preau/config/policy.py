"""The Content-Security-Policy header, written once by each process for the pages that share it."""

from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_OF_ITS_OWN = (
    "_csp_config", "_csp_update", "_csp_replace", "_csp_exempt",
    "_csp_config_ro", "_csp_update_ro", "_csp_replace_ro", "_csp_exempt_ro",
)  # fmt: skip


class Policy(CSPMiddleware):
    """As django-csp's; a page that has a policy or a nonce of its own is left to it."""

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self._shared = ""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        own = response.__dict__
        if (
            any(name in own for name in _OF_ITS_OWN)
            or "_csp_nonce" in request.__dict__
            or HEADER in response
            or settings.DEBUG
        ):
            return super().process_response(request, response)
        if not self._shared:
            response = super().process_response(request, response)
            self._shared = response.get(HEADER, "")
            return response
        response[HEADER] = self._shared
        return response
