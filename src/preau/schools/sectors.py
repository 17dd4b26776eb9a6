"""Which school an address has: street segments, with a side and numbers. The only writers too.

A map may come later; a town's own list of streets is what its council voted.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from preau.audit.services import record
from preau.catalogue.queries import establishments
from preau.kernel.actors import Actor
from preau.kernel.text import is_number, search_key
from preau.schools.enums import Cycle, Side
from preau.schools.errors import SchoolRefusal
from preau.schools.models import SectorSegment

NURSERY_LEVELS = ("TPS", "PS", "MS", "GS")
_KINDS = {
    "r": "rue",
    "av": "avenue",
    "ave": "avenue",
    "bd": "boulevard",
    "bld": "boulevard",
    "blvd": "boulevard",
    "pl": "place",
    "all": "allee",
    "imp": "impasse",
    "sq": "square",
    "ch": "chemin",
    "che": "chemin",
    "pass": "passage",
    "res": "residence",
    "crs": "cours",
    "vla": "villa",
    "rte": "route",
    "q": "quai",
    "st": "saint",
    "ste": "sainte",
    "gal": "general",
    "dr": "docteur",
    "pdt": "president",
    "mal": "marechal",
}
_SMALL = {"de", "du", "des", "la", "le", "les", "l", "d", "et"}


class BadSegment(SchoolRefusal):
    message = "Ce tronçon n’est pas possible."
    code = "bad_segment"


def street_key(text: str) -> str:
    """«Bd. du Général-de-Gaulle» and «boulevard general de gaulle» are one street."""
    words = [word.strip(".") for word in search_key(text).split()]
    return " ".join(_KINDS.get(w, w) for w in words if w and w not in _SMALL)


def parse_address(line: str) -> tuple[int | None, str]:
    """«8 bis, rue du Lavoir» → (8, its street key); no number gives None."""
    text = search_key(line)
    match = re.match(r"^(\d{1,5})\s*(?:bis|ter|quater|[a-d])?\s+(.*)$", text)
    if match is None:
        return None, street_key(text)
    return int(match[1]), street_key(match[2])


def cycle_of(level: str) -> str:
    """The cycle of a school level."""
    return Cycle.NURSERY if level in NURSERY_LEVELS else Cycle.ELEMENTARY


@dataclass(frozen=True, slots=True)
class Stretch:
    """A segment as a value."""

    side: str
    first: int
    last: int | None
    cycle: str
    school_id: int

    def holds(self, number: int | None) -> bool:
        """Whether the number is in it; without a number, only a whole street answers."""
        if number is None:
            return self.side == Side.BOTH and self.first <= 1 and self.last is None
        if not (self.first <= number and (self.last is None or number <= self.last)):
            return False
        return self.side == Side.BOTH or (number % 2 == 1) == (self.side == Side.ODD)


class SectorMap:
    """All the sectors, read once: for thousands of addresses."""

    def __init__(self) -> None:
        self.streets: dict[str, list[Stretch]] = {}
        for row in SectorSegment.objects.values_list(
            "street_key", "side", "first", "last", "cycle", "establishment_id"
        ):
            self.streets.setdefault(row[0], []).append(Stretch(*row[1:]))

    def school_of(self, line: str, cycle: str) -> int | None:
        """The school (id) of an address for a cycle; None: in no sector."""
        number, key = parse_address(line)
        for stretch in self.streets.get(key, ()):
            if stretch.cycle == cycle and stretch.holds(number):
                return stretch.school_id
        return None

    def __bool__(self) -> bool:
        return bool(self.streets)


def schools_for_address(line: str) -> dict[str, SectorSegment]:
    """The segment that gives each cycle's school to an address; one query."""
    number, key = parse_address(line)
    found: dict[str, SectorSegment] = {}
    for row in SectorSegment.objects.filter(street_key=key).select_related("establishment"):
        stretch = Stretch(row.side, row.first, row.last, row.cycle, row.establishment_id)
        if stretch.holds(number):
            found.setdefault(row.cycle, row)
    return found


def known_streets(text: str = "", limit: int = 20) -> list[str]:
    """Streets of the sectors whose words begin so: to correct what was typed."""
    found = SectorSegment.objects.order_by("street_key").distinct("street_key")
    for word in street_key(parse_address(text)[1]).split()[:5]:
        found = found.filter(street_key__contains=word[:6])
    return list(found.values_list("street", flat=True)[:limit])


def list_segments(
    *, text: str = "", school_id: int | None = None, cycle: str = ""
) -> QuerySet[SectorSegment]:
    """Segments, by street, to be filtered and paged."""
    found = SectorSegment.objects.select_related("establishment")
    for word in street_key(text).split():
        found = found.filter(street_key__contains=word)
    if school_id:
        found = found.filter(establishment_id=school_id)
    if cycle:
        found = found.filter(cycle=cycle)
    return found.order_by("street_key", "cycle", "first", "side", "pk")


def get_segment(pk: int) -> SectorSegment | None:
    return SectorSegment.objects.filter(pk=pk).first()


@transaction.atomic
def save_segment(
    *,
    pk: int | None,
    street: str,
    side: str,
    first: int,
    last: int | None,
    cycle: str,
    school_id: int,
    now: datetime,
    actor: Actor,
) -> SectorSegment:
    """Write a segment; no address may have two schools of one cycle. Raises BadSegment."""
    row = (SectorSegment.objects.get(pk=pk)) if pk else SectorSegment()
    row.street, row.street_key = " ".join(street.split())[:120], street_key(street)[:120]
    row.side, row.first, row.last = Side(side), first or 1, last
    row.cycle, row.establishment_id = Cycle(cycle), school_id
    if not row.street_key:
        raise BadSegment("Écrivez le nom de la voie.")
    if last is not None and last < row.first:
        raise BadSegment("Le dernier numéro est avant le premier.")
    others = SectorSegment.objects.filter(street_key=row.street_key, cycle=row.cycle)
    if pk:
        others = others.exclude(pk=pk)
    clash = _clash(row, others)
    if clash is not None:
        raise BadSegment(
            f"Ces numéros ont déjà une école : {clash.establishment.name}, {describe(clash)}."
        )
    row.save()
    _journal("save_segment", f"Secteur : {row.street}, {describe(row)}", row.pk, now, actor)
    return row


@transaction.atomic
def delete_segment(*, pk: int, now: datetime, actor: Actor) -> None:
    row = SectorSegment.objects.filter(pk=pk).first()
    if row is not None:
        _journal("delete_segment", f"Secteur retiré : {row.street}", row.pk, now, actor)
        row.delete()


def describe(row: SectorSegment) -> str:
    """«numéros pairs, du 2 au 48», «tous les numéros»."""
    words = str(Side(row.side).label)
    if row.first > 1 or row.last is not None:
        words += f", du {row.first}" + (f" au {row.last}" if row.last is not None else " à la fin")
    return words


@dataclass(slots=True)
class SectorImport:
    """What a file of sectors says: segments to write, and lines refused (number, reason)."""

    rows: list[SectorSegment] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


HEADER = ("voie", "cote", "du", "au", "cycle", "ecole")
_SIDES = {
    "": Side.BOTH,
    "tous": Side.BOTH,
    "pair": Side.EVEN,
    "pairs": Side.EVEN,
    "impair": Side.ODD,
    "impairs": Side.ODD,
}
_CYCLES = {"maternelle": Cycle.NURSERY, "elementaire": Cycle.ELEMENTARY}


def read_sectors(content: bytes) -> SectorImport:
    """A CSV «voie;cote;du;au;cycle;ecole»: each line judged. Raises BadSegment for another file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(";,\t", key=first.count))
    header = [search_key(name) for name in next(reader, [])]
    missing = [name for name in HEADER if name not in header and name not in ("du", "au", "cote")]
    if missing:
        raise BadSegment(f"Il manque la colonne «\u00a0{missing[0]}\u00a0».")
    schools = {search_key(site.name): site.pk for site in establishments("SCHOOL")}
    found = SectorImport()
    by_street: dict[tuple[str, str], list[SectorSegment]] = {}
    for line in reader:
        cells = {name: text.strip() for name, text in zip(header, line, strict=False)}
        if not any(cells.values()):
            continue
        try:
            row = _segment(cells, schools)
            same = by_street.setdefault((row.street_key, row.cycle), [])
            if _clash(row, same) is not None:
                raise BadSegment("ces numéros ont déjà une école plus haut")
        except (BadSegment, ValueError) as error:
            found.problems.append((reader.line_num, str(error)))
            continue
        same.append(row)
        found.rows.append(row)
    return found


@transaction.atomic
def replace_sectors(*, content: bytes, now: datetime, actor: Actor) -> int:
    """Put the file's sectors in place of all those known, all or none; how many.

    Raises BadSegment when a line is wrong.
    """
    found = read_sectors(content)
    if found.problems:
        line, reason = found.problems[0]
        raise BadSegment(f"Ligne {line} : {reason}. Rien n’a été remplacé.")
    SectorSegment.objects.all().delete()
    SectorSegment.objects.bulk_create(found.rows, batch_size=2000)
    _journal("replace_sectors", f"{len(found.rows)} tronçons de secteur importés", 0, now, actor)
    return len(found.rows)


def _segment(cells: dict[str, str], schools: dict[str, int]) -> SectorSegment:
    street = cells.get("voie", "")
    key = street_key(street)
    if not key:
        raise BadSegment("il manque la voie")
    side = _SIDES.get(search_key(cells.get("cote", "")))
    cycle = _CYCLES.get(search_key(cells.get("cycle", "")))
    school_id = schools.get(search_key(cells.get("ecole", "")))
    if side is None:
        raise BadSegment("le côté se lit pair, impair ou tous")
    if cycle is None:
        raise BadSegment("le cycle se lit maternelle ou élémentaire")
    if school_id is None:
        raise BadSegment(f"l’école «\u00a0{cells.get('ecole', '')}\u00a0» n’existe pas")
    first, last = (cells.get(name, "") for name in ("du", "au"))
    if (first and not is_number(first)) or (last and not is_number(last)):
        raise BadSegment("un numéro se lit en chiffres")
    if first and last and int(last) < int(first):
        raise BadSegment("le dernier numéro est avant le premier")
    return SectorSegment(
        street=street[:120],
        street_key=key[:120],
        side=side,
        first=max(int(first or 1), 1),
        last=int(last) if last else None,
        cycle=cycle,
        establishment_id=school_id,
    )


def _clash(row: SectorSegment, others: Iterable[SectorSegment]) -> SectorSegment | None:
    for other in others:
        apart = {row.side, other.side} == {Side.ODD, Side.EVEN}
        before = row.last is not None and row.last < other.first
        after = other.last is not None and other.last < row.first
        if not (apart or before or after):
            return other
    return None


def _journal(verb: str, summary: str, pk: int, now: datetime, actor: Actor) -> None:
    record(
        actor=actor,
        now=now,
        action=f"schools.{verb}",
        summary=summary,
        object_type="schools.SectorSegment",
        object_id=pk or None,
    )
