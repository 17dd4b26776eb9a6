"""What a tablet of a site takes with it for the day: who is expected, and no more than needed.

Health is a sign, never a word: the words are asked for on line, one child at a time.
"""

import hashlib
from datetime import date, datetime
from typing import Any

from preau.attendance.onsite import SiteDay, SlotDay, group_of, ratio_of, site_day
from preau.attendance.queries import SheetRow, active_cards
from preau.bookings.facts import age_on
from preau.catalogue.enums import ActivityKind
from preau.childsheet.health import SiteSheet
from preau.childsheet.queries import site_sheets
from preau.families.enums import Diet
from preau.families.queries import colours_of
from preau.kernel import french
from preau.kernel.clock import paris
from preau.kernel.codes import normalise_code
from preau.schools.queries import schooling_on, schoolings_at

# Where the hours of arrival and departure count.
TIMED = {
    ActivityKind.MORNING_CARE,
    ActivityKind.EVENING_CARE,
    ActivityKind.WEDNESDAY,
    ActivityKind.HOLIDAY_CENTRE,
    ActivityKind.CRECHE,
}
PUPILS = 800
PHONES = 3


def card_mark(code: str) -> str:
    """What a tablet keeps of a card to know it without network: not the code itself."""
    return hashlib.sha256(normalise_code(code).encode()).hexdigest()[:24]


def tablet_day(site: Any, day: date, now: datetime) -> dict[str, Any]:
    """The day of a site, in plain values: some thirty queries, whatever the children."""
    found = site_day(site.pk, day)
    children: dict[int, Any] = {}
    for one in found.slots:
        for row in one.sheet.rows:
            children[row.child.pk] = row.child
    ids = list(children)
    sheets = site_sheets(children.values(), day)
    colours = colours_of(ids, day)
    pupils = list(
        schoolings_at([site.pk], day)
        .select_related("child", "school_class")
        .order_by("child__search_key")[:PUPILS]
    )
    known = {*ids, *(p.child_id for p in pupils)}
    clock = paris(now).time()
    return {
        "day": day.isoformat(),
        "words": french.day(day),
        "site": site.pk,
        "slots": [_slot(one, found, clock) for one in found.slots],
        "children": {
            str(pk): child_entry(
                child, sheets[pk], colours.get(pk, 1), group_of(found.groups, child, day), day
            )
            for pk, child in children.items()
        },
        "pupils": [
            {
                "id": p.child_id,
                "name": str(p.child),
                "class": p.school_class.name if p.school_class else "",
            }
            for p in pupils
            if p.child_id not in children
        ],
        "cards": {card_mark(c.code): c.child_id for c in active_cards(list(known))},
        "staff": staff_entries(found),
        "groups": [group.name for group in found.groups],
    }


def staff_entries(found: SiteDay) -> list[dict[str, Any]]:
    """The adults of the day."""
    return [
        {
            "name": duty.name,
            "group": duty.group.name if duty.group else "",
            "from": f"{duty.starts_at:%H:%M}",
            "to": f"{duty.ends_at:%H:%M}",
            "absent": duty.is_absent,
        }
        for duty in found.staff
    ]


def _slot(one: SlotDay, found: SiteDay, clock: Any) -> dict[str, Any]:
    slot = one.slot
    ratio = ratio_of(one, found.adults_at(clock))
    return {
        "id": slot.pk,
        "name": slot.offering.activity.name,
        "product": slot.product.name,
        "from": f"{slot.starts_at:%H:%M}",
        "to": f"{slot.ends_at:%H:%M}",
        "timed": slot.offering.activity.kind in TIMED,
        "closed": one.sheet.closure is not None,
        "closed_by": one.sheet.closure.closed_by_label if one.sheet.closure else "",
        "young_per_adult": slot.young_per_adult,
        "old_per_adult": slot.old_per_adult,
        "age_cut": slot.age_cut,
        "adults": ratio.adults,
        "rows": [_row(row) for row in one.sheet.rows],
        "announced": [report.child.first_name for report in one.sheet.announced],
    }


def _row(row: SheetRow) -> dict[str, Any]:
    mark = row.attendance
    return {
        "child": row.child.pk,
        "state": row.state,
        "class": row.school_class,
        "walk_in": row.is_walk_in,
        "arrived": mark.arrived_at.isoformat() if mark and mark.arrived_at else None,
        "left": mark.left_at.isoformat() if mark and mark.left_at else None,
        "collected_by": mark.collected_by if mark else "",
        "reported": bool(row.report),
    }


def child_entry(child: Any, sheet: SiteSheet, colour: int, group: str, day: date) -> dict[str, Any]:
    """What a tablet keeps of a child: signs, who collects, whom to call; never a word of health."""
    return {
        "name": str(child),
        "initials": french.initials(child.first_name),
        "colour": colour,
        "age": age_on(child.birth_on, day) if child.birth_on else None,
        "group": group,
        "diet": "" if child.diet == Diet.STANDARD else str(Diet(child.diet).label),
        "allergy": sheet.signs.has_allergy,
        "pai": sheet.signs.has_pai,
        "leave": sheet.leave if sheet.leave.startswith("peut") else "",
        "photo": sheet.has_photo and bool(child.photo_consent),
        "collect": [
            f"{p.name}, {p.relationship}" if p.relationship else p.name for p in sheet.may_collect
        ],
        "forbidden": [p.name for p in sheet.must_not_collect],
        "call": [{"name": p.name, "phone": p.phone} for p in sheet.to_call[:PHONES] if p.phone],
    }


def pupils_here(site_id: int, child_id: int, day: date) -> bool:
    """Whether the child is at school at the site on the day."""
    schooling = schooling_on([child_id], day).get(child_id)
    return schooling is not None and schooling.establishment_id == site_id
