"""Sending a message to many: asked by an agent, put in the outbox by the worker.

The job may be killed and run again: each message has its own key, so none leaves twice.
"""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from preau.documents.render import render_pdf
from preau.journeys.mass_messages.audience import Audience, AudienceRefused
from preau.journeys.mass_messages.preview import Household, Preview, preview_message
from preau.kernel import french
from preau.kernel.actors import Actor
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
    """The job: who is concerned at this hour, everything in the outbox, the letters as one PDF."""
    campaign = campaigns.take_campaign(campaign_id=campaign_id)
    if campaign is None:
        return
    writing = Writing(
        campaign.subject, campaign.body, campaign.text, campaign.by_email, campaign.by_letter
    )
    preview = preview_message(Audience.from_json(campaign.audience), writing)
    for start in range(0, len(preview.rows), AT_ONCE):
        _queue(campaign, preview.rows[start : start + AT_ONCE], now)
    campaigns.finish_campaign(
        campaign=campaign,
        letters=_letters(campaign, preview, now),
        counts=_counts(preview),
        now=now,
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


def _letters(campaign: "Campaign", preview: Preview, now: datetime) -> bytes | None:
    rows = [row for row in preview.rows if row.letter]
    if not rows:
        return None
    data: dict[str, Any] = {
        "title": campaign.subject,
        "letters": [{"recipient": recipient(row)} for row in rows],
        "paragraphs": [part.strip() for part in campaign.body.split("\n\n") if part.strip()],
        "day": french.day(now, year=True, weekday=False),
    }
    return render_pdf("mass_letter", data)


def recipient(row: Household) -> list[str]:
    """The lines of the window of an envelope."""
    address = row.contact.address
    name = f"{row.contact.civility} {row.contact.name}".strip()
    lines = [name, address.line1, address.line2, f"{address.postcode} {address.city}"]
    if address.country.upper() != "FRANCE":
        lines.append(address.country)
    return [line for line in lines if line.strip()]
