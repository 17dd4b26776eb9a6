"""Who else pays, what is paid in advance, and what was learnt after the invoice."""

import uuid
from datetime import date

from preau.attendance import services as attendance
from preau.attendance.errors import AttendanceRefused
from preau.billing import prepaid, regularising
from preau.billing import queries as billing
from preau.billing import services as bills
from preau.billing.agreements import third_party_invoices
from preau.billing.errors import BillingRefusal
from preau.billing.third_party_invoices import record_payment
from preau.demo.town.story import ONE_DAY, Story
from preau.families.queries import active_families, quotients_on
from preau.kernel.enums import Channel

HELPED = 14
IN_ADVANCE = 10
LEARNT_LATE = 6


def agree_with_third_parties(story: Story) -> None:
    """The social services pay a part of the canteen for the lowest quotients; the département, a
    part of the leisure centre for three families. Before the first invoices."""
    by = {"actor": story.agent("ACCOUNTANT"), "now": story.settled}
    ccas = bills.save_third_party(
        kind="CCAS",
        name="CCAS de Vincennes",
        service="Aides aux familles",
        address="5 rue Eugène Renaud\n94300 Vincennes",
        siret="26940083200013",
        email="ccas@vincennes.example",
        is_active=True,
        **by,
    )
    council = bills.save_third_party(
        kind="DEPARTMENT",
        name="Département du Val-de-Marne",
        service="Aide sociale à l’enfance",
        address="21-29 avenue du Général de Gaulle\n94000 Créteil",
        is_active=True,
        **by,
    )
    ids = active_families().values_list("pk", flat=True)
    lowest = sorted(quotients_on(ids, story.today).items(), key=lambda one: one[1].value_cents)
    terms = {
        "child_id": None,
        "starts_on": story.first,
        "ends_on": date(story.rentree.year + 1, 7, 5),
        **by,
    }
    for rank, (family_id, _quotient) in enumerate(lowest[:HELPED], 1):
        bills.make_agreement(
            third_party_id=ccas.pk,
            family_id=family_id,
            activity_ids=[story.activities["cantine"]],
            percent=50,
            unit_cents=None,
            month_cap_cents=4_000,
            reference=f"CA-{story.rentree.year}-{rank:03d}",
            **terms,
        )
    for family_id, _quotient in lowest[:3]:
        bills.make_agreement(
            third_party_id=council.pk,
            family_id=family_id,
            activity_ids=[story.activities["mercredi"]],
            percent=None,
            unit_cents=300,
            month_cap_cents=None,
            reference="ASE 94",
            **terms,
        )


def settle_with_third_parties(story: Story) -> None:
    """The social services paid their first invoice; a line corrected since is their credit."""
    by = {"actor": story.agent("ACCOUNTANT"), "now": story.now - 2 * ONE_DAY}
    first = third_party_invoices().filter(debtor__kind="CCAS", corrects=None).last()
    if first is None:
        return
    record_payment(
        invoice_id=first.pk,
        amount_cents=first.total_cents,
        received_on=(story.now - 3 * ONE_DAY).date(),
        reference="VIR CCAS 0917",
        **by,
    )
    for shared in first.lines.select_related("line").order_by("pk"):
        line = shared.line
        if line is None or line.quantity < 2 or line.amount_cents < line.quantity:
            continue
        try:
            bills.issue_credit_note(
                invoice_id=line.invoice_id,
                lines={line.pk: line.amount_cents // line.quantity},
                reason="Grève de la cuisine\u202f: un repas non servi",
                **by,
            )
        except BillingRefusal:
            continue  # a titre closed that invoice
        return


def pay_in_advance(story: Story) -> None:
    """Judo is paid in advance: some families topped up their account at the counter, and the days
    booked set their price aside; one did not put enough."""
    office_id = story.offices["sports"]
    enrolled = billing.families_of_activity(story.activities["judo"], since=story.today)
    for rank, family_id in enumerate(enrolled[:IN_ADVANCE]):
        bills.take_payment(
            family_id=family_id,
            cash_office_id=office_id,
            means="CHEQUE",
            amount_cents=1_000 if rank == 0 else 4_000,
            key=uuid.uuid4(),
            actor=story.agent("CASHIER"),
            now=story.now - ONE_DAY,
            chosen={},
            cheque_number=f"{story.dice.randrange(10**6, 10**7)}",
            cheque_drawer="",
        )
    prepaid.settle_all(now=story.now)


def learn_late(story: Story) -> None:
    """Some children billed as absent were on a school trip: told after the invoice, it waits for
    the accountant."""
    told = 0
    for line in billing.lines_with_note(
        "absent, facturé", activity_id=story.activities["cantine"], limit=4 * LEARNT_LATE
    ):
        day = next(date.fromisoformat(d["day"]) for d in line.dates if d["note"])
        try:
            report = attendance.report_absence(
                family_id=line.invoice.family_id,
                child_id=line.child_id or 0,
                starts_on=day,
                ends_on=day,
                reason="SCHOOL_TRIP",
                channel=Channel.COUNTER,
                now=story.now - ONE_DAY,
                actor=story.agent("COUNTER"),
                tell=False,
            )
        except AttendanceRefused:
            continue
        attendance.justify_absence(
            report_id=report.pk,
            justified=True,
            now=story.now - ONE_DAY,
            actor=story.agent("COUNTER"),
            tell=False,
        )
        regularising.find_changes(now=story.now, family_id=line.invoice.family_id)
        told += 1
        if told == LEARNT_LATE:
            return
