"""What each child has on each slot: a state, what may change, until when, at what price."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from preau.attendance.queries import Span
from preau.bookings.doors import Doors
from preau.bookings.enums import BookingStatus
from preau.bookings.household import Kid
from preau.bookings.pricing import FamilyRules, Service
from preau.bookings.queries import BookingRow, SlotRow
from preau.bookings.rules import group_of, is_young, queue_words, started
from preau.journeys.planning.values import BoardCell, Tab
from preau.kernel import french
from preau.kernel.clock import paris
from preau.openings.rules import Opening


class Painter:
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
        doors: Doors,
        held: Mapping[tuple[int, int], datetime] | None = None,
        lapsed: frozenset[str] = frozenset(),
    ) -> None:
        self.tab, self.rules, self.draft, self.by_slot = tab, rules, draft, by_slot
        self.presences, self.away, self.now = presences, away, now
        self.names, self.sites, self.slugs = names, sites, slugs
        self.prices: dict[int, dict[str, tuple[int | None, tuple[str, ...]]]] = {}
        self.limits: set[tuple[str, bool, datetime | None]] = set()
        self.doors = doors
        # Places held for this planning while it is checked: full for others, not for it.
        self.held = held or {}
        # Choices whose places were held, and are no more.
        self.lapsed = lapsed
        # The doors that are shut on this page, to be said above the month.
        self.shut: set[Opening] = set()
        self._services: dict[int, Service] = {}
        self._started: dict[int, bool] = {}

    def service(self, slot: SlotRow) -> Service:
        found = self._services.get(slot.pk)
        if found is None:
            found = self._services[slot.pk] = Service(
                self.tab.slug,
                self.slugs.get(slot.product_id, ""),
                slot.day,
                slot.starts_at,
                slot.ends_at,
                self.sites.get(slot.offering_id, ""),
            )
        return found

    def cell(self, slot: SlotRow, kid: Kid) -> BoardCell:
        booking = self.by_slot.get((slot.pk, kid.pk))
        cell = BoardCell(
            slot.pk,
            kid.pk,
            "free",
            product=self.names.get(slot.product_id, ""),
            booking_id=booking.pk if booking else None,
        )
        if not self._settled(cell, slot, kid, booking):
            self._open(cell, slot, kid, booking)
        if cell.can_change:
            cell.chosen = self.draft.get(cell.pair)
            if cell.chosen == cell.held:
                cell.chosen = None
        return cell

    def _settled(
        self, cell: BoardCell, slot: SlotRow, kid: Kid, booking: BookingRow | None
    ) -> bool:
        """What can change no more, or not here."""
        span = self.span(slot, kid)
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
            cell.note = queue_words(booking.rank, group_of(booking.among))
        else:
            cell.state, cell.held = "booked", True

    def _open(self, cell: BoardCell, slot: SlotRow, kid: Kid, booking: BookingRow | None) -> None:
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
            cell.word, cell.note = "Complet", queue_words(booking.rank, group_of(booking.among))
            return
        opening = self.doors.opening(slot.offering_id, kid.pk, slot.day)
        if not opening.is_open:
            self.shut.add(opening)
            cell.state, cell.word, cell.note = "past-free", *_opening_note(opening)
            return
        possible, until = self.rules.until(service, kid.pk, "book")
        self.limits.add(("book", possible, until))
        if not possible or (until is not None and self.now > until):
            cell.state, cell.note = "past-free", "délai passé"
            return
        cell.can_change = True
        until = self.held.get((slot.pk, kid.pk))
        if until is not None and until > self.now:
            cell.state, cell.note = "kept", f"jusqu’à {french.clock_time(paris(until))}"
            return
        young = is_young(kid.birth_on, slot.day, slot.age_cut)
        cell.state = "free" if slot.left(young=young) else "full"
        if cell.pair in self.lapsed:
            cell.chosen_note = "n’est plus gardé" + (", complet" if cell.state == "full" else "")
        if cell.state == "free" and self.span(slot, kid) is not None:
            cell.note = "absence signalée"

    def span(self, slot: SlotRow, kid: Kid) -> Span | None:
        """The absence reported for that day, if any."""
        return next((s for s in self.away.get(kid.pk, ()) if slot.day in s), None)

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


def _opening_note(opening: Opening) -> tuple[str, str]:
    if opening.opens_at is not None:
        day = french.day(opening.opens_at, weekday=False)
        return "Pas ouvert", f"dès le {day}, {french.clock_time(opening.opens_at)}"
    return "Fermé", "réservations closes" if opening.closed_at else "pas ouvert pour vous"


def _span_note(span: Span) -> str:
    return {"JUSTIFIED": "justifiée", "NOT_JUSTIFIED": "non justifiée"}.get(
        span.status, f"signalée {french.weekday(span.reported_at)}"
    )
