"""The town that the billing bench bills: families, children, places, bookings, in a database.

Small: the families of `data/families_2000.csv`, canteen only. Big: 30,000 families drawn with a
fixed seed, canteen and evening. Each child is booked on each of the sixteen days.
"""

import csv
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from django.db import connection, transaction

DATA = Path(__file__).parent / "data"
MONTH = date(2027, 1, 1)
NOW = datetime(2027, 2, 3, 9, 0, tzinfo=UTC)
DAYS = [date(2027, 1, day) for day in (4, 5, 7, 8, 11, 12, 14, 15, 18, 19, 21, 22, 25, 26, 28, 29)]
CHILDREN_PER_SCHOOL = 220
BIG_FAMILIES, BIG_BOOKINGS = 30_000, 1_600_000
ACTIVITIES = {
    "cantine": ("Restauration scolaire", "CANTEEN", "repas", "repas", (11, 40), (13, 40)),
    "soir": ("Accueil du soir", "EVENING_CARE", "seance", "séance", (16, 30), (18, 30)),
}
Home = tuple[int, int | None]
"""Children, and the family quotient when one is known."""


@dataclass(frozen=True)
class Town:
    """What the run will bill."""

    office_id: int
    families: int
    bookings: int


def small_homes() -> list[Home]:
    """The 2,000 families of the file."""
    with (DATA / "families_2000.csv").open(newline="") as file:
        return [
            (int(row["children"]), int(row["family_quotient"]) if row["family_quotient"] else None)
            for row in csv.DictReader(file)
        ]


def big_homes() -> list[Home]:
    """30,000 families with 50,000 children, the same each time."""
    pick = random.Random(20270101)  # noqa: S311
    sizes = [1] * BIG_FAMILIES
    for _extra in range(BIG_BOOKINGS // len(DAYS) // len(ACTIVITIES) - BIG_FAMILIES):
        sizes[pick.randrange(BIG_FAMILIES)] += 1
    return [
        (size, min(6000, int(pick.lognormvariate(6.7, 0.6))) if pick.random() > 0.06 else None)
        for size in sizes
    ]


@transaction.atomic
def fill(homes: list[Home], activities: list[str]) -> Town:
    """Write the town. Triggers and foreign keys sleep meanwhile: the data is what it is."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    children = sum(size for size, _quotient in homes)
    schools = children // CHILDREN_PER_SCHOOL + 1
    office_id = _fill_catalogue(schools, activities)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE home (id bigint, size int, quotient int) ON COMMIT DROP")
        with cursor.copy("COPY home FROM STDIN") as copy:
            for rank, (size, quotient) in enumerate(homes, 1):
                copy.write_row((rank, size, quotient))
        cursor.execute(PEOPLE.replace(":schools", str(schools)))
        cursor.execute(BOOKINGS)
        cursor.execute("SELECT count(*) FROM bookings_booking")
        [bookings] = cursor.fetchone()
    return Town(office_id, len(homes), bookings)


def settle() -> None:
    """Leave the database as it would be on an ordinary day: vacuumed, with its statistics."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _fill_catalogue(schools: int, activities: list[str]) -> int:
    """Schools, activities, places and slots; returns the cash office."""
    from preau.billing.models import ActivityAccounting, CashOffice
    from preau.bookings.models import Slot
    from preau.catalogue.models import Activity, Establishment, Offering, Product, SchoolYear
    from preau.kernel.actors import Actor
    from preau.rulebook.services import publish, save_draft

    year = SchoolYear.objects.create(
        label="2026-2027", starts_on=date(2026, 9, 1), ends_on=date(2027, 8, 31)
    )
    office = CashOffice.objects.create(
        code="enfance",
        name="Régie enfance",
        means=["CASH", "CHEQUE", "CARD", "TRANSFER"],
        # Receives transfers: its invoices bear two squares to scan.
        transfer_iban="FR7630001007941234567890185",
        transfer_bic="BDFEFRPPCCT",
    )
    sites = [
        Establishment.objects.create(kind="SCHOOL", name=f"École {n:03d}", slug=f"ecole-{n:03d}")
        for n in range(1, schools + 1)
    ]
    for rank, slug in enumerate(activities):
        name, kind, product, unit, starts, ends = ACTIVITIES[slug]
        activity = Activity.objects.create(
            slug=slug, name=name, kind=kind, domain="AROUND_SCHOOL", booking_mode="DAYS"
        )
        item = Product.objects.create(
            activity=activity,
            slug=product,
            name=unit.capitalize(),
            unit_name=unit,
            unit_plural=unit if unit.endswith("s") else f"{unit}s",
            starts_at=time(*starts),
            ends_at=time(*ends),
        )
        ActivityAccounting.objects.create(
            activity=activity, cash_office=office, accounting_code=f"706{rank}", is_meal=rank == 0
        )
        for site in sites:
            place = Offering.objects.create(
                activity=activity,
                establishment=site,
                school_year=year,
                capacity=400,
                starts_on=year.starts_on,
                ends_on=year.ends_on,
            )
            Slot.objects.bulk_create(
                Slot(
                    offering=place,
                    product=item,
                    day=day,
                    starts_at=item.starts_at,
                    ends_at=item.ends_at,
                    period_kind="SCHOOL_DAYS",
                    capacity=400,
                )
                for day in DAYS
            )
    actor, before = Actor.system(), datetime(2026, 8, 1, tzinfo=UTC)
    text = (DATA / "billing.yaml").read_text(encoding="utf-8")
    draft = save_draft(text=text, now=before, actor=actor)
    publish(version_id=draft.pk, now=before, actor=actor)
    return office.pk


PEOPLE = """
INSERT INTO families_family (id, code, name, sort_key, status, address_line1, address_line2,
    postcode, city, country, is_resident, created_at, channel, search_text)
SELECT id, lpad(id::text, 7, '0') || 'K', 'Famille ' || id, 'famille ' || id, 'ACTIVE',
    id || ' rue du Préau', '', '94300', 'Vincennes', 'FRANCE', true, '2026-08-01', 'COUNTER', ''
FROM home;
INSERT INTO families_guardian (family_id, civility, last_name, usage_name, first_name, relationship,
    email, mobile_phone, home_phone, work_phone, has_authority, is_payer, search_key, created_at)
SELECT id, 'MME', 'Famille' || id, '', 'Claire', '', '', '', '', '', true, true, '', '2026-08-01'
FROM home;
INSERT INTO families_quotient (family_id, value_cents, source, starts_on, recorded_at, recorded_by)
SELECT id, quotient * 100, 'CAF', '2026-09-01', '2026-09-01', 'banc'
FROM home WHERE quotient IS NOT NULL;
CREATE TEMP TABLE kid ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY home.id, rank) AS id, home.id AS family_id, rank
FROM home, generate_series(1, home.size) AS rank;
INSERT INTO families_child (id, last_name, usage_name, first_name, birth_on, sex, diet, has_pai,
    search_key, created_at)
SELECT id, 'Famille' || family_id, '', (ARRAY['Lina', 'Noé', 'Adam', 'Jade', 'Louise'])[1 + id % 5],
    date '2017-02-10' + (id % 1000)::int, '', 'STANDARD', false, '', '2026-08-01'
FROM kid;
INSERT INTO families_custody (child_id, family_id, weeks, starts_on)
SELECT id, family_id, 'ALL', '2020-01-01' FROM kid;
INSERT INTO schools_schooling (child_id, establishment_id, school_year_id, level, starts_on,
    ends_on, channel, source, created_at)
SELECT kid.id, site.id, year.id, 'CP', year.starts_on, year.ends_on, 'COUNTER', '', '2026-08-01'
FROM kid
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS rank FROM catalogue_establishment) site
    ON site.rank = 1 + kid.id % :schools
CROSS JOIN catalogue_schoolyear year;
INSERT INTO enrolments_enrolment (child_id, family_id, offering_id, starts_on, ends_on, status,
    channel, created_at, ended_reason)
SELECT kid.id, kid.family_id, offering.id, '2026-09-01', '2027-07-02', 'ACTIVE', 'PORTAL',
    '2026-08-01', ''
FROM kid
JOIN schools_schooling schooling ON schooling.child_id = kid.id
JOIN catalogue_offering offering ON offering.establishment_id = schooling.establishment_id;
"""

# In the order in which a town books: day after day, all families mixed.
BOOKINGS = """
INSERT INTO bookings_booking (slot_id, child_id, family_id, enrolment_id, status, ordinal, channel,
    booked_at, surcharge_cents, decision_sentence, cancelled_channel, cancel_reason, is_charged)
SELECT slot.id, enrolment.child_id, enrolment.family_id, enrolment.id, 'CONFIRMED',
    row_number() OVER (PARTITION BY slot.id ORDER BY enrolment.child_id), 'PORTAL', '2026-12-01',
    0, '', '', '', true
FROM enrolments_enrolment enrolment
JOIN bookings_slot slot ON slot.offering_id = enrolment.offering_id
ORDER BY slot.day, slot.id, enrolment.child_id;
INSERT INTO attendance_attendance (slot_id, child_id, family_id, presence, is_walk_in, source,
    recorded_at)
SELECT booking.slot_id, booking.child_id, booking.family_id, 'PRESENT', false, 'SHEET',
    slot.day + time '14:00'
FROM bookings_booking booking JOIN bookings_slot slot ON slot.id = booking.slot_id
WHERE slot.day < '2027-01-29'
ORDER BY slot.day, slot.id, booking.child_id;
"""
