"""Where banks call, server to server. What arrives is believed only by its own signature."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from preau.kernel.clock import utc_now
from preau.payments.gateway import GatewayMisconfigured
from preau.payments.services import Source, receive
from preau.ui.access import machine

PLAIN = "text/plain; charset=utf-8"


@machine
@csrf_exempt
@require_http_methods(["GET", "POST"])
def notification(request: HttpRequest, code: str, use: str = "REGIE") -> HttpResponse:
    """A bank tells what became of a payment. 200: read; 400: not believed; 503: call again."""
    raw = request.body if request.method == "POST" else request.META.get("QUERY_STRING", "")
    try:
        received = receive(
            cash_office_code=code,
            raw=raw,
            source=Source.NOTIFICATION,
            now=utc_now(),
            use=use,
        )
    except GatewayMisconfigured:
        return HttpResponse("indisponible", status=503, content_type=PLAIN)
    if received is None:
        return HttpResponse("inconnu", status=404, content_type=PLAIN)
    if not received.is_verified:
        return HttpResponse("refusé", status=400, content_type=PLAIN)
    return HttpResponse(received.answer, content_type=PLAIN)
