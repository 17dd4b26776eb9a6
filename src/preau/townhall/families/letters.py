"""First letters and invitations: one at the counter, a batch by the worker."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from preau.accounts.enums import Permission
from preau.families import queries, services
from preau.journeys.letters import ask_letters, first_letter
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.families.scope import get_family_or_404
from preau.ui.routes import token_address

PAGE = 30


@agent_required(Permission.CHANGE_FAMILIES)
@require_POST
@never_cache
def letter(request: HttpRequest, code: str, guardian_id: int) -> HttpResponse:
    """Print one adult's letter now: its password is nowhere else."""
    family = get_family_or_404(request, code)
    try:
        _guardian, pdf = first_letter(
            family=family, guardian_id=guardian_id, now=utc_now(), actor=request.actor
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:family", code=family.code)
    return _pdf(pdf, f"lettre-{family.code}.pdf")


@agent_required(Permission.CHANGE_FAMILIES)
@require_POST
def invite(request: HttpRequest, code: str, guardian_id: int) -> HttpResponse:
    """Send an adult a link to choose a password, at the address of the file."""
    family = get_family_or_404(request, code)
    try:
        services.invite_by_email(
            family_id=family.pk,
            guardian_id=guardian_id,
            now=utc_now(),
            actor=request.actor,
            address=token_address("portal:choose-password"),
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("L’invitation est partie par e-mail."))
    return redirect("townhall:family", code=family.code)


@agent_required(Permission.CHANGE_FAMILIES)
@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    """Past batches, and how many adults still wait for a first letter."""
    page = Paginator(queries.list_letter_batches(), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/families/letters.html",
        {
            "page": page,
            "waiting": queries.guardians_to_invite().count(),
            "section": "townhall:families",
        },
    )


@agent_required(Permission.CHANGE_FAMILIES)
@require_POST
def batch_new(request: HttpRequest) -> HttpResponse:
    try:
        batch = ask_letters(
            family_ids=None, label=_("Premières lettres"), now=utc_now(), actor=request.actor
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:letters")
    return redirect("townhall:letter-batch", batch_id=batch.pk)


@agent_required(Permission.CHANGE_FAMILIES)
@require_safe
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Progress of a batch; the page asks again by itself while the worker writes."""
    found = queries.get_letter_batch(batch_id)
    if found is None:
        raise Http404
    template = "_batch" if request.htmx else "batch"
    return render(
        request,
        f"townhall/families/{template}.html",
        {"batch": found, "total": len(found.guardian_ids), "section": "townhall:families"},
    )


@agent_required(Permission.CHANGE_FAMILIES)
@require_GET
@never_cache
def batch_pdf(request: HttpRequest, batch_id: int) -> HttpResponse:
    found = queries.get_letter_batch(batch_id)
    pdf = services.unseal(found) if found else None
    if pdf is None:
        raise Http404
    return _pdf(pdf, f"lettres-{found.pk}.pdf")


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response
