"""How many pupils each school will have, by level, for three years: from who is here.

Pupils go up a level each year, times the rate of those who stay (100 % unless the agent says
otherwise). Those not yet at school come from the children known of each birth year, times the
share of them who entered school in years past, in the school of their address's sector.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from preau.catalogue.enums import Level
from preau.catalogue.queries import establishments
from preau.families.figures import children_by_birth_and_address, home_addresses
from preau.schools.enums import Cycle
from preau.schools.queries import pupils_between
from preau.schools.sectors import SectorMap, cycle_of

LEVELS = [level for level in Level.values if level not in (Level.TPS, Level.ULIS)]
YEARS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One school and level: pupils now, then each of the next years."""

    school: str
    level: str
    now: int
    next: tuple[int, ...]


@dataclass(slots=True)
class Forecast:
    """The town's forecast: `labels` names the years («2026-2027», …), the first being now."""

    labels: list[str]
    lines: list[Line]
    entrance: float  # share of the children of a birth year who come to our schools, in percent
    stay: float

    def totals(self) -> list[int]:
        """All the pupils, year by year."""
        return [
            sum(line.now for line in self.lines),
            *(sum(line.next[n] for line in self.lines) for n in range(YEARS)),
        ]

    def by_school(self) -> Iterator[tuple[str, list[int], list[Line]]]:
        """Each school with its totals and its lines."""
        groups: dict[str, list[Line]] = defaultdict(list)
        for line in self.lines:
            groups[line.school].append(line)
        for school, lines in groups.items():
            totals = [sum(x.now for x in lines)]
            totals += [sum(x.next[n] for x in lines) for n in range(YEARS)]
            yield school, totals, lines


def forecast(
    *,
    year: object,
    day: date,
    stay: float = 100.0,
    given_births: Mapping[int, int] | None = None,
) -> Forecast:
    """The forecast from the pupils of `year` (a school year) on `day`; six queries.

    `stay`: of a hundred pupils, how many are still here the year after. `given_births`: children
    born in a civil year, as the town's registry counts them, where the files know too few.
    """
    schools = {site.pk: site for site in establishments("SCHOOL")}
    pupils: Counter[tuple[int, str]] = Counter()
    addresses: dict[tuple[int, str], Counter[int | None]] = defaultdict(Counter)
    sectors = SectorMap()
    starts: date = year.starts_on  # type: ignore[attr-defined]
    rows = pupils_between(year.pk, day)  # type: ignore[attr-defined]
    lines_of = home_addresses([child for child, _s, level, _p in rows if level == "GS"])
    for child_id, school_id, level, _schooling in rows:
        if level not in LEVELS:
            continue
        pupils[school_id, level] += 1
        if level == "GS":  # where each of this school's will go at the elementary school
            target = sectors.school_of(lines_of.get(child_id, ""), Cycle.ELEMENTARY)
            addresses[school_id, level][target] += 1
    births, by_sector = _births(sectors, starts)
    for birth_year, count in (given_births or {}).items():
        known = by_sector.get(birth_year) or Counter(
            {school: n for (school, level), n in pupils.items() if level == "PS"}
        )
        total = sum(known.values()) or 1
        by_sector[birth_year] = Counter(
            {school: count * n / total for school, n in known.items()}  # type: ignore[misc]
        )
    entrance = _entrance(pupils, births, starts)
    lines: dict[tuple[int, str], list[int]] = {
        key: [count] for key, count in pupils.items() if key[0] in schools
    }
    current = dict(pupils)
    rate = stay / 100
    for ahead in range(1, YEARS + 1):
        following: Counter[tuple[int, str]] = Counter()
        for (school_id, level), count in current.items():
            index = LEVELS.index(level)
            if index + 1 == len(LEVELS):
                continue
            up = LEVELS[index + 1]
            if cycle_of(level) == cycle_of(up):
                following[school_id, up] += count * rate  # type: ignore[assignment]
                continue
            shares = addresses.get((school_id, level)) or _anywhere(schools, pupils)
            total = sum(shares.values())
            for target, share in shares.items():
                where = target or school_id
                following[where, up] += count * rate * share / total  # type: ignore[assignment]
        birth_year = starts.year + ahead - 3
        for school_id, count in by_sector.get(birth_year, {}).items():
            following[school_id, "PS"] += count * entrance  # type: ignore[assignment]
        for key in set(lines) | set(following):
            lines.setdefault(key, [0] * ahead).append(round(following.get(key, 0)))
        current = dict(following)
    return Forecast(
        labels=[f"{starts.year + n}-{starts.year + n + 1}" for n in range(YEARS + 1)],
        lines=[
            Line(str(schools[pk]), level, values[0], tuple(values[1:]))
            for (pk, level), values in sorted(
                lines.items(),
                key=lambda row: (
                    str(schools.get(row[0][0], "")),
                    LEVELS.index(row[0][1]),
                ),
            )
            if pk in schools
        ],
        entrance=round(entrance * 100, 1),
        stay=stay,
    )


def _births(sectors: SectorMap, starts: date) -> tuple[Counter[int], dict[int, Counter[int]]]:
    """Children by civil year of birth, and by the nursery school of their sector."""
    nurseries = [site.pk for site in establishments("SCHOOL") if "PS" in (site.levels or ["PS"])]
    births: Counter[int] = Counter()
    by_sector: dict[int, Counter[int]] = defaultdict(Counter)
    elsewhere: Counter[int] = Counter()
    for birth_year, line in children_by_birth_and_address(starts.year - 9):
        births[birth_year] += 1
        school_id = sectors.school_of(line, Cycle.NURSERY)
        if school_id is None:
            elsewhere[birth_year] += 1
        else:
            by_sector[birth_year][school_id] += 1
    for birth_year, count in elsewhere.items():  # in no sector: spread evenly
        for rank, school_id in enumerate(nurseries):
            part = count // len(nurseries) + (rank < count % len(nurseries))
            by_sector[birth_year][school_id] += part
    return births, by_sector


def _entrance(pupils: Counter[tuple[int, str]], births: Counter[int], starts: date) -> float:
    """Of the children born in the years of the pupils in MS to CM2, the share in our schools."""
    known = here = 0
    for index, level in enumerate(LEVELS):
        if level == "PS":
            continue
        birth_year = starts.year - 3 - index
        count = sum(n for (_school, lvl), n in pupils.items() if lvl == level)
        if births[birth_year]:
            known += births[birth_year]
            here += min(count, births[birth_year])
    return here / known if known else 1.0


def _anywhere(
    schools: Mapping[int, object], pupils: Counter[tuple[int, str]]
) -> Counter[int | None]:
    """Where no sector says: as the pupils in CP are spread now."""
    spread: Counter[int | None] = Counter()
    for (school_id, level), count in pupils.items():
        if level == "CP" and school_id in schools:
            spread[school_id] += count
    return spread or Counter({None: 1})
