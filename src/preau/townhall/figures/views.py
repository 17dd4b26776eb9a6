"""`/mairie/chiffres/`: charts where one looks, tables and spreadsheets where one works."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.accounts.queries import establishment_scope
from preau.casework.kinds import all_kinds
from preau.catalogue.enums import PeriodKind
from preau.catalogue.queries import establishments
from preau.childcare.queries.figures import waiting_by_site
from preau.kernel import french
from preau.kernel.clock import at_paris, paris_day, utc_now
from preau.kernel.enums import Channel
from preau.reporting import caf as caf_figures
from preau.reporting import early_childhood as care
from preau.reporting import occupancy as places
from preau.reporting.periods import Span
from preau.reporting.requests import request_delays
from preau.townhall.access import agent_required
from preau.townhall.figures.forms import SpanForm
from preau.ui.bars import Bar, bars
from preau.ui.exports import FORMATS, Cents, Column, export_table

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


def _hours_col(title: Any, name: str) -> Col:
    return Col(
        title,
        lambda row: hours(getattr(row, name)),
        show=lambda row: french.number(round(getattr(row, name) / 60)) + "\u00a0h",
    )


def _count_col(title: Any, name: str) -> Col:
    return Col(title, name, show=lambda row: french.number(getattr(row, name)))


def _share(value: int | None) -> str:
    return "–" if value is None else f"{value}\u00a0%"


def _thousandths(value: int | None) -> str:
    return "–" if value is None else f"{value / 10:.1f}\u00a0%".replace(".", ",")


def today() -> date:
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


def _span(form: SpanForm, ids: tuple[int, ...] | None) -> Span:
    """What the form asks, within what the agent may see."""
    data = form.cleaned_data if form.is_valid() else form.clean()
    site, activity = data.get("site") or "", data.get("activite") or ""
    if site.isdigit():
        if ids is not None and int(site) not in ids:
            raise Http404
        ids = (int(site),)
    return Span(data["du"], data["au"], ids, int(activity) if activity.isdigit() else None)


def _sites(ids: tuple[int, ...] | None, kind: str = "") -> list[tuple[int, str]]:
    found = establishments(kind)
    if ids is not None:
        found = found.filter(pk__in=ids)
    return [(site.pk, site.name) for site in found]


def _table(
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
            "may": _may(request),
            "section": SECTION,
        },
    )


def _cells(columns: Sequence[Col], row: Any) -> list[tuple[str, str, str]]:
    return [
        (str(column.title), column.css, str(column.show(row) if column.show else column.of(row)))
        for column in columns
    ]


def _may(request: HttpRequest) -> dict[str, bool]:
    sees = Permission.SEE_FIGURES in request.permissions
    return {"figures": sees, "requests": sees and scope(request) is None}


@require_safe
@agent_required(Permission.SEE_FIGURES, Permission.MANAGE_CRECHE)
def index(request: HttpRequest) -> HttpResponse:
    """Every page of figures that this agent may open."""
    return render(
        request,
        "townhall/figures/index.html",
        {"may": _may(request), "section": SECTION},
    )


OCCUPANCY_BY = [
    ("site", gettext_lazy("site")),
    ("activity", gettext_lazy("activité")),
    ("month", gettext_lazy("mois")),
    ("weekday", gettext_lazy("jour de la semaine")),
    ("day", gettext_lazy("jour")),
]
OCCUPANCY = [
    Col(gettext_lazy("Ligne"), "label", css=""),
    _count_col(gettext_lazy("Jours ouverts"), "days"),
    _count_col(gettext_lazy("Séances"), "sessions"),
    _count_col(gettext_lazy("Places"), "places"),
    _count_col(gettext_lazy("Places prises"), "taken"),
    Col(gettext_lazy("Taux, %"), "taken_rate", show=lambda row: _share(row.taken_rate)),
    _count_col(gettext_lazy("Présences"), "present"),
    _count_col(gettext_lazy("Absences"), "absent"),
    _count_col(gettext_lazy("Sans réservation"), "unbooked"),
    Col(
        gettext_lazy("Venus parmi les attendus, %"),
        "present_rate",
        show=lambda row: _share(row.present_rate),
    ),
]


@require_safe
@agent_required(Permission.SEE_FIGURES)
def occupancy(request: HttpRequest) -> HttpResponseBase:
    """Places offered, taken, and children come."""
    ids = scope(request)
    last = today()
    form = SpanForm(
        request.GET,
        first=last.replace(day=1),
        last=last,
        sites=_sites(ids),
        activities=places.activities(),
        by=OCCUPANCY_BY,
    )
    span = _span(form, ids)
    rows = places.occupancy(span, by=form.chosen("par"))
    return _table(
        request,
        title=_("Occupation"),
        lead=_("Places des séances ouvertes, places prises, enfants venus."),
        name="occupation",
        form=form,
        columns=OCCUPANCY,
        rows=rows,
        chart=bars(
            [Bar(row.label, row.taken_rate or 0, _share(row.taken_rate)) for row in rows],
            title=_("Places prises, pour cent places"),
            most=100,
        ),
        notes=[
            _(
                "Une place vaut pour une séance d’un jour. Des formules qui partagent leurs places "
                "(journée, matin, après-midi) les comptent une fois : leur taux peut passer 100."
            )
        ],
        tab="occupancy",
    )


CAF_FORMS = [
    ("periscolaire", gettext_lazy("Périscolaire (matin, soir, mercredi)")),
    ("extrascolaire", gettext_lazy("Extrascolaire (vacances)")),
    ("midi", gettext_lazy("Pause de midi")),
]
CAF_BY = [
    ("activity", gettext_lazy("activité")),
    ("site", gettext_lazy("site")),
    ("month", gettext_lazy("mois")),
    ("period", gettext_lazy("période")),
]


def _age(row: Any) -> str:
    return _("moins de 6 ans") if row.is_young else _("6 ans et plus")


def _caf_label(row: Any) -> str:
    if row.label in PeriodKind.values:
        return str(PeriodKind(row.label).label)
    if len(row.label) == 7 and row.label[4:5] == "-" and row.label[:4].isdigit():
        return french.month(date.fromisoformat(f"{row.label}-01"))
    return str(row.label)


CAF = [
    Col(gettext_lazy("Ligne"), _caf_label, css=""),
    Col(gettext_lazy("Âge"), _age, css=""),
    _count_col(gettext_lazy("Jours d’ouverture"), "days"),
    _count_col(gettext_lazy("Enfants différents"), "children"),
    _count_col(gettext_lazy("Présences"), "presences"),
    _hours_col(gettext_lazy("Heures réalisées"), "realised"),
    _hours_col(gettext_lazy("Heures facturées"), "invoiced"),
    _hours_col(gettext_lazy("Heures pointées à la minute"), "clocked"),
]


@require_safe
@agent_required(Permission.SEE_FIGURES)
def caf(request: HttpRequest) -> HttpResponseBase:
    """Hours by age for the CAF's forms."""
    ids = scope(request)
    last = today()
    form = SpanForm(
        request.GET,
        first=date(last.year, 1, 1),
        last=last,
        sites=_sites(ids),
        forms_of=CAF_FORMS,
        by=CAF_BY,
    )
    span = _span(form, ids)
    chosen = form.chosen("formulaire")
    rows = caf_figures.hours(span, form=chosen, by=form.chosen("par"))
    sums = caf_figures.totals(rows)
    return _table(
        request,
        title=_("Heures pour la CAF"),
        lead=str(dict(CAF_FORMS)[chosen]),
        name=f"caf-{chosen}",
        form=form,
        columns=CAF,
        rows=rows,
        chart=bars(
            [
                Bar(
                    f"{_caf_label(row)}, {'− de 6' if row.is_young else '6 et +'}",
                    row.realised // 60,
                    f"{french.number(row.realised // 60)}\u00a0h",
                    second=row.invoiced // 60,
                )
                for row in rows
            ],
            title=_("Heures réalisées (barre) et facturées (trait)"),
        ),
        more=[(_("En tout"), CAF_TOTALS, [sums[True], sums[False]])],
        notes=[
            _(
                "Les heures d’une séance sont sa durée. Facturées : réservations dues, absences "
                "justifiées exclues, et venues sans réservation. L’âge est celui du jour."
            )
        ],
        tab="caf",
    )


CAF_TOTALS = [
    Col(gettext_lazy("Âge"), _age, css=""),
    _count_col(gettext_lazy("Présences"), "presences"),
    _hours_col(gettext_lazy("Heures réalisées"), "realised"),
    _hours_col(gettext_lazy("Heures facturées"), "invoiced"),
    _hours_col(gettext_lazy("Heures pointées à la minute"), "clocked"),
]


def _care_hours(title: Any, name: str) -> Col:
    return Col(
        title,
        lambda row: hours(getattr(row.row, name)),
        show=lambda row: french.number(round(getattr(row.row, name) / 60)) + "\u00a0h",
    )


CARE_SITES = [
    Col(gettext_lazy("Crèche"), "site", css=""),
    _count_col(gettext_lazy("Places"), "places"),
    _count_col(gettext_lazy("Jours ouverts"), "open_days"),
    _hours_col(gettext_lazy("Capacité théorique"), "capacity"),
    Col(gettext_lazy("Enfants"), "row.children"),
    _care_hours(gettext_lazy("Heures prévues"), "contracted"),
    _care_hours(gettext_lazy("Heures réalisées"), "real"),
    _care_hours(gettext_lazy("Heures facturées"), "invoiced"),
    Col(
        gettext_lazy("Participations des familles"),
        lambda row: Cents(row.row.cents),
        show=lambda row: french.euros(row.row.cents),
    ),
    Col(
        gettext_lazy("Occupation réelle, ‰"),
        "occupancy_rate",
        show=lambda row: _thousandths(row.occupancy_rate),
    ),
    Col(
        gettext_lazy("Occupation facturée, ‰"),
        "financial_rate",
        show=lambda row: _thousandths(row.financial_rate),
    ),
    Col(
        gettext_lazy("Facturées sur réalisées, ‰"),
        "invoicing_rate",
        show=lambda row: _thousandths(row.invoicing_rate),
    ),
]
CARE_GROUPS = [
    Col(gettext_lazy("Ligne"), "group", css=""),
    _count_col(gettext_lazy("Enfants"), "children"),
    _hours_col(gettext_lazy("Heures prévues"), "contracted"),
    _hours_col(gettext_lazy("Heures réalisées"), "real"),
    _hours_col(gettext_lazy("Heures facturées"), "invoiced"),
    Col(
        gettext_lazy("Participations des familles"),
        lambda row: Cents(row.cents),
        show=lambda row: french.euros(row.cents),
    ),
]
CARE_BY = [
    ("site", gettext_lazy("crèche")),
    ("month", gettext_lazy("mois")),
    ("regime", gettext_lazy("régime")),
    ("age", gettext_lazy("âge")),
]


@require_safe
@agent_required(Permission.SEE_FIGURES, Permission.MANAGE_CRECHE)
def early_childhood(request: HttpRequest) -> HttpResponseBase:
    """The CAF's yearly form for crèches: contracted, real, invoiced; by regime and age; rates."""
    ids = scope(request, Permission.SEE_FIGURES, Permission.MANAGE_CRECHE)
    last = today()
    form = SpanForm(
        request.GET,
        first=date(last.year, 1, 1),
        last=last,
        sites=_sites(ids, "CRECHE"),
        by=CARE_BY,
    )
    span = _span(form, ids)
    by = form.chosen("par")
    columns: Sequence[Col]
    rows: Sequence[Any]
    if by == "site":
        columns, rows = CARE_SITES, care.by_site(span)
        drawn = [
            Bar(
                row.site,
                row.row.real // 60,
                f"{french.number(row.row.real // 60)}\u00a0h",
                second=row.row.invoiced // 60,
            )
            for row in rows
        ]
    else:
        columns, rows = CARE_GROUPS, care.grouped(span, by=by)
        drawn = [
            Bar(
                row.group,
                row.real // 60,
                f"{french.number(row.real // 60)}\u00a0h",
                second=row.invoiced // 60,
            )
            for row in rows
        ]
    whole = care.total(span)
    return _table(
        request,
        title=_("Petite enfance"),
        lead=_("%(n)s enfants, %(real)s heures réalisées, %(invoiced)s facturées.")
        % {
            "n": french.number(whole.children),
            "real": french.number(whole.real // 60),
            "invoiced": french.number(whole.invoiced // 60),
        },
        name=f"eaje-{by}",
        form=form,
        columns=columns,
        rows=rows,
        chart=bars(drawn, title=_("Heures réalisées (barre) et facturées (trait)")),
        notes=[
            _(
                "Sur les relevés arrêtés des mois de la période. Capacité théorique : places × "
                "amplitude d’ouverture × jours ouverts. L’âge est celui du premier jour du mois."
            )
        ],
        tab="childcare",
    )


WAITING = [
    Col(gettext_lazy("Site"), "site", css=""),
    Col(gettext_lazy("Activité"), "activity", css=""),
    _count_col(gettext_lazy("Jours demandés"), "waiting"),
    _count_col(gettext_lazy("Enfants"), "children"),
    _count_col(gettext_lazy("Places proposées"), "offered"),
    Col(gettext_lazy("Du"), "first", show=lambda row: french.day_short(row.first), css=""),
    Col(gettext_lazy("Au"), "last", show=lambda row: french.day_short(row.last), css=""),
]
CRECHE_WAITING = [
    Col(gettext_lazy("Crèche"), lambda row: row[0], css=""),
    Col(gettext_lazy("En attente"), lambda row: row[1].get("WAITING", 0)),
    Col(gettext_lazy("Pièces attendues"), lambda row: row[1].get("INCOMPLETE", 0)),
    Col(gettext_lazy("Place proposée"), lambda row: row[1].get("OFFERED", 0)),
]


@require_safe
@agent_required(Permission.SEE_FIGURES)
def waiting(request: HttpRequest) -> HttpResponseBase:
    """Waiting lists: activities by the day, and the crèches."""
    ids = scope(request)
    first = today()
    form = SpanForm(
        request.GET,
        first=first,
        last=first + timedelta(days=180),
        sites=_sites(ids),
        activities=places.activities(),
    )
    span = _span(form, ids)
    rows = places.waiting(span)
    by_creche = waiting_by_site()
    care_rows = [
        (name, by_creche.get(pk, {})) for pk, name in _sites(span.establishment_ids, "CRECHE")
    ]
    return _table(
        request,
        title=_("Listes d’attente"),
        lead=_("Qui attend une place, aux séances de la période et en crèche."),
        name="listes-attente",
        form=form,
        columns=WAITING,
        rows=rows,
        chart=bars(
            [
                Bar(f"{row.activity}, {row.site}", row.children, french.number(row.children))
                for row in rows
            ],
            title=_("Enfants qui attendent"),
        ),
        more=[(_("En crèche, par vœu"), CRECHE_WAITING, care_rows)] if care_rows else (),
        tab="waiting",
    )


REQUEST_BY = [
    ("channel", gettext_lazy("canal")),
    ("kind", gettext_lazy("acte")),
    ("month", gettext_lazy("mois")),
    ("service", gettext_lazy("service")),
]


def _days(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}".replace(".", ",")


def _request_columns(by: str) -> list[Col]:
    words: dict[str, str] = {}
    if by == "channel":
        words = {str(key): str(label) for key, label in Channel.choices}
    elif by == "kind":
        words = {str(kind.kind.value): str(kind.title) for kind in all_kinds()}

    def label(row: Any) -> str:
        if by == "month":
            return french.month(date.fromisoformat(f"{row.label}-01"))
        return words.get(row.label, row.label) or _("sans service")

    return [
        Col(_("Ligne"), label, css=""),
        _count_col(_("Reçues"), "received"),
        _count_col(_("Décidées"), "decided"),
        _count_col(_("Le jour même"), "same_day"),
        _count_col(_("1 ou 2 jours"), "to_2_days"),
        _count_col(_("3 à 7 jours"), "to_a_week"),
        _count_col(_("8 à 15 jours"), "to_15_days"),
        _count_col(_("Plus de 15 jours"), "longer"),
        _count_col(_("En retard"), "late"),
        Col(_("Délai médian, jours"), lambda row: _days(row.median_days)),
        Col(_("9 sur 10 avant, jours"), lambda row: _days(row.ninth_decile_days)),
    ]


@require_safe
@agent_required(Permission.SEE_FIGURES)
def requests(request: HttpRequest) -> HttpResponseBase:
    """Requests by delay and channel; the town's own, for who sees all of it."""
    if scope(request) is not None:
        raise Http404
    last = today()
    form = SpanForm(
        request.GET, first=(last - timedelta(days=365)).replace(day=1), last=last, by=REQUEST_BY
    )
    span = _span(form, None)
    by = form.chosen("par")
    since: datetime = at_paris(span.first)
    rows = request_delays(
        by=by, since=since, until=at_paris(span.last + timedelta(days=1)), day=last
    )
    columns = _request_columns(by)
    return _table(
        request,
        title=_("Demandes"),
        lead=_("Reçues dans la période, et combien de temps elles ont attendu leur réponse."),
        name=f"demandes-{by}",
        form=form,
        columns=columns,
        rows=rows,
        chart=bars(
            [
                Bar(
                    str(columns[0].of(row)),
                    row.received,
                    french.number(row.received),
                    second=row.late,
                )
                for row in rows
            ],
            title=_("Demandes reçues (barre) et en retard (trait)"),
        ),
        tab="requests",
    )
