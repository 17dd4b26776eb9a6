"""Reading the outbox."""

from django.db.models import QuerySet

from preau.messaging.models import Message


def list_messages(family_id: int) -> QuerySet[Message]:
    """What was sent to this family, latest first; secrets left out."""
    return Message.objects.filter(family_id=family_id, is_secret=False).order_by(
        "-created_at", "-pk"
    )


def list_failed() -> QuerySet[Message]:
    """What could not be sent, latest first."""
    return Message.objects.filter(status=Message.Status.FAILED).order_by("-created_at")


def list_all() -> QuerySet[Message]:
    """The whole outbox, latest first: for the demo's mailbox and the town's IT team."""
    return Message.objects.order_by("-created_at", "-pk")
