"""Reading the outbox."""

from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef, QuerySet

from preau.messaging.models import Campaign, Message


def list_messages(family_id: int) -> QuerySet[Message]:
    """What was sent to this family, latest first; secrets left out."""
    return Message.objects.filter(family_id=family_id, is_secret=False).order_by(
        "-created_at", "-pk"
    )


def list_letters(family_id: int) -> QuerySet[Message]:
    """As `list_messages()`, as the household reads them: what was written to two adults at once
    is one letter."""
    twin = Message.objects.filter(
        family_id=family_id,
        subject=OuterRef("subject"),
        body=OuterRef("body"),
        created_at=OuterRef("created_at"),
        pk__lt=OuterRef("pk"),
    )
    return list_messages(family_id).filter(~Exists(twin))


def list_all() -> QuerySet[Message]:
    """The whole outbox, latest first: for the demo's mailbox and the town's IT team."""
    return Message.objects.order_by("-created_at", "-pk")


def get_campaign(campaign_id: int, *, site_ids: Iterable[int] | None) -> Campaign | None:
    """One message to many, within the sites of who asks (None: everywhere)."""
    found = Campaign.objects.filter(pk=campaign_id).first()
    if found is None or not _is_within(found, site_ids):
        return None
    return found


def list_campaigns(site_ids: Iterable[int] | None) -> list[Campaign]:
    """The last two hundred messages to many within these sites, latest first."""
    found = Campaign.objects.defer("body").order_by("-asked_at", "-pk")
    sites = None if site_ids is None else set(site_ids)
    if sites is None:
        return list(found[:200])
    return [one for one in found[:1_000] if _is_within(one, sites)][:200]


def campaign_messages(campaign_id: int) -> QuerySet[Message]:
    """What a campaign put in the outbox; none is a secret."""
    return Message.objects.filter(key__startswith=f"campaign-{campaign_id}-").order_by("pk")


def campaign_states(campaign_id: int) -> dict[tuple[str, str], int]:
    """How many of its messages are in each state, by medium: {("EMAIL", "SENT"): 12, …}."""
    rows = campaign_messages(campaign_id).order_by().values_list("medium", "status")
    return {(medium, status): n for medium, status, n in rows.annotate(n=Count("pk"))}


def _is_within(campaign: Campaign, site_ids: Iterable[int] | None) -> bool:
    if site_ids is None:
        return True
    sites = campaign.audience.get("sites")
    return sites is not None and set(sites) <= set(site_ids)
