"""Reading a month of a household for one activity, in eight queries whatever it holds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from preau.attendance.queries import Span, absence_spans, presences_between
from preau.bookings.enums import BookingStatus
from preau.bookings.household import Household, Kid, get_household
from preau.bookings.pricing import FamilyRules, Service
from preau.bookings.queries import (
    BookingRow,
    SlotRow,
    bookings_between,
    get_draft,
    slots_between,
)
from preau.bookings.rates import day_infos, products_of_activity
from preau.bookings.rules import started
from preau.enrolments.queries import active_enrolments
from preau.kernel import french
from preau.kernel.clock import paris, paris_day
from preau.kernel.periods import month_period, week_start
from preau.schools.queries import schooling_on

DAYS = "DAYS"
CONTRACT = "CONTRACT"


@dataclass(frozen=True, slots=True)
class Tab:
    """An activity that some child of the household is enrolled in."""

    slug: str
    name: str
    kind: str
    by_day: bool


@dataclass(frozen=True, slots=True)
class BoardKid:
    """A child on the board: `colour` 1 to 4; the price of each product when one is known."""

    pk: int
    first_name: str
    sex: str
    colour: int


@dataclass(slots=True)
class BoardCell:
    """What one child has on one slot. `state` is one of the calendar's words (ui.cells).

    `held` says whether the child holds (or waits for) the place; `chosen` is the choice kept in
    the draft when it differs; `can_change` whether it may still be changed here.
    """

    slot_id: int
    child_id: int
    state: str
    held: bool = False
    can_change: bool = False
    chosen: bool | None = None
    word: str = ""
    note: str = ""
    product: str = ""
    cents: int = 0
    booking_id: int | None = None

    @property
    def pair(self) -> str:
        return f"{self.slot_id}-{self.child_id}"

    @property
    def wanted(self) -> bool:
        """What the family wants, its choices included."""
        return self.held if self.chosen is None else self.chosen


@dataclass(slots=True)
class BoardDay:
    """A day: `label` says until when, or why nothing takes place."""

    day: date
    label: str = ""
    is_off: bool = False
    is_today: bool = False
    cells: dict[int, list[BoardCell]] = field(default_factory=dict)


@dataclass(slots=True)
class BoardWeek:
    monday: date
    days: list[BoardDay]
    is_past: bool = False
    is_current: bool = False

    def cells(self) -> Iterable[BoardCell]:
        for day in self.days:
            for cells in day.cells.values():
                yield from cells


@dataclass(slots=True)
class Board:
    """A page of the planning."""

    month: date
    first: date
    last: date
    tabs: list[Tab]
    tab: Tab | None
    kids: list[BoardKid]
    weeks: list[BoardWeek]
    prices: dict[int, dict[str, tuple[int | None, tuple[str, ...]]]]
    unit: tuple[str, str]
    draft: dict[str, bool]
    can_undo: bool
    offers: int
    year_ends_on: date | None

    def cells(self) -> Iterable[BoardCell]:
        for week in self.weeks:
            yield from week.cells()


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
    enrolments = [
        e
        for e in active_enrolments(family.pk, min(first, today))
        if e.offering.activity.booking_mode != CONTRACT
    ]
    tabs = _tabs(enrolments)
    tab = next((t for t in tabs if t.slug == activity), tabs[0] if tabs else None)
    draft = get_draft(family.pk, user_id)
    choices: dict[str, bool] = dict(draft.changes) if draft else {}
    board = Board(
        month=month.replace(day=1), first=first, last=last, tabs=tabs, tab=tab, kids=[], weeks=[],
        prices={}, unit=("jour", "jours"), draft=choices,
        can_undo=bool(draft and draft.history), offers=0, year_ends_on=None,
    )
    if tab is None:
        return board
    mine = [e for e in enrolments if e.offering.activity.slug == tab.slug]
    board.year_ends_on = max(e.ends_on for e in mine)
    household = get_household(family.pk, first, last, family)
    slots = slots_between({e.offering_id for e in mine}, first, last)
    bookings = bookings_between(family.pk, first, last)
    board.offers = sum(
        b.status == BookingStatus.OFFERED
        and b.offer_expires_at is not None
        and b.offer_expires_at > now
        for b in bookings
    )
    presences = presences_between(family.pk, first, min(last, today)) if first <= today else {}
    spans = absence_spans(family.pk, first, last)
    schooling = schooling_of(schooling_on(household.kids, min(max(today, first), last)))
    rules = FamilyRules(
        household, schooling=schooling, enrolled=len({e.child_id for e in enrolments})
    )
    _fill(
        board, tab=tab, enrolments=mine, household=household, slots=slots, bookings=bookings,
        presences=presences, spans=spans, rules=rules, now=now,
    )
    return board


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
    board.kids = [
        BoardKid(k.pk, k.first_name, k.sex, (k.rank - 1) % 4 + 1) for k in kids
    ]
    painter = _Painter(
        tab=tab, rules=rules, draft=board.draft, by_slot=by_slot, presences=presences,
        away=away, now=now, names=names if shows_product else {}, sites=sites,
        slugs={pk: product.slug for pk, product in products.items()},
    )
    by_day: dict[date, list[SlotRow]] = defaultdict(list)
    for slot in slots:
        by_day[slot.day].append(slot)
    infos = day_infos(board.first, board.last)
    today = paris_day(now)
    monday = board.first
    while monday <= board.last:
        week = BoardWeek(
            monday, [], is_past=monday + timedelta(days=6) < today,
            is_current=monday <= today <= monday + timedelta(days=6),
        )
        for offset in range(7):
            day = monday + timedelta(days=offset)
            found = by_day.get(day, [])
            if offset >= 5 and not found:
                continue
            week.days.append(_day(day, found, kids, rights, painter, infos.get(day), today))
        board.weeks.append(week)
        monday += timedelta(days=7)
    board.prices = painter.prices


def _day(
    day: date,
    slots: list[SlotRow],
    kids: list[Kid],
    rights: Mapping[tuple[int, int], list[Any]],
    painter: "_Painter",
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
            entry.cells[kid.pk] = cells
    if not entry.cells:
        entry.is_off = True
        entry.label = _why_off(info, bool(slots))
    else:
        entry.label = painter.day_label(day)
    return entry


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


class _Painter:
    """Decides each cell: the same words are asked many times, so they are kept."""

    def __init__(
        self,
        *,
        tab: Tab,
        rules: FamilyRules,
        draft: Mapping[str, bool],
        by_slot: Mapping[tuple[int, int], BookingRow],
        presences: Mapping[tuple[int, int], str],
        away: Mapping[int, list[Span]],
        now: datetime,
        names: Mapping[int, str],
        sites: Mapping[int, str],
        slugs: Mapping[int, str],
    ) -> None:
        self.tab, self.rules, self.draft, self.by_slot = tab, rules, draft, by_slot
        self.presences, self.away, self.now = presences, away, now
        self.names, self.sites, self.slugs = names, sites, slugs
        self.prices: dict[int, dict[str, tuple[int | None, tuple[str, ...]]]] = {}
        self.limits: set[tuple[str, bool, datetime | None]] = set()
        self._services: dict[int, Service] = {}
        self._started: dict[int, bool] = {}

    def service(self, slot: SlotRow) -> Service:
        found = self._services.get(slot.pk)
        if found is None:
            found = self._services[slot.pk] = Service(
                self.tab.slug, self.slugs.get(slot.product_id, ""), slot.day, slot.starts_at,
                slot.ends_at, self.sites.get(slot.offering_id, ""),
            )
        return found

    def cell(self, slot: SlotRow, kid: Kid) -> BoardCell:
        booking = self.by_slot.get((slot.pk, kid.pk))
        cell = BoardCell(
            slot.pk, kid.pk, "free", product=self.names.get(slot.product_id, ""),
            booking_id=booking.pk if booking else None,
        )
        self._settled(cell, slot, kid, booking) or self._open(cell, slot, kid, booking)
        if cell.can_change:
            cell.chosen = self.draft.get(cell.pair)
            if cell.chosen == cell.held:
                cell.chosen = None
        return cell

    def _settled(
        self, cell: BoardCell, slot: SlotRow, kid: Kid, booking: BookingRow | None
    ) -> bool:
        """What can change no more, or not here."""
        span = next((s for s in self.away.get(kid.pk, ()) if slot.day in s), None)
        presence = self.presences.get((slot.pk, kid.pk))
        begun = self.begun(slot)
        confirmed = booking is not None and booking.status == BookingStatus.CONFIRMED
        if not slot.is_open:
            cell.state, cell.note = "cancelled", slot.cancelled_reason
        elif presence == "PRESENT":
            cell.state, cell.word = "present", "Présente" if kid.sex == "F" else "Présent"
            cell.held = True
        elif span is not None and (confirmed or presence == "ABSENT" or begun):
            cell.state, cell.held = "away", confirmed
            cell.note = _span_note(span)
        elif presence == "ABSENT":
            cell.state, cell.held = "absent", True
        elif booking is not None and booking.status == BookingStatus.OFFERED:
            if booking.offer_expires_at is None or booking.offer_expires_at <= self.now:
                return False
            cell.state, cell.note = "offered", "répondez vite"
        elif booking is not None and booking.status == BookingStatus.CANCELLED:
            cell.state, cell.word, cell.note = "past-free", "Retiré", "reste dû"
        elif begun:
            cell.state, cell.held = ("past", True) if confirmed else ("free", False)
            cell.word = "" if confirmed else "Rien"
        elif booking is None and not kid.lives_here(slot.day):
            cell.state, cell.word = "closed", "Chez l’autre parent"
        elif not self.tab.by_day:
            self._whole_period(cell, booking)
        else:
            return False
        if cell.held:
            cell.cents = self._price(slot, kid)
        return True

    def _whole_period(self, cell: BoardCell, booking: BookingRow | None) -> None:
        if booking is None:
            cell.state = "free"
        elif booking.status == BookingStatus.WAITING:
            cell.state, cell.held = "waiting", True
            cell.note = _queue_note(booking.rank)
        else:
            cell.state, cell.held = "booked", True

    def _open(
        self, cell: BoardCell, slot: SlotRow, kid: Kid, booking: BookingRow | None
    ) -> None:
        service = self.service(slot)
        cell.cents = self._price(slot, kid)
        if booking is not None and booking.status == BookingStatus.CONFIRMED:
            possible, until = self.rules.until(service, kid.pk, "cancel")
            self.limits.add(("cancel", possible, until))
            cell.held = True
            if possible and (until is None or self.now <= until):
                cell.state, cell.can_change = "booked", True
            else:
                cell.state, cell.note = "past", "délai passé"
            return
        if booking is not None and booking.status == BookingStatus.WAITING:
            cell.state, cell.held, cell.can_change = "waiting", True, True
            cell.word, cell.note = "Complet", _queue_note(booking.rank)
            return
        possible, until = self.rules.until(service, kid.pk, "book")
        self.limits.add(("book", possible, until))
        if not possible or (until is not None and self.now > until):
            cell.state, cell.note = "past-free", "délai passé"
            return
        cell.can_change = True
        cell.state = "free" if slot.left else "full"

    def begun(self, slot: SlotRow) -> bool:
        found = self._started.get(slot.pk)
        if found is None:
            found = self._started[slot.pk] = started(
                day=slot.day, starts_at=slot.starts_at, now=self.now
            )
        return found

    def _price(self, slot: SlotRow, kid: Kid) -> int:
        price = self.rules.price(self.service(slot), kid.pk)
        name = self.names.get(slot.product_id, "")
        self.prices.setdefault(kid.pk, {}).setdefault(name, (price.cents, price.sentences))
        return price.cents or 0

    def day_label(self, day: date) -> str:
        """Until when this day may be changed: «jusqu’à lundi, 9 h», «clos depuis lundi, 9 h»."""
        moments = {limit for limit in self.limits if limit[2] is not None}
        if not moments:
            return "clos" if any(not possible for _, possible, _ in self.limits) else ""
        ends = {
            action: min(until for a, _, until in moments if a == action and until is not None)
            for action in {a for a, _, _ in moments}
        }
        if len(set(ends.values())) == 1:
            return _limit_words(next(iter(ends.values())), day, self.now)
        return ", ".join(
            f"{verb} {_limit_words(ends[action], day, self.now)}"
            for action, verb in (("book", "réserver"), ("cancel", "annuler"))
        )


_words_kept: dict[tuple[datetime, date, bool], str] = {}


def _limit_words(until: datetime, day: date, now: datetime) -> str:
    past = until < now
    key = (until, day, past)
    found = _words_kept.get(key)
    if found is None:
        if len(_words_kept) > 20_000:
            _words_kept.clear()
        found = _words_kept[key] = _say_limit(until, day, past)
    return found


def _say_limit(until: datetime, day: date, past: bool) -> str:
    local = paris(until)
    on, hour = local.date(), french.clock_time(local)
    if (local.hour, local.minute) == (0, 0):
        on, hour = on - timedelta(days=1), "minuit"
    near = (day - on).days < 7
    when = french.weekday(on) if near else french.day(on, weekday=False)
    if on == day:
        when = "le jour même"
    if past:
        return f"clos depuis {'le ' if not near else ''}{when}, {hour}"
    if on == day:
        return f"jusqu’au jour même, {hour}"
    return f"jusqu’à {when}, {hour}" if near else f"jusqu’au {when}, {hour}"


def _span_note(span: Span) -> str:
    return {"JUSTIFIED": "justifiée", "NOT_JUSTIFIED": "non justifiée"}.get(
        span.status, f"signalée {french.weekday(span.reported_at)}"
    )


def _queue_note(rank: int | None) -> str:
    return f"{french.ordinal(rank)} en liste d’attente" if rank else "en liste d’attente"

