"""The acts of the pages' bench inside Django: sign visitors in, count queries, grow the town.

Run by `pages.py`, each in a process of its own; the last line printed is its answer, as JSON.
"""

import json
import sys
from datetime import date
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import (  # noqa: E402
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
)
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

COPIES = 14
STEP = 100_000_000
"""Ids of the copy n are those of the original plus n times this."""
ROOTS = ("families.Family", "families.Child", "catalogue.Establishment", "billing.Movement")
"""What a bigger town has more of; and, with it, every table that refers to it."""
NOT_GROWN = ("certificates.Certificate", "casework.Draft")
"""A certificate is one with a document, that stays alone; a draft is nobody's yet."""
CROWD = 3_320
"""Children expected on the register's day: nearly the whole town, as the day before holidays."""
PAGES = {
    "planning": "/espace/reservations/",
    "home": "/espace/",
    "account": "/espace/compte/",
}


def visitors() -> dict[str, Any]:
    """A parent and two agents, signed in; and what their pages ask of the database."""
    from preau.accounts.enums import Role
    from preau.accounts.queries import find_agent_by_email, find_family_users_by_email
    from preau.catalogue.models import Establishment
    from preau.demo.town.people import AGENTS, FAMILIES
    from preau.families.models import Child

    parent = find_family_users_by_email(next(f.email for f in FAMILIES if f.name == "three")).get()
    chief = find_agent_by_email(next(a.email for a in AGENTS if a.role == Role.ADMINISTRATOR))
    manager = find_agent_by_email(next(a.email for a in AGENTS if a.role == Role.SITE_MANAGER))
    # He keeps the sites of the small town, whatever the town has become.
    manager.roles.all().delete()
    for site in Establishment.objects.filter(pk__lt=STEP):
        manager.roles.create(
            role=Role.SITE_MANAGER, establishment_id=site.pk, starts_on=date(2020, 1, 1)
        )
    family = sign_in(parent, "preau.families.auth.FamilyBackend")
    office = sign_in(manager, "preau.accounts.auth.AgentBackend")
    day, expected = busiest_day()
    register = f"/mairie/sites/registre/?jour={day.isoformat()}"
    client = Client(headers={"host": "localhost"})
    queries = {}
    for name, path, cookies in [
        *((name, path, family) for name, path in PAGES.items()),
        ("register", register, office),
    ]:
        client.cookies.load(cookies)
        for _turn in range(2):  # the first one fills what a process keeps
            with CaptureQueriesContext(connection) as asked:
                response = client.get(path)
        if response.status_code != 200:
            raise SystemExit(f"{path} : réponse {response.status_code}")
        queries[name] = len(asked)
    return {
        "family": family,
        "agent": office,
        "chief": sign_in(chief, "preau.accounts.auth.AgentBackend"),
        "register": register,
        "queries": queries,
        "register_children": expected,
        "pupils": Child.objects.count(),
    }


def sign_in(user: Any, backend: str) -> dict[str, str]:
    """The cookie of a session of this account."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = backend
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {settings.SESSION_COOKIE_NAME: session.session_key}


def busiest_day() -> tuple[date, int]:
    """The day, from today on, when most children of the small town are expected, and how many."""
    from preau.bookings.models import Booking
    from preau.kernel.clock import paris_day, utc_now

    found: tuple[date, int] = (
        Booking.objects.filter(
            slot_id__lt=STEP, slot__day__gte=paris_day(utc_now()), status="CONFIRMED"
        )
        .values_list("slot__day")
        .annotate(n=models.Count("child", distinct=True))
        .order_by("-n", "slot__day")
        .first()
    )
    return found


@transaction.atomic
def crowd() -> dict[str, Any]:
    """On the busiest day, let pupils who stay at home have lunch at school, until `CROWD` are
    expected: enrolled where they were not, each slot as large as it needs to be."""
    from preau.bookings.models import Booking, Slot
    from preau.enrolments.models import Enrolment
    from preau.kernel.clock import utc_now
    from preau.schools.models import Schooling

    day, expected = busiest_day()
    lunches: dict[int, Any] = {}
    for slot in (
        Slot.objects.filter(day=day, offering__activity__kind="CANTEEN", status="OPEN")
        .select_related("offering")
        .annotate(n=models.Count("bookings"))
        .order_by("n")
    ):
        lunches[slot.offering.establishment_id] = slot
    held = Booking.objects.filter(
        slot__day=day, status="CONFIRMED", child=models.OuterRef("child_id")
    )
    pupils = (
        Schooling.objects.filter(starts_on__lte=day, ends_on__gte=day)
        .filter(~models.Exists(held), establishment__in=list(lunches))
        .annotate(family_id=models.Min("child__custodies__family"))
        .order_by("pk")[: max(CROWD - expected, 0)]
    )
    now = utc_now()
    rows = []
    for pupil in pupils:
        slot = lunches[pupil.establishment_id]
        right = Enrolment.objects.filter(
            child=pupil.child_id, family=pupil.family_id, offering=slot.offering_id, status="ACTIVE"
        ).first() or Enrolment.objects.create(
            child_id=pupil.child_id,
            family_id=pupil.family_id,
            offering_id=slot.offering_id,
            starts_on=day,
            ends_on=day,
            channel="COUNTER",
            created_at=now,
        )
        slot.last_ordinal += 1
        slot.taken += 1
        slot.capacity = max(slot.capacity, slot.taken + slot.kept)
        rows.append(
            Booking(
                slot=slot,
                child_id=pupil.child_id,
                family_id=pupil.family_id,
                enrolment=right,
                status="CONFIRMED",
                ordinal=slot.last_ordinal,
                channel="COUNTER",
                booked_at=now,
            )
        )
    Slot.objects.bulk_update(lunches.values(), ["capacity"])
    Slot.objects.bulk_update(lunches.values(), ["taken", "last_ordinal"])
    Booking.objects.bulk_create(rows)
    return {"day": day.isoformat(), "expected": expected, "added": len(rows)}


def grown() -> list[type[models.Model]]:
    """The tables of a bigger town: the roots and, step by step, what has a key to one of them."""
    from django.apps import apps

    found = {apps.get_model(name) for name in ROOTS}
    while True:
        more = {
            model
            for model in apps.get_models()
            if model not in found
            and model._meta.label not in NOT_GROWN
            and any(field.related_model in found for field in model._meta.concrete_fields)
        }
        if not more:
            return sorted(found, key=lambda model: model._meta.label)
        found |= more


@transaction.atomic
def grow() -> dict[str, Any]:
    """Copy the town's schools, families, bookings and invoices, people and places apart.

    Triggers and foreign keys sleep meanwhile; what a copy refers to is copied with it, or shared
    (activities, school years, rules, cash offices).
    """
    copied = grown()
    rows = {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL synchronous_commit = off")
        for model in copied:
            cursor.execute(copy_statement(model, set(copied)))
            rows[model._meta.label] = cursor.rowcount
    print({name: count for name, count in rows.items() if count})
    return {"rows": sum(rows.values()), "bookings": rows["bookings.Booking"]}


def copy_statement(model: type[models.Model], copied: set[type[models.Model]]) -> str:
    """INSERT … SELECT of the copies of one table; what is the whole town's stays alone."""
    names, values = [], []
    keys = [f for f in model._meta.concrete_fields if f.is_relation and f.related_model in copied]
    of_someone = " OR ".join(f'original."{field.column}" IS NOT NULL' for field in keys)
    if model._meta.label in ROOTS:
        of_someone = "true"
    alone = must_differ(model, copied)
    for field in model._meta.concrete_fields:
        if field.generated:
            continue
        names.append(f'"{field.column}"')
        values.append(copied_value(field, copied, field.name in alone))
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM {model._meta.db_table} original, "
        f"generate_series(1, {COPIES}) AS n WHERE original.id < {STEP} AND ({of_someone}) "
        "ORDER BY n, original.id"
    )


def must_differ(model: type[models.Model], copied: set[type[models.Model]]) -> set[str]:
    """The texts that no two rows share, alone or with what copies have in common."""
    found = {field.name for field in model._meta.concrete_fields if field.unique}
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            fields = [model._meta.get_field(name) for name in constraint.fields]
            if not any(field.is_relation and field.related_model in copied for field in fields):
                found |= {f.name for f in fields if isinstance(f, models.CharField)}
    return found


def copied_value(field: Any, copied: set[type[models.Model]], differs: bool) -> str:
    """What a column holds in the copy n: moved ids, unique texts made different."""
    column = f'original."{field.column}"'
    if field.name == "external_id":
        return "''"
    moved = field.is_relation and field.related_model in copied
    if field.primary_key or moved or field.name == "source_id":
        return f"{column} + n * {STEP}"
    if field.is_relation and field.unique:
        return "NULL"  # a copy of an adult has no account
    if not differs:
        return column
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()"
    if field.null:
        return "NULL"
    if field.name == "code" and field.model._meta.label == "families.Family":
        return "lpad(original.id::text, 5, '0') || chr(64 + n::int) || 'zz'"
    size = field.max_length or 40
    if size < 15 or "hash" in field.name or field.name == "digest":
        return f"left(md5({column} || n), {size})"
    room = size - 3
    return f"CASE {column} WHEN '' THEN '' ELSE right({column}, {room}) || '-' || n END"


def settle() -> dict[str, Any]:
    """Leave the database as on an ordinary day: vacuumed, with its statistics."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return {}


if __name__ == "__main__":
    act = sys.argv[1]
    answer = {"visitors": visitors, "crowd": crowd, "grow": grow, "settle": settle}[act]()
    if act == "grow":
        settle()
    print(json.dumps(answer))
