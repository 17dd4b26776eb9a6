"""What a credit note gives back to the third parties that paid a share of its lines. In cents.

The part of a third party follows the family's: half of the line given back, half of the share.
An agent may decide otherwise. What a third party has already paid becomes its account's credit.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from django.utils.translation import gettext as _

from preau.billing.errors import InvoiceNotFound, NotAPositiveAmount, TooMuchToCredit
from preau.billing.models import InvoiceLine, ThirdPartyLine
from preau.billing.third_party_invoices import credit_third_party, given_back, left_on
from preau.kernel.actors import Actor
from preau.kernel.french import euros


@dataclass(frozen=True, slots=True)
class ShareBack:
    """A third party's part of one line: `cents` follows the family's part, `most_cents` is what
    may be given back, `paid_cents` is what of `cents` it has paid already: its account's credit."""

    line_id: int
    own_line_id: int
    invoice_id: int
    number: str
    payer: str
    label: str
    share_cents: int
    cents: int
    most_cents: int
    paid_cents: int = 0

    def sentence(self, cents: int) -> str:
        """For the family's credit note."""
        return _("La part de %(who)s est corrigée de %(amount)s (facture %(number)s).") % {
            "who": self.payer,
            "amount": euros(cents),
            "number": self.number,
        }


def shares_back(wanted: Mapping[int, int]) -> list[ShareBack]:
    """The shares of these invoice lines (line → cents given back to the family), with what of
    each follows. Two queries, and one by third party's invoice; none without shares."""
    lines = InvoiceLine.objects.filter(pk__in=list(wanted), share_cents__gt=0).in_bulk()
    if not lines:
        return []
    family_back = dict(
        InvoiceLine.objects.filter(corrects_line_id__in=list(lines))
        .values_list("corrects_line_id")
        .annotate(total=-Sum("amount_cents"))
        .order_by()
    )
    rows = list(
        ThirdPartyLine.objects.filter(line_id__in=list(lines))
        .select_related("invoice__account__third_party")
        .order_by("pk")
    )
    given: Counter[tuple[int | None, int | None, int]] = Counter()
    for row in rows:
        if row.invoice.corrects_id:
            given[row.invoice.corrects_id, row.line_id, row.agreement_id] -= row.amount_cents
    room: dict[int, int] = {}
    found = []
    for row in rows:
        if row.invoice.corrects_id or row.line_id is None:
            continue
        line = lines[row.line_id]
        left = row.amount_cents - given[row.invoice_id, row.line_id, row.agreement_id]
        whole = line.amount_cents - family_back.get(line.pk, 0)
        back = wanted[line.pk]
        cents = (
            left if back >= whole else (row.amount_cents * back * 2 // line.amount_cents + 1) // 2
        )
        cents = min(cents, left)
        if row.invoice_id not in room:
            room[row.invoice_id] = left_on(row.invoice)
        unpaid = min(cents, room[row.invoice_id])
        room[row.invoice_id] -= unpaid
        found.append(
            ShareBack(
                line_id=row.pk,
                own_line_id=line.pk,
                invoice_id=row.invoice_id,
                number=row.invoice.number,
                payer=row.invoice.debtor["name"],
                label=line.label,
                share_cents=left,
                cents=cents,
                most_cents=left,
                paid_cents=cents - unpaid,
            )
        )
    return found


def decided(parts: Iterable[ShareBack], chosen: Mapping[int, int] | None) -> dict[int, int]:
    """What each third party's line is given back: the proposal, or what an agent chose instead.

    Raises NotAPositiveAmount, TooMuchToCredit, InvoiceNotFound (a line that is none of these).
    """
    parts = list(parts)
    if chosen is None:
        return {part.line_id: part.cents for part in parts if part.cents}
    known = {part.line_id: part for part in parts}
    for line_id, cents in chosen.items():
        if line_id not in known:
            raise InvoiceNotFound
        if cents < 0:
            raise NotAPositiveAmount
        if cents > known[line_id].most_cents:
            raise TooMuchToCredit
    return {line_id: cents for line_id, cents in chosen.items() if cents}


def credit_shares(
    parts: Iterable[ShareBack],
    amounts: Mapping[int, int],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> list[str]:
    """Correct the third parties' invoices, in the caller's transaction; the notes' numbers."""
    by_invoice: dict[int, dict[int, int]] = defaultdict(dict)
    for part in parts:
        if amounts.get(part.line_id):
            by_invoice[part.invoice_id][part.line_id] = amounts[part.line_id]
    return [
        credit_third_party(
            invoice_id=invoice_id, lines=lines, reason=reason, actor=actor, now=now
        ).number
        for invoice_id, lines in sorted(by_invoice.items())
    ]


def parts_of_invoice(invoice_id: int) -> list[ThirdPartyLine]:
    """What third parties were asked for an invoice's lines, and what was corrected since."""
    return list(
        ThirdPartyLine.objects.filter(line__invoice_id=invoice_id)
        .select_related("invoice__account__third_party", "line")
        .order_by("line_id", "pk")
    )


def parts_of_lines(line_ids: Collection[int]) -> dict[int, list[ThirdPartyLine]]:
    """What third parties were first asked of each line (corrections apart), by line."""
    found: dict[int, list[ThirdPartyLine]] = defaultdict(list)
    if line_ids:
        for part in (
            ThirdPartyLine.objects.filter(
                line_id__in=list(line_ids), invoice__corrects__isnull=True
            )
            .select_related("agreement__third_party", "invoice")
            .order_by("pk")
        ):
            found[part.line_id or 0].append(part)
    return found


def credit_whole_shares(
    *, line_id: int, cents: int, reason: str, actor: Actor, now: datetime
) -> list[str]:
    """Give back to third parties a part of a line of which they paid all; the notes' numbers.

    In proportion of what each still has of it. Raises TooMuchToCredit.
    """
    parts = parts_of_lines([line_id])[line_id]
    still = {
        part.pk: part.amount_cents - given_back(part.invoice)[line_id, part.agreement_id]
        for part in parts
    }
    whole, rest, numbers = sum(still.values()), cents, []
    if cents > whole:
        raise TooMuchToCredit
    for part in parts:
        mine = rest if part is parts[-1] else min(cents * still[part.pk] // whole, still[part.pk])
        rest -= mine
        if mine:
            numbers.append(
                credit_third_party(
                    invoice_id=part.invoice_id,
                    lines={part.pk: mine},
                    reason=reason,
                    actor=actor,
                    now=now,
                ).number
            )
    return numbers
