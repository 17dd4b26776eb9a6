"""The town's identity, its place on the town's site, its texts."""

from collections.abc import Callable
from typing import Any

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from preau.accounts.enums import Permission as P
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.town import queries, services
from preau.townhall.access import agent_required
from preau.townhall.settings import forms
from preau.townhall.settings.hub import GROUPS, groups_for
from preau.ui.refusals import add_refusal
from preau.ui.routes import route

SECTION = "townhall:settings"
ANY_SETTING = sorted({str(door.permission) for _title, doors in GROUPS for door in doors})


@agent_required(*ANY_SETTING)
@require_safe
def hub(request: HttpRequest) -> HttpResponse:
    """Every screen of settings that this agent may open."""
    return render(
        request,
        "townhall/settings/hub.html",
        {
            "section": SECTION,
            "groups": groups_for(request.permissions),
        },
    )


def town_form(
    form_class: type,
    template: str,
    success: str,
    *,
    more: Callable[[HttpRequest], dict[str, Any]] | None = None,
    permission: str = P.MANAGE_TOWN,
) -> Callable[..., HttpResponse]:
    """A view that changes the fields of the town that a form holds."""

    @agent_required(permission)
    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest) -> HttpResponse:
        town = queries.get_town()
        initial = {name: getattr(town, name, "") for name in form_class.base_fields}
        form = form_class(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                services.update_town(now=utc_now(), actor=request.actor, **form.cleaned_data)
            except Refusal as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, success)
                return redirect(request.path)
        context = {"section": SECTION, "form": form, **(more(request) if more else {})}
        return render(request, template, context, status=422 if form.errors else 200)

    view.__doc__ = f"Change the town: {form_class.__name__}."
    return view


identity = town_form(
    forms.IdentityForm, "townhall/settings/identity.html", "L’identité de la ville est enregistrée."
)
texts = town_form(forms.TextsForm, "townhall/settings/texts.html", "Les textes sont enregistrés.")
access = town_form(
    forms.AccessForm,
    "townhall/settings/access.html",
    "Les règles d’accès sont enregistrées.",
    permission=P.MANAGE_AGENTS,
)


def _embed_context(request: HttpRequest) -> dict[str, Any]:
    base = django_settings.BASE_URL
    address = f"{base}{reverse('public:embed')}"
    links = [
        (label, f"{base}{url}")
        for name, label in (
            ("public:home", _("L’espace familles")),
            ("portal:sign-in", _("Se connecter")),
            ("public:activities", _("Les activités")),
            ("public:prices", _("Les tarifs")),
            ("public:menus", _("Les menus")),
            ("public:help", _("L’aide")),
        )
        if (url := route(name))
    ]
    return {
        "snippet": f'<iframe src="{address}" title="Espace familles" width="100%" height="900" '
        'loading="lazy"></iframe>',
        "links": links,
        "panel_url": reverse("public:embed"),
    }


embed = town_form(
    forms.EmbedForm,
    "townhall/settings/embed.html",
    "Les sites autorisés sont enregistrés.",
    more=_embed_context,
)


@agent_required(P.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def logo(request: HttpRequest) -> HttpResponse:
    """Send the town's logo, or take it away."""
    remove = "remove" in request.POST
    form = forms.LogoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and (remove or form.is_valid()):
        content = None if remove else form.cleaned_data["logo"].read(400_000)
        try:
            services.set_logo(content=content, now=utc_now(), actor=request.actor)
        except Refusal as refusal:
            form.add_error("logo", str(refusal))
        else:
            messages.success(
                request, _("Le logo est retiré.") if remove else _("Le nouveau logo est en place.")
            )
            return redirect(request.path)
    return render(
        request,
        "townhall/settings/logo.html",
        {
            "section": SECTION,
            "form": form,
        },
        status=422 if form.errors else 200,
    )
