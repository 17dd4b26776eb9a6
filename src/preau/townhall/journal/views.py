"""The journal of the whole town: who did what, when. It can be searched; nothing changes it.

The table refuses updates and deletions (audit.models), whoever asks: this page only reads.
"""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.audit.queries import list_entries
from preau.families.queries import get_families, get_family_by_code
from preau.kernel.clock import at_paris
from preau.townhall.access import agent_required
from preau.townhall.journal.forms import FilterForm
from preau.ui.exports import FORMATS, Column, export_table

PAGE = 60
COLUMNS = (
    Column("Quand", "at"),
    Column("Qui", "actor_label"),
    Column("Canal", "get_channel_display"),
    Column("Acte", "action"),
    Column("Quoi", "summary"),
)


def _found(data: dict) -> QuerySet:
    entries = list_entries().filter(
        at__gte=at_paris(data["first"]), at__lt=at_paris(data["last"] + timedelta(days=1))
    )
    for word in data["q"].split():
        entries = entries.filter(Q(summary__icontains=word) | Q(actor_label__icontains=word))
    if data["domain"]:
        entries = entries.filter(action__startswith=data["domain"])
    if data["agent"] == 0:
        agents = [pk for pk, _name in FilterForm().fields["agent"].choices if pk]
        entries = entries.filter(~Q(actor_user_id__in=agents) | Q(actor_user_id__isnull=True))
    elif data["agent"]:
        entries = entries.filter(actor_user_id=data["agent"])
    if data["family"]:
        family = get_family_by_code(data["family"])
        entries = entries.filter(family_id=family.pk) if family else entries.none()
    return entries


@agent_required(Permission.READ_JOURNAL)
@require_safe
def journal(request: HttpRequest) -> HttpResponseBase:
    """Searched by day, agent, kind of act, file and words; read page by page, without counting."""
    asked = request.GET if "first" in request.GET else None
    form = FilterForm(asked) if asked else FilterForm(initial=FilterForm.opening())
    if asked and not form.is_valid():
        return _answer(request, form, [], older=None)
    data = (
        form.cleaned_data
        if asked
        else {"q": "", "family": "", "agent": None, "domain": "", **FilterForm.opening()}
    )
    entries = _found(data)
    if request.GET.get("export"):
        rows = entries.iterator(chunk_size=2_000)
        return export_table(request.GET["export"], "journal", COLUMNS, rows)
    before = request.GET.get("avant", "")
    if before.isdecimal() and len(before) < 19:
        entries = entries.filter(pk__lt=int(before))
    # One more than a page: whether older ones exist, without counting millions of lines.
    page = list(entries.order_by("-pk")[: PAGE + 1])
    return _answer(request, form, page[:PAGE], older=page[PAGE - 1].pk if page[PAGE:] else None)


def _answer(
    request: HttpRequest, form: FilterForm, rows: list, *, older: int | None
) -> HttpResponse:
    families = get_families({row.family_id for row in rows if row.family_id})
    link = request.GET.copy()
    if older:
        link["avant"] = str(older)
        if "first" not in link:
            for name, day in FilterForm.opening().items():
                link[name] = day.isoformat()
    context = {
        "form": form,
        "rows": [(row, families.get(row.family_id)) for row in rows],
        "older": link.urlencode() if older else "",
        "is_later_page": "avant" in request.GET,
        "formats": FORMATS,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "townhall/journal/journal.html", context, status=status)
