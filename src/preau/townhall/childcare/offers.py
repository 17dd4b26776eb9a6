"""Places proposed to families: who has to answer, who did; the counter answers for them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from preau.accounts.enums import Permission
from preau.childcare import queries, services
from preau.childcare.rules.week import lengths, read_week, week_short
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.childcare.scope import SECTION, site_ids
from preau.ui.exports import Column, export_table

PER_PAGE = 30
COLUMNS = [
    Column("Enfant", lambda row: str(row.preregistration.child)),
    Column("Famille", lambda row: row.preregistration.family.name),
    Column("Crèche", lambda row: row.section.establishment.name),
    Column("Section", lambda row: row.section.name),
    Column("À partir du", "starts_on"),
    Column("Proposée le", lambda row: paris_day(row.offered_at)),
    Column("Répondre avant", "expires_at"),
    Column("Réponse", "get_status_display"),
]


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def offers(request: HttpRequest) -> HttpResponseBase:
    """The offers, latest first."""
    found = queries.offers(
        pending_only=request.GET.get("etat") == "attente", establishment_ids=site_ids(request)
    )
    if "export" in request.GET:
        return export_table(request.GET["export"], "places-proposees", COLUMNS, found.iterator(500))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.week_words = week_short(lengths(read_week(row.week)))
    return render(
        request,
        "townhall/childcare/offers.html",
        {"page": page, "pending": request.GET.get("etat") == "attente", "section": SECTION},
    )


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The family answered at the counter, by phone or by letter."""
    if not queries.offers(establishment_ids=site_ids(request)).filter(pk=pk).exists():
        raise Http404
    accepted = request.POST.get("answer") == "yes"
    try:
        services.answer_offer(
            offer_id=pk,
            accepted=accepted,
            reason=request.POST.get("reason", ""),
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("La place est acceptée : écrivez le contrat.")
            if accepted
            else _("La place est refusée ; elle passe au suivant."),
        )
    return redirect("townhall:childcare-offers")
