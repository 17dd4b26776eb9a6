"""A grid as a table, and the pages that change one rule of a draft."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from preau.accounts.enums import Permission
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.rulebook import editing, queries, services
from preau.rulebook.engine.amounts import interval
from preau.rulebook.enums import Status
from preau.rulebook.rules.amounts import Fixed, Grid, Rate
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.rules.moments import Deadline
from preau.rulebook.text.writer import write_text
from preau.rulebook.words import tell_amount, tell_condition, tell_rule, tell_scope
from preau.townhall.access import agent_required
from preau.townhall.rules.forms import DeadlineForm, GridForms, PriceForm, RateForm


def grid_table(grid: Grid, book: Rulebook) -> dict[str, Any]:
    """Columns and rows of a grid, in words."""
    fact = book.fact(grid.by)
    rows = []
    for row in grid.rows:
        if row.is_interval:
            label = interval(row)
        else:
            label = row.label or (_("non connu") if row.unknown else tell_condition(row.when, book))  # type: ignore[arg-type]
        rows.append((label, [tell_amount(c, book) if c is not None else "—" for c in row.cells]))
    return {
        "by": fact.label if fact else grid.by,
        "columns": [c.label or c.id for c in grid.columns],
        "rows": rows,
    }


@agent_required(Permission.MANAGE_RULES)
def rule(request: HttpRequest, pk: int, section: str, rule_id: str) -> HttpResponse:
    """One rule of a draft: its price, its rate, its grid or its deadline, in a form."""
    version = queries.get_version(pk)
    if version is None:
        raise Http404
    book = queries.compiled(version)
    found = editing.find_rule(book, section, rule_id)
    if found is None:
        raise Http404
    if version.status != Status.DRAFT:
        messages.error(request, _("Une version publiée ne change plus : faites-en une copie."))
        return redirect("townhall:rules-version", pk)
    data = request.POST if request.method == "POST" else None
    how, form = _form(found, data)
    if form is not None and data is not None and form.is_valid():
        try:
            changed = editing.put_rule(book, section, _changed(found, how, form))
            services.save_draft(
                version_id=pk,
                name=version.name,
                text=write_text(changed),
                now=utc_now(),
                actor=request.actor,
            )  # type: ignore[attr-defined]
        except (Refusal, editing.CannotEdit) as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("« %s » est enregistré.") % found.name)
            return redirect("townhall:rules-version", pk)
    return render(
        request,
        "townhall/rules/rule.html",
        {
            "section": "townhall:rules",
            "version": version,
            "rule": found,
            "how": how,
            "form": form,
            "says": tell_rule(found, book),
            "scope": tell_scope(found.scope, book),
            "when": tell_condition(found.when, book),
        },
    )


def _form(rule: Any, data: Any) -> tuple[str, Any]:
    how = editing.how_to_edit(rule)
    amount = editing.amount_of(rule)
    if how == "price" and isinstance(amount, Fixed):
        return how, PriceForm(data, initial={"price": amount.value})
    if how == "rate" and isinstance(amount, Rate):
        return how, RateForm(data, initial=RateForm.initial_of(amount))
    if how == "grid" and isinstance(amount, Grid):
        return how, GridForms(amount, data)
    if how == "deadline" and isinstance(rule, Deadline):
        initial = DeadlineForm.initial_of(rule)
        return (how, DeadlineForm(data, initial=initial)) if initial else ("", None)
    return "", None


def _changed(rule: Any, how: str, form: Any) -> Any:
    amount: Any = editing.amount_of(rule)
    match how:
        case "price":
            return editing.with_amount(rule, Fixed(form.cleaned_data["price"]))
        case "rate":
            data = form.cleaned_data
            return editing.with_amount(
                rule, editing.edit_rate(amount, data["percent"], data["low"], data["high"])
            )
        case "grid":
            return editing.with_amount(rule, editing.edit_grid(amount, *form.edits()))
        case _:
            return editing.edit_deadline(rule, form.limit(), form.cleaned_data["late"])
