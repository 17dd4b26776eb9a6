"""The day register: every child expected on a day, at the agent's sites; paged and exported."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET

from preau.accounts.enums import Permission
from preau.attendance.enums import AbsenceReason, Presence
from preau.attendance.live import live_slots
from preau.attendance.queries import with_class, with_recorded, with_state
from preau.bookings.enums import SlotStatus
from preau.bookings.queries import age_cuts_on, slots_of
from preau.bookings.queries import register as register_of
from preau.catalogue.queries import active_classes, list_activities, school_year_of
from preau.families.enums import Diet
from preau.kernel.clock import utc_now
from preau.kernel.text import is_number, search_key
from preau.schools.queries import schooling_on
from preau.townhall.access import agent_required
from preau.townhall.sites.places import group_heads
from preau.townhall.sites.scope import asked_day, scope_of, sites_of
from preau.ui.exports import FORMATS, Column, export_table

PAGE = 50
SORTS = {
    "name": ("child__search_key", "child_id", "slot__starts_at"),
    "-name": ("-child__search_key", "-child_id", "slot__starts_at"),
    "site": ("slot__offering__establishment__name", "child__search_key", "child_id"),
    "-site": ("-slot__offering__establishment__name", "child__search_key", "child_id"),
    "activity": ("slot__starts_at", "slot__offering__activity__name", "child__search_key"),
    "-activity": ("-slot__starts_at", "slot__offering__activity__name", "child__search_key"),
}
MANY_CLASSES = 300
# What the page and the exports read of each row: descriptions and addresses stay in the database.
SHOWN = (
    "slot_id",
    "child__first_name",
    "child__last_name",
    "child__usage_name",
    "child__diet",
    "child__has_pai",
    "slot__day",
    "slot__starts_at",
    "slot__ends_at",
    "slot__offering__activity__name",
    "slot__offering__establishment__name",
    "slot__product__name",
)
# On the age of each session; «moins-6» and «6-plus», of before, are still read.
YOUNG, OLD = ("jeunes", "moins-6"), ("grands", "6-plus")
STATES = (
    ("", _l("Tous")),
    ("todo", _l("À pointer")),
    ("present", _l("Présents")),
    ("absent", _l("Absents")),
    ("away", _l("Absence signalée")),
)


class RegisterForm(forms.Form):
    """The filters; site, activity and class are among what the agent may see."""

    jour = forms.DateField(
        label=_l("Jour"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    q = forms.CharField(label=_l("Nom de l’enfant"), required=False, max_length=80)
    site = forms.TypedChoiceField(label=_l("Site"), required=False, coerce=int, empty_value=None)
    activite = forms.TypedChoiceField(
        label=_l("Activité"), required=False, coerce=int, empty_value=None
    )
    classe = forms.TypedChoiceField(
        label=_l("Classe"), required=False, coerce=int, empty_value=None
    )
    groupe = forms.ChoiceField(label=_l("Groupe"), required=False)
    etat = forms.ChoiceField(label=_l("Pointage"), required=False, choices=STATES)

    def __init__(
        self,
        *args: Any,
        sites: list[Any],
        activities: list[Any],
        classes: list[Any],
        ages: set[int],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        heads = group_heads(ages)
        self.fields["groupe"].choices = [
            ("", _("Tous")),
            (YOUNG[0], heads["young_head"]),
            (OLD[0], heads["old_head"]),
        ]
        every = [("", _("Tous"))]
        self.fields["site"].choices = every + [(s.pk, s.name) for s in sites]
        self.fields["activite"].choices = [("", _("Toutes"))] + [(a.pk, a.name) for a in activities]
        self.fields["classe"].choices = [("", _("Toutes"))] + [
            (pk, f"{name}, {site}") for pk, name, site in classes
        ]


def _classes(year: Any, scope: Any, site: str) -> list[tuple[int, str, str]]:
    """The classes to choose among (id, name, school): those of the site chosen; of every site of
    the agent's while they are few. Two thousand choices help nobody and take half a second."""
    found = active_classes(year)
    if scope is not None:
        found = found.filter(establishment__in=scope)
    if is_number(site):
        found = found.filter(establishment=int(site))
    rows = list(found.values_list("pk", "name", "establishment__name")[: MANY_CLASSES + 1])
    return rows if len(rows) <= MANY_CLASSES else []


@agent_required(Permission.SEE_REGISTER)
@require_GET
def register(request: HttpRequest) -> HttpResponseBase:
    """Who is expected, where, and who came; fast whatever the number of children."""
    day = asked_day(request)
    sites = sites_of(request)
    scope = scope_of(request)
    year = school_year_of(day)
    classes = _classes(year, scope, request.GET.get("site", "")) if year else []
    given = request.GET.dict() or {"jour": day.isoformat()}
    if given.get("groupe") in (YOUNG[1], OLD[1]):
        given["groupe"] = YOUNG[0] if given["groupe"] == YOUNG[1] else OLD[0]
    form = RegisterForm(
        given,
        ages=age_cuts_on(day, None if len(sites) > 1 else [s.pk for s in sites]),
        sites=sites,
        activities=list(list_activities(published=False).prefetch_related(None)),
        classes=classes,
    )
    form.is_valid()
    asked = form.cleaned_data
    ids = scope if asked.get("site") is None else {asked["site"]}
    found = register_of(
        first=day, last=day, establishment_ids=ids, activity_id=asked.get("activite")
    )
    for word in search_key(asked.get("q") or "").split()[:5]:
        found = found.filter(child__search_key__contains=word)
    if asked.get("classe"):
        found = with_class(found, asked["classe"], day)
    if asked.get("groupe"):
        found = found.filter(is_young=asked["groupe"] == YOUNG[0])
    if asked.get("etat"):
        found = with_state(found, asked["etat"])
    found = found.order_by(*SORTS.get(request.GET.get("sort", ""), SORTS["name"]), "pk")
    rows = (
        with_recorded(found)
        .select_related(
            "child", "slot__offering__activity", "slot__offering__establishment", "slot__product"
        )
        .only(*SHOWN)
    )
    if request.GET.get("export"):
        return _export(request.GET["export"], rows, day, scope_of(request, Permission.SEE_HEALTH))
    paginator = Paginator(rows, PAGE)
    paginator.count = found.order_by().count()  # the count needs none of the columns
    page = paginator.get_page(request.GET.get("page"))
    schooling = schooling_on([row.child_id for row in page.object_list], day)
    for row in page.object_list:
        row.place = schooling.get(row.child_id)
        row.tag = _tag(row)
    return render(
        request,
        "townhall/sites/register.html",
        {
            "form": form,
            "page": page,
            "day": day,
            "live": _live(asked, sites, day),
            "formats": FORMATS,
            "section": "townhall:sites",
        },
    )


def _live(asked: Any, sites: list[Any], day: Any) -> list[Any]:
    """The sessions of the site chosen (or of the only one) as they go: children here against
    places, adults against what the rule asks."""
    site_id = asked.get("site") or (sites[0].pk if len(sites) == 1 else None)
    if site_id is None:
        return []
    slots = [
        slot
        for slot in slots_of(site_id, day)
        if slot.status == SlotStatus.OPEN
        and asked.get("activite") in (None, slot.offering.activity_id)
    ]
    return live_slots(slots, establishment_id=site_id, now=utc_now())


def _tag(row: Any) -> tuple[str, str]:
    if row.presence == Presence.PRESENT:
        return "here", _("Présent")
    if row.absence:
        return "away", _("Absence signalée")
    if row.presence == Presence.ABSENT:
        return "bad", _("Absent")
    return "ok", _("Attendu")


def _export(
    file_format: str, rows: Any, day: Any, health: frozenset[int] | None
) -> HttpResponseBase:
    """`health`: the sites whose children's health the agent may read (None: all)."""
    found = list(rows)
    schooling = schooling_on({row.child_id for row in found}, day)

    def school_class(row: Any) -> str:
        place = schooling.get(row.child_id)
        return place.school_class.name if place and place.school_class else ""

    def has_pai(row: Any) -> bool | None:
        site = row.slot.offering.establishment_id
        return row.child.has_pai if health is None or site in health else None

    columns = [
        Column("Nom", "child.last_name"),
        Column("Prénom", "child.first_name"),
        Column("Classe", school_class),
        Column("Site", "slot.offering.establishment.name"),
        Column("Activité", "slot.offering.activity.name"),
        Column("Formule", "slot.product.name"),
        Column("Jour", "slot.day"),
        Column("De", "slot.starts_at"),
        Column("À", "slot.ends_at"),
        Column("Repas", lambda r: Diet(r.child.diet).label),
        # Even the sign leaves in a file for those alone who may read health.
        *([Column("PAI", has_pai)] if health is None or health else []),
        Column("État", lambda r: _tag(r)[1]),
        Column("Motif signalé", lambda r: AbsenceReason(r.absence).label if r.absence else ""),
    ]
    return export_table(file_format, f"registre {day}", columns, found)
