"""Messages to many people: written once, sent by the worker, called off until they leave."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from preau.audit.services import record
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.errors import Refusal
from preau.kernel.locks import lock_form
from preau.messaging.models import Campaign

OPEN = (Campaign.Status.QUEUED, Campaign.Status.RUNNING)


class CampaignGone(Refusal):
    message = "Ce message est déjà parti : il ne peut plus être annulé."
    code = "campaign_gone"


@dataclass(frozen=True, slots=True)
class Writing:
    """What an agent wrote. `text`: that of the SMS; empty, none leaves."""

    subject: str
    body: str
    text: str
    by_email: bool
    by_letter: bool


@transaction.atomic
def open_campaign(
    *,
    writing: Writing,
    audience: dict[str, Any],
    where: str,
    send_at: datetime,
    key: uuid.UUID,
    now: datetime,
    actor: Actor,
) -> tuple[Campaign, bool]:
    """Keep the message. Returns it and whether it is new: the same `key` is kept once."""
    lock_form(key)
    known = Campaign.objects.filter(key=key).first()
    if known is not None:
        return known, False
    campaign = Campaign.objects.create(
        subject=french.one_line(writing.subject)[:200],
        body=writing.body,
        text=writing.text,
        by_email=writing.by_email,
        by_letter=writing.by_letter,
        audience=audience,
        where=where[:300],
        send_at=send_at,
        key=key,
        asked_at=now,
        asked_by=actor.label,
        asked_by_id=actor.user_id,
    )
    _journal(campaign, "écrit", now, actor)
    return campaign, True


@transaction.atomic
def take_campaign(*, campaign_id: int) -> Campaign | None:
    """For the job: the message to send, or None when it is over, called off or in other hands."""
    found = (
        Campaign.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(pk=campaign_id, status__in=OPEN)
        .first()
    )
    if found is not None:
        found.status = Campaign.Status.RUNNING
        found.save(update_fields=["status"])
    return found


@transaction.atomic
def finish_campaign(*, campaign: Campaign, counts: dict[str, int], now: datetime) -> None:
    """Everything is in the outbox; its letters are a print (`documents.prints`)."""
    for name, value in counts.items():
        setattr(campaign, name, value)
    campaign.status, campaign.finished_at = Campaign.Status.DONE, now
    campaign.save()


@transaction.atomic
def cancel_campaign(*, campaign_id: int, now: datetime, actor: Actor) -> None:
    """Call it off before it leaves. Raises CampaignGone."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
    if campaign.status != Campaign.Status.QUEUED:
        raise CampaignGone
    campaign.status, campaign.finished_at = Campaign.Status.CANCELLED, now
    campaign.save(update_fields=["status", "finished_at"])
    _journal(campaign, "annulé", now, actor)


def _journal(campaign: Campaign, verb: str, now: datetime, actor: Actor) -> None:
    record(
        actor=actor,
        now=now,
        action="journeys.campaign",
        summary=f"Message « {campaign.subject} » à {campaign.where} : {verb}",
        object_type="messaging.Campaign",
        object_id=campaign.pk,
    )
