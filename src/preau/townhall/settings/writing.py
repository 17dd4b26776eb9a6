"""Services, public pages and announcements: what agents write for families."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.accounts.enums import Permission as P
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.town import queries, services
from preau.town.enums import PageSlug
from preau.townhall.access import agent_required
from preau.townhall.settings import forms
from preau.ui.refusals import add_refusal
from preau.ui.routes import route

SECTION = "townhall:settings"
PUBLIC_ROUTES = {
    PageSlug.HOME: "public:home",
    PageSlug.ACTIVITIES: "public:activities",
    PageSlug.PRICES: "public:prices",
    PageSlug.MENUS: "public:menus",
    PageSlug.HELP: "public:help",
    PageSlug.LEGAL: "public:legal",
    PageSlug.ACCESSIBILITY: "public:accessibility",
    PageSlug.PRIVACY: "public:privacy",
}


@agent_required(P.WRITE_PAGES)
@require_safe
def pages(request: HttpRequest) -> HttpResponse:
    """The public pages, who wrote each and when."""
    rows = [(page, route(PUBLIC_ROUTES[PageSlug(page.slug)])) for page in queries.list_pages()]
    return render(request, "townhall/settings/pages.html", {"section": SECTION, "rows": rows})


@agent_required(P.WRITE_PAGES)
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a page in Markdown; «Aperçu» shows it without keeping it."""
    try:
        found = queries.get_page(slug)
    except KeyError:
        raise Http404 from None
    form = forms.PageForm(
        request.POST or None,
        initial={
            "title": found.title,
            "body": found.body,
            "seen_at": found.updated_at.isoformat() if found.updated_at else "",
        },
    )
    preview = None
    status = 200
    if request.method == "POST" and form.is_valid():
        if "preview" in request.POST:
            preview = queries.render_markdown(form.cleaned_data["body"])
        else:
            try:
                services.update_page(
                    slug=slug,
                    title=form.cleaned_data["title"],
                    body=form.cleaned_data["body"],
                    seen_at=form.cleaned_data["seen_at"],
                    now=utc_now(),
                    actor=request.actor,
                )
            except Refusal as refusal:
                status = 409
                add_refusal(form, refusal)
                # Sent again, the text replaces what is now shown beside it.
                data = request.POST.copy()
                data["seen_at"] = found.updated_at.isoformat()
                form.data = data
            else:
                messages.success(request, _("La page « %s » est publiée.") % found.title)
                return redirect("townhall:town-pages")
    elif request.method == "POST":
        status = 422
    return render(
        request,
        "townhall/settings/page.html",
        {
            "section": SECTION,
            "form": form,
            "page": found,
            "preview": preview,
            "public_url": route(PUBLIC_ROUTES[PageSlug(slug)]),
            "theirs": queries.render_markdown(found.body) if status == 409 else None,
        },
        status=status,
    )


def _edit(
    request: HttpRequest,
    form: Any,
    save: Any,
    *,
    template: str,
    done: str,
    success: str,
    **context: Any,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            save(form.cleaned_data)
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, success)
            return redirect(done)
    return render(
        request,
        template,
        {"section": SECTION, "form": form, **context},
        status=422 if form.errors else 200,
    )


def _delete(request: HttpRequest, act: Any, *, done: str, success: str) -> HttpResponse:
    try:
        act()
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, success)
    return redirect(done)


@agent_required(P.MANAGE_TOWN)
@require_safe
def service_list(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "townhall/settings/services.html",
        {
            "section": SECTION,
            "services": list(queries.list_services()),
        },
    )


@agent_required(P.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def service(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new service, or one to change."""
    found = queries.list_services().filter(pk=pk).first() if pk else None
    if pk and found is None:
        raise Http404
    names = forms.ServiceForm.base_fields if found else ()
    initial = {name: getattr(found, name) for name in names}
    form = forms.ServiceForm(request.POST or None, initial=initial)

    def save(values: dict[str, Any]) -> None:
        services.save_service(service_id=pk, now=utc_now(), actor=request.actor, **values)

    return _edit(
        request,
        form,
        save,
        template="townhall/settings/service.html",
        done="townhall:town-services",
        success=_("Le service est enregistré."),
        service=found,
    )


@agent_required(P.MANAGE_TOWN)
@require_POST
def service_delete(request: HttpRequest, pk: int) -> HttpResponse:
    if not queries.list_services().filter(pk=pk).exists():
        raise Http404
    return _delete(
        request,
        lambda: services.delete_service(service_id=pk, now=utc_now(), actor=request.actor),
        done="townhall:town-services",
        success=_("Le service est supprimé."),
    )


@agent_required(P.WRITE_PAGES)
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    today = paris_day(utc_now())
    rows = []
    for notice in queries.list_notices()[:100]:
        if notice.ends_on < today:
            state = ("past", _("Passée"))
        elif notice.starts_on > today:
            state = ("town", _("À venir"))
        else:
            state = ("ok", _("Visible"))
        rows.append((notice, *state))
    return render(request, "townhall/settings/notices.html", {"section": SECTION, "rows": rows})


@agent_required(P.WRITE_PAGES)
@require_http_methods(["GET", "POST"])
def notice(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new announcement, or one to change."""
    found = queries.list_notices().filter(pk=pk).first() if pk else None
    if pk and found is None:
        raise Http404
    today = paris_day(utc_now())
    initial: dict[str, Any] = {"starts_on": today, "ends_on": today}
    if found:
        initial = {name: getattr(found, name) for name in forms.NoticeForm.base_fields}
    form = forms.NoticeForm(request.POST or None, initial=initial)

    def save(values: dict[str, Any]) -> None:
        services.save_notice(notice_id=pk, now=utc_now(), actor=request.actor, **values)

    return _edit(
        request,
        form,
        save,
        template="townhall/settings/notice.html",
        done="townhall:town-notices",
        success=_("L’annonce est enregistrée."),
        notice=found,
    )


@agent_required(P.WRITE_PAGES)
@require_POST
def notice_delete(request: HttpRequest, pk: int) -> HttpResponse:
    if not queries.list_notices().filter(pk=pk).exists():
        raise Http404
    return _delete(
        request,
        lambda: services.delete_notice(notice_id=pk, now=utc_now(), actor=request.actor),
        done="townhall:town-notices",
        success=_("L’annonce est supprimée."),
    )
