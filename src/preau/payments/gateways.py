"""From a contract in the database to a connector that speaks the bank's protocol."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.kernel.actors import Actor
from preau.kernel.sealing import CannotUnseal, seal, unseal
from preau.payments.errors import BadGatewaySettings
from preau.payments.gateway import GatewayMisconfigured, PaymentGateway, Verdict
from preau.payments.models import Attempt, GatewayAccount

FORMER_KEY_FOR = timedelta(days=7)
"""How long a key that was replaced is believed for the payments that left before."""
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


def former_gateway_of(account: GatewayAccount, *, now: datetime) -> PaymentGateway | None:
    """The same contract with the key before this one, while it is believed; None otherwise."""
    if account.former_until is None or now >= account.former_until:
        return None
    try:
        secret = unseal(account.former_sealed_secret)
        return connect(account.gateway, _options(account, secret))
    except (CannotUnseal, GatewayMisconfigured):
        return None


def read_message(
    account: GatewayAccount, gateway: PaymentGateway, raw: bytes | str, now: datetime
) -> tuple[Verdict, bool]:
    """What a message says, by the contract's key or, for a while, by the one before (True)."""
    verdict = gateway.read(raw)
    if not verdict.verified and (former := former_gateway_of(account, now=now)):
        earlier = former.read(raw)
        if earlier.verified:
            return earlier, True
    return verdict, False


def left_before(attempt: Attempt | None, account: GatewayAccount) -> bool:
    """Whether a payment had left for the bank when the key was changed."""
    return bool(
        attempt
        and attempt.sent_at
        and account.key_changed_at
        and attempt.sent_at < account.key_changed_at
    )


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
    keep_former_key: bool = False,
    actor: Actor,
    now: datetime,
) -> GatewayAccount:
    """Set which bank serves a cash office. An empty `secret` keeps the one already sealed.

    `keep_former_key`: for a week, what the replaced key signed of payments that had left before is
    still believed; never when it may have leaked. Another bank or mode has keys of its own: what
    was is forgotten at once. Settings are tried before they are kept: raises BadGatewaySettings.
    """
    account = (
        GatewayAccount.objects.select_for_update()
        .filter(cash_office_id=cash_office_id, use=use)
        .first()
    )
    if account is None:
        account = GatewayAccount(cash_office_id=cash_office_id, use=use)
    elif account.gateway != gateway and not secret and gateway not in WITHOUT_KEY:
        raise BadGatewaySettings(_("Une autre banque a une autre clé : écrivez-la."))
    elif gateway == GatewayAccount.Gateway.SYSTEMPAY and account.is_test != is_test and not secret:
        raise BadGatewaySettings(
            _("Le mode test et la production ont chacun leur clé : écrivez celle de ce mode.")
        )
    _remember_key(account, gateway, secret, is_test=is_test, keep=keep_former_key, now=now)
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
            _("Ces réglages ne peuvent pas fonctionner : %(why)s") % {"why": error}
        ) from error
    account.save()
    record(
        actor=actor,
        now=now,
        action="payments.save_gateway",
        summary=_("Paiement en ligne réglé : %(gateway)s, %(state)s")
        % {
            "gateway": account.get_gateway_display(),
            "state": _("ouvert") if is_active else _("fermé"),
        },
        object_type="cash_office",
        object_id=cash_office_id,
    )
    return account


def _remember_key(
    account: GatewayAccount, gateway: str, secret: str, *, is_test: bool, keep: bool, now: datetime
) -> None:
    same = account.pk and (account.gateway, account.is_test) == (gateway, is_test)
    if same and not secret:
        return
    if same and keep and account.sealed_secret:
        account.former_sealed_secret = account.sealed_secret
        account.key_changed_at, account.former_until = now, now + FORMER_KEY_FOR
    else:
        account.former_sealed_secret = ""
        account.key_changed_at = account.former_until = None
