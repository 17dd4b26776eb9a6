"""Pieces that nobody has looked at yet: accepted, or refused with why."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from preau.accounts.enums import Permission
from preau.enrolments import queries as enrolments
from preau.enrolments import services as enrolment_services
from preau.journeys.family_file import visible_families
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.ui.forms import DateField

PER_PAGE = 25


class ReviewForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Si elle est refusée, pourquoi"), required=False, max_length=300
    )
    expires_on = DateField(label=gettext_lazy("Valable jusqu’au"), required=False, help_text="")


def _visible(request: HttpRequest):
    families = visible_families(request.user, paris_day(utc_now()))
    return enrolments.documents_to_review().filter(family__in=families.order_by().values("pk"))


@require_safe
@agent_required(Permission.CHANGE_FAMILIES)
def to_review(request: HttpRequest) -> HttpResponse:
    """The pieces to look at, oldest first."""
    page = Paginator(_visible(request), PER_PAGE).get_page(request.GET.get("page"))
    for document in page:
        document.form = ReviewForm(
            prefix=str(document.pk), initial={"expires_on": document.expires_on}
        )
    return render(
        request, "townhall/inbox/documents.html", {"page": page, "section": "townhall:inbox"}
    )


@require_POST
@agent_required(Permission.CHANGE_FAMILIES)
def review(request: HttpRequest, document_id: int) -> HttpResponse:
    """Accept or refuse one piece."""
    document = get_object_or_404(_visible(request), pk=document_id)
    form = ReviewForm(request.POST, prefix=str(document.pk))
    if form.is_valid():
        accepted = request.POST.get("decision") == "accept"
        try:
            enrolment_services.review_document(
                document_id=document.pk,
                accepted=accepted,
                reason=form.cleaned_data["reason"],
                expires_on=form.cleaned_data["expires_on"],
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _("Pièce acceptée.") if accepted else _("Pièce refusée, avec son motif.")
            )
    else:
        messages.error(request, _("La date de fin n’est pas juste."))
    return redirect("townhall:documents")
