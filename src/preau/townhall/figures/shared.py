"""What every page of figures is made of: its dates and sites, its columns, its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from preau.accounts.enums import Permission
from preau.accounts.queries import establishment_scope
from preau.catalogue.queries import establishments
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.text import is_number
from preau.reporting.periods import Span
from preau.townhall.figures.forms import SpanForm
from preau.ui.exports import FORMATS, Column, export_table

SECTION = "townhall:figures"
MOST_ROWS = 400


@dataclass(frozen=True, slots=True)
class Col(Column):
    """A column of the screen and of the export; `show` is how the screen says it."""

    show: Any = None
    css: str = "r"


def hours(minutes: int) -> Decimal:
    """Hours with two decimals, for spreadsheets."""
    return (Decimal(minutes) / 60).quantize(Decimal("0.01"))


def hours_col(title: Any, name: str) -> Col:
    """Hours, rounded on the screen, with decimals in the export."""
    return Col(
        title,
        lambda row: hours(getattr(row, name)),
        show=lambda row: french.number(round(getattr(row, name) / 60)) + "\u00a0h",
    )


def count_col(title: Any, name: str) -> Col:
    """A number."""
    return Col(title, name, show=lambda row: french.number(getattr(row, name)))


def share(value: int | None) -> str:
    """Per cent, or a dash."""
    return "–" if value is None else f"{value}\u00a0%"


def thousandths(value: int | None) -> str:
    """A rate in thousandths, told per cent with a decimal."""
    return "–" if value is None else f"{value / 10:.1f}\u00a0%".replace(".", ",")


def percent(value: int | None) -> Decimal | str:
    """A rate in thousandths, as a table holds it: per cent, with a decimal."""
    return "" if value is None else Decimal(value) / 10


def today() -> date:
    """Today, in Paris."""
    return paris_day(utc_now())


def scope(request: HttpRequest, *permissions: str) -> tuple[int, ...] | None:
    """Ids of the sites whose figures the agent may see; None: all."""
    found: set[int] = set()
    for permission in permissions or (Permission.SEE_FIGURES,):
        if permission not in request.permissions:
            continue
        ids = establishment_scope(request.user, permission, today())
        if ids is None:
            return None
        found |= ids
    return tuple(sorted(found))


def asked_span(form: SpanForm, ids: tuple[int, ...] | None) -> Span:
    """What the form asks, within what the agent may see."""
    data = form.cleaned_data if form.is_valid() else form.clean()
    site, activity = data.get("site") or "", data.get("activite") or ""
    if is_number(site):
        if ids is not None and int(site) not in ids:
            raise Http404
        ids = (int(site),)
    return Span(data["du"], data["au"], ids, int(activity) if is_number(activity) else None)


def sites(ids: tuple[int, ...] | None, kind: str = "") -> list[tuple[int, str]]:
    """The sites whose figures the agent may see."""
    found = establishments(kind)
    if ids is not None:
        found = found.filter(pk__in=ids)
    return [(site.pk, site.name) for site in found]


def table_page(
    request: HttpRequest,
    *,
    title: Any,
    lead: Any,
    name: str,
    form: SpanForm | None,
    columns: Sequence[Col],
    rows: Sequence[Any],
    chart: Any = "",
    more: Sequence[tuple[str, Sequence[Col], Sequence[Any]]] = (),
    notes: Sequence[Any] = (),
    tab: str = "",
) -> HttpResponseBase:
    """The page: filters, chart, table, exports; or the whole table as a download."""
    if "export" in request.GET:
        return export_table(request.GET["export"], name, columns, rows)
    query = request.GET.copy()
    exports = []
    for code, (label, _type) in FORMATS.items():
        query["export"] = code
        exports.append((label, f"?{query.urlencode()}"))
    return render(
        request,
        "townhall/figures/table.html",
        {
            "title": title,
            "lead": lead,
            "form": form,
            "chart": chart,
            "tables": [
                (heading, [(c.title, c.css) for c in cols], [_cells(cols, row) for row in some])
                for heading, cols, some in (("", columns, rows[:MOST_ROWS]), *more)
            ],
            "is_cut": len(rows) > MOST_ROWS,
            "count": len(rows),
            "exports": exports,
            "notes": notes,
            "tab": tab,
            "may": may(request),
            "section": SECTION,
        },
    )


def _cells(columns: Sequence[Col], row: Any) -> list[tuple[str, str, str]]:
    return [
        (str(column.title), column.css, str(column.show(row) if column.show else column.of(row)))
        for column in columns
    ]


def may(request: HttpRequest) -> dict[str, bool]:
    """Which pages the agent may open."""
    sees = Permission.SEE_FIGURES in request.permissions
    return {"figures": sees, "requests": sees and scope(request) is None}
