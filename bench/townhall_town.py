"""The acts of the town hall's bench inside Django: the offer, the old software's file, the life of
the town, and what is measured.

Run by `townhall.py`, each in a process of its own; the last line printed is its answer, as JSON.
"""

import json
import random
import statistics
import sys
import time
from datetime import date, timedelta
from typing import Any

import django

django.setup()

import xlsxwriter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import (  # noqa: E402
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
)
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from preau.journeys.takeover.format import TABLES  # noqa: E402
from preau.kernel.actors import Actor  # noqa: E402
from preau.kernel.clock import paris_day, utc_now  # noqa: E402

PUPILS = 3_400
SAMPLE = 60
FIRST = [
    "Lina",
    "Noé",
    "Sami",
    "Inès",
    "Tom",
    "Élise",
    "Zoé",
    "Adam",
    "Chloé",
    "Hugo",
    "Maëlys",
    "Anaïs",
    "Léo",
    "Jeanne",
    "Milan",
]
LAST = [
    "Rousseau",
    "Belkacem",
    "D’Almeida",
    "Élan",
    "Martin",
    "Nguyên",
    "Le-Goff",
    "Haddad",
    "Fabre",
    "Diallo",
    "Petit",
    "Moreau",
    "García",
    "Kowalski",
    "Da-Silva",
    "O’Brien",
    "Lefèvre",
    "Saint-Clair",
    "Çelik",
    "Bernard",
]
STREETS = ["rue du Lavoir", "rue Massue", "avenue Aubert", "boulevard du Général-de-Gaulle"]
ACTOR = Actor.system("mesure")


def offer() -> dict[str, Any]:
    """The demonstration's sites, activities, rules and cash offices; no family."""
    from preau.demo.town import identity, offer, rules
    from preau.demo.town.story import Story
    from preau.directdebit.services import save_creditor
    from preau.schools import sectors

    story = Story(now=utc_now())
    with transaction.atomic():
        identity.write_identity(story)
        offer.build_offer(story)
        rules.set_pieces(story)
        rules.set_requests(story)
        rules.open_cash_offices(story)
        rules.hire_agents(story)
        rules.publish_rules(story)
        for office_id in story.offices.values():
            save_creditor(
                cash_office_id=office_id,
                ics="FR72ZZZ123456",
                name="Ville",
                iban="FR7630006000011234567890189",
                bic="",
                schema="pain.008.001.08",
                notice_days=14,
                max_rejects=2,
                mandate_text="J’autorise.",
                is_active=True,
                now=story.now,
                actor=ACTOR,
            )
        schools = _schools()
        for rank, street in enumerate(STREETS):
            for cycle, levels in (("NURSERY", "PS"), ("ELEMENTARY", "CP")):
                mine = [pk for pk, held in schools if levels in held]
                for side, shift in (("ODD", 0), ("EVEN", 1)):
                    sectors.save_segment(
                        pk=None,
                        street=street,
                        side=side,
                        first=1,
                        last=None,
                        cycle=cycle,
                        school_id=mine[(2 * rank + shift) % len(mine)],
                        now=story.now,
                        actor=ACTOR,
                    )
    return {"offices": len(story.offices)}


def write(path: str, families: str) -> dict[str, Any]:
    """The old software's workbook: families of one or two adults and nought to three children."""
    from preau.billing.queries import cash_offices
    from preau.catalogue.queries import list_all_offerings, school_year_of

    chance = random.Random(4)  # noqa: S311
    day = paris_day(utc_now())
    year = school_year_of(day)
    assert year is not None
    office = next(iter(cash_offices(only_active=True))).code
    canteens = [
        (o.activity.name, o.establishment.name)
        for o in list_all_offerings().filter(school_year=year, activity__kind="CANTEEN")
    ]
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    rows: dict[str, list[dict[str, str]]] = {table.name: [] for table in TABLES}
    for n in range(int(families)):
        code, name = f"F{n:05d}", chance.choice(LAST)
        rows["familles"].append(
            {
                "code": code,
                "adresse": f"{chance.randint(1, 180)} {chance.choice(STREETS)}",
                "code_postal": "94300",
                "commune": "Vincennes",
            }
        )
        for rank in range(1 + (chance.random() < 0.55)):
            rows["adultes"].append(
                {
                    "famille": code,
                    "civilite": ("Mme", "M.")[rank],
                    "nom": name if rank == 0 else chance.choice(LAST),
                    "prenom": f"{chance.choice(FIRST)}-{chance.choice(FIRST)}",
                    "ne_le": f"{chance.randint(1, 28):02d}/{chance.randint(1, 12):02d}/19"
                    f"{chance.randint(75, 99)}",
                    "courriel": f"adulte{n}.{rank}@example.org" if chance.random() < 0.8 else "",
                    "portable": f"06{n:06d}{rank:02d}",
                    "redevable": "oui" if rank == 0 else "",
                }
            )
        count = chance.choices((0, 1, 2, 3), (25, 35, 30, 10))[0]
        for rank in range(count):
            born = date(day.year - chance.randint(0, 13), chance.randint(1, 12), 15)
            child = f"E{n:05d}{rank}"
            rows["enfants"].append(
                {
                    "famille": code,
                    "enfant": child,
                    "nom": name,
                    "prenom": f"{FIRST[(n + 5 * rank) % len(FIRST)]}",
                    "ne_le": min(born, day - timedelta(days=20)).strftime("%d/%m/%Y"),
                    "sexe": chance.choice("FM"),
                }
            )
            if chance.random() < 0.6:
                activity, site = chance.choice(canteens)
                rows["inscriptions"].append(
                    {
                        "famille": code,
                        "enfant": child,
                        "activite": activity,
                        "site": site,
                        "du": year.starts_on.strftime("%d/%m/%Y"),
                    }
                )
        if chance.random() < 0.8:
            rows["quotients"].append(
                {
                    "famille": code,
                    "quotient": str(chance.randint(150, 2500)),
                    "source": "CAF",
                    "du": f"01/01/{day.year}",
                }
            )
        if chance.random() < 0.3:
            rows["mandats"].append(
                {
                    "famille": code,
                    "reference": f"VIN-{n:06d}",
                    "regie": office,
                    "titulaire": name,
                    "iban": "FR7630006000011234567890189",
                    "signe_le": f"01/02/{day.year - 1}",
                    "dernier_prelevement": f"05/10/{day.year}",
                }
            )
        if chance.random() < 0.5:
            side = "doit" if chance.random() < 0.7 else "avance"
            amount = f"{chance.randint(1, 300)},{chance.randint(0, 99):02d}"
            rows["soldes"].append({"famille": code, "regie": office, side: amount})
    for table in TABLES:
        sheet = book.add_worksheet(table.name)
        names = [column.name for column in table.columns]
        sheet.write_row(0, 0, names)
        for line, cells in enumerate(rows[table.name], 1):
            sheet.write_row(line, 0, [cells.get(name, "") for name in names])
    book.close()
    return {name: len(lines) for name, lines in rows.items()}


def _schools() -> list[tuple[int, list[str]]]:
    from preau.catalogue.queries import establishments

    return [(site.pk, list(site.levels)) for site in establishments("SCHOOL") if site.levels]


def live() -> dict[str, Any]:
    """3,400 pupils at school, enrolled at its canteen, with four weeks booked there."""
    from django.apps import apps

    from preau.bookings.services import open_slots
    from preau.casework.kinds.school import level_of
    from preau.catalogue.queries import list_all_offerings, school_year_of
    from preau.schools.services import Placement, place_pupils

    now = utc_now()
    day = paris_day(now)
    year = school_year_of(day)
    assert year is not None
    schools = _schools()
    placements = []
    children = apps.get_model("families", "Child").objects.order_by("pk")
    for child in children.filter(birth_on__year__gte=year.starts_on.year - 11).iterator():
        level = level_of(child.birth_on, year.starts_on)
        if not level or level == "TPS":
            continue
        mine = [pk for pk, held in schools if level in held]
        placements.append(
            Placement(
                child.pk,
                mine[child.pk % len(mine)],
                None,
                level,
                year.pk,
                year.starts_on,
                year.ends_on,
            )
        )
        if len(placements) == PUPILS:
            break
    place_pupils(placements=placements, source="onde", now=now, actor=ACTOR)
    offerings = list(
        list_all_offerings().filter(
            school_year=year, activity__kind="CANTEEN", establishment__kind="SCHOOL"
        )
    )
    ids = [offering.pk for offering in offerings]
    open_slots(offering_ids=ids, first=day, last=day + timedelta(days=28), now=now, actor=ACTOR)
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(
            """
            UPDATE enrolments_enrolment e SET offering_id = o.id
            FROM schools_schooling s JOIN catalogue_offering o
              ON o.establishment_id = s.establishment_id AND o.id = ANY(%s)
            WHERE e.child_id = s.child_id AND s.school_year_id = %s AND e.offering_id = ANY(%s)
            """,
            [ids, year.pk, ids],
        )
        cursor.execute(
            """
            UPDATE bookings_slot SET capacity = 2000, taken = found.n, last_ordinal = found.n
            FROM (
              SELECT sl.id, count(*) AS n FROM bookings_slot sl
              JOIN enrolments_enrolment e ON e.offering_id = sl.offering_id AND e.status = 'ACTIVE'
              JOIN schools_schooling s ON s.child_id = e.child_id
              WHERE sl.offering_id = ANY(%s) AND sl.day BETWEEN %s AND %s GROUP BY sl.id
            ) found WHERE found.id = bookings_slot.id
            """,
            [ids, day, day + timedelta(days=28)],
        )
        booking = apps.get_model("bookings", "Booking")
        rows = []
        cursor.execute(
            """
            SELECT sl.id, e.child_id, e.family_id, e.id FROM bookings_slot sl
            JOIN enrolments_enrolment e ON e.offering_id = sl.offering_id AND e.status = 'ACTIVE'
            JOIN schools_schooling s ON s.child_id = e.child_id
            WHERE sl.offering_id = ANY(%s) AND sl.day BETWEEN %s AND %s
            ORDER BY sl.id, e.child_id
            """,
            [ids, day, day + timedelta(days=28)],
        )
        for rank, (slot, child_id, family_id, enrolment_id) in enumerate(cursor.fetchall()):
            rows.append(
                booking(
                    slot_id=slot,
                    child_id=child_id,
                    family_id=family_id,
                    enrolment_id=enrolment_id,
                    status="CONFIRMED",
                    ordinal=rank + 1,
                    channel="SYSTEM",
                    booked_at=now,
                )
            )
        booking.objects.bulk_create(rows, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"pupils": len(placements), "bookings": len(rows)}


def measure() -> dict[str, Any]:
    """Search, file, sheet and roll-over, by an agent who may see all."""
    from django.apps import apps

    from preau.accounts.enums import Role
    from preau.accounts.queries import find_agent_by_email
    from preau.catalogue.queries import school_year_of
    from preau.demo.town.people import AGENTS
    from preau.schools import promotions

    settings.ALLOWED_HOSTS = ["*"]
    agent = find_agent_by_email(next(a.email for a in AGENTS if a.role == Role.ADMINISTRATOR))
    agent.roles.create(role=Role.SITE_MANAGER, starts_on=date(2020, 1, 1))
    agent.must_change_password = False
    agent.save()
    client = Client(headers={"host": "localhost"})
    client.cookies.load({settings.SESSION_COOKIE_NAME: _sign_in(agent)})
    family = apps.get_model("families", "Family")
    child = apps.get_model("families", "Child")
    people = apps.get_model("families", "Guardian").objects.count() + child.objects.count()
    typed = _what_agents_type(family)
    search = [
        _time(client, reverse("townhall:search"), {"q": text}, htmx=True)[0] for text in typed
    ]
    rich = family.objects.filter(
        pk__in=apps.get_model("bookings", "Booking").objects.values("family_id")
    ).order_by("-pk")[:SAMPLE]
    _time(client, reverse("townhall:families"))  # what a process keeps for a moment is read
    files = [_time(client, reverse("townhall:family", args=[f.code])) for f in rich]
    slot = (
        apps.get_model("bookings", "Slot")
        .objects.filter(day__gte=paris_day(utc_now()))
        .order_by("-taken", "day")
        .first()
    )
    sheet_address = reverse("townhall:sheet", args=[slot.pk])
    sheets = [_time(client, sheet_address)[0] for _ in range(12)]
    now = utc_now()
    year = school_year_of(paris_day(now))
    begun = time.perf_counter()
    row = promotions.prepare_roll_over(from_year=year, now=now, actor=ACTOR)
    shown = client.get(reverse("townhall:roll-over", args=[row.pk]))
    assert shown.status_code == 200
    promoted = promotions.apply_roll_over(roll_over_id=row.pk, now=utc_now(), actor=ACTOR)
    seconds = time.perf_counter() - begun
    pupils = row.promotions.count()
    promotions.undo_roll_over(roll_over_id=row.pk, now=utc_now(), actor=ACTOR)
    return {
        "people": people,
        "search_ms": _p95(search),
        "search_median_ms": round(statistics.median(search)),
        "file_ms": _p95([ms for ms, _n in files]),
        "file_queries": max(n for _ms, n in files),
        "sheet_ms": _p95(sheets),
        "sheet_children": slot.taken,
        "rollover_seconds": round(seconds, 1),
        "rollover_pupils": pupils,
        "rollover_promoted": promoted,
    }


def _what_agents_type(family: Any) -> list[str]:
    chance = random.Random(7)  # noqa: S311
    typed = []
    rows = list(family.objects.order_by("?")[:40].values_list("code", "former_code"))
    for code, former in rows:
        typed += [code, former, code[:5]]
    for n in range(60):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        typed += [last[:3], f"{last} {first}", f"{first[:3]} {last}", f"06{n:04d}", f"adulte{n}."]
    typed += ["ma", "rue du", "lavoir 12", "o'bri", "da silva"]
    return typed


def _sign_in(user: Any) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "preau.accounts.auth.AgentBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _time(client: Client, path: str, data: Any = None, *, htmx: bool = False) -> tuple[float, int]:
    """Milliseconds and queries of a page."""
    headers = {"HX-Request": "true"} if htmx else {}
    with CaptureQueriesContext(connection) as asked:
        begun = time.perf_counter()
        response = client.get(path, data, headers=headers)
        spent = (time.perf_counter() - begun) * 1000
    if response.status_code != 200:
        raise SystemExit(f"{path} {data} : réponse {response.status_code}")
    return spent, len(asked)


def _p95(times: list[float]) -> int:
    return round(statistics.quantiles(times, n=20)[18])


if __name__ == "__main__":
    act = {"offer": offer, "write": write, "live": live, "measure": measure}[sys.argv[1]]
    print(json.dumps(act(*sys.argv[2:])))
