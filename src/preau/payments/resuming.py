"""Going back to the bank's page of a payment begun and not finished: a tab closed too soon."""

from contextlib import suppress
from datetime import datetime

from preau.payments.asking import PAGE_LIVES
from preau.payments.gateway import GatewayMisconfigured, PolledGateway, Redirect
from preau.payments.gateways import gateway_of
from preau.payments.models import Attempt, GatewayAccount, ProviderEvent

Source = ProviderEvent.Source


def resume(*, family_id: int, reference: str, now: datetime) -> tuple[Redirect, datetime] | None:
    """The bank's page of a payment begun and not finished, and until when; None: no longer.

    The same operation: a payment never has two. Once the payer came back from there, or the bank
    spoke of it, there is nothing to resume.
    """
    attempt = Attempt.objects.filter(
        reference=reference, family_id=family_id, status=Attempt.Status.PENDING
    ).first()
    if attempt is None or not attempt.provider_id or attempt.sent_at is None:
        return None
    until = attempt.sent_at + PAGE_LIVES
    spoken = attempt.events.filter(source__in=[Source.RETURN, Source.NOTIFICATION])
    if now >= until or spoken.exists():
        return None
    account = GatewayAccount.objects.filter(
        cash_office_id=attempt.cash_office_id, gateway=attempt.gateway, use=attempt.use,
        is_active=True,
    ).first()  # fmt: skip
    if account is None:
        return None
    with suppress(GatewayMisconfigured):
        gateway = gateway_of(account)
        if isinstance(gateway, PolledGateway):
            return gateway.page(attempt.provider_id), until
    return None
