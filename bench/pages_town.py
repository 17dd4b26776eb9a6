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
GROWN = [
    "families.Family",
    "families.Guardian",
    "families.Child",
    "families.Custody",
    "families.Quotient",
    "catalogue.Establishment",
    "catalogue.SchoolClass",
    "catalogue.Offering",
    "schools.Schooling",
    "enrolments.Enrolment",
    "bookings.Slot",
    "bookings.Booking",
    "attendance.Attendance",
    "attendance.AbsenceReport",
    "billing.FamilyAccount",
    "billing.Movement",
    "billing.LedgerLine",
    "billing.Invoice",
    "billing.InvoiceLine",
    "billing.Allocation",
]
PAGES = {
    "planning": "/espace/reservations/",
    "home": "/espace/",
    "account": "/espace/compte/",
}


def visitors() -> dict[str, Any]:
    """A parent and two agents, signed in; and what their pages ask of the database."""
    from preau.accounts.enums import Role
    from preau.accounts.queries import find_agent_by_email, find_family_users_by_email
    from preau.bookings.models import Booking
    from preau.catalogue.models import Establishment
    from preau.demo.town.people import AGENTS, FAMILIES
    from preau.families.models import Child
    from preau.kernel.clock import paris_day, utc_now

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
    # The day, from today on, when most children are expected.
    day, expected = (
        Booking.objects.filter(
            slot_id__lt=STEP, slot__day__gte=paris_day(utc_now()), status="CONFIRMED"
        )
        .values_list("slot__day")
        .annotate(n=models.Count("child", distinct=True))
        .order_by("-n", "slot__day")
        .first()
    )
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


@transaction.atomic
def grow() -> dict[str, Any]:
    """Copy the town's schools, families, bookings and invoices, people and places apart.

    Triggers and foreign keys sleep meanwhile; what a copy refers to is copied with it, or shared
    (activities, school years, rules, cash offices).
    """
    from django.apps import apps

    copied = [apps.get_model(name) for name in GROWN]
    rows = {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL synchronous_commit = off")
        for model in copied:
            cursor.execute(copy_statement(model, set(copied)))
            rows[model._meta.label] = cursor.rowcount
    return {"rows": sum(rows.values()), "bookings": rows["bookings.Booking"]}


def copy_statement(model: type[models.Model], copied: set[type[models.Model]]) -> str:
    """INSERT … SELECT of the copies of one table."""
    names, values = [], []
    for field in model._meta.concrete_fields:
        if field.generated:
            continue
        names.append(f'"{field.column}"')
        values.append(copied_value(field, copied))
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM {model._meta.db_table} original, "
        f"generate_series(1, {COPIES}) AS n WHERE original.id < {STEP} ORDER BY n, original.id"
    )


def copied_value(field: Any, copied: set[type[models.Model]]) -> str:
    """What a column holds in the copy n: moved ids, unique texts made different."""
    column = f'original."{field.column}"'
    if field.name == "external_id":
        return "''"
    moved = field.is_relation and field.related_model in copied
    if field.primary_key or moved or field.name == "source_id":
        return f"{column} + n * {STEP}"
    if field.is_relation and field.unique:
        return "NULL"  # a copy of an adult has no account
    if not field.unique:
        return column
    if field.null:
        return "NULL"
    if field.name == "code":
        return "lpad(original.id::text, 5, '0') || chr(64 + n::int) || 'zz'"
    return f"left({column}, {(field.max_length or 40) - 3}) || '-' || n"


def settle() -> dict[str, Any]:
    """Leave the database as on an ordinary day: vacuumed, with its statistics."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return {}


if __name__ == "__main__":
    act = sys.argv[1]
    answer = {"visitors": visitors, "grow": grow, "settle": settle}[act]()
    if act == "grow":
        settle()
    print(json.dumps(answer))
