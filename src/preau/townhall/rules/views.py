"""The versions of the rules: list, reading, checks, comparison, trial, publication."""

import difflib
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from preau.accounts.enums import Permission
from preau.journeys.rulebook_preview import preview
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.rulebook import queries, services
from preau.rulebook.checking.compare import changes
from preau.rulebook.checking.findings import Finding
from preau.rulebook.editing import how_to_edit
from preau.rulebook.enums import Status
from preau.rulebook.errors import RulebookError
from preau.rulebook.refusals import NotPublishable
from preau.rulebook.rules.amounts import Grid
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.words import tell_condition, tell_rule, tell_scope
from preau.townhall.access import agent_required
from preau.townhall.rules.forms import (
    MonthForm,
    NewForm,
    OtherForm,
    PublishForm,
    TextForm,
)
from preau.townhall.rules.grids import grid_table

rules_required = agent_required(Permission.MANAGE_RULES)
SECTION_NAMES = {
    "tariffs": gettext_lazy("Tarifs"),
    "adjustments": gettext_lazy("Réductions et suppléments"),
    "extras": gettext_lazy("Lignes en plus"),
    "surcharges": gettext_lazy("Majorations"),
    "groups": gettext_lazy("Semaine, mois, famille"),
    "access": gettext_lazy("Accès"),
    "deadlines": gettext_lazy("Délais"),
    "absences": gettext_lazy("Absences"),
    "penalties": gettext_lazy("Pénalités"),
}


def version_or_404(pk: int) -> Any:
    """A version by its number; there is no other scope than the right to manage rules."""
    found = queries.get_version(pk)
    if found is None:
        raise Http404
    return found


def tabs_of(version: Any, current: str) -> list[dict[str, Any]]:
    names = [
        ("rules-version", _("Les règles")),
        ("rules-check", _("Contrôle")),
        ("rules-preview", _("Ce qui change, pour qui")),
        ("rules-compare", _("Comparer")),
        ("rules-text", _("Le texte")),
    ]
    return [
        {
            "url": reverse(f"townhall:{name}", args=[version.pk]),
            "label": label,
            "current": name == current,
        }
        for name, label in names
    ]


def page(version: Any, current: str, **more: Any) -> dict[str, Any]:
    """What every page of a version shows."""
    return {
        "section": "townhall:rules",
        "version": version,
        "tabs": tabs_of(version, current),
        "is_draft": version.status == Status.DRAFT,
        **more,
    }


def tag_of(version: Any, in_force: int | None) -> tuple[str, str]:
    """The state of a version: kind of tag and words."""
    if version.pk == in_force:
        return "ok", _("en vigueur")
    if version.status == Status.PUBLISHED:
        return "town", _("publié")
    if version.status == Status.ARCHIVED:
        return "past", _("archivé")
    return "wait", _("brouillon")


@rules_required
def versions(request: HttpRequest) -> HttpResponse:
    """All versions; a new draft from a file, a text, or the version in force."""
    form = NewForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = services.save_draft(
                text=form.cleaned_data["text"],
                name=form.cleaned_data["name"],
                now=utc_now(),
                actor=request.actor,
            )  # type: ignore[attr-defined]
        except Refusal as refusal:
            form.add_error("text", str(refusal))
        else:
            messages.success(request, _("Le brouillon est enregistré."))
            return redirect("townhall:rules-check", row.pk)
    current = queries.version_on(paris_day(utc_now()))
    rows = [
        (row, tag_of(row, current.id if current else None))
        for row in queries.list_versions().defer("text")
    ]
    return render(
        request,
        "townhall/rules/versions.html",
        {"section": "townhall:rules", "rows": rows, "form": form, "current": current},
    )


@rules_required
@require_POST
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """A new draft with the text of a version."""
    version = version_or_404(pk)
    row = services.save_draft(
        text=version.text, name=_("Copie de %s") % version.name, now=utc_now(), actor=request.actor
    )  # type: ignore[attr-defined]
    messages.success(request, _("La copie est un brouillon : changez-la, puis publiez-la."))
    return redirect("townhall:rules-version", row.pk)


@rules_required
@require_safe
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """The rules of a version, told in French, section by section."""
    found = version_or_404(pk)
    book = queries.compiled(found)
    sections = [
        {
            "key": key,
            "name": SECTION_NAMES[key],
            "rules": [_told(key, rule, book) for rule in rules],
        }
        for key, rules in book.sections()
        if rules
    ]
    return render(
        request,
        "townhall/rules/version.html",
        page(found, "rules-version", book=book, sections=sections),
    )


def _told(section: str, rule: Any, book: Rulebook) -> dict[str, Any]:
    amount = getattr(rule, "amount", None)
    return {
        "rule": rule,
        "section": section,
        "scope": tell_scope(rule.scope, book),
        "when": tell_condition(rule.when, book),
        "says": tell_rule(rule, book),
        "grid": grid_table(amount, book) if isinstance(amount, Grid) else None,
        "how": how_to_edit(rule),
    }


@rules_required
@require_safe
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """What the checker finds, and the form to publish."""
    found = version_or_404(pk)
    findings = services.report(found)
    form = PublishForm(
        initial={
            "council_decision": found.council_decision,
            "executory_on": found.executory_on,
            "applies_from": found.applies_from,
        }
    )
    return render(request, "townhall/rules/check.html", _checked(found, findings, form))


def _checked(found: Any, findings: tuple[Finding, ...], form: PublishForm) -> dict[str, Any]:
    book = queries.compiled(found)
    sections = {rule.id: section for section, rule in book.rules()}
    rows = [(finding, sections.get(finding.rule_id, "")) for finding in findings]
    return page(
        found,
        "rules-check",
        errors=[r for r in rows if r[0].blocking],
        warnings=[r for r in rows if not r[0].blocking],
        form=form,
    )


@rules_required
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a draft in force from its day."""
    found = version_or_404(pk)
    form = PublishForm(request.POST)
    if form.is_valid():
        try:
            services.publish(
                version_id=pk,
                now=utc_now(),
                actor=request.actor,  # type: ignore[attr-defined]
                **form.cleaned_data,
            )
        except NotPublishable as refusal:
            form.add_error(None, str(refusal))
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("townhall:rules-version", pk)
        else:
            messages.success(request, _("Les règles sont publiées."))
            return redirect("townhall:rules")
    return render(
        request,
        "townhall/rules/check.html",
        _checked(found, services.report(found), form),
        status=200,
    )


@rules_required
@require_POST
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a published version away."""
    return _done(request, pk, services.archive, _("La version est archivée."))


@rules_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    return _done(request, pk, services.delete_draft, _("Le brouillon est supprimé."))


def _done(request: HttpRequest, pk: int, verb: Any, said: str) -> HttpResponse:
    version_or_404(pk)
    try:
        verb(version_id=pk, now=utc_now(), actor=request.actor)  # type: ignore[attr-defined]
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:rules-version", pk)
    messages.success(request, said)
    return redirect("townhall:rules")


@rules_required
def text(request: HttpRequest, pk: int) -> HttpResponse:
    """The text; written here for a draft, read here for the others."""
    found = version_or_404(pk)
    form = TextForm(request.POST or None, initial={"name": found.name, "text": found.text})
    if request.method == "POST" and form.is_valid():
        try:
            services.save_draft(
                version_id=pk, now=utc_now(), actor=request.actor, **form.cleaned_data
            )  # type: ignore[attr-defined]
        except Refusal as refusal:
            form.add_error("text", str(refusal))
        else:
            messages.success(request, _("Le brouillon est enregistré."))
            return redirect("townhall:rules-check", pk)
    return render(request, "townhall/rules/text.html", page(found, "rules-text", form=form))


@rules_required
@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """The text as a file, to keep or to share with another town."""
    found = version_or_404(pk)
    response = HttpResponse(found.text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="reglement-{found.pk}.yaml"'
    return response


@rules_required
@require_safe
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Another version beside this one: the prices that change, the lines that differ."""
    found = version_or_404(pk)
    current = queries.version_on(paris_day(utc_now()))
    default = current.id if current and current.id != pk else None
    form = OtherForm(
        request.GET if "avec" in request.GET else None,
        initial={"avec": default},
        versions=queries.list_versions().exclude(pk=pk).defer("text"),
    )
    asked = form.cleaned_data["avec"] if form.is_bound and form.is_valid() else default
    other = queries.get_version(asked) if asked else None
    lines: list[tuple[str, str]] = []
    priced: list[Any] = []
    if other is not None:
        lines = [
            (line[:1], line[1:])
            for line in difflib.unified_diff(
                other.text.splitlines(), found.text.splitlines(), lineterm="", n=1
            )
            if not line.startswith(("---", "+++"))
        ]
        mine = queries.compiled(found)
        day = mine.applies_from or paris_day(utc_now())
        priced = list(changes(queries.compiled(other), mine, queries.town_calendar(day)))
    return render(
        request,
        "townhall/rules/compare.html",
        page(
            found,
            "rules-compare",
            other=other,
            lines=lines[:400],
            priced=_priced(found, priced),
            form=form,
        ),
    )


def _priced(found: Any, priced: list[Any]) -> list[dict[str, Any]]:
    from preau.rulebook.words import word

    book = queries.compiled(found)
    rows = []
    for change in priced[:60]:
        activity = book.activity(change.activity)
        facts = ", ".join(
            f"{fact.short} {word(value, fact)}"
            for name, value in change.facts.items()
            if (fact := book.fact(name)) and book.defaults.get(name) != value
        )
        rows.append(
            {
                "activity": activity.name if activity else change.activity,
                "facts": facts,
                "before": change.before,
                "after": change.after,
            }
        )
    return rows


@rules_required
@require_safe
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """What the version changes for real families, on the days of a month not billed yet."""
    found = version_or_404(pk)
    today = paris_day(utc_now())
    form = MonthForm(
        request.GET if "mois" in request.GET else None, initial={"mois": f"{today:%Y-%m}"}
    )
    result, error = None, ""
    if form.is_bound and form.is_valid():
        month = date.fromisoformat(f"{form.cleaned_data['mois']}-01")
        try:
            result = preview(queries.compiled(found), month)
        except RulebookError as problem:
            error = str(problem)
        if result is None and not error:
            error = _("Aucune règle n’est en vigueur ce mois-là : rien à comparer.")
    return render(
        request,
        "townhall/rules/preview.html",
        page(found, "rules-preview", preview=result, error=error, form=form),
    )
