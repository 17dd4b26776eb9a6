"""What changes accounts: opening them, passwords, roles. Sessions belong to the faces."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from preau.accounts.enums import TOWN_WIDE, Role
from preau.accounts.errors import (
    BadRoleDates,
    EmailTaken,
    LastAdministrator,
    OwnAccount,
    RoleOfTheTown,
)
from preau.accounts.models import PasswordLink, RoleAssignment, User
from preau.accounts.passwords import (
    change_password,
    check_strength,
    create_link,
    find_link,
    hash_token,
    request_agent_reset,
    send_agent_link,
    set_initial_password,
    use_link,
)
from preau.accounts.queries import count_administrators
from preau.audit import services as audit
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.french import day as day_words
from preau.kernel.locks import advisory_lock

INVITATION = PasswordLink.Purpose.INVITATION
RESET = PasswordLink.Purpose.RESET

__all__ = [
    "INVITATION",
    "RESET",
    "assign_role",
    "change_agent",
    "change_password",
    "check_strength",
    "create_agent",
    "create_family_user",
    "create_link",
    "end_role",
    "find_link",
    "hash_token",
    "rename_user",
    "request_agent_reset",
    "send_agent_link",
    "set_active",
    "set_email",
    "set_initial_password",
    "use_link",
]

_AGENTS_LOCK = 4_021


@transaction.atomic
def create_family_user(
    *,
    first_name: str,
    last_name: str,
    email: str | None = None,
    now: datetime,
    is_email_verified: bool = False,
) -> User:
    """An account for an adult, with no usable password yet (no slow hash). Raises EmailTaken.

    Give `email` only when its holder proved it: one signs in with it.
    """
    return _create(
        User(
            kind=User.Kind.FAMILY,
            first_name=first_name,
            last_name=last_name,
            email=_clean_email(email),
            email_verified_at=now if email and is_email_verified else None,
            created_at=now,
        )
    )


@transaction.atomic
def create_agent(
    *, email: str, first_name: str, last_name: str, now: datetime, actor: Actor
) -> User:
    """An agent's account, without role nor usable password. Raises EmailTaken."""
    user = _create(
        User(
            kind=User.Kind.AGENT,
            first_name=first_name.strip(),
            last_name=last_name.strip(),
            email=_clean_email(email),
            created_at=now,
        )
    )
    _record(actor, now, "accounts.create_agent", f"Compte d’agent ouvert pour {user}", user)
    return user


@transaction.atomic
def change_agent(
    *, user: User, email: str, first_name: str, last_name: str, now: datetime, actor: Actor
) -> None:
    """Correct an agent's name or address. Raises EmailTaken."""
    before = (user.email, user.first_name, user.last_name)
    user.first_name, user.last_name = first_name.strip(), last_name.strip()
    set_email(user=user, email=email, now=now)
    user.save(update_fields=["first_name", "last_name"])
    if before != (user.email, user.first_name, user.last_name):
        _record(actor, now, "accounts.change_agent", f"Compte de {user} corrigé", user)


@transaction.atomic
def set_email(*, user: User, email: str | None, now: datetime, is_verified: bool = False) -> None:
    """The address one signs in with (None: the family code alone). Raises EmailTaken."""
    user.email = _clean_email(email)
    user.email_verified_at = now if user.email and is_verified else None
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "email_verified_at"])
    except IntegrityError as error:
        raise EmailTaken from error


def rename_user(*, user_id: int, first_name: str, last_name: str) -> None:
    """Follow a change of the person's name in the file."""
    User.objects.filter(pk=user_id).update(first_name=first_name, last_name=last_name)


@transaction.atomic
def assign_role(
    *,
    user: User,
    role: str,
    starts_on: date,
    ends_on: date | None = None,
    establishment_id: int | None = None,
    now: datetime,
    actor: Actor,
) -> RoleAssignment:
    """Give an agent a role from a day, perhaps until another, perhaps for one establishment.

    Raises BadRoleDates, RoleOfTheTown.
    """
    if establishment_id is not None and role in TOWN_WIDE:
        raise RoleOfTheTown
    if ends_on is not None and ends_on < starts_on:
        raise BadRoleDates
    assignment = RoleAssignment.objects.create(
        user=user,
        role=Role(role),
        establishment_id=establishment_id,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    _record(
        actor,
        now,
        "accounts.assign_role",
        f"Rôle « {Role(role).label} » donné à {user} à partir du {day_words(starts_on, year=True)}",
        user,
        {"role": role, "establishment_id": establishment_id},
    )
    return assignment


@transaction.atomic
def end_role(*, role: RoleAssignment, ends_on: date, now: datetime, actor: Actor) -> None:
    """The role holds for the last time on `ends_on`; one that never began is removed.

    Raises LastAdministrator when nobody would manage agents any more.
    """
    advisory_lock(_AGENTS_LOCK, 0)
    user, label = role.user, Role(role.role).label
    if ends_on < role.starts_on:
        role.delete()
    else:
        role.ends_on = ends_on
        role.save(update_fields=["ends_on"])
    _keep_an_administrator(ends_on + timedelta(days=1), now)
    _record(
        actor,
        now,
        "accounts.end_role",
        f"Rôle « {label} » de {user} terminé le {day_words(ends_on, year=True)}",
        user,
    )


@transaction.atomic
def set_active(*, user: User, is_active: bool, now: datetime, actor: Actor) -> None:
    """Open or close an account. A closed one is out at its next click, whatever its sessions.

    Raises OwnAccount, LastAdministrator.
    """
    if user.is_active == is_active:
        return
    if not is_active and actor.user_id == user.pk:
        raise OwnAccount
    advisory_lock(_AGENTS_LOCK, 0)
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    if user.is_agent and not is_active:
        _keep_an_administrator(paris_day(now), now)
    word = "réactivé" if is_active else "désactivé"
    _record(actor, now, "accounts.set_active", f"Compte de {user} {word}", user)


def _keep_an_administrator(day: date, now: datetime) -> None:
    if not count_administrators(max(day, paris_day(now))):
        raise LastAdministrator


def _create(user: User) -> User:
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise EmailTaken from error
    return user


def _clean_email(email: str | None) -> str | None:
    return (email or "").strip().lower() or None


def _record(
    actor: Actor,
    now: datetime,
    action: str,
    summary: str,
    user: User,
    data: dict[str, object] | None = None,
) -> None:
    audit.record(
        actor=actor,
        now=now,
        action=action,
        summary=summary,
        object_type="user",
        object_id=user.pk,
        data=data,
    )
