"""What the tablet of a crèche's door takes with it for the day: as a site's, with contracts.

One sheet for the house: its sections are the groups, the hours are those of each contract.
"""

from datetime import date, datetime
from typing import Any

from preau.attendance.onsite import site_day
from preau.attendance.queries import active_cards
from preau.childcare.queries import expected_on, sections
from preau.childcare.queries.occupancy import Expected
from preau.childsheet.queries import site_sheets
from preau.families.queries import colours_of
from preau.journeys.site_tablet import card_mark, child_entry, staff_entries
from preau.kernel import french

STATES = {"here": "present"}


def door_day(site: Any, day: date, now: datetime) -> dict[str, Any]:
    """The day of a crèche, in plain values; the statements do not grow with the children."""
    rows = expected_on([site.pk], day)
    kids = {row.contract.child_id: row.contract.child for row in rows}
    groups = {
        row.contract.child_id: row.contract.section.name if row.contract.section else ""
        for row in rows
    }
    ids = list(kids)
    sheets = site_sheets(kids.values(), day)
    colours = colours_of(ids, day)
    rooms = list(sections([site.pk]))
    codes = {row.contract.punch_code: row.contract.child_id for row in rows}
    codes |= {card.code: card.child_id for card in active_cards(ids)}
    return {
        "day": day.isoformat(),
        "words": french.day(day),
        "site": site.pk,
        "slots": [
            {
                "id": site.pk,
                "name": site.name,
                "from": _clock(min((room.opens_minute for room in rooms), default=0)),
                "to": _clock(max((room.closes_minute for room in rooms), default=24 * 60 - 1)),
                "timed": True,
                "door": True,
                "closed": False,
                "per_adult": {room.name: room.children_per_adult for room in rooms},
                "rows": [_row(row) for row in rows],
                "announced": [],
            }
        ]
        if rows
        else [],
        "children": {
            str(pk): child_entry(child, sheets[pk], colours.get(pk, 1), groups[pk], day)
            for pk, child in kids.items()
        },
        "pupils": [],
        "cards": {card_mark(code): child_id for code, child_id in codes.items() if code},
        "staff": staff_entries(site_day(site.pk, day)),
        "groups": [room.name for room in rooms],
    }


def _row(row: Expected) -> dict[str, Any]:
    noted = row.presence
    return {
        "child": row.contract.child_id,
        "state": STATES.get(row.state, row.state),
        "class": f"{row.hours}, adaptation" if row.is_adaptation else row.hours,
        "to": _clock(row.span[1]) if row.span else None,
        "walk_in": row.span is None,
        "arrived": noted.arrived_at.isoformat() if noted else None,
        "left": noted.left_at.isoformat() if noted and noted.left_at else None,
        "collected_by": noted.collected_by if noted else "",
        "reported": row.absence is not None,
    }


def _clock(minute: int) -> str:
    """Minutes from midnight as the tablet reads them: «08:30»."""
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
