"""One way to show a form about a file: refused, it says why; done, it goes back to the file."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal


def form_page(
    request: HttpRequest,
    *,
    family,
    form: forms.Form,
    act: Callable[[dict[str, Any]], object],
    title: str,
    done: str,
    button: str,
    lead: str = "",
    pairs: tuple[tuple[str, str], ...] = (),
    back_to: str = "",
    warning: str = "",
    kind: str = "",
) -> HttpResponse:
    """Draw or handle one form; `pairs` are fields side by side.

    `act` calls the service with who does what when (`family_id`, `now`, `actor`); it may return
    False to say that nothing differed.
    """
    if request.method == "POST" and form.is_valid():
        try:
            outcome = act({"family_id": family.pk, "now": utc_now(), "actor": request.actor})
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            if outcome is False:
                messages.info(request, "Rien n’a changé : c’était déjà ainsi.")
            else:
                messages.success(request, done)
            return redirect("townhall:family", code=family.code)
    seconds = {second for _, second in pairs}
    firsts = dict(pairs)
    rows = []
    for bound in form.visible_fields():
        if bound.name in seconds:
            continue
        second = form[firsts[bound.name]] if bound.name in firsts else None
        rows.append((bound, second))
    return render(
        request,
        "townhall/families/form.html",
        {
            "family": family,
            "form": form,
            "rows": rows,
            "title": title,
            "lead": lead,
            "button": button,
            "warning": warning,
            "kind": kind,
            "section": "townhall:families",
        },
        status=422 if form.is_bound else 200,
    )
