"""A message to all the parents of a group: read who is concerned, then let it leave."""

from preau.journeys.mass_messages.audience import AUDIENCES, Audience, AudienceRefused
from preau.journeys.mass_messages.preview import Preview, preview_message
from preau.journeys.mass_messages.sending import ask_message, run_campaign

__all__ = [
    "AUDIENCES",
    "Audience",
    "AudienceRefused",
    "Preview",
    "ask_message",
    "preview_message",
    "run_campaign",
]
