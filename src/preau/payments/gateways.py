"""From a contract in the database to a connector that speaks the bank's protocol."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.kernel.actors import Actor
from preau.kernel.sealing import CannotUnseal, seal, unseal
from preau.payments.errors import BadGatewaySettings
from preau.payments.gateway import GatewayMisconfigured, PaymentGateway
from preau.payments.models import GatewayAccount

WITHOUT_KEY = (GatewayAccount.Gateway.PAYFIP,)
"""Banks with which no key is shared: their service is asked instead."""


def connect(kind: str, options: Mapping[str, str]) -> PaymentGateway:
    """The connector that the wiring (settings.PAYMENT_GATEWAYS) names for this kind of bank.

    Raises GatewayMisconfigured.
    """
    path = settings.PAYMENT_GATEWAYS.get(kind)
    if path is None:
        raise GatewayMisconfigured(f"no connector for {kind}")
    gateway: PaymentGateway = import_string(path)(options)
    return gateway


def gateway_of(account: GatewayAccount) -> PaymentGateway:
    """The gateway of a cash office. Raises GatewayMisconfigured."""
    try:
        secret = unseal(account.sealed_secret)
    except CannotUnseal as error:
        raise GatewayMisconfigured("the key cannot be unsealed") from error
    return connect(account.gateway, _options(account, secret))


def _options(account: GatewayAccount, secret: str) -> dict[str, str]:
    options = {name: str(value) for name, value in account.options.items()}
    if account.gateway == GatewayAccount.Gateway.SPPLUS:
        return options | {"key": secret}
    if account.gateway == GatewayAccount.Gateway.PAYFIP:
        return options
    mode = "TEST" if account.is_test else "PRODUCTION"
    return options | {"ctx_mode": mode, f"secret_{mode.lower()}": secret}


@transaction.atomic
def save_gateway(
    *,
    cash_office_id: int,
    gateway: str,
    options: Mapping[str, Any],
    secret: str,
    is_test: bool,
    is_active: bool,
    use: str = GatewayAccount.Use.REGIE,
    actor: Actor,
    now: datetime,
) -> GatewayAccount:
    """Set which bank serves a cash office. An empty `secret` keeps the one already sealed.

    The settings are tried before they are kept: raises BadGatewaySettings.
    """
    account = (
        GatewayAccount.objects.select_for_update()
        .filter(cash_office_id=cash_office_id, use=use)
        .first()
    )
    if account is None:
        account = GatewayAccount(cash_office_id=cash_office_id, use=use)
    elif account.gateway != gateway and not secret and gateway not in WITHOUT_KEY:
        raise BadGatewaySettings(_("Une autre banque a une autre clé : écrivez-la."))
    if use == GatewayAccount.Use.TITRE and gateway != GatewayAccount.Gateway.PAYFIP:
        raise BadGatewaySettings(_("Un titre ne se paie en ligne que par PayFiP."))
    account.gateway = gateway
    account.options = {name: value for name, value in options.items() if value not in ("", None)}
    account.is_test = is_test
    if gateway in WITHOUT_KEY:
        secret = account.sealed_secret = ""
    account.is_active = is_active
    if secret:
        account.sealed_secret = seal(secret)
    try:
        gateway_of(account)
    except GatewayMisconfigured as error:
        raise BadGatewaySettings(
            _("Ces réglages ne peuvent pas fonctionner : %(why)s") % {"why": error}
        ) from error
    account.save()
    record(
        actor=actor,
        now=now,
        action="payments.save_gateway",
        summary=_("Paiement en ligne réglé : %(gateway)s, %(state)s")
        % {
            "gateway": account.get_gateway_display(),
            "state": _("ouvert") if is_active else _("fermé"),
        },
        object_type="cash_office",
        object_id=cash_office_id,
    )
    return account
