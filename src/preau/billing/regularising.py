"""Changes learnt after an invoice: found, proposed to an agent, credited or charged. Never silent.

A day given up, an absence justified or a sheet corrected once the month is billed. Quotients that
come late have their own way (`repricing`): here, those known when the invoice was issued hold.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing.credits import issue_credit_note
from preau.billing.drafts import REGULARISED, DraftLine, DraftShare
from preau.billing.errors import AlreadyDecided, InvoiceNotFound, ReasonMissing
from preau.billing.models import Invoice, InvoiceLine, Movement, Regularisation, ThirdPartyLine
from preau.billing.natures import nature_of
from preau.billing.recharging import Key, Priced, issued, net_of_credits, recharge
from preau.billing.rules import left_to_family
from preau.billing.shares_back import credit_whole_shares, parts_of_lines
from preau.kernel import french
from preau.kernel.actors import Actor

LOOK_BACK = timedelta(days=124)
Kind, Status = Regularisation.Kind, Regularisation.Status

# Invoices with a day of which something was written after they were issued.
CHANGED = """
WITH billed AS MATERIALIZED (
    SELECT invoice.id, invoice.family_id, coalesce(movement.at, run.issued_at) AS at,
        line.child_id, told.slot_id,
        coalesce(told.said ->> 'note', '') AS note
    FROM billing_invoice invoice
    -- An invoice of nothing (third parties pay all) has no movement.
    LEFT JOIN billing_movement movement ON movement.kind = 'INVOICE'
        AND movement.source_type = 'invoice' AND movement.source_id = invoice.id
    LEFT JOIN billing_billingrun run ON run.id = invoice.run_id
    JOIN billing_invoiceline line ON line.invoice_id = invoice.id AND line.slot_ids <> '{}'
    CROSS JOIN LATERAL ROWS FROM (
        unnest(line.slot_ids), jsonb_array_elements(line.dates)
    ) AS told (slot_id, said)
    WHERE invoice.kind = 'INVOICE' AND invoice.month >= %(since)s
        AND (%(family)s::bigint IS NULL OR invoice.family_id = %(family)s)
)
SELECT billed.id FROM billed JOIN bookings_slot slot ON slot.id = billed.slot_id
WHERE slot.status <> 'OPEN'
UNION
SELECT billed.id FROM billed JOIN attendance_attendance attendance
    ON attendance.slot_id = billed.slot_id AND attendance.child_id = billed.child_id
WHERE attendance.recorded_at > billed.at
    AND NOT (attendance.presence = 'PRESENT' AND billed.note IN ('', 'sans réservation'))
UNION
SELECT billed.id FROM billed JOIN bookings_booking booking
    ON booking.slot_id = billed.slot_id AND booking.child_id = billed.child_id
WHERE greatest(booking.cancelled_at, booking.booked_at) > billed.at
UNION
SELECT billed.id FROM billed JOIN bookings_slot slot ON slot.id = billed.slot_id
JOIN attendance_absencereport report ON report.child_id = billed.child_id
    AND slot.day BETWEEN report.starts_on AND report.ends_on
WHERE greatest(report.reported_at, report.document_at, report.decided_at) > billed.at
UNION
SELECT line.invoice_id FROM billing_regularisation proposal
JOIN billing_invoiceline line ON line.id = proposal.line_id
WHERE (proposal.status = 'PROPOSED'
        -- Credited, then given back (a closed day that was undone): nothing else tells of it.
        OR proposal.status = 'ACCEPTED' AND proposal.kind = 'CREDIT'
            AND proposal.found_at >= %(since)s)
    AND (%(family)s::bigint IS NULL OR proposal.family_id = %(family)s)
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What one child's activity of an invoice should give back (< 0) or add, in cents: to the
    family; to third parties, where they paid all of it or owe more."""

    key: Key
    cents: int
    share_cents: int
    days: list[dict[str, Any]]


def find_changes(*, now: datetime, family_id: int | None = None) -> int:
    """Propose what changed on the invoices of the last four months; how many proposals are new.

    A proposal that nobody decided follows what is known today; one that was refused is not made
    again for the same change.
    """
    since = (now - LOOK_BACK).date().replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, {"since": since, "family": family_id})
        invoice_ids = [row[0] for row in cursor.fetchall()]
    return sum(propose(invoice_id=pk, now=now) for pk in invoice_ids)


@transaction.atomic
def propose(*, invoice_id: int, now: datetime) -> int:
    """Look at one invoice; how many proposals are new. Writes nothing else."""
    # One at a time for an invoice.
    invoice = Invoice.objects.select_for_update(of=("self",), no_key=True).get(pk=invoice_id)
    lines = list(invoice.lines.order_by("pk"))
    moved = Movement.objects.filter(
        kind=Movement.Kind.INVOICE, source_type="invoice", source_id=invoice.pk
    ).first()
    issued_at = moved.at if moved else invoice.run.issued_at if invoice.run else None
    today = recharge(invoice, lines, known_at=issued_at)
    left = net_of_credits(lines)
    shares = _shares(lines)
    wanted = []
    for change in _changes(lines, left, _added(lines), shares, issued(lines), today):
        wanted += _proposals(change, lines, left, shares)
    digests = {row.digest for row in wanted}
    Regularisation.objects.filter(line__in=lines, status=Status.PROPOSED).exclude(
        digest__in=digests
    ).delete()
    known = set(Regularisation.objects.filter(digest__in=digests).values_list("digest", flat=True))
    fresh = [row for row in wanted if row.digest not in known]
    for row in fresh:
        row.cash_office_id, row.family_id, row.found_at = (
            invoice.cash_office_id,
            invoice.family_id,
            now,
        )
    Regularisation.objects.bulk_create(fresh)
    return len(fresh)


def _added(lines: Iterable[InvoiceLine]) -> dict[int, tuple[int, int]]:
    """What accepted proposals add to each line, in cents: to the family, to third parties."""
    return {
        line_id: (cents, share_cents)
        for line_id, cents, share_cents in Regularisation.objects.filter(
            line__in=list(lines), kind=Kind.CHARGE, status=Status.ACCEPTED
        )
        .values_list("line_id")
        .annotate(total=Sum("cents"), share_total=Sum("share_cents"))
        .order_by()
    }


def _shares(lines: Iterable[InvoiceLine]) -> dict[int, int]:
    """What third parties pay of each line, once their credit notes are taken off; no query
    without shares."""
    shared = [line.pk for line in lines if line.share_cents]
    if not shared:
        return {}
    return dict(
        ThirdPartyLine.objects.filter(line_id__in=shared)
        .values_list("line_id")
        .annotate(total=Sum("amount_cents"))
        .order_by()
    )


def _changes(
    lines: list[InvoiceLine],
    left: dict[int, int],
    added: dict[int, tuple[int, int]],
    shares: dict[int, int],
    before: dict[Key, Priced],
    today: dict[Key, Priced],
) -> Iterable[Change]:
    for key, then in before.items():
        now = today.get(key) or Priced()
        mine = _lines_of(key, lines)
        gross = sum(line.quantity * line.unit_cents for line in mine)
        net = sum(line.amount_cents for line in mine)
        more, more_shares = (
            sum(added.get(line.pk, (0, 0))[rank] for line in mine) for rank in (0, 1)
        )
        asked = sum(left[line.pk] for line in mine) + more
        # Third parties keep the share that they had of the line.
        due = left_to_family(now.cents, net=net, gross=gross)
        share = now.cents - due - sum(shares.get(line.pk, 0) for line in mine) - more_shares
        if due > asked:
            yield Change(key, due - asked, max(share, 0), list(_days(then, now)))
        elif due < asked:
            yield Change(key, due - asked, 0, list(_days(then, now)))
        elif gross > net == 0 and share:
            yield Change(key, 0, share, list(_days(then, now)))


def _lines_of(key: Key, lines: Iterable[InvoiceLine]) -> list[InvoiceLine]:
    return [line for line in lines if (line.child_id, line.activity_id) == key and not line.fee_key]


def _days(then: Priced, now: Priced) -> Iterable[dict[str, Any]]:
    for day in sorted(set(then.days) | set(now.days)):
        was, is_now = then.days.get(day), now.days.get(day)
        before, after = was.cents if was else 0, is_now.cents if is_now else 0
        if before != after:
            why = is_now.note if is_now else _("n’est plus dû")
            yield {"day": day.isoformat(), "before": before, "now": after, "why": why}


def _proposals(
    change: Change, lines: list[InvoiceLine], left: dict[int, int], shares: dict[int, int]
) -> list[Regularisation]:
    mine = sorted(_lines_of(change.key, lines), key=lambda line: (-left[line.pk], line.pk))
    if change.cents > 0 or change.share_cents > 0:
        return [_proposal(mine[0], Kind.CHARGE, change.cents, change.share_cents, change.days)]
    found, wanted, wanted_shares = [], -change.cents, -change.share_cents
    for line in mine:
        part = min(wanted, max(left[line.pk], 0))
        share = min(wanted_shares, max(shares.get(line.pk, 0), 0))
        if part or share:
            found.append(_proposal(line, Kind.CREDIT, part, share, change.days))
            wanted -= part
            wanted_shares -= share
    return found


def _proposal(
    line: InvoiceLine, kind: str, cents: int, share_cents: int, days: list[dict[str, Any]]
) -> Regularisation:
    said = json.dumps(
        [line.pk, kind, cents, days, *([share_cents] if share_cents else [])], sort_keys=True
    )
    return Regularisation(
        line=line,
        kind=kind,
        cents=cents,
        share_cents=share_cents,
        days=days,
        digest=hashlib.sha256(said.encode()).hexdigest(),
    )


@transaction.atomic
def accept(*, regularisation_id: int, actor: Actor, now: datetime) -> Regularisation:
    """Do what was proposed: a credit note at once (the third party's, where it paid all), or a
    line on the next invoice.

    Raises AlreadyDecided, InvoiceNotFound, BillingRefusal.
    """
    row = _locked(regularisation_id)
    if row.kind == Kind.CREDIT and not row.cents:
        credit_whole_shares(
            line_id=row.line_id,
            cents=row.share_cents,
            reason=reason_of(row),
            actor=actor,
            now=now,
        )
    elif row.kind == Kind.CREDIT:
        row.credit_note = issue_credit_note(
            invoice_id=row.line.invoice_id,
            lines={row.line_id: row.cents},
            reason=reason_of(row),
            actor=actor,
            now=now,
        )
    _decide(row, Status.ACCEPTED, "", actor, now)
    return row


@transaction.atomic
def refuse(*, regularisation_id: int, reason: str, actor: Actor, now: datetime) -> Regularisation:
    """Leave the invoice as it is, and say why. Raises AlreadyDecided, ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    row = _locked(regularisation_id)
    _decide(row, Status.REFUSED, reason.strip()[:300], actor, now)
    return row


def _locked(regularisation_id: int) -> Regularisation:
    row = (
        Regularisation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("line__invoice")
        .filter(pk=regularisation_id)
        .first()
    )
    if row is None:
        raise InvoiceNotFound
    if row.status != Status.PROPOSED:
        raise AlreadyDecided
    return row


def _decide(row: Regularisation, status: str, reason: str, actor: Actor, now: datetime) -> None:
    row.status, row.reason, row.decided_at, row.decided_by = status, reason, now, actor.label
    row.save()
    record(
        actor=actor,
        now=now,
        action=f"billing.regularisation_{status.lower()}",
        summary=_("Régularisation %(status)s : %(label)s, %(what)s %(cents)s")
        % {
            "status": row.get_status_display(),
            "label": row.line.label,
            "what": row.get_kind_display(),
            "cents": french.euros(row.cents + row.share_cents),
        },
        family_id=row.family_id,
        object_type="regularisation",
        object_id=row.pk,
    )


def reason_of(row: Regularisation) -> str:
    """The sentence that a credit note or a line bears."""
    days = [
        f"{french.day(date.fromisoformat(day['day']), weekday=False)}"
        + (f" ({day['why']})" if day["why"] else "")
        for day in row.days
    ]
    what = _("Changement connu après la facture %(number)s") % {"number": row.line.invoice.number}
    return (f"{what} : {', '.join(days)}" if days else what)[:300]


def accepted_charges(cash_office_id: int) -> dict[int, list[DraftLine]]:
    """What accepted proposals add to the next invoices, by family; billed ones left out."""
    rows = list(
        Regularisation.objects.filter(
            cash_office_id=cash_office_id, kind=Kind.CHARGE, status=Status.ACCEPTED
        )
        .select_related("line__invoice")
        .order_by("pk")
    )
    if not rows:
        return {}
    keys = {_key(row): row for row in rows}
    billed = set(InvoiceLine.objects.filter(fee_key__in=keys).values_list("fee_key", flat=True))
    found: dict[int, list[DraftLine]] = defaultdict(list)
    shared = parts_of_lines({row.line_id for row in rows if row.share_cents})
    for key, row in keys.items():
        if key in billed:
            continue
        shares = _same_shares(shared.get(row.line_id, []), row.share_cents)
        found[row.family_id].append(
            DraftLine(
                child_id=row.line.child_id,
                activity_id=row.line.activity_id,
                label=_("%(label)s, régularisation %(month)s")
                % {
                    "label": row.line.label,
                    "month": french.of(french.month(row.line.invoice.month)),
                },
                unit_name="",
                unit_cents=row.cents + sum(share.cents for share in shares),
                explanation=(reason_of(row), *(share.sentence for share in shares)),
                shares=shares,
                nature=nature_of(row.line),
                fixed_quantity=1,
                fee_key=key,
            )
        )
    return dict(found)


def _same_shares(parts: list[ThirdPartyLine], cents: int) -> list[DraftShare]:
    """Third parties pay of what is added as they paid of the line."""
    found, rest, weight = [], cents, sum(part.amount_cents for part in parts)
    for part in parts:
        mine = rest if part is parts[-1] else cents * part.amount_cents // weight
        rest -= mine
        if mine:
            third_party = part.agreement.third_party
            found.append(
                DraftShare(
                    part.agreement_id,
                    third_party.pk,
                    mine,
                    _("%(who)s prend en charge %(amount)s, comme de la ligne corrigée.")
                    % {"who": third_party.name, "amount": french.euros(mine)},
                )
            )
    return found


def _key(row: Regularisation) -> str:
    return f"{REGULARISED}:{row.pk}"


def regularisations(
    *, status: str = "", kind: str = "", cash_office_id: int | None = None
) -> "QuerySet[Regularisation]":
    """For the accountant: the oldest to decide first, then the latest decided."""
    found = Regularisation.objects.select_related(
        "line__invoice", "line__child", "line__activity", "family", "cash_office", "credit_note"
    )
    if status:
        found = found.filter(status=status)
    if kind:
        found = found.filter(kind=kind)
    if cash_office_id:
        found = found.filter(cash_office_id=cash_office_id)
    return (
        found.order_by("found_at", "pk")
        if status == Status.PROPOSED
        else found.order_by("-found_at", "-pk")
    )
