"""The places of a site’s sessions: counts, and limits to change for one, many or all."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_POST

from preau.accounts.enums import Permission
from preau.bookings.counts import offerings_with_slots, places_of, pools_of
from preau.bookings.services import change_places
from preau.kernel import french
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.kernel.periods import read_day
from preau.kernel.text import is_number
from preau.townhall.access import agent_required
from preau.townhall.sites.scope import (
    MANAGING,
    asked_day,
    get_managed_site_or_404,
    get_managed_slot_or_404,
    get_site_or_404,
    may_manage_at,
)
from preau.ui.exports import FORMATS, Column, export_table

PAGE = 60
LONGEST = timedelta(days=400)
# «sans»: no limit of that kind any more.
NO_LIMIT = ("sans", "aucun", "aucune", "-", "—")
LIMITS = (
    ("capacity", _l("Places")),
    ("young_capacity", _l("dont les plus jeunes")),
    ("old_capacity", _l("dont les plus grands")),
    ("kept", _l("Gardées par la ville")),
    ("adults", _l("Adultes prévus")),
    ("shared", _l("Places communes aux formules")),
)
WITHOUT = {"young_capacity", "old_capacity", "adults"}


class PlacesFilter(forms.Form):
    """Which sessions of the site."""

    du = forms.DateField(
        label=_l("Du"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    au = forms.DateField(
        label=_l("Au"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    activite = forms.TypedChoiceField(
        label=_l("Activité"), required=False, coerce=int, empty_value=None
    )
    jour_semaine = forms.TypedChoiceField(
        label=_l("Jour"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _l("Tous")), *((n, name) for n, name in enumerate(french.WEEKDAYS))],
    )

    def __init__(self, *args: Any, offerings: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["activite"].choices = [("", _("Toutes")), *offerings]


def _period(request: HttpRequest) -> tuple[date, date]:
    """The days asked; the day of `?jour=` (today by default) when none is, a year at most."""
    day = asked_day(request)
    first, last = _as_day(request.GET.get("du")) or day, _as_day(request.GET.get("au")) or None
    last = last or (first if "du" not in request.GET else first + timedelta(days=27))
    return first, min(max(first, last), first + LONGEST)


def _as_day(text: str | None) -> date | None:
    try:
        return read_day(text or "")
    except ValueError:
        return None


@agent_required(Permission.SEE_REGISTER)
@require_GET
def places(request: HttpRequest, site_id: int) -> HttpResponseBase:
    """Each session of a period with its places, and a form to change those checked, or all."""
    site = get_site_or_404(request, site_id)
    first, last = _period(request)
    form, rows = _rows(request, site.pk, first, last)
    if request.GET.get("export"):
        return _export(request.GET["export"], site, first, last, list(rows))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    shared = pools_of([slot.pk for slot in page if slot.shares])
    for slot in page:
        slot.common = shared.get(slot.pk, [])
        slot.over = slot.is_over or any(pool.is_over for pool in slot.common)
        slot.shut = slot.taken + slot.kept >= slot.capacity
    return render(
        request,
        "townhall/sites/places.html",
        {
            "site": site,
            "first": first,
            "last": last,
            "form": form,
            "page": page,
            "limits": [
                {"name": name, "label": label, "without": name in WITHOUT}
                for name, label in LIMITS
                if name != "shared" or shared
            ],
            "may_manage": may_manage_at(request, site.pk),
            "formats": FORMATS,
            "query": request.GET.urlencode(),
            "section": "townhall:sites",
            **group_heads({slot.age_cut for slot in page}),
        },
    )


def group_heads(ages: set[int]) -> dict[str, Any]:
    """What the two groups of sessions are called: by their age when all have the same."""
    if len(ages) == 1:
        [age] = ages
        return {
            "young_head": _("Moins de %s ans") % age,
            "old_head": _("%s ans et plus") % age,
            "one_age": True,
        }
    return {"young_head": _("Plus jeunes"), "old_head": _("Plus grands"), "one_age": False}


def _rows(request: HttpRequest, site_id: int, first: date, last: date) -> tuple[Any, Any]:
    form = PlacesFilter(
        {**request.GET.dict(), "du": first.isoformat(), "au": last.isoformat()},
        offerings=offerings_with_slots(site_id, first, last),
    )
    form.is_valid()
    asked = form.cleaned_data
    rows = places_of(
        establishment_id=site_id,
        first=first,
        last=last,
        offering_id=asked.get("activite"),
        weekday=asked.get("jour_semaine"),
    )
    return form, rows


def read_changes(data: Any) -> dict[str, int | None]:
    """The limits written in a form; what is left empty stays as it is. Raises Refusal."""
    changes: dict[str, int | None] = {}
    for name, label in LIMITS:
        text = data.get(name, "").strip().lower()
        if not text:
            continue
        if name in WITHOUT and text in NO_LIMIT:
            changes[name] = None
        elif is_number(text):
            changes[name] = int(text[:6])
        else:
            raise Refusal(_("%s : écrivez un nombre en chiffres.") % label)
    if not changes:
        raise Refusal(_("Écrivez au moins un nombre à changer."))
    return changes


@agent_required(*MANAGING)
@require_POST
def change(request: HttpRequest, site_id: int) -> HttpResponse:
    """Change the limits of the sessions checked, or of all those of the filter."""
    site = get_managed_site_or_404(request, site_id)
    first, last = _period(request)
    _form, rows = _rows(request, site.pk, first, last)
    ids = set(rows.values_list("pk", flat=True))
    if request.POST.get("all") != "1":
        ids &= {int(pk) for pk in request.POST.getlist("slot") if is_number(pk)}
    if not ids:
        messages.error(request, _("Cochez au moins une séance."))
    else:
        _act(request, ids)
    response = redirect("townhall:site-places", site_id=site.pk)
    response["Location"] += f"?{request.GET.urlencode()}"
    return response


@agent_required(*MANAGING)
@require_POST
def change_one(request: HttpRequest, slot_id: int) -> HttpResponse:
    """Change the limits of one session, from its queue."""
    slot = get_managed_slot_or_404(request, slot_id)
    _act(request, {slot.pk})
    return redirect("townhall:slot-queue", slot_id=slot.pk)


def _act(request: HttpRequest, slot_ids: set[int]) -> None:
    try:
        done = change_places(
            slot_ids=slot_ids,
            changes=read_changes(request.POST),
            reason=request.POST.get("reason", ""),
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return
    words = [
        _("%s.") % french.count(done.slots, _("séance changée"), _("séances changées")),
    ]
    if done.offered:
        words.append(
            _("%s à qui attendait.")
            % french.count(done.offered, _("place proposée"), _("places proposées"))
        )
    if done.over:
        words.append(
            _("%s ses limites : personne n’est retiré, rien n’est redonné tant que c’est le cas.")
            % french.count(done.over, _("séance dépasse"), _("séances dépassent"))
        )
    if done.less_kept:
        words.append(
            _("%s : moins de places libres que de places à garder.")
            % french.count(done.less_kept, _("séance"))
        )
    messages.success(request, " ".join(words))


def _export(file_format: str, site: Any, first: date, last: date, rows: list[Any]) -> Any:
    columns = [
        Column("Jour", "day"),
        Column("Activité", "offering.activity.name"),
        Column("Formule", "product.name"),
        Column("De", "starts_at"),
        Column("À", "ends_at"),
        Column("État", "get_status_display"),
        Column("Places", "capacity"),
        Column("Prises", "taken"),
        Column("Âge des plus grands", "age_cut"),
        Column("Prises, plus jeunes", "young_taken"),
        Column("Prises, plus grands", "old_taken"),
        Column("Limite, plus jeunes", "young_capacity"),
        Column("Limite, plus grands", "old_capacity"),
        Column("Gardées par la ville", "kept"),
        Column("Proposées", "offered"),
        Column("Gardées pendant un envoi", "held"),
        Column("En attente", "waiting"),
        Column("Adultes prévus", "adults"),
        Column("Adultes nécessaires", "adults_needed"),
    ]
    return export_table(file_format, f"places {site.name} {first} {last}", columns, rows)
