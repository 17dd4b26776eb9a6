"""Meals by site, age and plate; what was fixed and what changed since; to whom it went."""

from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.accounts.queries import establishment_scope
from preau.bookings.meals import canteen_days
from preau.catalogue.queries import establishments
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kitchen import papers, queries, services
from preau.kitchen.enums import AgeBand, Plate
from preau.kitchen.rules import Meals
from preau.townhall.access import agent_required
from preau.townhall.sites.scope import asked_day
from preau.ui.exports import FORMATS, Column, export_table
from preau.ui.refusals import add_refusal

SECTION = "townhall:kitchen"
CELLS = [(band, plate) for band in AgeBand.values for plate in Plate.values]


def _scope(request: HttpRequest) -> frozenset[int] | None:
    return establishment_scope(request.user, Permission.SEE_KITCHEN, paris_day(utc_now()))


def _sites(request: HttpRequest, day: date) -> list[Any]:
    """The agent's sites that serve meals on the day, by name."""
    served = set(canteen_days(day, day))
    scope = _scope(request)
    return [
        site
        for site in establishments()
        if site.pk in served and (scope is None or site.pk in scope)
    ]


@agent_required(Permission.SEE_KITCHEN)
@require_http_methods(["GET", "POST"])
def meals(request: HttpRequest) -> HttpResponseBase:
    """The meals of a day as they stand, against what was sent; send the difference now."""
    day = asked_day(request)
    sites = _sites(request, day)
    if request.method == "POST":
        return _send(request, day, sites)
    ids = [site.pk for site in sites]
    standing, sent = queries.meals_on(ids, day), queries.counts_of(ids, day)
    rows = [_row(site, standing[site.pk], sent.get(site.pk, [])) for site in sites]
    if request.GET.get("export"):
        return _export(request.GET["export"], rows, day)
    total = Meals()
    for row in rows:
        for band, plate in CELLS:
            total.counts[band][plate] += row["meals"].counts[band][plate]
        for code, number in row["meals"].allergens.items():
            total.allergens[code] = total.allergens.get(code, 0) + number
    return render(
        request,
        "townhall/kitchen/meals.html",
        {
            "day": day,
            "before": day - timedelta(days=1),
            "after": day + timedelta(days=1),
            "rows": rows,
            "total": total,
            "columns": [Plate(plate).label for plate in Plate.values],
            "bands": [
                (AgeBand(band).label, [total.counts[band][p] for p in Plate.values])
                for band in AgeBand.values
            ],
            "allergens": [(queries.word_of(c), n) for c, n in sorted(total.allergens.items())],
            "formats": FORMATS,
            "may_set": Permission.MANAGE_CATALOGUE in request.permissions,
            "may_write_menus": not request.permissions.isdisjoint(
                {Permission.MANAGE_CATALOGUE, Permission.WRITE_PAGES}
            ),
            "section": SECTION,
        },
    )


def _row(site: Any, standing: Meals, sent: list[Any]) -> dict[str, Any]:
    last = sent[-1] if sent else None
    changed = services.differences_between(last, standing) if last else []
    return {
        "site": site,
        "meals": standing,
        "bands": [
            (AgeBand(band).label, sum(standing.counts[band].values())) for band in AgeBand.values
        ],
        "cells": [
            (Plate(plate).label, sum(standing.counts[band][plate] for band in AgeBand.values))
            for plate in Plate.values
        ],
        "last": last,
        "changed": changed,
        "total": standing.total,
    }


def _export(file_format: str, rows: list[dict[str, Any]], day: date) -> HttpResponseBase:
    columns = [Column("Site", lambda r: r["site"].name)]
    for band, plate in CELLS:
        title = f"{AgeBand(band).label}, {Plate(plate).label}"
        columns.append(Column(title, lambda r, b=band, p=plate: r["meals"].counts[b][p]))
    columns.append(Column("Total", lambda r: r["total"]))
    columns.append(
        Column(
            "Allergènes",
            lambda r: ", ".join(
                f"{queries.word_of(c)} {n}" for c, n in sorted(r["meals"].allergens.items())
            ),
        )
    )
    return export_table(file_format, f"repas-{day.isoformat()}", columns, rows)


def _send(request: HttpRequest, day: date, sites: list[Any]) -> HttpResponse:
    asked = request.POST.get("site", "")
    chosen = [site for site in sites if not asked or str(site.pk) == asked]
    if not chosen:
        raise Http404
    sent = 0
    for site in chosen:
        found = services.fix_now(
            establishment_id=site.pk, day=day, now=utc_now(), actor=request.actor
        )
        sent += found is not None
    if sent:
        messages.success(request, _("%s à la cuisine.") % french.count(sent, _("envoi")))
    else:
        messages.info(request, _("Rien n’a changé depuis le dernier envoi."))
    response = redirect("townhall:kitchen")
    response["Location"] += f"?jour={day.isoformat()}"
    return response


def _visible(request: HttpRequest) -> Any:
    scope = _scope(request)
    found = queries.list_counts()
    return found if scope is None else found.filter(establishment__in=scope)


@agent_required(Permission.SEE_KITCHEN)
@require_GET
def sent(request: HttpRequest) -> HttpResponseBase:
    """Everything that was sent, the latest first."""
    found = _visible(request)
    text = request.GET.get("q", "").strip()[:60]
    if text:
        found = found.filter(establishment__name__icontains=text)
    if request.GET.get("export"):
        columns = [
            Column("Site", "establishment.name"),
            Column("Jour", "day"),
            Column("Envoi", "rank"),
            Column("Repas", "total"),
            Column("Changements", lambda c: len(c.differences)),
            Column("Arrêté le", "fixed_at"),
            Column("Par", "fixed_by"),
            Column("Envoyé à", lambda c: ", ".join(c.sent_to)),
        ]
        return export_table(request.GET["export"], "envois-cuisine", columns, found.iterator(500))
    return render(
        request,
        "townhall/kitchen/sent.html",
        {
            "page": Paginator(found, 40).get_page(request.GET.get("page")),
            "q": text,
            "formats": FORMATS,
            "section": SECTION,
        },
    )


def _count_or_404(request: HttpRequest, count_id: int) -> Any:
    found = _visible(request).filter(pk=count_id).first()
    if found is None:
        raise Http404
    return found


@agent_required(Permission.SEE_KITCHEN)
@require_GET
def count(request: HttpRequest, count_id: int) -> HttpResponse:
    """One sending as the kitchen received it."""
    found = _count_or_404(request, count_id)
    subject, body = services.message_of(found, found.establishment.name)
    return render(
        request,
        "townhall/kitchen/count.html",
        {
            "count": found,
            "subject": subject,
            "body": body,
            "differences": papers.differences_of(found),
            "section": SECTION,
        },
    )


@agent_required(Permission.SEE_KITCHEN)
@require_GET
def count_pdf(request: HttpRequest, count_id: int) -> HttpResponse:
    """The same on paper."""
    found = _count_or_404(request, count_id)
    response = HttpResponse(
        papers.pdf_of(found, found.establishment.name), content_type="application/pdf"
    )
    response["Content-Disposition"] = f'inline; filename="repas-{found.day}.pdf"'
    return response


@agent_required(Permission.SEE_KITCHEN)
@require_GET
def count_csv(request: HttpRequest, count_id: int) -> HttpResponse:
    """The same as a table, as the e-mail carries it."""
    found = _count_or_404(request, count_id)
    response = HttpResponse(
        papers.csv_of(found, found.establishment.name), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="repas-{found.day}.csv"'
    return response


class SettingForm(forms.Form):
    emails = forms.CharField(
        label=_l("Envoyer à"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("Une adresse e-mail par ligne."),
    )
    days_before = forms.IntegerField(
        label=_l("Jours de service avant le repas"),
        min_value=0,
        max_value=10,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    hour = forms.TimeField(
        label=_l("À"),
        widget=forms.TimeInput(attrs={"type": "time", "class": "short"}, format="%H:%M"),
    )
    is_active = forms.BooleanField(label=_l("Envoyer automatiquement"), required=False)


@agent_required(Permission.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """When meals are fixed and to whom they go: the town's rule, and those of some sites."""
    asked = request.POST.get("site") or request.GET.get("site") or ""
    site = next((s for s in establishments() if str(s.pk) == asked), None)
    kept = {row.establishment_id: row for row in queries.list_settings()}
    current = kept.get(site.pk if site else None)
    who = {"now": utc_now(), "actor": request.actor}
    if request.method == "POST" and request.POST.get("act") == "remove" and site:
        services.remove_setting(establishment_id=site.pk, **who)
        messages.success(request, _("Ce site suit de nouveau la règle de la ville."))
        return redirect("townhall:kitchen-settings")
    form = SettingForm(
        request.POST if request.method == "POST" else None,
        initial={
            "emails": "\n".join(current.emails) if current else "",
            "days_before": current.days_before if current else 1,
            "hour": current.hour_at if current else time(10, 0),
            "is_active": current.is_active if current else True,
        },
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.save_setting(
                establishment_id=site.pk if site else None,
                emails=data["emails"].replace(",", "\n").splitlines(),
                days_before=data["days_before"],
                hour=data["hour"],
                is_active=data["is_active"],
                **who,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("C’est enregistré."))
            return redirect("townhall:kitchen-settings")
    return render(
        request,
        "townhall/kitchen/settings.html",
        {
            "form": form,
            "site": site,
            "current": current,
            "kept": [row for row in kept.values() if row.establishment_id],
            "sites": [s for s in establishments("SCHOOL") if s.pk not in kept],
            "section": SECTION,
        },
        status=422 if form.errors else 200,
    )
