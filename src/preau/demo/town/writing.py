"""What the town wrote to many families: a class, a wednesday, and a message still to leave."""

import uuid
from datetime import timedelta

from preau.accounts.enums import Role
from preau.demo.town.story import Story
from preau.journeys.mass_messages import Audience, ask_message, preview_message, run_campaign
from preau.messaging.campaigns import Writing


def write_to_many(story: Story) -> None:
    """Two messages that left some days ago, and one that leaves in two days."""
    centre, school = story.sites["centre-du-bois"], story.sites["elementaire-simone-veil"]
    wednesday = story.today - timedelta(days=(story.today.weekday() - 2) % 7 or 7)
    _write(
        story,
        Audience("BOOKED", wednesday, wednesday, (centre,)),
        Writing(
            "Mercredi à la ferme",
            "Bonjour,\n\nMercredi, le centre va à la ferme : prévoyez des bottes et un "
            "goûter.\n\nBonne semaine.",
            "Mercredi, le centre va à la ferme : bottes et goûter. Espace familles, Vincennes",
            by_email=True,
            by_letter=True,
        ),
        where="les enfants réservés à des dates – Centre du Bois",
        days_ago=6,
    )
    _write(
        story,
        Audience("SCHOOL", story.today, story.today, (school,)),
        Writing(
            "Photo de classe",
            "Bonjour,\n\nLe photographe vient jeudi en huit. Un mot dans le cahier en dit plus.",
            "",
            by_email=True,
            by_letter=False,
        ),
        where="les élèves d’une école ou d’une classe – École Simone-Veil",
        days_ago=-2,
    )


def _write(
    story: Story, audience: Audience, writing: Writing, *, where: str, days_ago: int
) -> None:
    then = story.now - timedelta(days=max(days_ago, 1))
    preview = preview_message(audience, writing)
    if not preview.rows:
        return
    campaign = ask_message(
        audience=audience,
        writing=writing,
        where=where,
        seen=preview.seen,
        send_at=story.now - timedelta(days=days_ago),
        key=uuid.UUID(int=story.dice.getrandbits(128), version=4),
        now=then,
        actor=story.agents[Role.COUNTER],
    )
    if days_ago > 0:
        run_campaign(campaign_id=campaign.pk, now=then)
