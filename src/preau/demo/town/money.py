"""Invoices by the real billing run; payments at the counter, by the demo's bank, and taken over."""

import uuid
from datetime import datetime, timedelta

from preau.billing import queries as billing
from preau.billing import services as bills
from preau.demo.bank import protocols
from preau.demo.bank.merchants import demo_merchants
from preau.demo.town.population import DemoHome
from preau.demo.town.story import Story, utc
from preau.demo.town.till import Planned, counter_hour, keep_tills
from preau.families.queries import payers_of
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.payments import services as payments
from preau.payments.bulk import SettledPayment, take_over_payments
from preau.payments.services import Payer

SHOP = "http://localhost:8000"
PAY, REFUSE, ABANDON, LEAVE = protocols.PAY, protocols.REFUSE, protocols.ABANDON, ""
# Of the invoices of a month: paid on line, at the counter; those of older months are nearly all.
SHARES = {1: (0.55, 0.07), 2: (0.80, 0.09), 3: (0.85, 0.10)}
AT_COUNTER = 150
AT_BANK = [PAY] * 14 + [REFUSE] * 4 + [ABANDON] * 3 + [LEAVE] * 2


def issue_invoices(story: Story) -> None:
    """Each month that is over: previewed, approved, issued, on the third of the next month.

    The last month of sports waits for the accountant's approval.
    """
    actor = story.agent("ACCOUNTANT")
    months = story.months_over
    for month in months:
        after = (month + timedelta(days=32)).replace(day=1)
        now = min(utc(after + timedelta(days=2), 9), story.now - timedelta(hours=1))
        for code, office_id in sorted(story.offices.items()):
            run = bills.open_run(cash_office_id=office_id, month=month, actor=actor, now=now)
            bills.preview(run_id=run.pk, now=now + timedelta(minutes=1))
            run.refresh_from_db()
            if code == "sports" and month == months[-1] and len(months) > 1:
                continue
            bills.approve_run(
                run_id=run.pk,
                fingerprint=run.fingerprint,
                actor=actor,
                now=now + timedelta(minutes=20),
            )
            bills.issue(run_id=run.pk, now=now + timedelta(minutes=21))


def take_payments(story: Story, homes: dict[str, DemoHome]) -> None:
    """Most families paid: by card, or at the counter; some were refused, some gave up."""
    special = {home.family_id for home in homes.values()}
    counter = Cashier(story)
    for age, month in enumerate(reversed(story.months_over), 1):
        online, at_counter = SHARES.get(age, SHARES[3])
        for code, office_id in sorted(story.offices.items()):
            unpaid = [
                invoice
                for invoice in billing.unpaid_invoices().filter(
                    cash_office_id=office_id, month=month
                )
                if invoice.family_id not in special
            ]
            payers = payers_of({invoice.family_id for invoice in unpaid})
            taken_over = []
            for invoice in unpaid:
                fate = story.dice.random()
                days = story.dice.randrange(0, 24) + story.dice.random()
                at = min(
                    utc(invoice.issued_on, 10) + timedelta(days=days),
                    story.now - timedelta(minutes=story.dice.randrange(30, 3000)),
                )
                payer = payers[invoice.family_id]
                if code == "enfance" and counter.at_bank and fate < online:
                    counter.at_the_bank(invoice, payer, at)
                elif fate < online:
                    taken_over.append(
                        SettledPayment(
                            invoice.family_id,
                            invoice.pk,
                            invoice.left_cents,
                            str(payer),
                            payer.email,
                            at,
                        )
                    )
                elif fate < online + at_counter and counter.left:
                    counter.receive(invoice, payer, at)
            take_over_payments(
                cash_office_id=office_id,
                payments=taken_over,
                now=story.now,
                actor=story.town_hall,
            )
    _demo_payments(story, homes, counter)
    keep_tills(story, counter.planned)


class Cashier:
    """Takes what is paid one by one, through the real services."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.left = AT_COUNTER
        self.at_bank = list(AT_BANK)
        self.merchants = demo_merchants(SHOP)
        self.planned: list[Planned] = []

    def receive(self, invoice: object, payer: object, at: datetime) -> None:
        """To be paid at the counter, when it is open; the days are lived in order afterwards."""
        self.left -= 1
        self.planned.append(Planned(counter_hour(at, self.story.now), invoice, payer))

    def at_the_bank(
        self,
        invoice: object,
        payer: object,
        at: object,
        *,
        cents: int = 0,
        decision: str | None = None,
    ) -> None:
        """From the click to the bank's own message, signed by the simulator's key."""
        decision = self.at_bank.pop() if decision is None else decision
        payer_data = Payer(
            first_name=payer.first_name,
            last_name=payer.last_name,  # type: ignore[attr-defined]
            email=payer.email,
            user_id=payer.user_id,  # type: ignore[attr-defined]
        )
        family_id = invoice.family_id  # type: ignore[attr-defined]
        office = invoice.cash_office  # type: ignore[attr-defined]
        actor = Actor(payer_data.user_id, str(payer), Channel.PORTAL)
        attempt = payments.start_payment(
            family_id=family_id,
            cash_office_id=office.pk,
            invoices={invoice.pk: cents or invoice.left_cents},  # type: ignore[attr-defined]
            top_up_cents=0,
            payer=payer_data,
            key=uuid.uuid4(),
            actor=actor,
            now=at,  # type: ignore[arg-type]
        )
        redirect = payments.send_to_bank(
            family_id=family_id,
            reference=attempt.reference,
            payer=payer_data,
            return_url=f"{SHOP}/espace/compte/retour/",
            now=at,  # type: ignore[arg-type]
            notify_url=f"{SHOP}/api/paiements/{office.code}/notification/",
        )
        if not decision:
            return
        fields = dict(redirect.fields)
        if "siret" in fields:
            payment = protocols.open_spplus(fields, self.merchants)
            etat = "10" if decision == PAY else protocols.SPPLUS_ETATS[decision]
            answer = protocols.spplus_answer(payment, etat)
        else:
            payment = protocols.open_systempay(fields, self.merchants)
            answer = protocols.systempay_answer(payment, decision)
        payments.receive(
            cash_office_code=office.code,
            raw=protocols.signed_query(payment, answer, self.merchants),
            source="NOTIFICATION",
            now=at + timedelta(minutes=2),  # type: ignore[operator]
        )


def _demo_payments(story: Story, homes: dict[str, DemoHome], counter: Cashier) -> None:
    """The demo's families: older invoices paid, the last one left, one payment on its way."""
    for name, home in homes.items():
        payer = payers_of([home.family_id]).get(home.family_id)
        invoices = list(billing.unpaid_invoices(family_id=home.family_id))
        last = story.months_over[-1] if story.months_over else None
        for invoice in invoices:
            childhood = invoice.cash_office.code == "enfance"
            at = min(utc(invoice.issued_on, 20) + timedelta(days=6), story.now)
            if not childhood:
                counter.at_the_bank(
                    invoice, payer, story.now - timedelta(minutes=25), decision=LEAVE
                )
            elif invoice.month != last:
                if name == "mother":
                    counter.receive(invoice, payer, at)
                else:
                    counter.at_the_bank(invoice, payer, at, decision=PAY)
            elif name == "father":
                counter.at_the_bank(invoice, payer, story.now - timedelta(days=2), decision=REFUSE)
