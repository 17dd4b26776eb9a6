"""The contract and its amendments: read, signed on line, served again as they were."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from preau.childcare import queries, services
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.portal.access import family_required
from preau.ui.files import file_response

SECTION = "portal:requests"


class SignForm(forms.Form):
    """A consent that is said, and a name that is written."""

    accepts = forms.BooleanField(
        label=gettext_lazy("J’ai lu le document et je l’accepte."),
        error_messages={"required": gettext_lazy("Cochez pour accepter le document.")},
    )
    name = forms.CharField(
        label=gettext_lazy("Votre prénom et votre nom"),
        help_text=gettext_lazy("Écrits par vous, ils valent signature."),
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


def _paper_or_404(request: HttpRequest, pk: int, terms: int) -> tuple[Any, Any]:
    """A document put before this household, with its contract."""
    row = queries.get_contract(pk)
    if row is None or row.family_id != request.family.pk:
        raise Http404
    today = paris_day(utc_now())
    paper = next((p for p in queries.papers_of(row, today) if p.terms.pk == terms), None)
    if paper is None or paper.signing is None:
        raise Http404
    return row, paper


@require_http_methods(["GET", "HEAD", "POST"])
@family_required
def sign(request: HttpRequest, pk: int, terms: int) -> HttpResponse:
    """What the document says, the document itself, then the signature."""
    row, paper = _paper_or_404(request, pk, terms)
    mine = any(one.adult_id == request.guardian.pk for one in paper.signatures)
    may_sign = not mine and not paper.is_signed and request.guardian.has_authority
    form = SignForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and may_sign and form.is_valid():
        try:
            services.sign_online(
                terms_id=paper.terms.pk,
                adult=request.guardian,
                name=form.cleaned_data["name"],
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(
                request, _("C’est signé. La copie signée est gardée ici, à votre disposition.")
            )
            return redirect("portal:childcare-contract", row.pk)
    return render(
        request,
        "portal/childcare/sign.html",
        {
            "row": row,
            "paper": paper,
            "facts": paper.signing.facts,
            "form": form,
            "may_sign": may_sign,
            "waits_for_other": mine and not paper.is_signed,
            "section": SECTION,
        },
        status=422 if form.errors else 200,
    )


@require_safe
@family_required
def document(request: HttpRequest, pk: int, terms: int) -> HttpResponse:
    """The document as it was put before the family."""
    _row, paper = _paper_or_404(request, pk, terms)
    return file_response(paper.signing.document.file)


@require_safe
@family_required
def signed(request: HttpRequest, pk: int, terms: int, signature: int) -> HttpResponse:
    """The signed copy, or the paper that came back."""
    _row, paper = _paper_or_404(request, pk, terms)
    found = next((one for one in paper.signatures if one.pk == signature), None)
    if found is None:
        raise Http404
    return file_response(found.document.file if found.document else found.file)
