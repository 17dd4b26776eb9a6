"""Reading the outbox."""

from django.db.models import Exists, OuterRef, QuerySet

from preau.messaging.models import Message


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


def list_failed() -> QuerySet[Message]:
    """What could not be sent, latest first."""
    return Message.objects.filter(status=Message.Status.FAILED).order_by("-created_at")


def list_all() -> QuerySet[Message]:
    """The whole outbox, latest first: for the demo's mailbox and the town's IT team."""
    return Message.objects.order_by("-created_at", "-pk")
