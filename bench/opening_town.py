"""The town of the opening bench, in a database: sites, slots, families, signed-in sessions.

Called by opening.py in a process of its own, with the settings of production. Two crowds: those of
the rush (5,000), who find 120 slots of 50 places behind a window that opens at the hour; and those
of the phase that measures one POST alone (1,500), who find a day of 2,000 places in another month.
"""

import json
import random
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import django

CLIENTS, LINES, SITES, PLACES = 5_000, 7_395, 6, 50
POSTERS = 1_500
RUSH_DAYS = [
    date(2027, 4, 5) + timedelta(days=n)
    for n in range(26)
    if (date(2027, 4, 5) + timedelta(days=n)).weekday() < 5
]
POST_DAY = date(2027, 5, 10)
RULES = """format: 1
name: Banc d'ouverture
version: banc-2027
council_decision: Délibération 2026-06-18/27
executory_on: 2026-07-01
applies_from: 2026-07-01
activities:
  centre:
    label: Centre de loisirs
    kind: holidays
    days: [mon, tue, wed, thu, fri]
    products:
      journee: {label: Journée, opens: 08:00, closes: 18:00}
tariffs:
  - id: journee
    label: Journée
    for: centre
    grid:
      by: quotient
      rows:
        - {from: 0, to: 600, price: 6.00}
        - {from: 600.01, to: 1100, price: 11.50}
        - {from: 1100.01, price: 17.00}
        - {unknown: true, price: 17.00}
"""


def prepare() -> dict[str, Any]:
    """Migrate, collect, fill; write the crowds beside. The rush's slots open when `open` says."""
    from django.core.management import call_command
    from django.db import connection

    from preau.config.prepare import collect_static

    call_command("migrate", verbosity=0, interactive=False)
    collect_static()
    offerings, post_slots = _offer()
    rush = _people(CLIENTS, offerings, "rush")
    posters = _people(POSTERS, offerings, "post")
    pick = random.Random(7395)  # noqa: S311
    baskets = [1] * CLIENTS
    for n in pick.sample(range(CLIENTS), LINES - CLIENTS):
        baskets[n] = 2
    for client, size in zip(rush, baskets, strict=True):
        client["days"] = [day.isoformat() for day in sorted(pick.sample(RUSH_DAYS, size))]
    for client in posters:
        client["slot"] = post_slots[client["offering"]]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    Path(sys.argv[2]).write_text(json.dumps({"rush": rush, "posters": posters}))
    return {"slots": len(RUSH_DAYS) * SITES, "places": len(RUSH_DAYS) * SITES * PLACES}


def _offer() -> tuple[list[int], dict[int, int]]:
    from preau.bookings.models import Slot
    from preau.catalogue.models import Activity, Establishment, Offering, Product, SchoolYear
    from preau.kernel.actors import Actor
    from preau.openings.services import save_window
    from preau.rulebook.services import publish, save_draft

    before, actor = datetime(2026, 8, 1, tzinfo=UTC), Actor.system()
    year = SchoolYear.objects.create(
        label="2026-2027", starts_on=date(2026, 9, 1), ends_on=date(2027, 8, 31)
    )
    activity = Activity.objects.create(
        slug="centre",
        name="Centre de loisirs",
        kind="HOLIDAY_CENTRE",
        domain="HOLIDAYS",
        booking_mode="DAYS",
    )
    item = Product.objects.create(
        activity=activity,
        slug="journee",
        name="Journée",
        unit_name="journée",
        unit_plural="journées",
        starts_at=time(8),
        ends_at=time(18),
    )
    offerings, posts = [], {}
    for n in range(SITES):
        site = Establishment.objects.create(
            kind="LEISURE_CENTRE", name=f"Centre {n + 1}", slug=f"centre-{n + 1}"
        )
        place = Offering.objects.create(
            activity=activity,
            establishment=site,
            school_year=year,
            capacity=PLACES,
            starts_on=year.starts_on,
            ends_on=year.ends_on,
        )
        common = {
            "offering": place,
            "product": item,
            "starts_at": item.starts_at,
            "ends_at": item.ends_at,
            "period_kind": "SMALL_HOLIDAYS",
        }
        Slot.objects.bulk_create(Slot(day=day, capacity=PLACES, **common) for day in RUSH_DAYS)
        posts[place.pk] = Slot.objects.create(day=POST_DAY, capacity=2_000, **common).pk
        save_window(
            offering_id=place.pk,
            audience="ALL",
            opens_at=datetime(2027, 1, 1, tzinfo=UTC),
            first_day=RUSH_DAYS[0],
            last_day=RUSH_DAYS[-1],
            now=before,
            actor=actor,
        )
        offerings.append(place.pk)
    draft = save_draft(text=RULES, now=before, actor=actor)
    publish(version_id=draft.pk, now=before, actor=actor)
    return offerings, posts


def _people(count: int, offerings: list[int], prefix: str) -> list[dict[str, Any]]:
    """Families of one child, each with an adult signed in."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils.crypto import get_random_string

    from preau.accounts.models import User
    from preau.enrolments.models import Enrolment
    from preau.families.models import Child, Custody, Family, Guardian, Quotient
    from preau.portal.waiting.tokens import visitor_of, write_pass

    made, first = datetime(2026, 8, 1, tzinfo=UTC), 1 + Family.objects.count()
    families = Family.objects.bulk_create(
        Family(
            code=f"{1_000_000 + first + n}A",
            name=f"Famille {n}",
            sort_key=f"famille {n}",
            address_line1=f"{n} rue du Préau",
            postcode="94300",
            city="Vincennes",
            is_resident=True,
            created_at=made,
            channel="COUNTER",
        )
        for n in range(count)
    )
    users = User.objects.bulk_create(
        User(
            kind="FAMILY",
            email=f"{prefix}{n}@example.fr",
            email_verified_at=made,
            first_name="Claire",
            last_name=f"Famille {n}",
            created_at=made,
            password="!",  # noqa: S106
        )
        for n in range(count)
    )
    Guardian.objects.bulk_create(
        Guardian(
            family=family,
            user=user,
            civility="MME",
            last_name=family.name,
            first_name="Claire",
            email=user.email or "",
            is_payer=True,
            search_key=family.sort_key,
            created_at=made,
        )
        for family, user in zip(families, users, strict=True)
    )
    Quotient.objects.bulk_create(
        Quotient(
            family=family,
            value_cents=(300 + 7 * n % 1500) * 100,
            source="CAF",
            starts_on=date(2026, 9, 1),
            recorded_at=made,
            recorded_by="banc",
        )
        for n, family in enumerate(families)
    )
    children = Child.objects.bulk_create(
        Child(
            last_name=family.name,
            first_name="Lina",
            birth_on=date(2018, 3, 12),
            sex="F",
            search_key=f"lina {family.sort_key}",
            created_at=made,
        )
        for family in families
    )
    Custody.objects.bulk_create(
        Custody(child=child, family=family, weeks="ALL", starts_on=date(2018, 3, 12))
        for child, family in zip(children, families, strict=True)
    )
    Enrolment.objects.bulk_create(
        Enrolment(
            child=child,
            family=family,
            offering_id=offerings[n % SITES],
            starts_on=date(2026, 9, 1),
            ends_on=date(2027, 8, 31),
            channel="PORTAL",
            created_at=made,
        )
        for n, (child, family) in enumerate(zip(children, families, strict=True))
    )
    store, sessions, people = SessionStore(), [], []
    until = datetime.now(UTC) + timedelta(days=1)
    for n, (user, child) in enumerate(zip(users, children, strict=True)):
        key = get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789")
        data = {
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": "preau.families.auth.FamilyBackend",
            "_auth_user_hash": user.get_session_auth_hash(),
        }
        sessions.append(
            Session(session_key=key, session_data=store.encode(data), expire_date=until)
        )
        people.append(
            {
                "session": key,
                "child": child.pk,
                "offering": offerings[n % SITES],
                "pass": write_pass(visitor_of(key)),
            }
        )
    Session.objects.bulk_create(sessions)
    return people


def let_in() -> dict[str, Any]:
    """The hour has come: the windows open now."""
    from preau.openings.models import Window

    return {"windows": Window.objects.update(opens_at=datetime.now(UTC))}


def count() -> dict[str, Any]:
    """What the database holds after the rush."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(COUNT, [RUSH_DAYS[0], RUSH_DAYS[-1]])
        names = [column.name for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


# In a slot the true order is the ordinal; a ticket is the order in which one came to the door.
COUNT = """
WITH b AS (SELECT b.*, s.capacity FROM bookings_booking b JOIN bookings_slot s ON s.id = b.slot_id
           WHERE s.day BETWEEN %s AND %s),
slots AS (SELECT slot_id, max(capacity) AS capacity,
                 count(*) FILTER (WHERE status = 'CONFIRMED') AS held,
                 max(ordinal) FILTER (WHERE status = 'CONFIRMED') AS last_in,
                 min(ordinal) FILTER (WHERE status = 'WAITING') AS first_out
          FROM b GROUP BY slot_id)
SELECT (SELECT count(*) FROM b WHERE status = 'CONFIRMED') AS confirmed,
       (SELECT count(*) FROM b WHERE status = 'WAITING') AS waitlisted,
       (SELECT coalesce(sum(greatest(held - capacity, 0)), 0)::int FROM slots) AS overbooked,
       (SELECT count(*) FROM slots WHERE first_out < last_in) AS inversions,
       (SELECT count(*) FROM bookings_slot s WHERE s.taken <> (SELECT count(*) FROM
            bookings_booking x WHERE x.slot_id = s.id AND x.status = 'CONFIRMED')) AS miscounted,
       (SELECT count(*) FROM openings_admission) AS queued
"""


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"prepare": prepare, "let_in": let_in, "count": count}[sys.argv[1]]()))
