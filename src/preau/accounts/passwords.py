"""Passwords and the links that let one choose them; used through `services`."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from preau.accounts.errors import (
    InactiveAccount,
    InvalidLink,
    PasswordChangedMeanwhile,
    WeakPassword,
)
from preau.accounts.models import PasswordLink, User
from preau.audit import services as audit
from preau.kernel.actors import Actor
from preau.kernel.codes import normalise_code, random_code
from preau.messaging.services import queue_email
from preau.town.queries import get_town

INVITATION_LIFE = timedelta(days=7)
# Someone else's clumsiness or malice must not fill a mailbox.
LINKS_PER_HOUR = 3


def hash_token(token: str) -> str:
    """What is kept of a random link: its digest (it has 256 bits, no slow hash is needed)."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def set_initial_password(*, user: User, now: datetime, actor: Actor | None = None) -> str:
    """A one-time password for a letter, «7DKR-M3PX-9TQC»; only its slow hash is kept.

    It expires after `town.initial_password_days`, opens one page only (the one that changes it),
    ends every open session of the account and kills its pending links. Journaled when `actor` is
    given (families journal it in their own file).
    """
    if not user.is_active:
        raise InactiveAccount
    password = random_code(12, group=4)
    user.set_password(normalise_code(password))
    user.must_change_password = True
    user.initial_password_expires_at = now + timedelta(days=get_town().initial_password_days)
    user.save(update_fields=["password", "must_change_password", "initial_password_expires_at"])
    _kill_links(user, now)
    if actor is not None:
        audit.record(
            actor=actor,
            now=now,
            action="accounts.set_initial_password",
            summary=f"Mot de passe provisoire donné à {user}",
            object_type="user",
            object_id=user.pk,
        )
    return password


@transaction.atomic
def change_password(
    *, user: User, new_password: str, now: datetime, actor: Actor, family_id: int | None = None
) -> User:
    """The account's own choice. Other sessions end (their hash no longer fits).

    Raises WeakPassword with the reasons; PasswordChangedMeanwhile when the password is no longer
    the one that `user` was loaded with (two first sign-ins at once: the second one is refused).
    """
    check_strength(new_password, user)
    stored = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if stored.password != user.password:
        raise PasswordChangedMeanwhile
    _write_password(stored, new_password, now)
    user.password = stored.password
    user.must_change_password = False
    user.initial_password_expires_at = None
    _tell(stored, now, actor, family_id)
    return stored


def check_strength(password: str, user: User | None = None) -> None:
    """Raise WeakPassword, with every reason in one sentence each, when it may not be chosen."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages)) from error


@transaction.atomic
def create_link(*, user: User, purpose: str, email: str, now: datetime) -> str | None:
    """A secret to put in a link, or None when too many were asked for within the hour."""
    if not user.is_active:
        return None
    recent = PasswordLink.objects.filter(
        user=user, purpose=purpose, created_at__gt=now - timedelta(hours=1)
    )
    if purpose == PasswordLink.Purpose.RESET and recent.count() >= LINKS_PER_HOUR:
        return None
    life = (
        timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        if purpose == PasswordLink.Purpose.RESET
        else INVITATION_LIFE
    )
    token = secrets.token_urlsafe(32)
    PasswordLink.objects.create(
        user=user,
        purpose=purpose,
        email=email.strip().lower(),
        token_hash=hash_token(token),
        created_at=now,
        expires_at=now + life,
    )
    return token


def find_link(token: str, now: datetime) -> PasswordLink:
    """The link that this secret opens. Raises InvalidLink: unknown, used or too old."""
    link = (
        PasswordLink.objects.select_related("user")
        .filter(token_hash=hash_token(token), used_at__isnull=True, expires_at__gt=now)
        .first()
    )
    if link is None or not link.user.is_active:
        raise InvalidLink
    return link


@transaction.atomic
def use_link(
    *,
    token: str,
    new_password: str,
    now: datetime,
    actor: Actor | None = None,
    family_id: int | None = None,
) -> User:
    """Set the password that the holder of the link chose; the link, and the others, are dead.

    Coming back by the link proves the address: it becomes the one to sign in with, when the
    account has none and nobody else uses it. Raises InvalidLink, WeakPassword.
    """
    found = find_link(token, now)
    check_strength(new_password, found.user)
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=found.user_id)
    link = PasswordLink.objects.select_for_update(of=("self",), no_key=True).get(pk=found.pk)
    if link.used_at is not None:
        raise InvalidLink
    if user.email is None:
        taken = User.objects.filter(kind=user.kind, email=link.email).exclude(pk=user.pk).exists()
        if not taken:
            user.email = link.email
    if user.email == link.email and user.email_verified_at is None:
        user.email_verified_at = now
    user.save(update_fields=["email", "email_verified_at"])
    _write_password(user, new_password, now)
    actor = actor or Actor.system(str(user))
    _tell(user, now, actor, family_id)
    return user


@transaction.atomic
def send_agent_link(*, user: User, purpose: str, address: str, now: datetime, actor: Actor) -> bool:
    """Send an agent a link to choose a password; False when too many were asked for.

    `address`: a full URL with `{token}` where the secret goes.
    """
    if not user.email:
        return False
    token = create_link(user=user, purpose=purpose, email=user.email, now=now)
    if token is None:
        return False
    town = get_town()
    life = "sept jours" if purpose == PasswordLink.Purpose.INVITATION else "deux heures"
    queue_email(
        to=user.email,
        subject=f"Votre accès à la gestion de l’espace familles, {town.name}",
        body=(
            f"Bonjour {user.first_name},\n\nChoisissez votre mot de passe avec ce lien, valable "
            f"{life} et une seule fois :\n{address.format(token=token)}\n\nSi vous n’attendiez "
            f"pas ce message, ne faites rien.\n\n{town.name}"
        ),
        now=now,
        is_secret=True,
    )
    audit.record(
        actor=actor,
        now=now,
        action="accounts.send_link",
        summary=f"Lien de mot de passe envoyé à {user}",
        object_type="user",
        object_id=user.pk,
    )
    return True


def request_agent_reset(*, email: str, address: str) -> None:
    """Ask for a link; a job looks the account up, so that time tells nothing."""
    from preau.accounts.tasks import send_agent_reset_link

    send_agent_reset_link.defer(email=email.strip()[:254], address=address)


def _write_password(user: User, new_password: str, now: datetime) -> None:
    user.set_password(new_password)
    user.must_change_password = False
    user.initial_password_expires_at = None
    user.save(update_fields=["password", "must_change_password", "initial_password_expires_at"])
    _kill_links(user, now)


def _kill_links(user: User, now: datetime) -> None:
    PasswordLink.objects.filter(user=user, used_at__isnull=True).update(used_at=now)


def _tell(user: User, now: datetime, actor: Actor, family_id: int | None) -> None:
    audit.record(
        actor=actor,
        now=now,
        action="accounts.change_password",
        summary=f"Mot de passe de {user} changé",
        family_id=family_id,
        object_type="user",
        object_id=user.pk,
    )
    if user.email:
        town = get_town()
        queue_email(
            to=user.email,
            subject="Votre mot de passe a été changé",
            body=(
                "Bonjour,\n\nLe mot de passe de votre compte vient d’être changé. Si c’est vous, "
                "vous n’avez rien à faire.\n\nSi ce n’est pas vous, prévenez-nous tout de suite : "
                f"{town.phone or town.email or town.name}.\n\n{town.name}"
            ),
            now=now,
            family_id=family_id,
        )
