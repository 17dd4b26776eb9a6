"""The town's colours: proposed from one, measured before they are kept."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from preau.accounts.enums import Permission as P
from preau.kernel.clock import utc_now
from preau.kernel.colours import (
    DEFAULT_COLOURS,
    PAPER,
    SHEET,
    Accent,
    TownColours,
    contrast,
    derive_colours,
)
from preau.kernel.errors import Refusal
from preau.town import queries, services
from preau.townhall.access import agent_required
from preau.townhall.settings import forms
from preau.ui.refusals import add_refusal

FIELDS = tuple(forms.ColoursForm.base_fields)
INK = {"light": "#1a2730", "dark": "#f0ebdf"}


def _as_fields(colours: TownColours) -> dict[str, str]:
    return {
        f"colour_{theme}{suffix}": getattr(getattr(colours, theme), part)
        for theme in ("light", "dark")
        for suffix, part in (("", "town"), ("_on", "town_on"), ("_soft", "town_soft"))
    }


def _as_colours(values: dict[str, str]) -> TownColours:
    return TownColours(
        *(
            Accent(
                values[f"colour_{theme}"],
                values[f"colour_{theme}_on"],
                values[f"colour_{theme}_soft"],
            )
            for theme in ("light", "dark")
        )
    )


def _ratios(values: dict[str, str]) -> list[dict[str, Any]]:
    """What a reader will meet: each pair, its contrast, what it must reach."""
    rows = []
    for theme, name in (("light", _("Clair")), ("dark", _("Sombre"))):
        town = values[f"colour_{theme}"]
        for other, least, words in (
            (PAPER[theme], 7.0, _("sur le fond de page")),
            (SHEET[theme], 7.0, _("sur une feuille")),
            (values[f"colour_{theme}_soft"], 4.5, _("sur le fond doux")),
            (values[f"colour_{theme}_on"], 4.5, _("avec le texte posé dessus")),
        ):
            ratio = contrast(town, other)
            rows.append(
                {
                    "theme": name,
                    "words": words,
                    "ratio": f"{ratio:.1f}".replace(".", ","),
                    "least": f"{least:g}".replace(".", ","),
                    "ok": ratio >= least,
                }
            )
    return rows


def _valid_hex(values: dict[str, str]) -> bool:
    return all(
        len(v) == 7 and v[0] == "#" and all(c in "0123456789abcdef" for c in v[1:])
        for v in values.values()
    )


@agent_required(P.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def colours(request: HttpRequest) -> HttpResponse:
    """Six colours, their contrasts and a preview; `?base=%238a3018` proposes a set."""
    town = queries.get_town()
    values = {name: getattr(town, name) for name in FIELDS}
    base = forms.BaseColourForm(
        request.GET if "base" in request.GET else None, initial={"base": values["colour_light"]}
    )
    proposed = False
    if base.is_bound and base.is_valid():
        try:
            values = _as_fields(derive_colours(base.cleaned_data["base"]))
            proposed = True
        except ValueError as error:
            base.add_error("base", str(error))
    form = forms.ColoursForm(request.POST or None, initial=values)
    if request.method == "POST" and "default" in request.POST:
        services.update_town(now=utc_now(), actor=request.actor, **_as_fields(DEFAULT_COLOURS))
        messages.success(request, _("Les couleurs de Préau sont rétablies."))
        return redirect("townhall:town-colours")
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if "check" not in request.POST:
            try:
                services.update_town(now=utc_now(), actor=request.actor, **values)
            except Refusal as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("Les couleurs sont enregistrées."))
                return redirect("townhall:town-colours")
    readable = _valid_hex(values)
    return render(
        request,
        "townhall/settings/colours.html",
        {
            "section": "townhall:settings",
            "form": form,
            "base": base,
            "proposed": proposed,
            "ratios": _ratios(values) if readable else [],
            "preview_css": f"{reverse('townhall:town-colours-preview')}?{urlencode(values)}"
            if readable
            else "",
        },
        status=422 if form.errors else 200,
    )


@agent_required(P.MANAGE_TOWN)
@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """The style sheet of the preview: the CSP forbids writing colours in the page."""
    values = {name: request.GET.get(name, "").lower() for name in FIELDS}
    if not _valid_hex(values):
        return HttpResponse("", content_type="text/css")
    rules = [
        f".preview-{theme}{{--town:{values[f'colour_{theme}']};"
        f"--town-on:{values[f'colour_{theme}_on']};--town-soft:{values[f'colour_{theme}_soft']};"
        f"--paper:{PAPER[theme]};--sheet:{SHEET[theme]};--ink:{INK[theme]};"
        f"background:{PAPER[theme]};color:{INK[theme]};color-scheme:{theme}}}"
        for theme in ("light", "dark")
    ]
    return HttpResponse("".join(rules), content_type="text/css; charset=utf-8")
