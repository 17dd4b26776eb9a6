"""Text messages through OVHcloud: `POST /sms/{service}/jobs` of its public API.

The `ovh` library signs each call (application key, consumer key, SHA-1 of the call and of the
provider's own clock). What the provider refuses for good is told as SmsRefused; what may work
later as OSError, and the outbox tries again.
"""

from typing import Any

import ovh
from django.conf import settings
from ovh.client import ENDPOINTS
from ovh.exceptions import APIError, BadParametersError, ResourceNotFoundError

from preau.messaging.sms import SmsRefused

TIMEOUT = 15  # seconds, to connect and to answer


class OvhSms:
    """Speaks `messaging.sms.SmsSender` with the keys of the settings `PREAU_SMS_OVH_…`."""

    def __init__(self) -> None:
        kept: dict[str, str] = settings.SMS_OVH
        endpoint = kept["endpoint"]
        if endpoint.startswith(("https://", "http://")):
            ENDPOINTS.setdefault(endpoint, endpoint)
        self._service, self._sender = kept["service"], kept["sender"]
        self._client = ovh.Client(
            endpoint=endpoint,
            application_key=kept["application_key"],
            application_secret=kept["application_secret"],
            consumer_key=kept["consumer_key"],
            timeout=TIMEOUT,
        )

    def send(self, *, to: str, text: str) -> str:
        """One message, without the «STOP» line of advertising: it is a public service's."""
        try:
            answer: dict[str, Any] = self._client.post(
                f"/sms/{self._service}/jobs",
                message=text,
                receivers=[to],
                sender=self._sender,
                noStopClause=True,
                priority="high",
                charset="UTF-8",
            )
        except (BadParametersError, ResourceNotFoundError) as error:
            raise SmsRefused(_reason(error)) from None
        except APIError as error:
            raise OSError(_reason(error)) from None
        if to in answer.get("invalidReceivers", ()) or not answer.get("ids"):
            raise SmsRefused("Le numéro n’est pas valable pour le fournisseur.")
        return str(answer["ids"][0])


def _reason(error: Exception) -> str:
    # The provider's words, without the number that was tried.
    return f"{type(error).__name__}"
