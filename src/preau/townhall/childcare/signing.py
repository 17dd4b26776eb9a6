"""The family's signature: the document sent or printed, the paper that comes back, what is kept."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.accounts.enums import Permission
from preau.childcare import queries, services
from preau.documents.services import store_upload
from preau.families import queries as families
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.childcare.scope import SECTION, contract_or_404, today
from preau.ui.files import file_response
from preau.ui.forms import DateField


class PaperForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Signé par"), max_length=160)
    signed_on = DateField(label=gettext_lazy("Le"))
    file = forms.FileField(
        label=gettext_lazy("Le document signé"),
        help_text=gettext_lazy("PDF ou photo lisible."),
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/*"}),
    )


def _paper_or_404(request: HttpRequest, pk: int, terms: int) -> tuple[Any, Any]:
    row = contract_or_404(request, pk)
    found = next((p for p in queries.papers_of(row, today()) if p.terms.pk == terms), None)
    if found is None:
        raise Http404
    return row, found


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def send(request: HttpRequest, pk: int, terms: int) -> HttpResponse:
    """Put the document before the family, by e-mail; or archive it to be printed and signed."""
    row, paper = _paper_or_404(request, pk, terms)
    tells = request.POST.get("act") == "send"
    try:
        services.send_for_signature(
            terms_id=paper.terms.pk, tells=tells, now=utc_now(), actor=request.actor
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("Le document est à signer dans l’espace de la famille, qui est prévenue.")
            if tells
            else _("Le document est prêt à imprimer ; la famille peut aussi le signer en ligne."),
        )
    return redirect("townhall:childcare-contract", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def paper(request: HttpRequest, pk: int, terms: int) -> HttpResponse:
    """The paper came back signed."""
    row, found = _paper_or_404(request, pk, terms)
    if found.signing is None:
        raise Http404
    adults = [str(adult) for adult in families.guardians_of(row.family_id)]
    form = PaperForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        initial={"signed_on": today(), "name": adults[0] if adults else ""},
    )
    if request.method == "POST" and form.is_valid():
        now = utc_now()
        try:
            stored = store_upload(
                uploaded=form.cleaned_data["file"],
                family_id=row.family_id,
                now=now,
                actor=request.actor,
            )
            services.record_paper(
                terms_id=found.terms.pk,
                name=form.cleaned_data["name"],
                signed_on=form.cleaned_data["signed_on"],
                file_id=stored.pk,
                now=now,
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("La signature est enregistrée."))
            return redirect("townhall:childcare-contract", row.pk)
    return render(
        request,
        "townhall/childcare/paper.html",
        {"row": row, "paper": found, "form": form, "section": SECTION},
        status=422 if form.is_bound else 200,
    )


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def document(request: HttpRequest, pk: int, terms: int) -> HttpResponse:
    """The document as it was put before the family."""
    _row, found = _paper_or_404(request, pk, terms)
    if found.signing is None:
        raise Http404
    return file_response(found.signing.document.file)


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def signed(request: HttpRequest, pk: int, terms: int, signature: int) -> HttpResponse:
    """The signed copy, or the paper that came back."""
    _row, found = _paper_or_404(request, pk, terms)
    one = next((s for s in found.signatures if s.pk == signature), None)
    if one is None:
        raise Http404
    return file_response(one.document.file if one.document else one.file)
