"""Paying on line: the click, the bank's word, and what it changes.

Only a verified message of the bank's own server, with the right amount, currency and merchant,
settles anything; where a bank signs nothing (PayFiP), only its answer to our own question does
(`asking`). It may come twice, late, or after another that said the contrary: each is kept
raw, and the attempt's row is locked while it is read.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from preau.billing import online as account
from preau.billing.acts import refuse_outside
from preau.billing.means import ONLINE
from preau.billing.titres import check_open
from preau.kernel.actors import Actor
from preau.kernel.codes import random_code
from preau.kernel.locks import lock_form
from preau.kernel.money import euros
from preau.payments import asking
from preau.payments.errors import (
    AmountOutOfBounds,
    AttemptNotFound,
    EmailNeeded,
    GatewayDown,
    GatewaySilent,
    NoGateway,
    NothingToPay,
    TitreBeingPaid,
    TooMuchForInvoice,
    TopUpRefused,
)
from preau.payments.gateway import (
    GatewayMisconfigured,
    GatewayUnreachable,
    PaymentRequest,
    PolledGateway,
    Problem,
    Redirect,
)
from preau.payments.gateways import gateway_of, left_before, read_message
from preau.payments.models import Attempt, AttemptItem, GatewayAccount, ProviderEvent
from preau.payments.outcomes import apply, as_text, problems_of

logger = logging.getLogger(__name__)
Status = Attempt.Status
Source = ProviderEvent.Source
MAX_RAW = 16_384
MAX_RAW_UNVERIFIED = 4_096
DOUBT_AFTER = timedelta(days=3)
NEVER_LEFT_AFTER = timedelta(days=1)
"""A basket that never left for the bank: nobody can have paid it."""
MAX_UNVERIFIED_PER_HOUR = 1_000
"""Beyond, what nobody signed is only logged: a stranger must not fill the disk."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays, as sent to the bank."""

    first_name: str
    last_name: str
    email: str
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a message: the body to answer, and whether it is known to speak of us."""

    answer: str
    outcome: str
    is_verified: bool


@transaction.atomic
def start_payment(
    *,
    family_id: int,
    cash_office_id: int,
    invoices: Mapping[int, int],
    top_up_cents: int,
    payer: Payer,
    key: uuid.UUID,
    actor: Actor,
    now: datetime,
) -> Attempt:
    """Open an attempt to pay `invoices` (id → cents) and to top up; sent twice, it is one.

    Nothing is paid nor reserved yet. Raises a PaymentRefusal, or an OfficeRefusal (the act).
    """
    lock_form(key)
    if existing := Attempt.objects.filter(key=key, family_id=family_id).first():
        return existing
    if min([top_up_cents, *invoices.values()]) < 0:
        raise NothingToPay
    invoices = {pk: cents for pk, cents in invoices.items() if cents}
    amount = sum(invoices.values()) + top_up_cents
    if not amount:
        raise NothingToPay
    check_open(invoices)
    refuse_outside(
        cash_office_id=cash_office_id, means=[ONLINE], invoice_ids=list(invoices), now=now
    )
    gateway_account = _open_gateway(cash_office_id)
    _check_bounds(gateway_account, amount, email=payer.email)
    if top_up_cents:
        _check_top_up(gateway_account, top_up_cents)
    left = account.lock_and_list_left(family_id=family_id, cash_office_id=cash_office_id)
    for invoice_id, cents in invoices.items():
        if cents > left.get(invoice_id, 0):
            raise TooMuchForInvoice
    attempt = Attempt.objects.create(
        reference=random_code(20),
        cash_office_id=cash_office_id,
        family_id=family_id,
        user_id=payer.user_id,
        gateway=gateway_account.gateway,
        amount_cents=amount,
        payer_label=f"{payer.first_name} {payer.last_name}".strip()[:160],
        payer_email=payer.email,
        created_at=now,
        key=key,
    )
    AttemptItem.objects.bulk_create(
        AttemptItem(attempt=attempt, invoice_id=invoice_id, amount_cents=cents)
        for invoice_id, cents in invoices.items()
    )
    return attempt


@transaction.atomic
def start_titre_payment(
    *,
    family_id: int,
    cash_office_id: int,
    titre_id: int,
    document: str,
    year: int,
    amount_cents: int,
    payer: Payer,
    key: uuid.UUID,
    now: datetime,
) -> Attempt:
    """Open an attempt to pay a titre to the public accountant, by PayFiP in «titre» mode.

    The caller vouches for the titre. Raises a PaymentRefusal, TitreBeingPaid among them.
    """
    lock_form(key)
    if existing := Attempt.objects.filter(key=key, family_id=family_id).first():
        return existing
    gateway_account = _open_gateway(cash_office_id, GatewayAccount.Use.TITRE)
    _check_bounds(gateway_account, amount_cents, email=payer.email)
    # The contract's row is the lock: two clicks at once open one payment.
    GatewayAccount.objects.select_for_update(no_key=True).get(pk=gateway_account.pk)
    if Attempt.objects.filter(
        titre_id=titre_id, status__in=[Status.PENDING, Status.SETTLED]
    ).exists():
        raise TitreBeingPaid
    return Attempt.objects.create(
        reference=random_code(20),
        cash_office_id=cash_office_id,
        family_id=family_id,
        user_id=payer.user_id,
        gateway=gateway_account.gateway,
        amount_cents=amount_cents,
        payer_label=f"{payer.first_name} {payer.last_name}".strip()[:160],
        payer_email=payer.email,
        created_at=now,
        key=key,
        use=GatewayAccount.Use.TITRE,
        titre_id=titre_id,
        document=document,
        year=year,
    )


@transaction.atomic
def send_to_bank(
    *,
    family_id: int,
    reference: str,
    payer: Payer,
    return_url: str,
    notify_url: str,
    now: datetime,
) -> Redirect:
    """The request to send the payer with; from then on the payment is «en cours».

    Raises AttemptNotFound (another family's, or already decided), NoGateway, GatewayDown,
    GatewaySilent.
    """
    attempt = (
        Attempt.objects.select_for_update(of=("self",), no_key=True)
        .filter(reference=reference, family_id=family_id)
        .first()
    )
    if attempt is None or attempt.status not in (Status.CREATED, Status.PENDING):
        raise AttemptNotFound
    gateway_account = _open_gateway(attempt.cash_office_id, attempt.use)
    try:
        gateway = gateway_of(gateway_account)
        if gateway_account.gateway != attempt.gateway:
            raise NoGateway
        if isinstance(gateway, PolledGateway) and attempt.provider_id:
            return gateway.page(attempt.provider_id)  # never two operations for one payment
        redirect = gateway.request(
            PaymentRequest(
                reference=attempt.reference,
                amount_cents=attempt.amount_cents,
                email=payer.email,
                first_name=payer.first_name,
                last_name=payer.last_name,
                return_url=return_url,
                notify_url=notify_url,
                subject=gateway_account.cash_office.name,
                document=attempt.document,
                year=attempt.year,
            )
        )
    except GatewayMisconfigured as error:
        logger.error("gateway of cash office %s: %s", attempt.cash_office_id, error)
        raise GatewayDown from error
    except GatewayUnreachable as error:
        logger.warning("gateway of cash office %s: %s", attempt.cash_office_id, error)
        raise GatewaySilent from error
    if attempt.status == Status.CREATED:
        attempt.status = Status.PENDING
        attempt.sent_at = now
        attempt.provider_id = redirect.provider_id
        if isinstance(gateway, PolledGateway):
            attempt.ask_at = now + asking.FIRST_PAUSE
        attempt.save(update_fields=["status", "sent_at", "provider_id", "ask_at"])
    return redirect


@transaction.atomic
def give_up(*, family_id: int, reference: str, actor: Actor, now: datetime) -> Attempt:
    """The payer says that it paid nothing. A later word of the bank still counts."""
    attempt = (
        Attempt.objects.select_for_update(of=("self",), no_key=True)
        .filter(reference=reference, family_id=family_id)
        .first()
    )
    if attempt is None:
        raise AttemptNotFound
    if attempt.status in (Status.CREATED, Status.PENDING):
        attempt.status = Status.ABANDONED
        attempt.ended_at = now
        attempt.save(update_fields=["status", "ended_at"])
    return attempt


@transaction.atomic
def close_stale(*, now: datetime) -> int:
    """Say «sans suite» of what never left, and of what no bank spoke of in three days. How many.

    A payment of which the bank can still be asked waits for its answer.
    """
    never_left = Q(status=Status.CREATED, created_at__lt=now - NEVER_LEFT_AFTER)
    unspoken = Q(status=Status.PENDING, created_at__lt=now - DOUBT_AFTER, ask_at=None)
    return Attempt.objects.filter(never_left | unspoken).update(status=Status.EXPIRED, ended_at=now)


def receive(
    *,
    cash_office_code: str,
    raw: bytes | str,
    source: str,
    now: datetime,
    use: str = GatewayAccount.Use.REGIE,
) -> Received | None:
    """Read what a bank sent (its server, or a browser that comes back), keep it, act on it.

    None: this cash office has no gateway. Any error but a refusal leaves no trace and is raised:
    the bank will call again.
    """
    gateway_account = (
        GatewayAccount.objects.select_related("cash_office")
        .filter(cash_office__code=cash_office_code, use=use)
        .first()
    )
    if gateway_account is None:
        return None
    gateway = gateway_of(gateway_account)
    if isinstance(gateway, PolledGateway):
        return _note_hint(gateway_account, gateway, raw, source=source, now=now)
    verdict, by_former = read_message(gateway_account, gateway, raw, now)
    if not verdict.verified and _too_many_unverified(now):
        logger.warning("unverified message for %s not kept: %s", cash_office_code, verdict.problems)
        return Received(answer=gateway.answer, outcome="non conservé", is_verified=False)
    with transaction.atomic():
        attempt = None
        if verdict.verified:
            attempt = (
                Attempt.objects.select_for_update(of=("self",), no_key=True)
                .filter(
                    reference=verdict.reference,
                    cash_office=gateway_account.cash_office,
                    gateway=gateway_account.gateway,
                    use=gateway_account.use,
                )
                .first()
            )
        problems = problems_of(verdict, attempt, states_amount=gateway.capabilities.states_amount)
        if by_former and not left_before(attempt, gateway_account):
            problems = [*problems, Problem.SIGNATURE]
        believed = verdict.verified and not problems
        if not verdict.verified:
            outcome = "non vérifié"
        elif problems:
            outcome = "sans suite : " + ", ".join(problems)
        elif source != Source.NOTIFICATION:
            outcome = "vu"
        else:
            assert attempt is not None
            outcome = apply(verdict, attempt, now=now)
        ProviderEvent.objects.create(
            cash_office=gateway_account.cash_office,
            gateway=gateway_account.gateway,
            source=source,
            received_at=now,
            raw=as_text(raw)[: MAX_RAW if verdict.verified else MAX_RAW_UNVERIFIED],
            attempt=attempt,
            is_verified=believed,
            state=verdict.state,
            outcome=outcome[:40],
            problems=[*verdict.problems, *problems],
            bank_status=verdict.bank_status[:40] if verdict.verified else "",
        )
    return Received(answer=gateway.answer, outcome=outcome, is_verified=verdict.verified)


def _note_hint(
    account: GatewayAccount, gateway: PolledGateway, raw: bytes | str, *, source: str, now: datetime
) -> Received:
    """Keep a hint, and have the bank asked. Nothing else changes, whatever the message says."""
    attempt = asking.find(account, gateway.hint(raw))
    kept = asking.may_keep(attempt) if attempt else not _too_many_unverified(now)
    with transaction.atomic():
        if kept:
            ProviderEvent.objects.create(
                cash_office=account.cash_office,
                gateway=account.gateway,
                source=source,
                received_at=now,
                raw=as_text(raw)[:MAX_RAW_UNVERIFIED],
                attempt=attempt,
                is_verified=False,
                outcome=_("à demander à la banque") if attempt else _("paiement inconnu"),
                problems=[] if attempt else [Problem.REFERENCE],
            )
        if attempt:
            asking.ask_soon(attempt, now=now)
    if not kept:
        logger.warning("hint for cash office %s not kept", account.cash_office_id)
    known = attempt is not None
    outcome = "à demander" if known else "inconnu"
    return Received(answer=gateway.answer, outcome=outcome, is_verified=known)


def _too_many_unverified(now: datetime) -> bool:
    recent = ProviderEvent.objects.filter(
        received_at__gt=now - timedelta(hours=1), is_verified=False, attempt=None
    )
    return recent[:MAX_UNVERIFIED_PER_HOUR].count() >= MAX_UNVERIFIED_PER_HOUR


def _open_gateway(cash_office_id: int, use: str = GatewayAccount.Use.REGIE) -> GatewayAccount:
    account = (
        GatewayAccount.objects.select_related("cash_office")
        .filter(cash_office_id=cash_office_id, use=use, is_active=True, cash_office__is_active=True)
        .first()
    )
    if account is None:
        raise NoGateway
    return account


def _check_bounds(account: GatewayAccount, amount_cents: int, *, email: str) -> None:
    try:
        capabilities = gateway_of(account).capabilities
    except GatewayMisconfigured as error:
        logger.error("gateway of cash office %s: %s", account.cash_office_id, error)
        raise GatewayDown from error
    if not capabilities.min_cents <= amount_cents <= capabilities.max_cents:
        raise AmountOutOfBounds(
            _("Un paiement en ligne va de %(low)s à %(high)s.")
            % {"low": euros(capabilities.min_cents), "high": euros(capabilities.max_cents)}
        )
    if capabilities.email_required and not email:
        raise EmailNeeded


def _check_top_up(account: GatewayAccount, cents: int) -> None:
    office = account.cash_office
    if not office.accepts_top_up:
        raise TopUpRefused(_("Le compte de cette régie ne se recharge pas."))
    if cents < office.top_up_min_cents:
        raise TopUpRefused(
            _("Un rechargement est d’au moins %(low)s.") % {"low": euros(office.top_up_min_cents)}
        )
