"""Serving a file so that a browser shows it and runs nothing of it."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

INLINE = {"application/pdf", "image/jpeg", "image/png", "image/webp"}


def file_response(
    content: bytes, name: str, content_type: str, *, download: bool = False
) -> HttpResponse:
    """The bytes under their checked type; shown in place when a browser can, else downloaded."""
    response = HttpResponse(content, content_type=content_type)
    attachment = download or content_type not in INLINE
    response["Content-Disposition"] = content_disposition_header(attachment, name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response
