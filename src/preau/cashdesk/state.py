"""What a cash office holds at any instant: what an inspector asks for, and the day's alerts."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext as _

from preau.billing import acts, till
from preau.billing.means import PAPER, TILL, label
from preau.billing.queries import cash_offices
from preau.cashdesk.models import Deposit, DepositPiece, Refund, TillDay
from preau.cashdesk.rules import deposit_is_due, expected_cash, is_near
from preau.kernel.clock import at_paris, paris_day
from preau.kernel.french import day as day_words
from preau.kernel.money import euros

RECENT_DAYS = 31
"""How far back a statement lists the deposits: the longest delay between two."""


@dataclass(slots=True)
class OfficeState:
    """État de la régie at an instant. Amounts in cents; the float is the town's, not receipts."""

    office_name: str
    at: datetime
    act_reference: str
    people: list[str]
    float_cents: int
    is_open: bool
    opened_by: str
    cash_cents: int
    paper: list[tuple[str, int, int]]  # means, pieces, cents
    received: list[tuple[str, int, int]]  # of the day so far
    last_deposit: str
    last_deposit_on: date | None
    refunds_count: int
    refunds_cents: int
    differences_cents: int
    # Of the last 31 days, latest first: number, day, cents (below zero for one undone), why.
    deposits: list[tuple[str, str, int, str]] = field(default_factory=list)
    cash_ceiling_cents: int | None = None
    till_ceiling_cents: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def expected_cents(self) -> int:
        """What the drawer must hold."""
        return expected_cash(float_cents=self.float_cents, held_cents=self.cash_cents)

    @property
    def held_cents(self) -> int:
        """What is to be deposited, cash and paper."""
        return self.cash_cents + sum(cents for _means, _count, cents in self.paper)

    @property
    def is_near_ceiling(self) -> bool:
        return is_near(self.cash_cents, self.cash_ceiling_cents) or is_near(
            self.held_cents, self.till_ceiling_cents
        )

    @property
    def deposit_rows(self) -> list[tuple[str, date, int, str]]:
        """The deposits, with their days."""
        return [(number, date.fromisoformat(on), c, why) for number, on, c, why in self.deposits]

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be kept."""
        values = asdict(self)
        values["at"] = self.at.isoformat()
        values["last_deposit_on"] = str(self.last_deposit_on or "")
        return values


def pieces_held(cash_office_id: int, at: datetime | None = None) -> QuerySet[Any]:
    """Cheques and vouchers in the till: received, not voided, not deposited (by an instant)."""
    moment = at or datetime.max.replace(tzinfo=UTC)
    deposited = DepositPiece.objects.filter(
        part=OuterRef("pk"), deposit__in=standing_deposits(cash_office_id, moment)
    )
    return till.pieces_at(cash_office_id, moment).exclude(Exists(deposited))


def standing_deposits(cash_office_id: int, at: datetime) -> QuerySet[Deposit]:
    """The deposits made by an instant and not undone by then, latest first."""
    return Deposit.objects.filter(
        cash_office_id=cash_office_id, made_at__lte=at, voids__isnull=True
    ).exclude(voided_by__made_at__lte=at)


def state_of(cash_office_id: int, *, at: datetime) -> OfficeState:
    """The statement of a cash office at an instant, past or present. About twelve queries."""
    office = till.office_by_id(cash_office_id)
    day = paris_day(at)
    act = acts.act_on(cash_office_id, day)
    last_day = TillDay.objects.filter(cash_office_id=cash_office_id, opened_at__lte=at).first()
    deposit = standing_deposits(cash_office_id, at).first()
    recent = Deposit.objects.filter(
        cash_office_id=cash_office_id,
        made_at__gt=at - timedelta(days=RECENT_DAYS),
        made_at__lte=at,
    ).select_related("voids")
    held = till.held_at(cash_office_id, at)
    counts = dict(
        pieces_held(cash_office_id, at).order_by().values_list("means").annotate(count=Count("pk"))
    )
    waiting = Refund.objects.filter(
        cash_office_id=cash_office_id, status=Refund.Status.WAITING, created_at__lte=at
    ).aggregate(n=Count("pk"), cents=Sum("amount_cents"))
    is_open = bool(last_day and (last_day.closed_at is None or last_day.closed_at > at))
    year = at_paris(date(day.year, 1, 1))
    differences = TillDay.objects.filter(
        cash_office_id=cash_office_id, closed_at__gte=year, closed_at__lte=at
    ).aggregate(cents=Sum("difference_cents"))["cents"]
    return OfficeState(
        office_name=office.name,
        at=at,
        act_reference=act.reference if act else "",
        people=[
            f"{person.name}, {person.get_role_display()}"
            for person in acts.people_on(cash_office_id, day)
        ],
        float_cents=last_day.float_cents if last_day else (act.float_cents if act else 0),
        is_open=is_open,
        opened_by=last_day.opened_by if last_day and is_open else "",
        cash_cents=held["CASH"],
        paper=[
            (label(one), counts.get(one, 0), held[one])
            for one in PAPER
            if counts.get(one) or held[one]
        ],
        received=[
            (label(one), count, cents)
            for one, count, cents in till.received_between(
                cash_office_id, at_paris(day), at + timedelta(microseconds=1)
            )
        ],
        last_deposit=deposit.number if deposit else "",
        last_deposit_on=paris_day(deposit.made_at) if deposit else None,
        deposits=[
            (
                one.number,
                str(paris_day(one.made_at)),
                one.signed_cents,
                _("annule %(number)s : %(reason)s")
                % {"number": one.voids.number, "reason": one.void_reason}
                if one.voids
                else "",
            )
            for one in recent
        ],
        refunds_count=waiting["n"],
        refunds_cents=waiting["cents"] or 0,
        differences_cents=differences or 0,
        cash_ceiling_cents=act.cash_ceiling_cents if act else None,
        till_ceiling_cents=act.till_ceiling_cents if act else None,
    )


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a cash office must do; `kind` for tests, a French sentence for people."""

    kind: str
    office_code: str
    office_name: str
    text: str


def alerts(*, now: datetime) -> list[Alert]:
    """What waits at each open cash office: no act, a day left open, a deposit that is due."""
    day = paris_day(now)
    held = till.held_now()
    left_open = {
        row.cash_office_id: row
        for row in TillDay.objects.filter(closed_at__isnull=True, opened_at__lt=at_paris(day))
    }
    found: list[Alert] = []
    for office in cash_offices(only_active=True):

        def say(kind: str, text: str, office: Any = office) -> None:
            found.append(Alert(kind, office.code, office.name, text))

        act = acts.act_on(office.pk, day)
        if act is None:
            say("no_act", _("Aucun acte en vigueur : cette régie ne peut rien encaisser."))
            continue
        if open_day := left_open.get(office.pk):
            say(
                "day_open",
                _("La journée du %s n’est pas close.") % day_words(open_day.opened_at),
            )
        cash = held.get((office.pk, "CASH"), 0)
        whole = sum(held.get((office.pk, str(one)), 0) for one in TILL)
        if is_near(cash, act.cash_ceiling_cents) or is_near(whole, act.till_ceiling_cents):
            say(
                "ceiling",
                _("La caisse tient %(held)s, dont %(cash)s en espèces : le plafond est proche.")
                % {"held": euros(whole), "cash": euros(cash)},
            )
        elif whole > 0 and _is_due(office.pk, whole, act.deposit_days, day):
            say(
                "deposit_due",
                _("%(held)s attendent un versement depuis plus de %(days)s jours.")
                % {"held": euros(whole), "days": act.deposit_days},
            )
    return found


def _is_due(cash_office_id: int, held_cents: int, days: int, day: date) -> bool:
    last = standing_deposits(cash_office_id, datetime.max.replace(tzinfo=UTC)).first()
    oldest = till.oldest_held_at(cash_office_id, last.made_at if last else None)
    return deposit_is_due(
        held_cents=held_cents,
        since=paris_day(oldest) if oldest else None,
        last_deposit_on=paris_day(last.made_at) if last else None,
        day=day,
        days=days,
    )
