"""How adults come in: accounts, first passwords, links by e-mail, addresses that are proved.

Links are given as `address`, a full URL with `{token}` where the secret goes: the faces own
their routes. What leaves by e-mail with a secret in it is queued as such.
"""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from preau.accounts import queries as accounts_queries
from preau.accounts import services as accounts
from preau.accounts.errors import EmailTaken
from preau.families.errors import InvalidEmailLink, NoEmail, TooManyLinks
from preau.families.models import EmailToken, Guardian
from preau.families.services._common import clean_email, guardian_of, journal, lock_family
from preau.families.services.searching import guardian_key, refresh_search
from preau.kernel.actors import Actor
from preau.kernel.codes import normalise_family_code
from preau.messaging.services import queue_email
from preau.town.queries import get_town

EMAIL_LINK_LIFE = timedelta(hours=24)
OPENING_LINK_LIFE = timedelta(days=3)
LINKS_PER_HOUR = 4


# --- Accounts and first passwords ------------------------------------------------------------


@transaction.atomic
def prepare_account(*, guardian: Guardian, now: datetime) -> Guardian:
    """Give the adult an account when it has none (no password yet, no hash computed)."""
    if guardian.user_id is None:
        locked = Guardian.objects.select_for_update(of=("self",), no_key=True).get(pk=guardian.pk)
        if locked.user_id is None:
            user = accounts.create_family_user(
                first_name=locked.first_name,
                last_name=locked.usage_name or locked.last_name,
                now=now,
            )
            Guardian.objects.filter(pk=locked.pk).update(user_id=user.pk)
        guardian = Guardian.objects.select_related("user", "family").get(pk=guardian.pk)
    return guardian


@transaction.atomic
def grant_first_password(
    *, family_id: int, guardian_id: int, now: datetime, actor: Actor
) -> tuple[Guardian, str]:
    """The one-time password of a letter, for one adult of this file; a slow hash.

    Any former password of this adult is dead, and its sessions with it.
    """
    family = lock_family(family_id)
    guardian = prepare_account(guardian=guardian_of(family, guardian_id), now=now)
    assert guardian.user is not None
    password = accounts.set_initial_password(user=guardian.user, now=now)
    journal(
        actor,
        now,
        "grant_first_password",
        f"Mot de passe provisoire donné à {guardian}, par lettre",
        family.pk,
        object_type="guardian",
        object_id=guardian.pk,
    )
    return guardian, password


@transaction.atomic
def invite_by_email(
    *, family_id: int, guardian_id: int, address: str, now: datetime, actor: Actor
) -> None:
    """Send an adult a link to choose a password; following it proves the address.

    Raises NoEmail when the file has none.
    """
    family = lock_family(family_id)
    guardian = guardian_of(family, guardian_id)
    if not guardian.email:
        raise NoEmail
    guardian = prepare_account(guardian=guardian, now=now)
    assert guardian.user is not None
    token = accounts.create_link(
        user=guardian.user, purpose=accounts.INVITATION, email=guardian.email, now=now
    )
    if token is None:
        raise TooManyLinks
    town = get_town()
    queue_email(
        to=guardian.email,
        subject=f"Votre accès à l’espace familles de {town.name}",
        body=(
            f"Bonjour {guardian.first_name},\n\n{town.name} vous ouvre un accès à l’espace "
            f"familles. Votre code famille : {family.printed_code}.\n\nChoisissez votre mot de "
            f"passe avec ce lien, valable sept jours et une seule fois :\n"
            f"{address.format(token=token)}\n\n{town.name}"
        ),
        now=now,
        family_id=family.pk,
        is_secret=True,
    )
    journal(
        actor,
        now,
        "invite",
        f"{guardian} invité par e-mail",
        family.pk,
        object_type="guardian",
        object_id=guardian.pk,
    )


def change_own_password(
    *, guardian: Guardian, new_password: str, now: datetime, actor: Actor
) -> None:
    """The adult's own choice; see `accounts.services.change_password` for what it refuses."""
    assert guardian.user is not None
    accounts.change_password(
        user=guardian.user,
        new_password=new_password,
        now=now,
        actor=actor,
        family_id=guardian.family_id,
    )


# --- Forgotten password ----------------------------------------------------------------------


def request_password_reset(*, identifier: str, address: str) -> None:
    """Ask for a link; a job looks the account up, so that neither answer nor time tells whether
    it exists. `identifier`: a family code or an e-mail address."""
    from preau.families.tasks import send_reset_link

    send_reset_link.defer(identifier=identifier.strip()[:254], address=address)


@transaction.atomic
def send_password_reset(*, identifier: str, address: str, now: datetime) -> int:
    """Send a link to each account this names, at its proved address; how many were sent."""
    sent = 0
    for guardian in _named_by(identifier):
        user = guardian.user
        if user is None or not user.email or not user.is_active:
            continue
        token = accounts.create_link(user=user, purpose=accounts.RESET, email=user.email, now=now)
        if token is None:
            continue
        town = get_town()
        queue_email(
            to=user.email,
            subject="Choisir un nouveau mot de passe",
            body=(
                f"Bonjour {guardian.first_name},\n\nVous avez demandé un nouveau mot de passe "
                f"pour l’espace familles de {town.name}. Votre code famille : "
                f"{guardian.family.printed_code}.\n\nCe lien sert une seule fois, pendant deux "
                f"heures :\n{address.format(token=token)}\n\nSi vous n’avez rien demandé, ne "
                f"faites rien : votre mot de passe reste le même.\n\n{town.name}"
            ),
            now=now,
            family_id=guardian.family_id,
            is_secret=True,
        )
        sent += 1
    return sent


@transaction.atomic
def choose_password_by_link(*, token: str, new_password: str, now: datetime) -> Guardian:
    """Set the password chosen by the holder of a link, once. Raises InvalidLink, WeakPassword."""
    link = accounts.find_link(token, now)
    guardian = (
        Guardian.objects.select_related("family", "user")
        .filter(user_id=link.user_id, left_on__isnull=True)
        .first()
    )
    if guardian is None:
        raise InvalidEmailLink
    actor = Actor.system(str(guardian))
    user = accounts.use_link(
        token=token, new_password=new_password, now=now, actor=actor, family_id=guardian.family_id
    )
    guardian.user = user
    if user.email and not guardian.email:
        _write_email(guardian, user.email)
    return guardian


def _named_by(identifier: str) -> list[Guardian]:
    here = Guardian.objects.select_related("user", "family").filter(left_on__isnull=True)
    if "@" in identifier:
        users = accounts_queries.find_family_users_by_email(identifier)
        return list(here.filter(user_id__in=users.values("pk")))
    code = normalise_family_code(identifier)
    return list(here.filter(family__code=code)) if code else []


# --- Addresses that are proved ---------------------------------------------------------------


@transaction.atomic
def ask_email_verification(
    *, guardian: Guardian, email: str, address: str, now: datetime, actor: Actor
) -> None:
    """Send a link to an address; following it makes it the one to sign in with.

    Says the same whether or not another account uses it: only its mailbox is told.
    Raises BadEmail, TooManyLinks.
    """
    email = clean_email(email)
    if not email:
        raise NoEmail("Écrivez une adresse e-mail.")
    town = get_town()
    token = _new_token(EmailToken.Purpose.VERIFY, email, EMAIL_LINK_LIFE, now, guardian)
    if accounts_queries.is_family_email_taken(email, except_user_id=guardian.user_id):
        body = (
            "Bonjour,\n\nQuelqu’un a donné cette adresse pour un compte de l’espace familles de "
            f"{town.name}, mais elle sert déjà à un autre compte. Rien n’a été changé. Chaque "
            f"adulte a besoin de sa propre adresse.\n\n{town.name}"
        )
    else:
        body = (
            f"Bonjour {guardian.first_name},\n\nConfirmez que cette adresse est la vôtre, avec ce "
            f"lien valable une journée :\n{address.format(token=token)}\n\nElle servira à vous "
            "connecter et à recevoir nos messages. Si vous n’avez rien demandé, ne faites rien."
            f"\n\n{town.name}"
        )
    queue_email(
        to=email,
        subject="Confirmez votre adresse e-mail",
        body=body,
        now=now,
        family_id=guardian.family_id,
        is_secret=True,
    )
    journal(
        actor,
        now,
        "ask_email",
        f"{guardian} : nouvelle adresse e-mail à confirmer",
        guardian.family_id,
        object_type="guardian",
        object_id=guardian.pk,
    )


@transaction.atomic
def confirm_email(*, token: str, now: datetime) -> Guardian:
    """The link was followed: the address is proved. Raises InvalidEmailLink, EmailTaken."""
    found = _use_token(token, EmailToken.Purpose.VERIFY, now)
    guardian = (
        Guardian.objects.select_related("user", "family")
        .filter(pk=found.guardian_id, left_on__isnull=True)
        .first()
    )
    if guardian is None:
        raise InvalidEmailLink
    if accounts_queries.is_family_email_taken(found.email, except_user_id=guardian.user_id):
        raise EmailTaken
    guardian = prepare_account(guardian=guardian, now=now)
    assert guardian.user is not None
    accounts.set_email(user=guardian.user, email=found.email, now=now, is_verified=True)
    _write_email(guardian, found.email)
    journal(
        Actor.system(str(guardian)),
        now,
        "confirm_email",
        f"{guardian} a confirmé son adresse e-mail",
        guardian.family_id,
        object_type="guardian",
        object_id=guardian.pk,
    )
    return guardian


@transaction.atomic
def ask_file_opening(*, email: str, address: str, now: datetime) -> None:
    """Send the link by which a family unknown so far opens its file. Raises BadEmail."""
    email = clean_email(email)
    if not email:
        raise NoEmail("Écrivez une adresse e-mail.")
    token = _new_token(EmailToken.Purpose.OPEN_FILE, email, OPENING_LINK_LIFE, now)
    town = get_town()
    queue_email(
        to=email,
        subject="Ouvrir le dossier de votre famille",
        body=(
            f"Bonjour,\n\nPour ouvrir le dossier de votre famille à {town.name}, suivez ce lien, "
            f"valable trois jours :\n{address.format(token=token)}\n\nSi vous n’avez rien "
            f"demandé, ne faites rien.\n\n{town.name}"
        ),
        now=now,
        is_secret=True,
    )


def find_opening_email(*, token: str, now: datetime) -> str:
    """The address that this link proved; the link still serves. Raises InvalidEmailLink."""
    return _find_token(token, EmailToken.Purpose.OPEN_FILE, now).email


@transaction.atomic
def use_opening_link(*, token: str, now: datetime) -> str:
    """The file's request was sent: the link serves no more. Raises InvalidEmailLink."""
    return _use_token(token, EmailToken.Purpose.OPEN_FILE, now).email


def _new_token(
    purpose: str, email: str, life: timedelta, now: datetime, guardian: Guardian | None = None
) -> str:
    recent = EmailToken.objects.filter(
        purpose=purpose, email=email, created_at__gt=now - timedelta(hours=1)
    )
    if recent.count() >= LINKS_PER_HOUR:
        raise TooManyLinks
    token = secrets.token_urlsafe(32)
    EmailToken.objects.create(
        purpose=purpose,
        email=email,
        token_hash=accounts.hash_token(token),
        guardian=guardian,
        created_at=now,
        expires_at=now + life,
    )
    return token


def _find_token(token: str, purpose: str, now: datetime, *, lock: bool = False) -> EmailToken:
    found = EmailToken.objects.filter(
        token_hash=accounts.hash_token(token),
        purpose=purpose,
        used_at__isnull=True,
        expires_at__gt=now,
    )
    if lock:
        found = found.select_for_update(of=("self",), no_key=True)
    link = found.first()
    if link is None:
        raise InvalidEmailLink
    return link


def _use_token(token: str, purpose: str, now: datetime) -> EmailToken:
    link = _find_token(token, purpose, now, lock=True)
    link.used_at = now
    link.save(update_fields=["used_at"])
    return link


def _write_email(guardian: Guardian, email: str) -> None:
    guardian.email = email
    guardian.search_key = guardian_key(guardian)
    guardian.save(update_fields=["email", "search_key"])
    refresh_search([guardian.family_id])
