"""Lists of the offer, alike for every subject: page, sort, filter, export, write, delete."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.accounts.enums import Permission as P
from preau.kernel import french
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.catalogue.subjects import SUBJECTS, Col, Subject
from preau.ui.exports import FORMATS, export_table
from preau.ui.refusals import add_refusal

SECTION = "townhall:settings"
PAGE_SIZE = 50


def subject_or_404(key: str) -> Subject:
    try:
        return SUBJECTS[key]
    except KeyError:
        raise Http404 from None


def tabs_for(current: str) -> list[dict[str, Any]]:
    """The lists of the offer, as tabs."""
    items = [
        {
            "label": subject.title,
            "current": key == current,
            "url": reverse("townhall:catalogue-list", args=[key]),
        }
        for key, subject in SUBJECTS.items()
    ]
    items.append(
        {"label": _("Menus"), "current": current == "menus", "url": reverse("townhall:menus")}
    )
    items.append(
        {
            "label": _("Séances"),
            "current": current == "seances",
            "url": reverse("townhall:catalogue-slots"),
        }
    )
    items.append(
        {
            "label": _("Délais et âges"),
            "current": current == "delais",
            "url": reverse("townhall:catalogue-terms"),
        }
    )
    items.append(
        {
            "label": _("Jour d’ouverture"),
            "current": current == "affluence",
            "url": reverse("townhall:catalogue-rush"),
        }
    )
    return items


def shown(column: Col, row: Any) -> Any:
    """A cell as a person reads it."""
    value = column.cell(row)
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, date):
        return french.day(value, year=True)
    return "" if value is None else value


@agent_required(P.MANAGE_CATALOGUE)
@require_safe
def table(request: HttpRequest, key: str) -> HttpResponseBase:
    """One list: `?q= &sort= &page=` and the subject's own filters; `?export=csv|xlsx|ods`."""
    subject = subject_or_404(key)
    form = subject.filter_form(request.GET)
    values = form.cleaned_data if form.is_valid() else {}
    rows = subject.filtered(values)
    export = request.GET.get("export", "")
    if export:
        return export_table(export, str(subject.title), subject.columns, rows.iterator(500))
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    lines = [
        {
            "url": reverse(subject.detail_route, args=[row.pk])
            if subject.detail_route
            else reverse("townhall:catalogue-edit", args=[key, row.pk]),
            "head": shown(subject.columns[0], row),
            "cells": [(c.title, shown(c, row), c.css) for c in subject.columns[1:]],
        }
        for row in page
    ]
    exports = []
    for code, (label, _type) in FORMATS.items():
        query["export"] = code
        exports.append((label, f"?{query.urlencode()}"))
    return render(
        request,
        "townhall/catalogue/table.html",
        {
            "section": SECTION,
            "subject": subject,
            "tabs": tabs_for(key),
            "filters": form,
            "page": page,
            "lines": lines,
            "exports": exports,
            "filtered": bool({k: v for k, v in values.items() if v and k != "sort"}),
        },
    )


@agent_required(P.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, key: str, pk: int | None = None) -> HttpResponse:
    """A new row, or one to change; subjects with a page of their own only come here when new."""
    subject = subject_or_404(key)
    row = subject.rows().filter(pk=pk).first() if pk else None
    if pk and row is None:
        raise Http404
    if row and subject.detail_route:
        return redirect(subject.detail_route, row.pk)
    form = subject.form(request.POST or None, initial=subject.initial(row) if row else None)
    if request.method == "POST" and form.is_valid():
        saved = save_row(request, subject, form, pk)
        if saved is not None:
            messages.success(request, _("C’est enregistré."))
            if subject.detail_route:
                return redirect(subject.detail_route, saved.pk)
            return redirect("townhall:catalogue-list", key)
    return render(
        request,
        "townhall/catalogue/edit.html",
        {
            "section": SECTION,
            "subject": subject,
            "form": form,
            "row": row,
            "title": shown(subject.columns[0], row) if row else subject.new_label,
        },
        status=422 if form.errors else 200,
    )


def save_row(request: HttpRequest, subject: Subject, form: Any, pk: int | None) -> Any:
    """Call the service with the form's values; a refusal goes into the form and gives None."""
    values = form.service_values() if hasattr(form, "service_values") else form.cleaned_data
    try:
        return subject.save(now=utc_now(), actor=request.actor, **{subject.id_name: pk}, **values)
    except Refusal as refusal:
        add_refusal(form, refusal)
        return None


@agent_required(P.MANAGE_CATALOGUE)
@require_POST
def delete(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Delete a row that nothing uses; otherwise say what uses it."""
    subject = subject_or_404(key)
    if not subject.rows().filter(pk=pk).exists():
        raise Http404
    try:
        subject.delete(pk=pk, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        if subject.detail_route:
            return redirect(subject.detail_route, pk)
        return redirect("townhall:catalogue-edit", key, pk)
    messages.success(request, _("C’est supprimé."))
    return redirect("townhall:catalogue-list", key)
