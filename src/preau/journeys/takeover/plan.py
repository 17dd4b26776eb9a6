"""What a take-over would write, family by family, and why the others are refused.

A family is whole or not at all: one refused line refuses its family. Everything is judged before
anything is written; nothing here writes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from preau.billing.queries import cash_offices
from preau.catalogue.queries import list_all_offerings, school_year_of
from preau.directdebit.bulk import collecting_offices
from preau.families import takeover as families
from preau.families.enums import CustodyWeeks
from preau.families.takeover import FormerChild, FormerFile
from preau.journeys.takeover import cells
from preau.journeys.takeover.cells import BadCell, OldEnrolment, OldMandate, OldQuotient
from preau.journeys.takeover.format import TABLES
from preau.journeys.takeover.reading import UNREADABLE, Note, Row, Source
from preau.kernel.errors import Refusal
from preau.kernel.text import search_key

MAX_NOTES = 20_000


@dataclass(slots=True)
class Draft:
    """One family of the old software, and all that hangs on it."""

    file: FormerFile
    line: int
    quotients: list[OldQuotient] = field(default_factory=list)
    enrolments: list[OldEnrolment] = field(default_factory=list)
    mandates: list[OldMandate] = field(default_factory=list)
    balances: dict[int, int] = field(default_factory=dict)  # cash office → cents, owed > 0
    lines: Counter[str] = field(default_factory=Counter)
    child_lines: dict[str, int] = field(default_factory=dict)
    is_refused: bool = False


@dataclass(slots=True)
class Plan:
    """The families to open, those already here, and every remark by line."""

    day: date
    source: Source
    drafts: dict[str, Draft] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)
    offices: dict[int, str] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)  # lines that no family owns, by table

    @property
    def kept(self) -> list[Draft]:
        """The families to open."""
        return [
            draft
            for code, draft in self.drafts.items()
            if not draft.is_refused and code not in self.known
        ]

    def counts(self) -> dict[str, dict[str, int]]:
        """By table: lines read, to take over, refused, already here."""
        found = {
            table.name: {"read": self.source.tables.get(table.name, 0)}
            | dict.fromkeys(("kept", "refused", "known"), 0)
            for table in TABLES
            if table.name in self.source.tables
        }
        for code, draft in self.drafts.items():
            state = self._state(code, draft)
            for table, count in draft.lines.items():
                found[table][state] += count
        for table, count in self.lost.items():
            found[table]["refused"] += count
        return found

    def totals(self) -> dict[str, dict[str, list[int]]]:
        """By cash office (its code): [owed, in advance], in cents, kept, refused, already here."""
        found: dict[str, dict[str, list[int]]] = {}
        for code, draft in self.drafts.items():
            state = self._state(code, draft)
            for office_id, cents in draft.balances.items():
                row = found.setdefault(
                    self.offices[office_id],
                    {name: [0, 0] for name in ("read", "kept", "refused", "known")},
                )
                for name in ("read", state):
                    row[name][0 if cents > 0 else 1] += abs(cents)
        return found

    def _state(self, code: str, draft: Draft) -> str:
        if self.source.is_unusable or draft.is_refused:
            return "refused"
        return "known" if code in self.known else "kept"


def make_plan(rows: Iterable[Row], source: Source, *, day: date) -> Plan:
    """Judge the lines, read in the order of the format's tables."""
    return _Planner(source, day).run(rows)


class _Planner:
    def __init__(self, source: Source, day: date) -> None:
        self.plan = Plan(day, source)
        self.day = day
        offices = list(cash_offices(only_active=True))
        self.plan.offices = {office.pk: office.code for office in offices}
        self.offices = {search_key(office.code): office.pk for office in offices} | {
            search_key(office.name): office.pk for office in offices
        }
        self.creditors = collecting_offices()
        self.offerings: dict[tuple[str, str], list[Any]] = defaultdict(list)
        year = school_year_of(day)
        self.starts_on = year.starts_on if year else day
        for offering in list_all_offerings().order_by("starts_on"):
            for activity in (offering.activity.name, offering.activity.slug):
                for site in (offering.establishment.name, offering.establishment.slug):
                    key = (search_key(activity), search_key(site))
                    if offering not in self.offerings[key]:
                        self.offerings[key].append(offering)
        # Old child code → (family, line) of each of its homes, and its identity.
        self.homes: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.identity: dict[str, tuple[str, date | None]] = {}
        self.people: dict[tuple[str, date], tuple[str, str, int]] = {}
        self.emails: dict[str, tuple[str, int]] = {}
        self.references: dict[str, int] = {}

    def run(self, rows: Iterable[Row]) -> Plan:
        readers = {
            "familles": self._family,
            "adultes": self._adult,
            "enfants": self._child,
            "quotients": self._quotient,
            "inscriptions": self._enrolment,
            "mandats": self._mandate,
            "soldes": self._balance,
        }
        for row in rows:
            draft = None
            try:
                if row.table == "familles":
                    self._family(row)
                    continue
                draft = self.plan.drafts.get(row.cells["famille"])
                if draft is None:
                    self.plan.lost[row.table] += 1
                    self._note(
                        row,
                        f"la famille «\u00a0{row.cells['famille']}\u00a0» n’est pas dans la table "
                        "des familles"
                        if row.cells["famille"]
                        else "il manque le code de la famille",
                    )
                    continue
                draft.lines[row.table] += 1
                _check_readable(row)
                readers[row.table](row, draft)  # type: ignore[operator]
            except (BadCell, Refusal) as error:
                self._refuse(row, draft, str(error))
        self._judge_whole()
        return self.plan

    # -- Lines ----------------------------------------------------------------------------------

    def _family(self, row: Row) -> None:
        code = cells.needed(row, "code", 40)
        if (first := self.plan.drafts.get(code)) is not None:
            self.plan.lost["familles"] += 1
            self._refuse(
                row, first, f"le code «\u00a0{code}\u00a0» est déjà celui de la ligne {first.line}"
            )
            return
        draft = Draft(FormerFile(code, "", cells.address(row), None, [], []), row.line)
        self.plan.drafts[code] = draft
        draft.lines["familles"] += 1
        try:
            _check_readable(row)
            draft.file.name = row.cells["nom"][:160]
            draft.file.address = families.check_address(draft.file.address)
            draft.file.since = cells.day(row, "depuis_le")
        except (BadCell, Refusal) as error:
            self._refuse(row, draft, str(error))

    def _adult(self, row: Row, draft: Draft) -> None:
        adult = families.check_adult(cells.adult(row), self.day)
        for known in draft.file.adults:
            if search_key(known.first_name, known.last_name) == search_key(
                adult.first_name, adult.last_name
            ) and (known.birth_on is None or known.birth_on == adult.birth_on):
                raise BadCell(f"{adult.first_name} {adult.last_name} est déjà dans cette famille")
        if adult.is_payer and any(known.is_payer for known in draft.file.adults):
            raise BadCell("cette famille a déjà un redevable")
        if adult.email:
            family, line = self.emails.setdefault(adult.email, (draft.file.former_code, row.line))
            if family != draft.file.former_code:
                self._note(
                    row,
                    f"même adresse e-mail que la ligne {line} (famille {family}) : peut-être un "
                    "doublon",
                    is_refused=False,
                )
        draft.file.adults.append(adult)

    def _child(self, row: Row, draft: Draft) -> None:
        code = cells.needed(row, "enfant", 40)
        family = draft.file.former_code
        if code in draft.child_lines:
            raise BadCell(
                f"l’enfant «\u00a0{code}\u00a0» est déjà à la ligne {draft.child_lines[code]}"
            )
        draft.child_lines[code] = row.line
        self.homes[code].append((family, row.line))
        data = families.check_child(cells.child(row), self.day)
        assert data.birth_on is not None
        identity = (families.key_of(data), data.birth_on)
        if self.identity.setdefault(code, identity) != identity:
            first_family, first_line = self.homes[code][0]
            self._refuse(
                row,
                self.plan.drafts[first_family],
                f"l’enfant «\u00a0{code}\u00a0» n’a pas le même nom ou la même naissance à la "
                f"ligne {first_line}",
            )
            draft.is_refused = True
        other, other_family, line = self.people.setdefault(identity, (code, family, row.line))
        if other != code:
            words = f"même nom et même naissance que l’enfant «\u00a0{other}\u00a0», ligne {line}"
            if other_family == family:
                raise BadCell(words)
            self._note(row, f"{words} : un seul code par enfant les réunirait", is_refused=False)
        starts_on = cells.day(row, "depuis_le") or min(self.starts_on, self.day)
        draft.file.children.append(FormerChild(code, data, starts_on))

    def _quotient(self, row: Row, draft: Draft) -> None:
        draft.quotients.append(cells.quotient(row))

    def _enrolment(self, row: Row, draft: Draft) -> None:
        code = cells.needed(row, "enfant", 40)
        if code not in draft.child_lines:
            raise BadCell(f"l’enfant «\u00a0{code}\u00a0» n’est pas dans cette famille")
        key = (
            search_key(cells.needed(row, "activite", 80)),
            search_key(cells.needed(row, "site", 100)),
        )
        starts_on = cells.needed_day(row, "du")
        ends_on = cells.day(row, "au")
        candidates = self.offerings.get(key, [])
        if not candidates:
            raise BadCell(
                f"l’offre n’a pas «\u00a0{row.cells['activite']}\u00a0» à "
                f"«\u00a0{row.cells['site']}\u00a0»"
            )
        offering = next(
            (
                o
                for o in candidates
                if o.starts_on <= max(starts_on, o.starts_on) <= o.ends_on
                and (ends_on is None or ends_on >= o.starts_on)
                and starts_on <= o.ends_on
            ),
            None,
        )
        if offering is None:
            raise BadCell("cette activité n’est pas ouverte à ces dates")
        first = max(starts_on, offering.starts_on)
        last = min(ends_on or offering.ends_on, offering.ends_on)
        if last < first:
            raise BadCell("la fin précède le début")
        new = OldEnrolment(code, offering.pk, first, last)
        if any(
            old.child == code
            and old.offering_id == new.offering_id
            and old.starts_on <= last
            and first <= old.ends_on
            for old in draft.enrolments
        ):
            raise BadCell("cet enfant y est déjà inscrit à ces dates")
        draft.enrolments.append(new)

    def _mandate(self, row: Row, draft: Draft) -> None:
        mandate = cells.mandate(row, self._office(row, default=True), self.day)
        if first := self.references.get(mandate.reference):
            raise BadCell(f"la référence de mandat est déjà celle de la ligne {first}")
        if mandate.cash_office_id not in self.creditors:
            raise BadCell("cette régie ne prélève pas : réglez d’abord son ICS et son compte")
        if any(known.cash_office_id == mandate.cash_office_id for known in draft.mandates):
            raise BadCell("cette famille a déjà un mandat pour cette régie")
        self.references[mandate.reference] = row.line
        draft.mandates.append(mandate)

    def _balance(self, row: Row, draft: Draft) -> None:
        office_id = self._office(row)
        owed, advance = cells.cents(row, "doit"), cells.cents(row, "avance")
        if owed < 0 or advance < 0:
            raise BadCell(
                "un solde négatif ne se lit pas : écrivez ce que la famille doit dans «\u00a0doit"
                "\u00a0», ce qu’elle a payé d’avance dans «\u00a0avance\u00a0»"
            )
        if owed and advance:
            raise BadCell("la famille ne peut pas devoir et avoir une avance dans la même régie")
        if office_id in draft.balances:
            raise BadCell("le solde de cette famille dans cette régie est déjà donné")
        draft.balances[office_id] = owed - advance

    def _office(self, row: Row, *, default: bool = False) -> int:
        text = row.cells["regie"]
        if not text and default and len(self.plan.offices) == 1:
            return next(iter(self.plan.offices))
        office_id = self.offices.get(search_key(text))
        if office_id is None:
            raise BadCell(
                f"la régie «\u00a0{text}\u00a0» n’existe pas" if text else "il manque la régie"
            )
        return office_id

    # -- The whole --------------------------------------------------------------------------------

    def _judge_whole(self) -> None:
        plan = self.plan
        for code, draft in plan.drafts.items():
            if not draft.file.adults and not draft.is_refused:
                self._say("familles", draft.line, code, "cette famille n’a aucun adulte")
                draft.is_refused = True
        for child, homes in self.homes.items():
            if len(homes) > 2:
                for family, line in homes:
                    self._say(
                        "enfants",
                        line,
                        family,
                        f"l’enfant «\u00a0{child}\u00a0» a {len(homes)} foyers : deux au plus",
                    )
                    plan.drafts[family].is_refused = True
            elif len(homes) == 2:
                self._shared(child, homes)
        self._against_database()

    def _shared(self, child: str, homes: list[tuple[str, int]]) -> None:
        weeks = {
            former.data.weeks
            for family, _line in homes
            for former in self.plan.drafts[family].file.children
            if former.former_code == child
        }
        if weeks == {CustodyWeeks.ALL}:
            for family, line in homes:
                self._say(
                    "enfants",
                    line,
                    family,
                    "deux foyers, toutes les semaines chacun : la garde est à préciser",
                    is_refused=False,
                )

    def _against_database(self) -> None:
        plan = self.plan
        plan.known = set(families.known_families(plan.drafts))
        ines: dict[str, list[tuple[Draft, str]]] = defaultdict(list)
        births = set()
        for draft in plan.drafts.values():
            for former in draft.file.children:
                if former.data.ine:
                    ines[former.data.ine].append((draft, former.former_code))
                births.add(former.data.birth_on)
        taken = families.children_with_ine(ines)
        for ine, owners in ines.items():
            codes = {code for _draft, code in owners}
            if ine in taken:
                codes.add(taken[ine][1])
            if len(codes) > 1:
                for draft, code in owners:
                    if draft.file.former_code not in plan.known:
                        self._say(
                            "enfants",
                            draft.child_lines[code],
                            draft.file.former_code,
                            f"l’INE «\u00a0{ine}\u00a0» est celui d’un autre enfant",
                        )
                        draft.is_refused = True
        namesakes = families.namesakes({birth for birth in births if birth})
        if not namesakes:
            return
        for code, draft in plan.drafts.items():
            if code in plan.known:
                continue
            for former in draft.file.children:
                birth = former.data.birth_on
                other = namesakes.get((families.key_of(former.data), birth)) if birth else None
                if other:
                    self._say(
                        "enfants",
                        draft.child_lines[former.former_code],
                        code,
                        f"{former.data.first_name} {former.data.last_name} est déjà dans le "
                        f"dossier {other} : à rattacher à la main",
                    )
                    draft.is_refused = True

    # -- Saying ---------------------------------------------------------------------------------

    def _refuse(self, row: Row, draft: Draft | None, reason: str) -> None:
        if draft is not None:
            draft.is_refused = True
        self._note(row, reason)

    def _note(self, row: Row, reason: str, *, is_refused: bool = True) -> None:
        family = row.cells.get("famille") or row.cells.get("code", "")
        self._say(row.table, row.line, family, reason, is_refused=is_refused)

    def _say(
        self, table: str, line: int, family: str, reason: str, *, is_refused: bool = True
    ) -> None:
        self.plan.notes.append(Note(table, line, family[:40], reason[:300], is_refused))


def _check_readable(row: Row) -> None:
    if any(UNREADABLE in text for text in row.cells.values()):
        raise BadCell("un caractère de cette ligne est illisible")
