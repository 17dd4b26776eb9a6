"""A message to all the parents of a group: written, read with who gets it, then sent."""

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from preau.accounts.enums import Permission
from preau.accounts.queries import establishment_scope
from preau.families.queries import get_families
from preau.journeys.letter_prints import MESSAGE, about
from preau.journeys.mass_messages import Preview, ask_message, preview_message
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.messaging.campaigns import cancel_campaign
from preau.messaging.queries import (
    campaign_messages,
    campaign_states,
    get_campaign,
    list_campaigns,
)
from preau.townhall.access import agent_required
from preau.townhall.messages.forms import MessageForm
from preau.townhall.papers import Paper, follow, latest, serve, set_again

if TYPE_CHECKING:
    from preau.messaging.models import Campaign

PAGE = 50
TAGS = {"QUEUED": "wait", "RUNNING": "wait", "DONE": "ok", "CANCELLED": "past"}


def _scope(request: HttpRequest) -> frozenset[int] | None:
    return establishment_scope(request.user, Permission.SEND_MESSAGES, paris_day(utc_now()))


@agent_required(Permission.SEND_MESSAGES)
@require_GET
def campaigns(request: HttpRequest) -> HttpResponse:
    """The messages written, latest first."""
    page = Paginator(list_campaigns(_scope(request)), PAGE).get_page(request.GET.get("page"))
    rows = [(campaign, TAGS[campaign.status]) for campaign in page]
    return render(request, "townhall/messages/list.html", {"page": page, "rows": rows})


@agent_required(Permission.SEND_MESSAGES)
@require_http_methods(["GET", "POST"])
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """Write, read who gets it (a POST without `send`), then send what was read."""
    form = MessageForm(request.POST or None, scope=_scope(request))
    preview: Preview | None = None
    refused = False
    if form.is_bound and form.is_valid():
        try:
            if "send" in request.POST:
                return _send(request, form)
            preview = preview_message(form.wish(), form.writing())
        except Refusal as refusal:
            refused = True
            form.add_error(None, str(refusal))
    if refused and "send" in request.POST:
        preview = _again(form)
    context = {
        "form": form,
        "preview": preview,
        "sample": preview.rows[:200] if preview else [],
        "key": uuid.uuid4(),
        "where": form.where() if preview else "",
        "leaves": form.leaves_at(utc_now()) if preview and form.cleaned_data["send_on"] else None,
    }
    status = 422 if form.errors else 200
    return render(request, "townhall/messages/new.html", context, status=status)


def _again(form: MessageForm) -> Preview | None:
    try:
        return preview_message(form.wish(), form.writing())
    except Refusal:
        return None


def _send(request: HttpRequest, form: MessageForm) -> HttpResponse:
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        key = uuid.uuid4()
    now = utc_now()
    campaign = ask_message(
        audience=form.wish(),
        writing=form.writing(),
        where=form.where(),
        seen=request.POST.get("seen", ""),
        send_at=form.leaves_at(now),
        key=key,
        now=now,
        actor=request.actor,
    )
    return redirect("townhall:message", campaign_id=campaign.pk)


def _campaign_or_404(request: HttpRequest, campaign_id: int) -> "Campaign":
    campaign = get_campaign(campaign_id, site_ids=_scope(request))
    if campaign is None:
        raise Http404
    return campaign


@agent_required(Permission.SEND_MESSAGES)
@require_GET
def show(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """One message: its text, how many left by what, and what did not arrive."""
    campaign = _campaign_or_404(request, campaign_id)
    states = campaign_states(campaign.pk)
    media = [
        (
            label,
            states.get((medium, "SENT"), 0),
            states.get((medium, "QUEUED"), 0),
            states.get((medium, "FAILED"), 0),
        )
        for medium, label in (("EMAIL", _("E-mails")), ("SMS", _("SMS")))
        if any(found == medium for found, _state in states)
    ]
    failed = list(campaign_messages(campaign.pk).filter(status="FAILED")[:200])
    families = get_families({message.family_id for message in failed})
    context = {
        "campaign": campaign,
        "kind": TAGS[campaign.status],
        "media": media,
        "failed": [(message, families.get(message.family_id)) for message in failed],
        "runs": campaign.status in ("QUEUED", "RUNNING"),
        "may_cancel": campaign.status == "QUEUED",
        "papers": latest(_paper(campaign)),
    }
    return render(request, "townhall/messages/show.html", context)


@agent_required(Permission.SEND_MESSAGES)
@require_POST
def cancel(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Call it off before it leaves."""
    campaign = _campaign_or_404(request, campaign_id)
    try:
        cancel_campaign(campaign_id=campaign.pk, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Le message est annulé : rien n’est parti."))
    return redirect("townhall:message", campaign_id=campaign.pk)


def _paper(campaign: "Campaign") -> Paper:
    return Paper(
        about=about(MESSAGE, campaign.pk),
        back=reverse("townhall:message", args=[campaign.pk]),
        back_label=campaign.subject,
        again=reverse("townhall:message-letters-again", args=[campaign.pk]),
        section="townhall:messages",
        file_name=f"lettres-{campaign.pk}",
        route="townhall:message-letters",
        args=(campaign.pk,),
    )


@agent_required(Permission.SEND_MESSAGES)
@require_safe
def letters(request: HttpRequest, campaign_id: int, print_id: int) -> HttpResponse:
    """How far the letters are; the page asks again by itself while the worker sets them."""
    return follow(request, _paper(_campaign_or_404(request, campaign_id)), print_id)


@agent_required(Permission.SEND_MESSAGES)
@require_safe
@never_cache
def letters_pdf(request: HttpRequest, campaign_id: int, print_id: int) -> HttpResponseBase:
    """The letters to print, one household a page."""
    return serve(_paper(_campaign_or_404(request, campaign_id)), print_id)


@agent_required(Permission.SEND_MESSAGES)
@require_POST
def letters_again(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Set again letters that failed or were wiped."""
    return set_again(request, _paper(_campaign_or_404(request, campaign_id)))
