"""Sending a message to many: asked by an agent, put in the outbox by the worker.

The job may be killed and run again: each message has its own key, so none leaves twice.
"""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from preau.journeys.letter_prints import MESSAGE, ask_letters_print
from preau.journeys.mass_messages.audience import Audience, AudienceRefused
from preau.journeys.mass_messages.preview import Household, Preview, preview_message
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.messaging import campaigns
from preau.messaging.campaigns import Writing
from preau.messaging.services import Email, Text, queue_emails, queue_texts

if TYPE_CHECKING:
    from preau.messaging.models import Campaign

AT_ONCE = 500


def ask_message(
    *,
    audience: Audience,
    writing: Writing,
    where: str,
    seen: str,
    send_at: datetime,
    key: uuid.UUID,
    now: datetime,
    actor: Actor,
) -> "Campaign":
    """Hand the message to the worker, for now or for `send_at`. `seen` is that of the preview that
    the agent read: AudienceRefused asks to read again when people changed since. The same `key`
    sends once."""
    from preau.journeys.tasks import send_campaign

    preview = preview_message(audience, writing)
    if not preview.rows:
        raise AudienceRefused("Personne n’est concerné.")
    if preview.seen != seen:
        raise AudienceRefused(
            "Des familles ont changé depuis l’aperçu : relisez-le avant d’envoyer."
        )
    campaign, is_new = campaigns.open_campaign(
        writing=writing,
        audience=audience.to_json(),
        where=where,
        send_at=max(send_at, now),
        key=key,
        now=now,
        actor=actor,
    )
    if is_new:
        send_campaign.configure(schedule_at=campaign.send_at).defer(campaign_id=campaign.pk)
    return campaign


def run_campaign(*, campaign_id: int, now: datetime) -> None:
    """The job: who is concerned at this hour, everything in the outbox, the letters given to
    the job that sets them."""
    campaign = campaigns.take_campaign(campaign_id=campaign_id)
    if campaign is None:
        return
    writing = Writing(
        campaign.subject, campaign.body, campaign.text, campaign.by_email, campaign.by_letter
    )
    preview = preview_message(Audience.from_json(campaign.audience), writing)
    for start in range(0, len(preview.rows), AT_ONCE):
        _queue(campaign, preview.rows[start : start + AT_ONCE], now)
    with transaction.atomic():
        campaigns.finish_campaign(campaign=campaign, counts=_counts(preview), now=now)
        ids = [row.family_id for row in preview.rows if row.letter]
        if ids:
            ask_letters_print(
                kind=MESSAGE,
                campaign_id=campaign.pk,
                title=f"Lettres : {campaign.subject}",
                family_ids=ids,
                now=now,
                actor=Actor(campaign.asked_by_id, campaign.asked_by, Channel.POST, is_agent=True),
            )


def _queue(campaign: "Campaign", rows: list[Household], now: datetime) -> None:
    mark = f"campaign-{campaign.pk}"
    queue_emails(
        emails=[
            Email(
                to, campaign.subject, campaign.body, row.family_id, f"{mark}-e-{row.family_id}-{n}"
            )
            for row in rows
            for n, to in enumerate(row.emails)
        ],
        now=now,
    )
    queue_texts(
        texts=[
            Text(
                to, campaign.subject, campaign.text, row.family_id, f"{mark}-s-{row.family_id}-{n}"
            )
            for row in rows
            for n, to in enumerate(row.mobiles)
        ],
        now=now,
    )


def _counts(preview: Preview) -> dict[str, int]:
    return {
        "families": len(preview.rows),
        "emails": preview.emails,
        "texts": preview.texts,
        "letters": preview.letters,
        "unreached": len(preview.unreached),
    }
