"""Families' files: the list, the search, and one family on one page."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from preau.accounts.enums import Permission
from preau.families.enums import FamilyStatus
from preau.families.queries import address_of, quotients_on, with_people
from preau.families.state_quotient import is_available
from preau.journeys.family_file import family_file, visible_families
from preau.journeys.search import search_all
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.french import quotient as quotient_words
from preau.kernel.french import telephone
from preau.townhall.access import CHANNEL_KEY, CHANNELS, agent_required, channel_of
from preau.townhall.families.acts import acts_for
from preau.townhall.families.forms import FilterForm
from preau.townhall.families.scope import get_family_or_404
from preau.ui.exports import FORMATS, Column, export_table

PAGE = 50
# Who may write to a family from its file.
WRITERS = (Permission.CHANGE_FAMILIES, Permission.HANDLE_REQUESTS, Permission.TAKE_PAYMENTS)
SORTS = {
    "name": ("sort_key", "pk"),
    "-name": ("-sort_key", "-pk"),
    "code": ("code",),
    "-code": ("-code",),
    "city": ("city", "sort_key", "pk"),
    "-city": ("-city", "-sort_key", "-pk"),
    "opened": ("created_at", "pk"),
    "-opened": ("-created_at", "-pk"),
}


@agent_required(Permission.SEE_FAMILIES)
@require_safe
def families(request: HttpRequest) -> HttpResponseBase:
    """The list: searched, filtered, sorted, paged, exported."""
    day = paris_day(utc_now())
    form = FilterForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    found = visible_families(request.user, day, asked.get("q", ""))
    status = asked.get("status", "")
    if status != "all":
        found = found.filter(status=status or FamilyStatus.ACTIVE)
    if asked.get("resident"):
        found = found.filter(is_resident=asked["resident"] == "yes")
    if asked.get("access"):
        seen = visible_families(request.user, day).filter(
            guardians__left_on__isnull=True, guardians__user__last_login__isnull=False
        )
        inside = {"pk__in": seen.values("pk")}
        found = found.filter(**inside) if asked["access"] == "seen" else found.exclude(**inside)
    found = found.order_by(*SORTS.get(request.GET.get("sort", ""), SORTS["name"]))
    if request.GET.get("export"):
        return _export(request.GET["export"], found, day)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    page.object_list = list(with_people(page.object_list, day))
    quotients = quotients_on([family.pk for family in page.object_list], day)
    for family in page.object_list:
        family.quotient = quotients.get(family.pk)
    return render(
        request,
        "townhall/families/list.html",
        {"form": form, "page": page, "formats": FORMATS, "section": "townhall:families"},
    )


def _export(file_format, found, day):
    def adults(value):
        return lambda family: ", ".join(v for adult in family.people if (v := value(adult)))

    columns = [
        Column("Code famille", "printed_code"),
        Column("Dossier", "name"),
        Column("Adultes", adults(str)),
        Column("E-mail", adults(lambda a: a.email)),
        Column("Téléphone", adults(lambda a: telephone(a.mobile_phone or a.home_phone))),
        Column("Adresse", lambda family: address_of(family).one_line),
        Column("Habite la commune", "is_resident"),
        Column("Enfants", lambda f: ", ".join(str(home.child) for home in f.homes)),
        Column("Ouvert le", "created_at"),
        Column("Clos le", "closed_on"),
    ]
    return export_table(
        file_format, "familles", columns, with_people(found, day).iterator(chunk_size=500)
    )


@agent_required(Permission.SEE_FAMILIES)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The search of every page: straight to the file when there is one answer."""
    text = request.GET.get("q", "").strip()[:200]
    results = search_all(request.user, text, permissions=request.permissions, now=utc_now())
    if request.htmx:
        return render(request, "townhall/families/_suggested.html", {"results": results, "q": text})
    if results.only_family is not None:
        return redirect("townhall:family", code=results.only_family.code)
    return render(request, "townhall/families/search.html", {"results": results, "q": text})


@agent_required(Permission.SEE_FAMILIES)
@require_safe
def family(request: HttpRequest, code: str) -> HttpResponse:
    """One family on one page."""
    found = get_family_or_404(request, code)
    page = family_file(found, permissions=request.permissions, now=utc_now())
    quotient = page.quotient
    return render(
        request,
        "townhall/families/detail.html",
        {
            "family": found,
            "file": page,
            "quotient_words": quotient_words(quotient.value_cents) if quotient else "",
            "asks_state": is_available(),
            "may_change": Permission.CHANGE_FAMILIES in request.permissions
            and found.status == FamilyStatus.ACTIVE,
            "may_write": not request.permissions.isdisjoint(WRITERS),
            "may_reopen": Permission.CHANGE_FAMILIES in request.permissions,
            "acts": acts_for(request.permissions, found),
            "channel": channel_of(request),
            "channels": CHANNELS,
            "section": "townhall:families",
        },
    )


@agent_required(Permission.SEE_FAMILIES)
@require_POST
def channel(request: HttpRequest, code: str) -> HttpResponse:
    """By which channel the family reached the agent: kept on each act until it is changed."""
    found = get_family_or_404(request, code)
    if request.POST.get("channel") in CHANNELS:
        request.session[CHANNEL_KEY] = request.POST["channel"]
    else:
        messages.error(request, _("Ce canal n’existe pas."))
    return redirect("townhall:family", code=found.code)
