"""The cash offices' acts, and the days of their tills: opened, counted, deposited, handed over."""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from preau.billing import services as billing
from preau.billing.counter import Part
from preau.billing.errors import CeilingReached, VoucherRefused
from preau.billing.queries import accountings
from preau.billing.till import held_at
from preau.cashdesk import services as cashdesk
from preau.cashdesk.queries import open_day_of
from preau.cashdesk.state import state_of
from preau.demo.town.story import Story, utc
from preau.families.queries import active_families, payer_of
from preau.kernel.actors import Actor
from preau.kernel.clock import paris, paris_day

FLOAT_CENTS = 8_000
CASHIER, SECOND = "CASHIER", "karim.haddad@vincennes.example"
ALL = ["CASH", "CHEQUE", "CARD", "CESU", "ANCV", "TRANSFER", "ONLINE", "DEBIT"]
FUNCTIONS = {
    "cantine": "281",
    "matin": "288",
    "soir": "288",
    "mercredi": "331",
    "vacances": "331",
    "creche": "4221",
    "judo": "321",
    "natation": "323",
    "adhesion-sports": "321",
}
DEMO_IBAN = "FR7630006000011234567890189"


@dataclass(slots=True)
class Planned:
    """A payment that comes at the counter."""

    at: datetime
    invoice: Any
    payer: Any


def record_acts(story: Story) -> None:
    """Each cash office's act, and whom the orders name."""
    by: dict[str, Any] = {"now": story.opening, "actor": story.town_hall}
    since = date(2024, 9, 1)
    childhood = ("cantine", "matin", "soir", "mercredi", "vacances", "creche")
    billing.record_act(
        cash_office_id=story.offices["enfance"],
        reference="Décision 2024-112 du 3 juin 2024",
        signed_on=date(2024, 6, 3),
        in_force_on=since,
        decision="Délibération du 28 mai 2020, délégation au maire",
        activity_ids=[story.activities[slug] for slug in childhood],
        means=ALL,
        cash_ceiling_cents=120_000,
        till_ceiling_cents=800_000,
        deposit_days=30,
        float_cents=FLOAT_CENTS,
        payment_days=25,
        allows_refunds=True,
        refund_max_cents=10_000,
        **by,
    )
    billing.record_act(
        cash_office_id=story.offices["sports"],
        reference="Décision 2024-118 du 17 juin 2024",
        signed_on=date(2024, 6, 17),
        in_force_on=since,
        decision="Délibération du 28 mai 2020, délégation au maire",
        activity_ids=[story.activities[slug] for slug in ("judo", "natation", "adhesion-sports")],
        means=["CHEQUE", "CARD", "ANCV", "ONLINE"],
        till_ceiling_cents=400_000,
        deposit_days=30,
        payment_days=30,
        **by,
    )
    record_functions(story)
    for code, agent, role in [
        ("enfance", CASHIER, "CASHIER"),
        ("enfance", SECOND, "SUBSTITUTE"),
        ("sports", SECOND, "CASHIER"),
        ("sports", CASHIER, "AGENT"),
    ]:
        actor = story.agent(agent)
        assert actor.user_id is not None
        billing.name_person(
            cash_office_id=story.offices[code],
            user_id=actor.user_id,
            name=actor.label,
            role=role,
            order_reference="Arrêté 2024-231",
            starts_on=since,
            **by,
        )


def record_functions(story: Story) -> None:
    """The M57 function of each activity, beside its nature account."""
    of = {story.activities[slug]: code for slug, code in FUNCTIONS.items()}
    for row in accountings():
        billing.assign_activity(
            activity_id=row.activity_id,
            cash_office_id=row.cash_office_id,
            accounting_code=row.accounting_code,
            function_code=of.get(row.activity_id, ""),
            is_meal=row.is_meal,
            counts_for_tax=row.counts_for_tax,
            is_prepaid=row.is_prepaid,
            now=story.opening,
            actor=story.town_hall,
        )


def counter_hour(at: datetime, latest: datetime) -> datetime:
    """The same instant when the counter is open; the last open hour before `latest` otherwise."""
    local = paris(at)
    day = local.date() + timedelta(days={5: 2, 6: 1}.get(local.weekday(), 0))
    while day.weekday() > 4 or utc(day, 9, 5) > latest:
        day -= timedelta(days=1)
    return min(utc(day, 9 + local.hour % 7, 5 + local.minute % 50), max(latest, utc(day, 9, 5)))


def keep_tills(story: Story, planned: list[Planned]) -> None:
    """Live each day of each till, in order: open, receive, deposit at the ceiling, count, close."""
    days: dict[tuple[date, int], list[Planned]] = defaultdict(list)
    for payment in planned:
        days[paris_day(payment.at), payment.invoice.cash_office_id].append(payment)
    for office_id in sorted(story.offices.values()):
        if story.today.weekday() < 5 and utc(story.today, 9) < story.now:
            days.setdefault((story.today, office_id), [])
    for rank, (day, office_id) in enumerate(sorted(days)):
        Day(story, day, office_id, rank).live(sorted(days[day, office_id], key=lambda p: p.at))
    _give_back(story)


class Day:
    """One day of one till."""

    def __init__(self, story: Story, day: date, office_id: int, rank: int) -> None:
        self.story, self.day, self.office_id, self.rank = story, day, office_id, rank
        is_sports = office_id == story.offices["sports"]
        self.actor: Actor = story.agent(SECOND if is_sports else CASHIER)

    @property
    def by(self) -> dict[str, Any]:
        return {"cash_office_id": self.office_id, "actor": self.actor}

    def live(self, payments: list[Planned]) -> None:
        """From the opening to the count; today's stays open."""
        cashdesk.open_day(now=utc(self.day, 8, 50), **self.by)
        for payment in payments:
            self._receive(payment)
        if self.day == self.story.today:
            return
        evening = utc(self.day, 17, 10)
        if self.day.weekday() == 4 and self.rank % 3 == 0:
            self._deposit(evening)
        elif self.day.weekday() == 4 and self.rank % 3 == 1:
            self._deposit_wrongly(evening)
        expected = state_of(self.office_id, at=evening).expected_cents
        lost = 100 if self.rank == 4 and expected > 100 else 0
        cashdesk.close_day(
            counted=in_coins(expected - lost),
            difference_reason="Un euro rendu en trop, non retrouvé" if lost else "",
            now=evening + timedelta(minutes=20),
            **self.by,
        )

    def _receive(self, payment: Planned) -> None:
        cents = payment.invoice.left_cents
        cheque = [self._cheque(cents, payment)]
        try:
            self._collect(self._parts(cents, payment), payment)
        except VoucherRefused:
            self._collect(cheque, payment)
        except CeilingReached:
            self._deposit(payment.at)
            self._collect(cheque, payment)

    def _collect(self, parts: list[Part], payment: Planned) -> None:
        cashdesk.collect(
            family_id=payment.invoice.family_id,
            parts=parts,
            key=uuid.uuid4(),
            now=payment.at,
            chosen={payment.invoice.pk: payment.invoice.left_cents},
            **self.by,
        )

    def _parts(self, cents: int, payment: Planned) -> list[Part]:
        dice, childhood = self.story.dice, self.office_id == self.story.offices["enfance"]
        fate = dice.random()
        if childhood and fate < 0.35 and cents <= 30_000:
            return [Part("CASH", cents)]
        if fate < 0.65:
            return [Part("CARD", cents, f"{dice.randrange(10_000):04d}")]
        if childhood and fate < 0.75 and cents > 2_000:
            vouchers = cents // 2_000 * 500
            return [Part("CESU", vouchers, "4"), self._cheque(cents - vouchers, payment)]
        return [self._cheque(cents, payment)]

    def _cheque(self, cents: int, payment: Planned) -> Part:
        number = f"{self.story.dice.randrange(10**6, 10**7)}"
        bank = self.story.dice.choice(["La Banque postale", "Crédit mutuel", "BNP Paribas"])
        return Part("CHEQUE", cents, number, bank, str(payment.payer))

    def _deposit(self, at: datetime) -> None:
        held = held_at(self.office_id, at)
        if sum(held.values()) > 0:
            cashdesk.make_deposit(
                cash_cents=max(held["CASH"], 0),
                means=["CHEQUE", "CESU", "ANCV"],
                key=uuid.uuid4(),
                now=at,
                **self.by,
            )

    def _deposit_wrongly(self, at: datetime) -> None:
        """The cash alone, on a slip undone at once: the whole is deposited some minutes later."""
        cash = held_at(self.office_id, at)["CASH"]
        if cash <= 0:
            return
        wrong = cashdesk.make_deposit(
            cash_cents=cash, means=[], key=uuid.uuid4(), now=at, **self.by
        )
        cashdesk.void_deposit(
            deposit_id=wrong.pk,
            reason="Chèques oubliés sur le bordereau",
            key=uuid.uuid4(),
            actor=self.actor,
            now=at + timedelta(minutes=4),
        )
        self._deposit(at + timedelta(minutes=8))


def in_coins(cents: int) -> dict[int, int]:
    """A count that makes this amount."""
    counted = {}
    for value in (5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1):
        counted[value], cents = divmod(cents, value)
    return counted


def _give_back(story: Story) -> None:
    """A family that paid in advance and leaves: its credit waits in the refund file."""
    office_id = story.offices["enfance"]
    if open_day_of(office_id) is None:
        return
    family = active_families().order_by("-pk").first()
    if family is None:
        return
    by: dict[str, Any] = {"cash_office_id": office_id, "actor": story.agent(CASHIER)}
    now = story.now
    cashdesk.collect(
        family_id=family.pk,
        parts=[Part("CHEQUE", 6_000, "5550123", "Crédit mutuel", family.name)],
        key=uuid.uuid4(),
        now=now,
        chosen={},
        **by,
    )
    cashdesk.ask_refund(
        family_id=family.pk,
        amount_cents=6_000,
        payee=str(payer_of(family.pk) or family.name),
        reason="Départ de la commune",
        iban=DEMO_IBAN,
        key=uuid.uuid4(),
        now=now,
        **by,
    )
