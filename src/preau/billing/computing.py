"""What a run would bill, and what looks wrong in it: computed at each step, written nowhere."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import chain
from typing import Any

from django.db.models import Sum
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from preau.billing import charges as reading
from preau.billing import regularising
from preau.billing.contracts import add_contract_lines, credit_the_rest, say_not_closed
from preau.billing.drafts import Draft, by_activity, fingerprint
from preau.billing.households import follow_custody
from preau.billing.models import (
    BillingRun,
    CashOffice,
    Invoice,
    InvoiceLine,
    InvoicePer,
    PayerRule,
    ThirdParty,
)
from preau.billing.natures import natures_of
from preau.billing.people import read_people
from preau.billing.pricing import Bill, Biller
from preau.billing.registrations import registrations_due
from preau.billing.shares import apply_terms, terms_of
from preau.kernel.collecting import collector_held
from preau.kernel.money import euros
from preau.kernel.periods import month_period

LOOK_BACK = timedelta(days=92)
"""Days missed by earlier runs are billed late, up to three months: then it is an agent's matter."""
SECONDS_BETWEEN_WORDS = 2.0
"""How often the page hears of the progress."""
UNUSUAL_FACTOR = 3
UNUSUAL_MIN_CENTS = 10_000


@dataclass(slots=True)
class Computed:
    """What a run would issue."""

    drafts: list[Draft]
    preview: dict[str, Any]
    fingerprint: str


def compute(*, office: CashOffice, month: date, run_id: int | None = None) -> Computed:
    """What is to be billed for the month, and what looks wrong. Writes nothing but progress."""
    with collector_held():
        return _compute(office, month, run_id)


def _compute(office: CashOffice, month: date, run_id: int | None) -> Computed:
    period = month_period(month)
    assert period.ends_on is not None
    first, last = month - LOOK_BACK, period.ends_on
    special = reading.what_is_special(cash_office_id=office.pk, first=first, last=last)
    by_custody = special.two_homes and office.payer_rule == PayerRule.CUSTODY
    found = reading.read_month(
        cash_office_id=office.pk, first=first, last=last, month=month, by_custody=by_custody
    )
    if by_custody:
        found = follow_custody(found, first=first, last=last)
    natures = natures_of(office.pk)
    extras = regularising.accepted_charges(office.pk) if special.regularisations else {}
    care_cents = (
        add_contract_lines(extras, natures=natures, month=month) if special.contracts else {}
    )
    registrations = registrations_due(natures, month=month, last=last)
    for family_id in (*extras, *registrations.due):
        found.setdefault(family_id, reading.FamilyCharges())
    already: set[tuple[int, int | None]] = set(
        Invoice.objects.filter(
            cash_office=office, month=month, kind=Invoice.Kind.INVOICE, run__isnull=False
        ).values_list("family_id", "activity_id")
    )
    # One invoice per payer and month: what came late waits for the next month's.
    waiting = {family_id for family_id in found if (family_id, None) in already}
    for family_id in waiting:
        del found[family_id]
    people = read_people(
        found,
        chain(
            registrations.child_ids(),
            (child_id for charges in found.values() for child_id in charges.child_ids()),
        ),
        first=first,
        last=last,
    )
    biller = Biller(
        people,
        month=month,
        natures=natures,
        several_products=reading.activities_with_several_products(),
        fees_billed=partial(_fees_billed, office, month),
    )
    told = time.monotonic()
    for done, (family_id, charges) in enumerate(found.items()):
        if run_id and time.monotonic() - told > SECONDS_BETWEEN_WORDS:
            told = time.monotonic()
            BillingRun.objects.filter(pk=run_id).update(
                progress=done * 90 // len(found), step_at=Now()
            )
        biller.bill_family(
            family_id,
            charges.days,
            charges.stretches,
            extras=[
                *registrations.lines(biller, family_id, natures),
                *extras.get(family_id, ()),
            ],
        )
    bill = biller.result
    for name, cents in care_cents.items():
        bill.activity_cents[name] += cents
    if special.contracts:
        say_not_closed(bill.anomalies, activity_ids=natures.activities, month=month)
    if special.agreements:
        terms = terms_of(found, first=first, last=last)
        apply_terms(bill.drafts, terms, first=month, last=last)
    if care_cents:
        credit_the_rest(bill.drafts, bill.anomalies)
    if office.invoice_per == InvoicePer.ACTIVITY:
        parted = [part for draft in bill.drafts for part in by_activity(draft)]
        bill.drafts = [d for d in parted if (d.family_id, d.activity_id) not in already]
        waiting |= {d.family_id for d in parted if (d.family_id, d.activity_id) in already}
    return Computed(
        drafts=bill.drafts,
        preview=_preview(office, month, bill, first=month, last=last, waiting=len(waiting)),
        fingerprint=fingerprint(bill.drafts),
    )


def _fees_billed(office: CashOffice, month: date) -> frozenset[str]:
    """What was due once for a year or a term, and was billed; a year and a half back. What was
    billed for a child's other file, joined since, is billed for the child."""
    since = month - timedelta(days=550)
    rows = list(
        InvoiceLine.objects.filter(invoice__cash_office=office, invoice__month__gte=since)
        .exclude(fee_key="")
        .values_list("fee_key", "child_id", "child__merged_into_id")
    )
    return frozenset(
        {key for key, _child, _into in rows}
        | {key.replace(f":{child}:", f":{into}:") for key, child, into in rows if into}
    )


def _preview(
    office: CashOffice, month: date, bill: Bill, *, first: date, last: date, waiting: int
) -> dict[str, Any]:
    before = (month - timedelta(days=1)).replace(day=1)
    earlier = Invoice.objects.filter(cash_office=office, month=before, kind=Invoice.Kind.INVOICE)
    totals = [draft.total_cents for draft in bill.drafts]
    earlier_by_family = dict(earlier.values_list("family_id", "total_cents"))
    _say_unusual(bill, earlier_by_family)
    for name, count in reading.unassigned_activities(first=first, last=last):
        bill.anomalies.say("unassigned", None, None, partial(_unassigned, name, count))
    earlier_activities = dict(
        InvoiceLine.objects.filter(invoice__in=earlier)
        .values_list("activity__name")
        .annotate(total=Sum("amount_cents"))
        .order_by()
    )
    names = sorted(set(bill.activity_cents) | {n for n in earlier_activities if n})
    return {
        "invoices": len(totals),
        "total_cents": sum(totals),
        "before_invoices": len(earlier_by_family),
        "before_total_cents": sum(earlier_by_family.values()),
        "waiting": waiting,
        "third_parties": _third_parties(bill),
        "activities": [
            {
                "name": name,
                "cents": bill.activity_cents.get(name, 0),
                "before_cents": earlier_activities.get(name, 0),
            }
            for name in names
        ],
        "anomaly_counts": dict(bill.anomalies.counts),
        "anomalies": [
            {"kind": a.kind, "family_id": a.family_id, "text": a.text} for a in bill.anomalies.told
        ],
        "largest": [
            {
                "family_id": draft.family_id,
                "name": draft.debtor["name"],
                "cents": draft.total_cents,
                "lines": len(draft.lines),
            }
            for draft in sorted(bill.drafts, key=lambda d: -d.total_cents)[:20]
        ],
    }


def _third_parties(bill: Bill) -> list[dict[str, Any]]:
    """What third parties would be invoiced; no query when no line is shared."""
    totals: Counter[int] = Counter()
    for draft in bill.drafts:
        for line in draft.lines:
            for share in line.shares:
                totals[share.third_party_id] += share.cents
    names = dict(
        ThirdParty.objects.filter(pk__in=totals).values_list("pk", "name") if totals else ()
    )
    return [{"name": names[pk], "cents": cents} for pk, cents in totals.most_common()]


def _say_unusual(bill: Bill, earlier_by_family: Mapping[int, int]) -> None:
    for draft in bill.drafts:
        usual, total = earlier_by_family.get(draft.family_id), draft.total_cents
        if usual and total > max(UNUSUAL_MIN_CENTS, usual * UNUSUAL_FACTOR):
            bill.anomalies.say(
                "unusual",
                draft.family_id,
                None,
                partial(_unusual, draft.debtor["name"], total, usual),
            )


def _unusual(name: str, total: int, usual: int) -> str:
    return _("%(name)s : %(now)s, contre %(before)s le mois précédent") % {
        "name": name,
        "now": euros(total),
        "before": euros(usual),
    }


def _unassigned(name: str, count: int) -> str:
    return _("%(name)s : %(count)s réservations sans régie") % {"name": name, "count": count}
