"""The agents' second factor: an application that gives six digits, and ten codes on paper.

TOTP as in RFC 6238 (SHA-1, 30 s, six digits: what every application reads). The secret is sealed in
the database, a code serves once, and wrong tries wait longer and longer.
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from django.db import transaction
from django_otp.oath import TOTP

from preau.accounts.enums import SENSITIVE, SecondFactorPolicy
from preau.accounts.errors import SecondFactorKept, TooManyCodes, WrongCode
from preau.accounts.models import Authenticator, RecoveryCode, User
from preau.audit import services as audit
from preau.kernel.actors import Actor
from preau.kernel.codes import normalise_code, random_code
from preau.kernel.sealing import seal, unseal
from preau.kernel.text import is_number

SECRET_BYTES = 20
RECOVERY_CODES = 10
# A code of the half minute before or after is taken: telephones are not quite on time.
TOLERANCE = 1


@dataclass(frozen=True, slots=True)
class Setup:
    """What an application needs: the secret to type, the address that its QR code carries."""

    secret: str
    address: str


def must_have_second_factor(policy: str, permissions: frozenset[str]) -> bool:
    """Whether the town asks this of someone who holds these permissions."""
    if policy == SecondFactorPolicy.ALL:
        return True
    return policy == SecondFactorPolicy.SENSITIVE and not SENSITIVE.isdisjoint(permissions)


def has_second_factor(user: User) -> bool:
    """Whether a code is asked of this agent after the password."""
    return Authenticator.objects.filter(user=user, confirmed=True).exists()


def users_with_second_factor(user_ids: list[int]) -> set[int]:
    """Those of these accounts which have one."""
    found = Authenticator.objects.filter(user_id__in=user_ids, confirmed=True)
    return set(found.values_list("user_id", flat=True))


def recovery_codes_left(user: User) -> int:
    """How many codes on paper may still serve."""
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


@transaction.atomic
def prepare_authenticator(*, user: User, issuer: str, now: datetime) -> Setup:
    """A secret for a new application, not asked for until `confirm_authenticator()`.

    Asked again before it is confirmed, the same secret comes back: a page may be read again.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    device = Authenticator.objects.filter(user=user, confirmed=False).first()
    if device is None:
        secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
        device = Authenticator.objects.create(
            user=user, name="totp", confirmed=False, sealed_secret=seal(secret), created_at=now
        )
    secret = unseal(device.sealed_secret)
    issuer = issuer.replace(":", " ")
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return Setup(secret, f"otpauth://totp/{quote(f'{issuer}:{user.email or user.pk}')}?{query}")


@transaction.atomic
def confirm_authenticator(*, user: User, code: str, now: datetime, actor: Actor) -> list[str]:
    """The application works: it replaces any other. Returns new recovery codes, to show once.

    Raises WrongCode, TooManyCodes.
    """
    device = _locked(user, confirmed=False)
    if device is None:
        raise WrongCode
    _verify(device, code)
    Authenticator.objects.filter(user=user, confirmed=True).delete()
    device.confirmed, device.confirmed_at = True, now
    device.save()
    _record(actor, now, "second_factor_added", "Second facteur ajouté au compte de", user)
    return _new_codes(user)


@transaction.atomic
def renew_recovery_codes(*, user: User, now: datetime, actor: Actor) -> list[str]:
    """Ten new codes; the former ones are dead."""
    _record(actor, now, "recovery_codes", "Codes de secours renouvelés pour", user)
    return _new_codes(user)


def check_code(*, user: User, code: str, now: datetime, actor: Actor) -> None:
    """Take the application's six digits, or a recovery code once. Raises WrongCode, TooManyCodes.

    What a wrong try costs is kept even though it is refused.
    """
    with transaction.atomic():
        device = _locked(user, confirmed=True)
        refusal = _refusal(device, code, now) if device is not None else WrongCode()
        if refusal is None and not _is_digits(code):
            _record(actor, now, "recovery_code_used", "Code de secours utilisé par", user)
    if refusal is not None:
        raise refusal


@transaction.atomic
def remove_second_factor(
    *, user: User, is_required: bool, now: datetime, actor: Actor, reason: str = ""
) -> None:
    """Back to the password alone. By its holder: SecondFactorKept when the town asks for one
    (`is_required`). By who manages agents (a lost telephone): at any time, with a reason."""
    if is_required and actor.user_id == user.pk:
        raise SecondFactorKept
    Authenticator.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    tail = f" : {reason}" if reason else ""
    _record(actor, now, "second_factor_removed", "Second facteur retiré du compte de", user, tail)


def trust_mark(user: User) -> str:
    """What a remembered device is bound to: it changes with the password and the application."""
    device = Authenticator.objects.filter(user=user, confirmed=True).only("pk").first()
    text = f"{user.pk}:{user.password}:{device.pk if device else 0}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _is_digits(code: str) -> bool:
    return len(code.replace(" ", "")) == 6 and is_number(code.replace(" ", ""))


def _locked(user: User, *, confirmed: bool) -> Authenticator | None:
    found = Authenticator.objects.select_for_update(no_key=True).filter(user=user)
    return found.filter(confirmed=confirmed).order_by("-pk").first()


def _verify(device: Authenticator, code: str) -> None:
    if not _matches(device, code.replace(" ", "")):
        raise WrongCode


def _matches(device: Authenticator, digits: str) -> bool:
    """Whether these are the digits of now, for the first time; the step is kept with `device`."""
    if not _is_digits(digits):
        return False
    totp = TOTP(base64.b32decode(unseal(device.sealed_secret)))
    totp.time = time.time()
    if not totp.verify(int(digits), TOLERANCE, device.last_step + 1):
        return False
    device.last_step = totp.t()
    return True


def _refusal(device: Authenticator, code: str, now: datetime) -> WrongCode | TooManyCodes | None:
    allowed, _why = device.verify_is_allowed()
    if not allowed:
        return TooManyCodes()
    if _is_digits(code):
        good = _matches(device, code.replace(" ", ""))
    else:
        good = bool(
            RecoveryCode.objects.filter(
                user=device.user, code_hash=_digest(code), used_at__isnull=True
            ).update(used_at=now)
        )
    if not good:
        device.throttle_increment(commit=True)
        return WrongCode()
    device.throttle_reset(commit=False)
    device.save()
    return None


def _new_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = [random_code(12, group=4) for _number in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(user=user, code_hash=_digest(code)) for code in codes]
    )
    return codes


def _digest(code: str) -> str:
    # Sixty random bits: a plain digest is enough.
    return hashlib.sha256(normalise_code(code).encode()).hexdigest()


def _record(actor: Actor, now: datetime, verb: str, words: str, user: User, tail: str = "") -> None:
    audit.record(
        actor=actor,
        now=now,
        action=f"accounts.{verb}",
        summary=f"{words} {user}{tail}",
        object_type="user",
        object_id=user.pk,
    )
