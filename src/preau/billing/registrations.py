"""Registration fees (`kind: registration` in the rulebook): due once by a family, or by a child,
for what they cover (a school year unless the tariff says a term, a month…).

A child enrolled makes it due, booked or not. The town's activity of the same name says which cash
office collects it, and under which account. `fee_key` names what is paid: once, whatever the run.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.apps import apps
from django.db.models import Sum

from preau.billing.drafts import Draft, DraftLine
from preau.billing.models import InvoiceLine, RegistrationPaid
from preau.billing.natures import Natures
from preau.billing.pricing import Biller
from preau.billing.stretches import Offer
from preau.bookings.rates import calendar_around, rulebook_on
from preau.kernel import french
from preau.rulebook import api
from preau.rulebook.engine.groups import span_key

PREFIX = "adh"
ONCE_FOR = {
    "week": "par semaine",
    "month": "par mois",
    "period": "par période",
    "term": "par trimestre",
    "year": "par année scolaire",
}


@dataclass(frozen=True, slots=True)
class Fee:
    """A registration fee as the run charges it."""

    rule: api.Activity
    activity_id: int
    name: str
    per: str
    parts: int

    def covers(self, slug: str) -> bool:
        """Whether being enrolled there makes it due."""
        return not self.rule.due_for or slug in self.rule.due_for

    @property
    def by_child(self) -> bool:
        return self.rule.each == "child"

    def offer(self) -> Offer:
        return Offer(self.activity_id, self.rule.code, self.name, "", "", "", "", "")


@dataclass(frozen=True, slots=True)
class Entry:
    """A child enrolled in an activity, by which household, from when."""

    family_id: int
    child_id: int
    starts_on: date
    slug: str
    name: str


@dataclass(slots=True)
class Due:
    """One fee of one payer: those whose enrolment makes it due, oldest first, and the key."""

    fee: Fee
    entries: list[Entry]
    key: str
    words: str
    day: date
    part: int
    span: str


@dataclass(slots=True)
class Registrations:
    """What the run has to charge, by family."""

    due: dict[int, list[Due]] = field(default_factory=lambda: defaultdict(list))

    def child_ids(self) -> Iterator[int]:
        """Of whom prices may depend; with repeats."""
        for found in self.due.values():
            for due in found:
                yield from (entry.child_id for entry in due.entries)

    def lines(self, biller: Biller, family_id: int, natures: Natures) -> list[DraftLine]:
        """The family's lines; what the rules leave undecided is told instead."""
        lines = []
        for due in self.due.get(family_id, ()):
            try:
                line = _line(biller, due, family_id, natures)
            except api.RulebookError as error:
                sentence = f"{biller.people.houses[family_id].name}, {due.fee.name} : {error}"
                biller.result.anomalies.say("undecided", family_id, None, partial(_same, sentence))
                continue
            if line is not None:
                biller.result.activity_cents[due.fee.name] += line.amount_cents
                lines.append(line)
        return lines


def _same(sentence: str) -> str:
    return sentence


@dataclass(slots=True)
class _Paid:
    """What invoices bear already, a year and a half back, whichever the cash office."""

    keys: frozenset[str]
    # (activity, span, household or child) → the instalments paid, and by which household.
    of_family: dict[tuple[int, str, int], set[int]] = field(
        default_factory=lambda: defaultdict(set)
    )
    # … and whether it was kept: given back, it is not asked again of who paid it, and covers
    # nobody else.
    of_child: dict[tuple[int, str, int], set[tuple[int | None, int, bool]]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def is_covered(self, fee: "Fee", span: str, entry: Entry, part: int, going: set[int]) -> bool:
        """Whether another household paid this instalment for the child, or goes on paying."""
        return any(
            kept and payer != entry.family_id and (paid == part or payer in going)
            for payer, paid, kept in self.of_child.get((fee.activity_id, span, entry.child_id), ())
        )


def registrations_due(
    natures: Natures, *, month: date, last: date, book: api.Rulebook | None = None
) -> Registrations:
    """What is due by the last day of a month and no invoice bears; nothing is asked of the
    database where the rules know no such fee, five at most otherwise. `book`: the rules to
    read (a draft's), instead of those in force."""
    found = Registrations()
    book = book or rulebook_on(last)
    fees = list(_fees(book, natures.activities)) if book else []
    if not fees:
        return found
    entries = _entries(month, last)
    paid = _paid(month)
    calendar = calendar_around(last)
    for fee in fees:
        mine = _by_payer(fee, entries)
        going = {its[0].family_id for its in mine.values()}
        since = _since(fee.per, month, last)
        for whose, its in mine.items():
            day = max(its[0].starts_on, since)
            span, words = span_key(fee.per, day, calendar)
            said = str(span)[:30]
            base = f"{PREFIX}:{fee.activity_id}:{'c' if fee.by_child else 'f'}{whose}:{span}"
            for part in range(1, fee.parts + 1):
                key = f"{base}:{part}"[:60]
                if key in paid.keys or _is_paid(paid, fee, said, whose, part):
                    continue
                asked = its
                if not fee.by_child:
                    asked = [e for e in its if not paid.is_covered(fee, said, e, part, going)]
                if not asked:
                    continue  # another household paid that instalment for all of them
                found.due[its[0].family_id].append(Due(fee, asked, key, words, day, part, said))
                break
    return found


def _by_payer(fee: Fee, entries: Iterable[Entry]) -> dict[int, list[Entry]]:
    """By household, or by child. A child of two homes, or who moved, is paid for once: by the
    household that enrolled it first."""
    home: dict[int, int] = {}
    groups: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if not fee.covers(entry.slug):
            continue
        if home.setdefault(entry.child_id, entry.family_id) == entry.family_id:
            groups[entry.child_id if fee.by_child else entry.family_id].append(entry)
    return groups


def _is_paid(paid: _Paid, fee: Fee, span: str, whose: int, part: int) -> bool:
    known = (fee.activity_id, span, whose)
    if fee.by_child:
        return any(number == part for _payer, number, _kept in paid.of_child.get(known, ()))
    return part in paid.of_family.get(known, ())


def note_paid(drafts: Iterable[Draft]) -> None:
    """Keep for whom the fees of these drafts, just issued, were paid; in that transaction."""
    rows = []
    for draft in drafts:
        for line in draft.lines:
            if not line.fee_key.startswith(f"{PREFIX}:"):
                continue
            for child_id in dict.fromkeys(line.paid_for):
                rows.append(
                    RegistrationPaid(
                        line_id=line.line_id,
                        activity_id=line.activity_id,
                        family_id=draft.family_id,
                        child_id=child_id,
                        span=line.paid_span,
                        part=int(line.fee_key.rsplit(":", 1)[1]),
                    )
                )
    RegistrationPaid.objects.bulk_create(rows, batch_size=2000)


def _fees(book: api.Rulebook, activity_ids: Collection[int]) -> Iterator[Fee]:
    rules = {a.code: a for a in book.activities if a.kind == "registration" and a.priced}
    if not rules:
        return
    for pk, slug, name in (
        apps.get_model("catalogue", "Activity")
        .objects.filter(slug__in=list(rules), pk__in=list(activity_ids))
        .order_by("pk")
        .values_list("pk", "slug", "name")
    ):
        tariff = next((t for t in book.tariffs if t.enabled and t.scope.covers(slug, "")), None)
        per = tariff.per if tariff and tariff.per in ONCE_FOR else "year"
        parts = int(tariff.divide) if tariff and per == "year" and tariff.divide else 1
        yield Fee(rules[slug], pk, name, per, parts)


def _entries(month: date, last: date) -> list[Entry]:
    return [
        Entry(*row)
        for row in apps.get_model("enrolments", "Enrolment")
        .objects.filter(status="ACTIVE", starts_on__lte=last, ends_on__gte=month)
        .order_by("created_at", "pk")
        .values_list(
            "family_id",
            "child_id",
            "starts_on",
            "offering__activity__slug",
            "offering__activity__name",
        )
    ]


def _paid(month: date) -> _Paid:
    since = month - timedelta(days=550)
    lines = InvoiceLine.objects.filter(
        fee_key__startswith=f"{PREFIX}:", invoice__month__gte=since
    ).exclude(fee_key="")
    paid = _Paid(frozenset(lines.values_list("fee_key", flat=True)))
    rows = list(
        RegistrationPaid.objects.filter(line__invoice__month__gte=since).values_list(
            "activity_id",
            "span",
            "family_id",
            "child_id",
            "part",
            "line_id",
            "line__amount_cents",
            "line__share_cents",
        )
    )
    back = dict(
        InvoiceLine.objects.filter(
            invoice__corrects__in=RegistrationPaid.objects.values("line__invoice")
        )
        .values_list("corrects_line_id")
        .annotate(total=Sum("amount_cents"))
        .order_by()
        if rows
        else ()
    )
    for activity_id, span, family_id, child_id, part, line_id, cents, share_cents in rows:
        if family_id:
            paid.of_family[activity_id, span, family_id].add(part)
        if child_id:
            kept = cents + back.get(line_id, 0) > 0 or share_cents > 0
            paid.of_child[activity_id, span, child_id].add((family_id, part, kept))
    return paid


def _since(per: str, month: date, last: date) -> date:
    """The first day that may be judged: of the school year, or of the month."""
    if per == "year":
        return date(last.year if last.month >= 9 else last.year - 1, 9, 1)
    return month


def _line(biller: Biller, due: Due, family_id: int, natures: Natures) -> DraftLine | None:
    house = biller.people.houses[family_id]
    first = due.entries[0]
    book = biller.book_on(due.day)
    offer = due.fee.offer()
    if book.book is None or book.names(offer.activity, "") is None:
        # Enrolled before these rules: they hold for the year all the same.
        book = biller.book_on(biller.month)
    values = biller.values(house, first.child_id, due.day, "", first_of_year=True)
    price = book.price_of_any_day(offer, due.day, values)
    if price is None:
        price = book.pricer(offer).price(due.day, api.Facts(values))
    if not price.cents:
        return None
    label, words = due.fee.name, due.words
    if due.fee.parts > 1:
        words = f"{words}, échéance {due.part} sur {due.fee.parts}"
    if due.fee.by_child:
        label = f"{biller.people.kids[first.child_id].first_name}, {label}"
    return DraftLine(
        child_id=first.child_id if due.fee.by_child else None,
        activity_id=due.fee.activity_id,
        label=f"{label}, {words}",
        unit_name="",
        unit_cents=price.cents,
        explanation=(*price.sentences, _why(due, biller.people.kids)),
        rulebook_version_id=book.version_id,
        nature=natures.of(due.fee.activity_id),
        fixed_quantity=1,
        penalty_unit_cents=price.surcharge_cents,
        fee_key=due.key,
        paid_for=tuple(entry.child_id for entry in due.entries),
        paid_span=due.span,
    )


def _why(due: Due, kids: Mapping[int, Any]) -> str:
    names = list(dict.fromkeys(kids[entry.child_id].first_name for entry in due.entries))
    where = list(dict.fromkeys(entry.name for entry in due.entries))
    who = "enfant" if due.fee.by_child else "famille"
    return (
        f"Due une fois par {who} et {ONCE_FOR[due.fee.per]}, pour l’inscription de "
        f"{french.and_join(names)} ({_few(where)})."
    )


def _few(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:4]) + (f" et {len(names) - 4} autres" if len(names) > 4 else "")
