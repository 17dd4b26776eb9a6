"""The crèches' yearly figures: hours contracted, real and invoiced; children; rates."""

from dataclasses import dataclass
from datetime import date

from preau.catalogue.queries import establishments
from preau.childcare.enums import Regime
from preau.childcare.queries import figures
from preau.childcare.queries.figures import CareRow
from preau.kernel import french
from preau.reporting.periods import Span


@dataclass(frozen=True, slots=True)
class SiteYear:
    """One crèche over a span. Minutes; rates in thousandths, None when nothing can be said."""

    site: str
    places: int
    open_days: int
    capacity: int
    row: CareRow

    @property
    def occupancy_rate(self) -> int | None:
        """Real hours over those that the crèche could receive."""
        return self.row.real * 1000 // self.capacity if self.capacity else None

    @property
    def financial_rate(self) -> int | None:
        """Invoiced hours over those that the crèche could receive."""
        return self.row.invoiced * 1000 // self.capacity if self.capacity else None

    @property
    def invoicing_rate(self) -> int | None:
        return self.row.invoicing_rate


def by_site(span: Span) -> list[SiteYear]:
    """Every crèche of the span, even one without a closed month; some six queries."""
    ids = span.establishment_ids
    sites = establishments("CRECHE")
    if ids is not None:
        sites = sites.filter(pk__in=ids)
    known = {
        row.group: row
        for row in figures.care_rows(
            by="site", first=span.first, last=span.last, establishment_ids=ids
        )
    }
    capacities = figures.capacities(first=span.first, last=span.last, establishment_ids=ids)
    found = []
    for site in sites:
        capacity = capacities.get(site.pk)
        found.append(
            SiteYear(
                site.name,
                capacity.places if capacity else 0,
                capacity.open_days if capacity else 0,
                capacity.minutes if capacity else 0,
                known.get(site.name) or CareRow(site.name, 0, 0, 0, 0, 0),
            )
        )
    return found


def grouped(span: Span, *, by: str) -> list[CareRow]:
    """By `month`, `regime` or `age`, in words."""
    rows = figures.care_rows(
        by=by, first=span.first, last=span.last, establishment_ids=span.establishment_ids
    )
    return [CareRow(_words(by, row.group), *_rest(row)) for row in rows]


def total(span: Span) -> CareRow:
    return figures.care_total(
        first=span.first, last=span.last, establishment_ids=span.establishment_ids
    )


def _rest(row: CareRow) -> tuple[int, int, int, int, int]:
    return row.children, row.contracted, row.real, row.invoiced, row.cents


def _words(by: str, label: str) -> str:
    if by == "month":
        return french.month(date.fromisoformat(label))
    if by == "regime":
        return str(Regime(label).label)
    return label
