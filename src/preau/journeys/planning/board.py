"""Reading a month of a household for one activity, in nine queries whatever it holds."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from preau.attendance.queries import Span, absence_spans, asked_absences, presences_at
from preau.bookings.doors import Doors, get_doors, opening_words
from preau.bookings.enums import BookingStatus
from preau.bookings.household import Household, Kid, asked_household, get_household
from preau.bookings.pricing import FamilyRules
from preau.bookings.queries import (
    BookingRow,
    SlotRow,
    asked_draft,
    asked_slots,
    bookings_at,
    get_draft,
    holds_of,
    slots_between,
)
from preau.bookings.rates import day_infos, products_of_activity
from preau.enrolments.queries import read_active_enrolments
from preau.families.queries import read_quotients
from preau.journeys.planning.painter import Painter
from preau.journeys.planning.values import (
    Board,
    BoardCell,
    BoardDay,
    BoardKid,
    BoardWeek,
    Tab,
)
from preau.kernel.clock import paris_day
from preau.kernel.lane import ahead
from preau.kernel.periods import month_period, week_start
from preau.openings.rules import Opening
from preau.schools.queries import asked_schooling, schooling_on

DAYS = "DAYS"
CONTRACT = "CONTRACT"
IDLE = ("free", "past-free", "closed")


def page_span(month: date) -> tuple[date, date]:
    """The whole weeks that hold a month: from a Monday to a Sunday."""
    period = month_period(month)
    assert period.ends_on is not None
    return week_start(period.starts_on), week_start(period.ends_on) + timedelta(days=6)


def get_board(
    *,
    family: Any,
    user_id: int,
    month: date,
    activity: str = "",
    now: datetime,
    span: tuple[date, date] | None = None,
) -> Board:
    """The planning of a household for a month and one of its activities (the first by default).

    `family` is its row (`is_resident`, `city`, `postcode`, `pk`). `span` widens the page, to copy
    over a year. Unknown activities and months fall back on what there is.
    """
    first, last = span or page_span(month)
    today = paris_day(now)
    with ahead(
        read_active_enrolments.asked(family.pk, min(first, today)),
        asked_draft(family.pk, user_id),
        asked_household(family.pk, first, last),
        asked_absences(family.pk, first, last),
        read_quotients.asked(family.pk),
    ):
        return _read_board(family, user_id, month, activity, now, first, last)


def _read_board(
    family: Any, user_id: int, month: date, activity: str, now: datetime, first: date, last: date
) -> Board:
    today = paris_day(now)
    enrolments = [
        e
        for e in read_active_enrolments(family.pk, min(first, today))
        if e.offering.activity.booking_mode != CONTRACT
    ]
    tabs = _tabs(enrolments)
    tab = next((t for t in tabs if t.slug == activity), tabs[0] if tabs else None)
    draft = get_draft(family.pk, user_id)
    choices: dict[str, bool] = dict(draft.changes) if draft else {}
    board = Board(
        month=month.replace(day=1),
        first=first,
        last=last,
        tabs=tabs,
        tab=tab,
        kids=[],
        weeks=[],
        prices={},
        unit=("jour", "jours"),
        draft=choices,
        can_undo=bool(draft and draft.history),
        offers=0,
        year_ends_on=None,
        key=draft.key if draft else uuid.uuid4(),
    )
    if tab is None:
        return board
    mine = [e for e in enrolments if e.offering.activity.slug == tab.slug]
    board.year_ends_on = max(e.ends_on for e in mine)
    household = get_household(family.pk, first, last, family)
    offerings, school_day = {e.offering_id for e in mine}, min(max(today, first), last)
    with ahead(asked_slots(offerings, first, last), asked_schooling(household.kids, school_day)):
        slots = slots_between(offerings, first, last)
        schooling = schooling_of(schooling_on(household.kids, school_day))
    bookings = bookings_at(family.pk, [slot.pk for slot in slots])
    board.offers = sum(
        b.status == BookingStatus.OFFERED
        and b.offer_expires_at is not None
        and b.offer_expires_at > now
        for b in bookings
    )
    begun = [slot.pk for slot in slots if slot.day <= today]
    presences = presences_at(family.pk, begun, household.kids) if begun else {}
    spans = absence_spans(family.pk, first, last)
    guarded = {slot.offering_id for slot in slots if slot.has_window}
    doors = get_doors(household, guarded, first, last, now)
    rules = FamilyRules(
        household,
        schooling=schooling,
        enrolled=len({e.child_id for e in enrolments}),
        quotients=read_quotients(family.pk),
    )
    held = holds_of(family.pk, user_id) if choices else {}
    _tell_holds(board, draft, held, now)
    _fill(
        board,
        tab=tab,
        enrolments=mine,
        household=household,
        slots=slots,
        bookings=bookings,
        presences=presences,
        spans=spans,
        rules=rules,
        doors=doors,
        held=held,
        lapsed=frozenset(draft.held) if draft and board.lapsed else frozenset(),
        now=now,
    )
    return board


def _tell_holds(
    board: Board, draft: Any, held: Mapping[tuple[int, int], datetime], now: datetime
) -> None:
    """What is held for this planning, whatever the month; or what was, once its time is over."""
    untils = [until for until in held.values() if until > now]
    board.held, board.held_until = len(untils), min(untils, default=None)
    if not untils and draft is not None and draft.held_until and draft.held_until <= now:
        board.lapsed = sum(draft.changes.get(pair) is True for pair in draft.held)
        board.lapsed_at = draft.held_until


def schooling_of(rows: Mapping[int, Any]) -> dict[int, dict[str, Any]]:
    """School and level by child, in the words that rules read."""
    return {
        child_id: {"school": row.establishment.slug, "level": row.level}
        for child_id, row in rows.items()
    }


def _tabs(enrolments: Iterable[Any]) -> list[Tab]:
    found: dict[str, tuple[int, Tab]] = {}
    for enrolment in enrolments:
        activity = enrolment.offering.activity
        found.setdefault(
            activity.slug,
            (
                activity.position,
                Tab(activity.slug, activity.name, activity.kind, activity.booking_mode == DAYS),
            ),
        )
    return [tab for _, tab in sorted(found.values(), key=lambda pair: (pair[0], pair[1].name))]


def _fill(
    board: Board,
    *,
    tab: Tab,
    enrolments: list[Any],
    household: Household,
    slots: list[SlotRow],
    bookings: list[BookingRow],
    presences: dict[tuple[int, int], str],
    spans: list[Span],
    rules: FamilyRules,
    doors: Doors,
    held: Mapping[tuple[int, int], datetime],
    lapsed: frozenset[str],
    now: datetime,
) -> None:
    products = products_of_activity(enrolments[0].offering.activity_id)
    names = {pk: product.name for pk, product in products.items()}
    if products:
        main = next(iter(products.values()))
        board.unit = (main.unit_name, main.unit_plural)
    shows_product = len(names) > 1
    by_slot = {(b.slot_id, b.child_id): b for b in bookings}
    away: dict[int, list[Span]] = defaultdict(list)
    for span in spans:
        away[span.child_id].append(span)
    rights: dict[tuple[int, int], list[Any]] = defaultdict(list)
    enrolled: dict[int, Kid] = {}
    sites = {}
    for enrolment in enrolments:
        kid = household.kid(enrolment.child_id)
        if kid is None:
            continue
        enrolled[kid.pk] = kid
        rights[kid.pk, enrolment.offering_id].append(enrolment)
        sites[enrolment.offering_id] = enrolment.offering.establishment.slug
    kids = [kid for kid in household.kids.values() if kid.pk in enrolled]
    board.kids = [BoardKid(k.pk, k.first_name, k.sex, (k.rank - 1) % 4 + 1) for k in kids]
    painter = Painter(
        tab=tab,
        rules=rules,
        draft=board.draft,
        by_slot=by_slot,
        presences=presences,
        away=away,
        now=now,
        names=names if shows_product else {},
        sites=sites,
        slugs={pk: product.slug for pk, product in products.items()},
        doors=doors,
        held=held,
        lapsed=lapsed,
    )
    by_day: dict[date, list[SlotRow]] = defaultdict(list)
    for slot in slots:
        by_day[slot.day].append(slot)
    board.weekdays = _weekdays(slots)
    infos = day_infos(board.first, board.last)
    today = paris_day(now)
    monday = board.first
    while monday <= board.last:
        week = BoardWeek(
            monday,
            [],
            is_past=monday + timedelta(days=6) < today,
            is_current=monday <= today <= monday + timedelta(days=6),
        )
        for offset in board.weekdays:
            day = monday + timedelta(days=offset)
            found = by_day.get(day, [])
            week.days.append(_day(day, found, kids, rights, painter, infos.get(day), today))
        board.weeks.append(week)
        monday += timedelta(days=7)
    board.prices = painter.prices
    coming = [o.opens_at for o in painter.shut if o.opens_at is not None]
    board.opens_at = min(coming, default=None)
    board.opening_words = tuple(
        dict.fromkeys(opening_words(o) for o in sorted(painter.shut, key=_coming_first))
    )


def _coming_first(opening: Opening) -> tuple[bool, str]:
    at = opening.opens_at or opening.closed_at
    return opening.opens_at is None, at.isoformat() if at else ""


def _weekdays(slots: list[SlotRow]) -> tuple[int, ...]:
    """The columns of the month: school weeks whole, or the few days of a weekly activity."""
    used = {slot.day.weekday() for slot in slots}
    if used and len(used) <= 2:
        return tuple(sorted(used))
    return tuple(sorted({0, 1, 2, 3, 4} | used))


def _day(
    day: date,
    slots: list[SlotRow],
    kids: list[Kid],
    rights: Mapping[tuple[int, int], list[Any]],
    painter: Painter,
    info: Any,
    today: date,
) -> BoardDay:
    entry = BoardDay(day, is_today=day == today)
    painter.limits.clear()
    for kid in kids:
        cells = []
        for slot in slots:
            held = rights.get((kid.pk, slot.offering_id), ())
            if any(e.starts_on <= day <= e.ends_on for e in held):
                cells.append(painter.cell(slot, kid))
        if cells:
            entry.cells[kid.pk] = _telling(cells)
    if not entry.cells:
        entry.is_off = True
        entry.label = _why_off(info, bool(slots))
    else:
        entry.label = painter.day_label(day)
    return entry


def _telling(cells: list[BoardCell]) -> list[BoardCell]:
    """Of several products, those that say something: what is not held and may change no more is
    said once, and only when nothing is held."""
    idle = [c for c in cells if not c.held and not c.can_change and c.state in IDLE]
    if not idle or len(cells) == 1:
        return cells
    rest = [c for c in cells if c not in idle]
    if not rest:
        idle[0].product = ""
        return idle[:1]
    return rest


def _why_off(info: Any, has_slots: bool) -> str:
    if has_slots:
        return "pas inscrit"
    if info is None:
        return ""
    if info.closed_reason:
        return str(info.closed_reason)
    if info.holiday_name:
        return str(info.holiday_name)
    return "pas de séance" if info.is_school_day else "pas d’école"
