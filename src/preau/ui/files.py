"""Serving a stored file to a person who may see it, so that it can harm nobody."""

from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpResponse

from preau.documents import queries as documents

# What a browser may show inside the page; anything else is downloaded.
INLINE = {"application/pdf", "image/jpeg", "image/png", "image/webp"}


def file_response(stored: Any) -> HttpResponse:
    """The file, under the type read from its content; never run, never cached by others."""
    try:
        content = documents.read_bytes(stored)
    except OSError as error:
        raise Http404 from error
    inline = stored.content_type in INLINE
    response = HttpResponse(content, content_type=stored.content_type)
    kind = "inline" if inline else "attachment"
    response["Content-Disposition"] = f"{kind}; filename*=UTF-8''{quote(stored.name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def sealed_response(name: str, content_type: str, content: bytes) -> HttpResponse:
    """A paper that was sealed, opened for one reading: nothing keeps it on the way."""
    kind = "inline" if content_type in INLINE else "attachment"
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f"{kind}; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
