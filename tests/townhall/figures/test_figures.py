"""Figures against counts made by hand; their pages, charts, exports and who may see them."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.urls import reverse

from preau.accounts.enums import Role
from preau.attendance.models import Attendance
from preau.bookings.models import Booking
from preau.casework.models import Request
from preau.childcare import services as childcare
from preau.kernel.clock import utc_now
from preau.reporting import caf, early_childhood, occupancy
from preau.reporting.periods import Span
from preau.reporting.requests import request_delays
from preau.ui.bars import Bar, bars
from tests.bookings import world
from tests.childcare import world as creche
from tests.harness.people import make_agent, make_town
from tests.harness.requests import client_of

pytestmark = pytest.mark.django_db
SPAN = Span(dt.date(2026, 10, 1), dt.date(2026, 10, 31))


@pytest.fixture
def evening():
    """Two evenings of two hours for three children: one under six, two of six and over.

    15 October: all three booked; the young one came, one was missed with a good reason, one came.
    16 October: one booked and absent without a word; the young one came without booking.
    """
    make_town()
    offering = world.make_offering(
        "soir", name="Soir", kind="EVENING_CARE", hours=("16:30", "18:30"), product="seance"
    )
    family = world.make_family(3)
    children = world.children_of(family)  # born in 2018, 2019 and 2020
    child = world.add_child(family, "Zoé", 2021)
    young, older = child, children[:2]
    slots = [world.make_slot(f"2026-10-{on}", offering=offering, capacity=10) for on in (15, 16)]
    enrolled = {c.pk: world.enrol(family, offering, c) for c in (*older, young)}

    def book(slot, who, status="CONFIRMED"):
        return Booking.objects.create(
            slot=slot,
            child=who,
            family=family,
            enrolment=enrolled[who.pk],
            status=status,
            ordinal=who.pk,
            channel="PORTAL",
            booked_at=world.NOW,
        )

    def seen(slot, who, presence, **fields):
        Attendance.objects.create(
            slot=slot,
            child=who,
            family=family,
            presence=presence,
            recorded_at=world.NOW,
            **fields,
        )

    for who in (*older, young):
        book(slots[0], who)
    seen(slots[0], young, "PRESENT")
    seen(slots[0], older[0], "ABSENT", is_justified=True)
    seen(slots[0], older[1], "PRESENT")
    book(slots[1], older[0])
    seen(slots[1], older[0], "ABSENT")
    seen(slots[1], young, "PRESENT", is_walk_in=True)
    for slot, taken in zip(slots, (3, 1), strict=True):
        slot.taken = taken
        slot.save(update_fields=["taken"])
    return offering


def test_hours_by_age_as_the_caf_asks(evening):
    """By hand. Under six: two presences of 2 h, both due (one booked, one not) = 4 h and 4 h.
    Six and over: one presence = 2 h; due: the one who came and the one absent without a reason
    = 4 h, the justified absence due to nobody."""
    young, old = caf.hours(SPAN, form="periscolaire", by="activity")
    assert (young.is_young, young.days, young.children, young.presences) == (True, 2, 1, 2)
    assert (young.realised, young.invoiced) == (240, 240)
    assert (old.is_young, old.children, old.presences) == (False, 1, 1)
    assert (old.realised, old.invoiced) == (120, 240)
    assert caf.hours(SPAN, form="extrascolaire", by="activity") == []
    other = Span(SPAN.first, SPAN.last, (evening.establishment_id + 1000,))
    assert caf.hours(other, form="periscolaire", by="site") == []


def test_six_years_are_counted_as_before_on_leap_days_too(db):
    """The day of the six years, worked out once a child, says what each day's own sum says."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE
                (six + (extract(day FROM six) <> extract(day FROM birth_on))::int > day)
                <> (birth_on > day - interval '6 years'))
            FROM (SELECT b::date AS birth_on, (b::date + interval '6 years')::date AS six
                  FROM generate_series('2018-01-15'::date, '2021-04-01', '1 day') AS b) AS child
            JOIN generate_series('2024-02-20'::date, '2027-03-05', '1 day') AS d
                ON d::date BETWEEN six - 3 AND six + 3
            CROSS JOIN LATERAL (SELECT d::date AS day) AS slot
            """
        )
        tried, wrong = cursor.fetchone()
    assert tried > 5_000 and wrong == 0


def test_the_forms_hash_and_read_justified_absences_by_their_index(evening):
    values = {**SPAN.values(), "kinds": ["EVENING_CARE"]}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        statement = caf.STATEMENT.format(group=caf.GROUPS["month"])
        cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "attendance_justified" in plan
    assert "HashAggregate" in plan and plan.count("CTE session") == 1


def test_places_taken_and_children_come(evening):
    [row] = occupancy.occupancy(SPAN, by="activity")
    assert (row.label, row.sessions, row.days, row.places, row.taken) == ("Soir", 2, 2, 20, 4)
    assert (row.present, row.absent, row.unbooked, row.taken_rate) == (3, 2, 1, 20)
    days = occupancy.occupancy(SPAN, by="day")
    assert [(one.label, one.taken) for one in days] == [
        ("jeudi 15 octobre 2026", 3),
        ("vendredi 16 octobre 2026", 1),
    ]
    [month] = occupancy.occupancy(SPAN, by="month")
    assert month.label == "octobre 2026"
    Booking.objects.filter(slot__day="2026-10-16").update(status="WAITING")
    [waiting] = occupancy.waiting(SPAN)
    assert (waiting.activity, waiting.waiting, waiting.children) == ("Soir", 1, 1)


def test_a_shared_place_is_counted_once(db):
    world.make_centre(10)
    [row] = occupancy.occupancy(SPAN, by="activity")
    assert (row.sessions, row.places) == (3, 10)


def test_requests_by_delay(db):
    sent = dt.datetime(2026, 10, 1, 8, 0, tzinfo=dt.UTC)
    for order, (days, channel) in enumerate(((0, "PORTAL"), (5, "PORTAL"), (20, "COUNTER"))):
        Request.objects.create(
            reference=f"R-{order}",
            kind="QUESTION",
            applicant_name="Amina",
            channel=channel,
            summary="question",
            status="APPROVED",
            submitted_at=sent,
            decided_at=sent + dt.timedelta(days=days, hours=2),
            due_on=sent.date() + dt.timedelta(days=7),
        )
    until = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    portal, counter = request_delays(
        by="channel", since=sent, until=until, day=dt.date(2026, 11, 1)
    )
    assert (portal.label, portal.received, portal.same_day, portal.to_a_week) == ("PORTAL", 2, 1, 1)
    assert (counter.longer, counter.late, portal.late) == (1, 1, 0)
    assert portal.median_days is not None and 2.5 < portal.median_days < 2.7


@pytest.fixture
def nursery():
    found = creche.make_world()
    creche.close_site(found.site, "2026-12-24", "2026-12-31")
    creche.october(creche.sign(found), found)
    childcare.close_month(
        month=dt.date(2026, 10, 1),
        establishment_ids=[found.site.pk],
        now=dt.datetime(2026, 11, 4, 9, 0, tzinfo=dt.UTC),
        actor=creche.AGENT,
    )
    return found


def test_the_creche_s_figures_are_those_of_its_statements(nursery):
    """By hand: 117 h contracted, 73 h real, 79 h invoiced (tests/childcare/test_month.py). Capacity
    of October: 10 places × 11 h (7 h 45 to 18 h 45) × 21 weekdays (22 less the strike)."""
    [site] = early_childhood.by_site(SPAN)
    assert (site.row.contracted, site.row.real, site.row.invoiced) == (7_020, 4_380, 4_740)
    assert (site.open_days, site.capacity) == (21, 10 * 660 * 21)
    assert (site.occupancy_rate, site.invoicing_rate) == (31, 1082)
    [age] = early_childhood.grouped(SPAN, by="age")
    assert (age.group, age.children) == ("1 an", 1)
    [regime] = early_childhood.grouped(SPAN, by="regime")
    assert regime.group.startswith("régime général")


PAGES = ("occupancy", "caf", "childcare", "waiting", "requests")


def test_the_pages_their_charts_and_exports(evening, nursery):
    client = client_of(make_agent(Role.ADMINISTRATOR, now=utc_now()))
    assert client.get(reverse("townhall:figures")).status_code == 200
    for name in PAGES:
        address = reverse(f"townhall:figures-{name}")
        asked = {"du": "2026-10-01", "au": "2026-10-31"}
        page = client.get(address, asked)
        assert page.status_code == 200
        if name in ("occupancy", "caf", "childcare"):
            text = page.content.decode()
            assert '<svg viewBox="0 0 720' in text and 'role="img"' in text and "<table" in text
        for form in ("csv", "xlsx", "ods"):
            assert client.get(address, {**asked, "export": form}).status_code == 200
        assert client.get(address, {**asked, "export": "exe"}).status_code == 404
        # Dates that make no sense are the usual ones.
        assert client.get(address, {"du": "x", "au": "1900-01-01"}).status_code == 200
    for by in ("month", "regime", "age"):
        page = client.get(reverse("townhall:figures-childcare"), {"par": by, "du": "2026-01-01"})
        assert page.status_code == 200
    for by in ("channel", "kind", "month", "service"):
        assert client.get(reverse("townhall:figures-requests"), {"par": by}).status_code == 200


def test_figures_are_for_those_who_may_and_of_their_own_sites(nursery):
    nobody = client_of(make_agent(Role.SITE_MANAGER, now=utc_now()))
    assert nobody.get(reverse("townhall:figures")).status_code == 403
    other = world.make_site("Crèche du Parc", "CRECHE")
    manager = client_of(
        make_agent(Role.CRECHE, email="creche@x.example", site=other.pk, now=utc_now())
    )
    address = reverse("townhall:figures-childcare")
    page = manager.get(address, {"du": "2026-10-01", "au": "2026-10-31"}).content.decode()
    assert "Crèche du Parc" in page and "Crèche des Lilas" not in page
    assert manager.get(address, {"site": str(nursery.site.pk)}).status_code in (200, 404)
    assert (
        "Crèche des Lilas"
        not in manager.get(address, {"site": str(nursery.site.pk)}).content.decode()
    )
    assert manager.get(reverse("townhall:figures-occupancy")).status_code == 403
    counter = client_of(
        make_agent(Role.COUNTER, email="guichet@x.example", site=other.pk, now=utc_now())
    )
    assert counter.get(reverse("townhall:figures-requests")).status_code == 404


def test_a_chart_says_its_figures_and_escapes_what_it_is_given():
    drawn = bars([Bar("<b>Mercredi</b>", 50, "50 %"), Bar("Soir", 0, "0 %")], title="Places")
    assert "<b>" not in drawn and "50 %" in drawn and 'role="img"' in drawn
    assert bars([], title="Rien") == ""
