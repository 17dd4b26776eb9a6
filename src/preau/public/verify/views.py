"""`/verifier/`: whoever holds a document of the town checks it by its code."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from preau.documents.queries import find_by_code
from preau.ui.access import public


class CodeForm(forms.Form):
    """Twelve letters and digits, with or without hyphens, in any case."""

    code = forms.CharField(
        label=_("Code de vérification"),
        help_text=_("Douze lettres et chiffres, au bas du document"),
        max_length=24,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


@public
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """The few facts that let one compare a paper with what the town issued; nothing more."""
    form = CodeForm(request.GET or None)
    asked = form.is_bound and form.is_valid()
    document = find_by_code(form.cleaned_data["code"]) if asked else None
    response = render(
        request,
        "public/verify/verify.html",
        {"form": form, "asked": asked, "document": document},
        status=404 if asked and document is None else 200,
    )
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
