"""Reading accounts, roles and what they allow."""

from collections.abc import Iterable
from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import JSONObject

from preau.accounts.enums import ROLE_PERMISSIONS, Permission, Role
from preau.accounts.models import RoleAssignment, User


def _in_force(day: date) -> Q:
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))


def permissions_of(user: User, day: date) -> frozenset[str]:
    """All that the agent's roles of the day allow, at one site or everywhere; one query."""
    if not user.is_agent or not user.is_active:
        return frozenset()
    held: set[str] = set()
    for role, _site in _roles_on(user, day):
        held |= ROLE_PERMISSIONS.get(role, frozenset())
    return frozenset(held)


def get_agent_with_roles(user_id: int, day: date) -> User | None:
    """An active agent, its roles of the day read with it; one query."""
    roles = RoleAssignment.objects.filter(_in_force(day), user_id=OuterRef("pk"))
    user = (
        User.objects.filter(pk=user_id, kind=User.Kind.AGENT, is_active=True)
        .annotate(
            assigned=ArraySubquery(
                roles.order_by("pk").values(data=JSONObject(role="role", site="establishment_id"))
            )
        )
        .first()
    )
    if user is not None:
        held = [(row["role"], row["site"]) for row in user.assigned]
        user.read_roles = (day, held)  # type: ignore[attr-defined]
    return user


def read_roles_once(user: User, day: date) -> None:
    """Let this very object (that of one web request) read its roles of the day once for all."""
    kept = getattr(user, "read_roles", None)
    if kept and kept[0] == day:
        return
    user.read_roles = (day, list(_assigned(user, day)))  # type: ignore[attr-defined]


def _assigned(user: User, day: date) -> Iterable[tuple[str, int | None]]:
    return user.roles.filter(_in_force(day)).values_list("role", "establishment_id")


def _roles_on(user: User, day: date) -> Iterable[tuple[str, int | None]]:
    kept = getattr(user, "read_roles", None)
    return kept[1] if kept and kept[0] == day else _assigned(user, day)


def establishment_scope(user: User, permission: str, day: date) -> frozenset[int] | None:
    """The establishments (ids) where the agent has `permission`; None: everywhere.

    An empty set means nowhere.
    """
    sites: set[int] = set()
    if not user.is_agent or not user.is_active:
        return frozenset()
    for role, site in _roles_on(user, day):
        if permission not in ROLE_PERMISSIONS.get(role, frozenset()):
            continue
        if site is None:
            return None
        sites.add(site)
    return frozenset(sites)


def may(user: User, permission: str, day: date, establishment_id: int | None = None) -> bool:
    """Whether the agent may do this, at this establishment when one is named."""
    scope = establishment_scope(user, permission, day)
    if scope is None:
        return True
    return bool(scope) if establishment_id is None else establishment_id in scope


def get_user(user_id: int) -> User | None:
    """The account, whatever its kind."""
    return User.objects.filter(pk=user_id).first()


def get_agent(agent_id: int) -> User | None:
    """An agent's account with its roles (`roles.all()`, latest first), active or not."""
    return list_agents().filter(pk=agent_id).first()


def list_agents() -> QuerySet[User]:
    """The agents and their roles, by name."""
    return (
        User.objects.filter(kind=User.Kind.AGENT)
        .prefetch_related(Prefetch("roles", RoleAssignment.objects.order_by("-starts_on", "-pk")))
        .order_by("last_name", "first_name", "pk")
    )


def agents_who_may(permission: str, day: date) -> QuerySet[User]:
    """Active agents who hold the permission on the day."""
    roles = [role for role in Role.values if permission in ROLE_PERMISSIONS[role]]
    holders = RoleAssignment.objects.filter(_in_force(day), role__in=roles).values("user_id")
    return User.objects.filter(kind=User.Kind.AGENT, is_active=True, pk__in=holders)


def count_administrators(day: date) -> int:
    """How many active agents may manage agents on the day."""
    return agents_who_may(Permission.MANAGE_AGENTS, day).count()


def find_agent_by_email(email: str) -> User | None:
    """The agent who signs in with this address."""
    return User.objects.filter(kind=User.Kind.AGENT, email=email.strip().lower()).first()


def find_family_users_by_email(email: str) -> QuerySet[User]:
    """Active family accounts that sign in with this address (one at most)."""
    return User.objects.filter(kind=User.Kind.FAMILY, is_active=True, email=email.strip().lower())


def is_family_email_taken(email: str, *, except_user_id: int | None = None) -> bool:
    """Whether another family account signs in with this address."""
    return (
        User.objects.filter(kind=User.Kind.FAMILY, email=email.strip().lower())
        .exclude(pk=except_user_id)
        .exists()
    )


def active_family_users() -> QuerySet[User]:
    """The accounts by which adults of families may sign in."""
    return User.objects.filter(kind=User.Kind.FAMILY, is_active=True)
