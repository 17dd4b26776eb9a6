"""Sections, the town's settings, and the published criteria with their versions."""

from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from preau.accounts.enums import Permission
from preau.childcare import queries, services
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.childcare.forms import (
    CareSettingsForm,
    PublishForm,
    ScaleForm,
    SectionForm,
    as_time,
)
from preau.townhall.childcare.scope import SECTION, scope_of, site_ids, sites, today


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def settings(request: HttpRequest) -> HttpResponse:
    """Sections, settings and criteria on one page."""
    return render(
        request,
        "townhall/childcare/settings.html",
        {
            "sections": queries.sections(site_ids(request), open_only=False),
            "settings": queries.care_settings(),
            "scales": queries.scales(),
            "scale_in_force": queries.scale_on(today()),
            "may_change_town": scope_of(request) is None,
            "section": SECTION,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def edit_section(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A section, new or changed."""
    row = None
    if pk is not None:
        row = queries.get_section(pk)
        if row is None or row.establishment_id not in site_ids(request):
            raise Http404
    initial = (
        {
            "establishment": row.establishment_id,
            "opens": as_time(row.opens_minute),
            "closes": as_time(row.closes_minute),
            **{
                name: getattr(row, name)
                for name in (
                    "name",
                    "min_months",
                    "max_months",
                    "capacity",
                    "children_per_adult",
                    "position",
                    "is_open",
                )
            },
        }
        if row
        else {"opens": as_time(465), "closes": as_time(1125), "children_per_adult": 6}
    )
    form = SectionForm(
        request.POST if request.method == "POST" else None, sites=sites(request), initial=initial
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.save_section(
                section_id=pk, now=utc_now(), actor=request.actor, **form.values()
            )
        except IntegrityError:
            form.add_error("name", _("Une section de cette crèche porte déjà ce nom."))
        else:
            messages.success(request, _("La section est enregistrée."))
            return redirect("townhall:childcare-settings")
    return _form(request, form, _("Section de crèche"))


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def edit_settings(request: HttpRequest) -> HttpResponse:
    """Days to answer, notice, tolerance, base pieces: the whole town's, for who manages it all."""
    if scope_of(request) is not None:
        raise Http404
    known = queries.care_settings()
    form = CareSettingsForm(
        request.POST if request.method == "POST" else None,
        initial={
            "offer_days": known.offer_days,
            "notice_days": known.notice_days,
            "tolerance_minutes": known.tolerance_minutes,
            "adaptation_is_free": known.adaptation_is_free,
            "base_pieces": "\n".join(known.base_pieces),
        },
    )
    if request.method == "POST" and form.is_valid():
        services.save_settings(
            **{**form.cleaned_data, "base_pieces": form.cleaned_data["base_pieces"].splitlines()},
            now=utc_now(),
            actor=request.actor,
        )
        messages.success(request, _("Les réglages sont enregistrés."))
        return redirect("townhall:childcare-settings")
    return _form(request, form, _("Réglages de la petite enfance"))


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def edit_scale(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A draft of criteria; a new one begins from those in force."""
    if scope_of(request) is not None:
        raise Http404
    row = queries.get_scale(pk) if pk else None
    if pk and (row is None or row.published_at):
        raise Http404
    source = row or queries.scale_on(today())
    lines = [
        f"{c.points} ; {c.most} ; {c.label} ; {c.proof}"
        for c in (source.criteria.all() if source else ())
    ]
    form = ScaleForm(
        request.POST if request.method == "POST" else None,
        initial={
            "label": row.label if row else "",
            "council_decision": row.council_decision if row else "",
            "criteria": "\n".join(lines),
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_scale(
                scale_id=pk, now=utc_now(), actor=request.actor, **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Le projet est enregistré. Publiez-le quand il est voté."))
            return redirect("townhall:childcare-scale", saved.pk)
    return _form(request, form, _("Critères d’attribution"))


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def scale(request: HttpRequest, pk: int) -> HttpResponse:
    """A version of the criteria; published from a day, by a person who manages all the crèches."""
    row = queries.get_scale(pk)
    if row is None:
        raise Http404
    form = PublishForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if scope_of(request) is not None:
            raise Http404
        if form.is_valid():
            try:
                services.publish_scale(
                    scale_id=row.pk,
                    applies_from=form.cleaned_data["applies_from"],
                    now=utc_now(),
                    actor=request.actor,
                )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            except IntegrityError:
                form.add_error("applies_from", _("Une version commence déjà ce jour-là."))
            else:
                messages.success(request, _("Les critères sont publiés."))
                return redirect("townhall:childcare-scale", row.pk)
    return render(
        request,
        "townhall/childcare/scale.html",
        {
            "row": row,
            "form": form,
            "may_change_town": scope_of(request) is None,
            "section": SECTION,
        },
        status=422 if form.is_bound else 200,
    )


def _form(request: HttpRequest, form: object, title: str) -> HttpResponse:
    return render(
        request,
        "townhall/childcare/form.html",
        {"form": form, "title": title, "section": SECTION},
        status=422 if getattr(form, "is_bound", False) else 200,
    )
