"""Acts on one object: at once, or after a reason or a few words; a refusal is told, not raised."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.ui.refusals import add_refusal

Found = TypeVar("Found")


def or_404(found: Found | None) -> Found:
    """What was found; the page does not exist otherwise."""
    if found is None:
        raise Http404
    return found


def by(request: HttpRequest) -> dict[str, Any]:
    """Who acts and when, as services take it."""
    return {"actor": request.actor, "now": utc_now()}


def at_once(
    request: HttpRequest, do: Callable[[], Any], *, back: str, done: str = ""
) -> HttpResponse:
    """Do the act of a button, say `done` or why it is refused, go `back`."""
    try:
        do()
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        if done:
            messages.success(request, done)
    return redirect(back)


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
    paper: tuple[str, str] | None = None,
) -> HttpResponse:
    """Show the form; sent and valid, do the act, say `done`, go `back`. A refusal is told on it.

    `paper`: the words and the address of what is printed before the act.
    """
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
        "paper": paper,
    }
    return render(request, "townhall/act.html", context, status=422 if form.errors else 200)
