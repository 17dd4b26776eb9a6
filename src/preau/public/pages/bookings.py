"""When booking opens, for whoever reads: before the hour, without an account."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from preau.kernel import french
from preau.openings.enums import Audience
from preau.openings.queries import coming_windows


@dataclass(frozen=True, slots=True)
class BookingOpening:
    """Days whose booking is to open: `lines` say for whom and when, the earliest first."""

    days: str
    lines: list[str]


def booking_openings(offerings: Iterable[Any], now: datetime) -> list[BookingOpening]:
    """The openings to come of these offerings, period by period; one query. Sites are named where
    they do not all open alike."""
    sites = {offering.pk: offering.establishment.name for offering in offerings}
    found: dict[tuple[date, date], dict[tuple[datetime, str], list[int]]] = {}
    for window in coming_windows(now).filter(offering__in=list(sites)) if sites else ():
        period = found.setdefault((window.first_day, window.last_day), {})
        period.setdefault((window.opens_at, window.audience), []).append(window.offering_id)
    return [
        BookingOpening(
            french.period(first, last),
            [
                f"{french.instant(at)[:1].upper()}{french.instant(at)[1:]}, pour "
                f"{_whom(audience)}{_where(ids, sites)}."
                for (at, audience), ids in sorted(lines.items())
            ],
        )
        for (first, last), lines in sorted(found.items())
    ]


def _whom(audience: str) -> str:
    label = str(Audience(audience).label)
    return label if audience == Audience.ALL else f"les {label}"


def _where(ids: list[int], sites: dict[int, str]) -> str:
    names = sorted({sites[pk] for pk in ids})
    if set(names) == set(sites.values()):
        return ""
    return f" ({french.and_join(names) if len(names) <= 3 else f'{len(names)} sites'})"
