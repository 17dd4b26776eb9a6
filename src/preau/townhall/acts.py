"""An act that asks for a reason or a few words first: one small page, for all such acts."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from preau.kernel.errors import Refusal
from preau.ui.refusals import add_refusal


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Motif"), max_length=200)


def act_page(
    request: HttpRequest,
    *,
    title: str,
    form: forms.Form,
    do: Callable[[dict[str, Any]], Any],
    done: str,
    back: str,
    label: str,
    lead: str = "",
    warning: str = "",
    kind: str = "",
    section: str = "townhall:billing",
) -> HttpResponse:
    """Show the form; sent and valid, do the act, say `done`, go `back`. A refusal is told on it."""
    if request.method == "POST" and form.is_valid():
        try:
            do(form.cleaned_data)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, done)
            return redirect(back)
    context = {
        "section": section,
        "title": title,
        "lead": lead,
        "warning": warning,
        "form": form,
        "label": label,
        "kind": kind,
        "back": back,
    }
    return render(request, "townhall/act.html", context, status=422 if form.errors else 200)
