"""What there is to bill: every day held or come to, not billed yet. Three statements for any town.

They read the tables of the rooms below (slots, bookings, attendance, absences, catalogue) by SQL
on purpose: a month of a city is a million rows, and each must be looked at once. Ordinary days
come grouped; the others (absent, given up late, come without booking) one by one, with details.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from preau.billing.days import ChargeDay
from preau.billing.stretches import Calendar, Offer, SlotDay, Stretch

SLOTS = """
SELECT slot.id, slot.day, activity.id, activity.slug, activity.name, product.slug, product.name,
    product.unit_name, product.unit_plural, establishment.name
FROM bookings_slot slot
JOIN catalogue_offering offering ON offering.id = slot.offering_id
JOIN catalogue_activity activity ON activity.id = offering.activity_id
JOIN catalogue_product product ON product.id = slot.product_id
JOIN catalogue_establishment establishment ON establishment.id = offering.establishment_id
JOIN billing_activityaccounting accounting
    ON accounting.activity_id = activity.id AND accounting.cash_office_id = %(office)s
WHERE slot.day BETWEEN %(first)s AND %(last)s AND slot.status = 'OPEN'
"""

# A day is ordinary when it was booked in time, held, and neither missed nor said to be missed.
# Every other day is a group of its own (`apart`). Rows are kept narrow: a million are sorted.
ALL_DAYS = """
WITH open_slot AS MATERIALIZED (
    SELECT slot.id, slot.day
    FROM bookings_slot slot
    JOIN catalogue_offering offering ON offering.id = slot.offering_id
    JOIN billing_activityaccounting accounting
        ON accounting.activity_id = offering.activity_id
        AND accounting.cash_office_id = %(office)s
    WHERE slot.day BETWEEN %(first)s AND %(last)s AND slot.status = 'OPEN' {slots}
), said_absent AS MATERIALIZED (
    SELECT DISTINCT report.child_id, report.family_id, open_slot.id AS slot_id
    FROM attendance_absencereport report
    JOIN open_slot ON open_slot.day BETWEEN report.starts_on AND report.ends_on
    JOIN bookings_booking booking ON booking.slot_id = open_slot.id
        AND booking.child_id = report.child_id AND booking.family_id = report.family_id
    WHERE report.starts_on <= %(last)s AND report.ends_on >= %(first)s
), billed AS MATERIALIZED (
    SELECT invoice.family_id, line.child_id, unnest(line.slot_ids) AS slot_id
    FROM billing_invoice invoice
    JOIN billing_invoiceline line ON line.invoice_id = invoice.id
    WHERE invoice.cash_office_id = %(office)s AND invoice.kind = 'INVOICE'
        AND invoice.month >= date_trunc('month', %(first)s)::date {billed}
), met AS (
    SELECT coalesce(booked.slot_id, come.slot_id) AS slot_id,
        coalesce(booked.child_id, come.child_id) AS child_id,
        coalesce(booked.family_id, come.family_id) AS family_id,
        coalesce(booked.kind, 2::smallint) AS kind,
        booked.has_surcharge, come.is_there
    FROM (
        SELECT booking.slot_id, booking.child_id, booking.family_id,
            (booking.status = 'CANCELLED')::int::smallint AS kind,
            booking.surcharge_cents <> 0 AS has_surcharge, booking.is_charged
        FROM open_slot JOIN bookings_booking booking ON booking.slot_id = open_slot.id
        WHERE (booking.status = 'CONFIRMED' OR booking.status = 'CANCELLED' AND booking.is_charged)
            {booked_by}
    ) booked
    FULL JOIN (
        SELECT attendance.slot_id, attendance.child_id, attendance.family_id,
            attendance.presence = 'PRESENT' AS is_there
        FROM open_slot JOIN attendance_attendance attendance
            ON attendance.slot_id = open_slot.id {come_by}
    ) come ON come.slot_id = booked.slot_id AND come.child_id = booked.child_id
    WHERE coalesce(booked.is_charged, come.is_there)
), told AS (
    SELECT met.family_id, met.child_id, met.slot_id, met.kind, met.is_there IS NOT NULL AS is_seen,
        CASE WHEN met.kind <> 0 OR met.has_surcharge OR NOT met.is_there
                OR met.is_there IS NULL AND EXISTS (
                    SELECT FROM said_absent
                    WHERE said_absent.child_id = met.child_id
                        AND said_absent.family_id = met.family_id
                        AND said_absent.slot_id = met.slot_id
                )
            THEN met.slot_id END AS apart
    FROM met
    WHERE NOT EXISTS (
        SELECT FROM billed
        WHERE billed.slot_id = met.slot_id AND billed.child_id = met.child_id
          AND billed.family_id = {payer}
    )
)
SELECT family_id, child_id, apart, kind, array_agg(slot_id ORDER BY slot_id)::text,
    (array_agg(slot_id ORDER BY slot_id) FILTER (WHERE NOT is_seen))::text
FROM told
GROUP BY family_id, child_id, apart, kind
ORDER BY family_id, child_id
"""

# A day given up and booked again is one day: the booking that holds is the one that counts.
APART = """
WITH due AS (
    SELECT DISTINCT ON (apart.slot_id, apart.child_id, apart.family_id)
        apart.family_id, apart.child_id, apart.slot_id, apart.status,
        coalesce(booking.surcharge_cents, 0) AS surcharge_cents,
        coalesce(booking.decision_sentence, '') AS decision_sentence
    FROM unnest(%(slots)s::bigint[], %(children)s::bigint[], %(families)s::bigint[],
        %(statuses)s::text[]) AS apart (slot_id, child_id, family_id, status)
    LEFT JOIN bookings_booking booking
        ON booking.slot_id = apart.slot_id AND booking.child_id = apart.child_id
        AND booking.family_id = apart.family_id AND booking.status = apart.status
        AND booking.is_charged
    WHERE NOT (apart.status = 'CANCELLED' AND EXISTS (
        SELECT FROM bookings_booking held
        WHERE held.slot_id = apart.slot_id AND held.child_id = apart.child_id
          AND held.family_id = apart.family_id AND held.status = 'CONFIRMED' AND held.is_charged
    ))
    ORDER BY apart.slot_id, apart.child_id, apart.family_id, apart.status = 'CONFIRMED' DESC,
        booking.id DESC
)
SELECT due.family_id, due.child_id, due.slot_id, slot.day, due.status,
    due.surcharge_cents, due.decision_sentence,
    attendance.presence, attendance.arrived_at, attendance.left_at, attendance.is_justified,
    absence.reason, absence.status, absence.starts_on, absence.ends_on, absence.reported_at,
    absence.document_at
FROM due
JOIN bookings_slot slot ON slot.id = due.slot_id
LEFT JOIN attendance_attendance attendance
    ON attendance.slot_id = due.slot_id AND attendance.child_id = due.child_id
LEFT JOIN LATERAL (
    SELECT report.* FROM attendance_absencereport report
    WHERE report.child_id = due.child_id AND report.family_id = due.family_id
      AND slot.day BETWEEN report.starts_on AND report.ends_on
    ORDER BY report.status = 'JUSTIFIED' DESC, report.reported_at
    LIMIT 1
) absence ON due.status = 'CONFIRMED'
ORDER BY due.family_id, due.child_id, slot.day, due.slot_id
"""

UNASSIGNED = """
SELECT activity.name, count(*)
FROM bookings_slot slot
JOIN bookings_booking booking ON booking.slot_id = slot.id AND booking.status = 'CONFIRMED'
JOIN catalogue_offering offering ON offering.id = slot.offering_id
JOIN catalogue_activity activity ON activity.id = offering.activity_id
WHERE slot.day BETWEEN %(first)s AND %(last)s AND slot.status = 'OPEN'
  AND NOT EXISTS (
      SELECT FROM billing_activityaccounting accounting
      WHERE accounting.activity_id = activity.id
  )
GROUP BY activity.name ORDER BY activity.name
"""
# As the statement numbers them.
KINDS = ("CONFIRMED", "CANCELLED", "WALK_IN")
# What most months lack, asked once rather than each for itself.
SPECIAL = """
SELECT EXISTS (SELECT FROM billing_agreement WHERE starts_on <= %(last)s AND ends_on >= %(first)s),
    EXISTS (
        SELECT FROM billing_regularisation
        WHERE cash_office_id = %(office)s AND status = 'ACCEPTED' AND kind = 'CHARGE'
    ),
    EXISTS (
        SELECT FROM families_custody
        WHERE starts_on <= %(last)s AND (ends_on IS NULL OR ends_on >= %(first)s)
        GROUP BY child_id HAVING count(DISTINCT family_id) > 1
    ), EXISTS (SELECT FROM childcare_contract)
"""
# Enough to sort a million narrow rows without writing them to the disk.
SORTING = "SET LOCAL work_mem = '192MB';"


@dataclass(slots=True)
class FamilyCharges:
    """What one family is to be billed for."""

    stretches: list[Stretch] = field(default_factory=list)
    days: list[ChargeDay] = field(default_factory=list)

    def child_ids(self) -> Iterator[int]:
        """With repeats."""
        for stretch in self.stretches:
            yield stretch.child_id
        for day in self.days:
            yield day.child_id


def _statement(*, by_custody: bool = False, again: bool = False) -> str:
    """The statement of the month, or of slots of some children billed already (`again`)."""
    parts = {
        "payer": "billed.family_id" if by_custody else "met.family_id",
        "slots": "",
        "booked_by": "",
        "come_by": "",
        "billed": "",
    }
    if again:
        parts |= {
            "slots": "AND slot.id = ANY(%(slots)s)",
            "booked_by": "AND booking.child_id = ANY(%(children)s)",
            "come_by": "AND attendance.child_id = ANY(%(children)s)",
            "billed": "AND false",
        }
    text = ALL_DAYS
    for name, value in parts.items():
        text = text.replace(f"{{{name}}}", value)
    return text


@transaction.atomic
def read_month(
    *, cash_office_id: int, first: date, last: date, month: date, by_custody: bool = False
) -> dict[int, FamilyCharges]:
    """What the cash office has to bill between two days, by family.

    Days before `month` are never grouped with those of the month. `by_custody`: who booked a day
    may not be who paid it.
    """
    asked: dict[str, Any] = {"office": cash_office_id, "first": first, "last": last}
    return _read(asked, _statement(by_custody=by_custody), month)


@transaction.atomic
def read_again(
    *, cash_office_id: int, slot_ids: Collection[int], child_ids: Collection[int], month: date
) -> dict[int, FamilyCharges]:
    """What slots billed already would be charged for today: those given up since are left out."""
    asked: dict[str, Any] = {
        "office": cash_office_id,
        "first": month - timedelta(days=200),
        "last": month + timedelta(days=40),
        "slots": list(slot_ids),
        "children": list(child_ids),
    }
    return _read(asked, _statement(again=True), month)


def _read(asked: dict[str, Any], statement: str, month: date) -> dict[int, FamilyCharges]:
    found: dict[int, FamilyCharges] = defaultdict(FamilyCharges)
    apart: dict[str, list[Any]] = {"slots": [], "children": [], "families": [], "statuses": []}
    with connection.cursor() as cursor:
        cursor.execute(SLOTS, asked)
        calendar = _calendar(cursor.fetchall(), month)
        cursor.execute(SORTING + statement, asked)
        cursor.nextset()
        while rows := cursor.fetchmany(5_000):
            for family_id, child_id, slot_id, kind, slots, unseen in rows:
                if slot_id is None:
                    found[family_id].stretches += [
                        Stretch(family_id, child_id, days, missing)
                        for days, missing in calendar.days(slots, unseen)
                    ]
                else:
                    apart["slots"].append(slot_id)
                    apart["children"].append(child_id)
                    apart["families"].append(family_id)
                    apart["statuses"].append(KINDS[kind])
        if apart["slots"]:
            cursor.execute(APART, apart)
            for day in _days_apart(cursor.fetchall(), calendar):
                found[day.family_id].days.append(day)
    return dict(sorted(found.items()))


def read_charges(*, cash_office_id: int, first: date, last: date) -> Iterator[ChargeDay]:
    """The same, each day for itself, by family, child and day."""
    found = read_month(cash_office_id=cash_office_id, first=first, last=last, month=first)
    for charges in found.values():
        days = [*charges.days]
        for stretch in charges.stretches:
            days += stretch.one_by_one()
        yield from sorted(days, key=lambda day: (day.child_id, day.day, day.slot_id))


def _calendar(rows: Iterable[tuple[Any, ...]], month: date) -> Calendar:
    offers: dict[tuple[Any, ...], Offer] = {}
    slots = {}
    for slot_id, day, *what in rows:
        key = tuple(what)
        offer = offers.get(key)
        if offer is None:
            offer = offers[key] = Offer(*key)
        slots[slot_id] = SlotDay(offer, day)
    return Calendar(slots, month)


def _days_apart(rows: Iterable[tuple[Any, ...]], calendar: Calendar) -> Iterator[ChargeDay]:
    for family_id, child_id, slot_id, day, status, *rest in rows:
        offer = calendar.slots[slot_id].offer
        yield ChargeDay(
            family_id,
            child_id,
            slot_id,
            day,
            status,
            offer.activity_id,
            offer.activity,
            offer.activity_name,
            offer.product,
            offer.product_name,
            offer.unit_name,
            offer.unit_plural,
            offer.site,
            *rest,
        )


@dataclass(frozen=True, slots=True)
class Special:
    """What a month has to look at: third parties, accepted regularisations, two homes, crèches."""

    agreements: bool
    regularisations: bool
    two_homes: bool
    contracts: bool


def what_is_special(*, cash_office_id: int, first: date, last: date) -> Special:
    """One statement."""
    with connection.cursor() as cursor:
        cursor.execute(SPECIAL, {"office": cash_office_id, "first": first, "last": last})
        return Special(*cursor.fetchone())


def unassigned_activities(*, first: date, last: date) -> list[tuple[str, int]]:
    """(activity, bookings) of activities for which no cash office collects."""
    with connection.cursor() as cursor:
        cursor.execute(UNASSIGNED, {"first": first, "last": last})
        return cursor.fetchall()


def activities_with_several_products() -> frozenset[int]:
    """Ids of the activities that are booked in more than one way (a morning, a full day)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT activity_id FROM catalogue_product GROUP BY activity_id HAVING count(*) > 1"
        )
        return frozenset(row[0] for row in cursor.fetchall())
