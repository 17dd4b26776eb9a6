"""What a visitor needs: the accounts, and the mailbox of all the families of the demo."""

import re
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from preau.demo import accounts
from preau.documents.queries import read_bytes
from preau.messaging.queries import list_all
from preau.ui.access import public

PER_PAGE = 30
_LINK = re.compile(r"https?://[^\s<>]+[^\s<>.,;:)]")


@public
@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The addresses, the accounts and what to try with each."""
    return render(
        request,
        "demo/home.html",
        {
            "families": accounts.family_accounts(),
            "agents": accounts.agent_accounts(),
            "bank_url": settings.DEMO_BANK_URL,
        },
    )


@public
@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Every e-mail that the town sent, secret links included: nothing leaves the demo."""
    found = list_all()
    wanted = request.GET.get("a", "").strip()
    if wanted:
        found = found.filter(to__icontains=wanted[:100])
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "demo/mailbox.html", {"page": page, "wanted": wanted})


@public
@never_cache
@require_safe
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    """One e-mail, its links live."""
    found: Any = list_all().filter(pk=message_id).first()
    if found is None:
        raise Http404
    return render(
        request,
        "demo/message.html",
        {
            "message": found,
            "body": with_links(found.body),
            "attached": found.attachments.select_related("file"),
        },
    )


@public
@never_cache
@require_safe
def attachment(request: HttpRequest, message_id: int, attachment_id: int) -> HttpResponse:
    """A file that left with an e-mail."""
    found: Any = list_all().filter(pk=message_id).first()
    one = found and found.attachments.select_related("file").filter(pk=attachment_id).first()
    if not one:
        raise Http404
    response = HttpResponse(read_bytes(one.file), content_type=one.file.content_type)
    response["Content-Disposition"] = f'inline; filename="{one.file.name}"'
    return response


def with_links(text: str) -> SafeString:
    """Plain text, escaped, with its addresses as links and its lines kept."""
    parts: list[str] = []
    end = 0
    for match in _LINK.finditer(text):
        parts.append(escape(text[end : match.start()]))
        address = escape(match[0])
        parts.append(f'<a href="{address}">{address}</a>')
        end = match.end()
    parts.append(escape(text[end:]))
    return mark_safe("".join(parts).replace("\n", "<br>"))  # noqa: S308
