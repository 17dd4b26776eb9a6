"""What a screen asks: fields with their errors, filters, the search box."""

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_tag
def field(bound: BoundField, label: str = "", hint: str = "", css: str = "") -> SafeString:
    """`{% field form.phone %}`: label, hint, error and input; `label`, `hint` replace its own."""
    if label:
        bound.label = label
    if hint:
        bound.help_text = hint
    if bound.is_hidden:
        return SafeString(str(bound))
    context = bound.get_context()
    context["css"] = css
    renderer = bound.form.renderer
    return SafeString(renderer.render(bound.template_name, context))


@register.inclusion_tag("ui/forms/errors.html")
def error_summary(*form_list: forms.BaseForm) -> dict[str, Any]:
    """`{% error_summary form %}`: what to correct, each linked to its field, or nothing."""
    errors: list[tuple[str, str]] = []
    for form in form_list:
        if not form or not form.is_bound:
            continue
        members = list(form) if isinstance(form, forms.BaseFormSet) else [form]
        if isinstance(form, forms.BaseFormSet):
            errors += [("", str(error)) for error in form.non_form_errors()]
        for member in members:
            errors += [("", str(error)) for error in member.non_field_errors()]
            for bound in member:
                target = getattr(bound, "target_id", bound.id_for_label)
                errors += [(target, _named(bound, str(error))) for error in bound.errors]
    return {"errors": errors}


def _named(bound: forms.BoundField, text: str) -> str:
    """In the list at the top, a bare «Ce champ est obligatoire.» would not say which."""
    if text == str(forms.Field.default_error_messages["required"]):
        return _("%(label)s\u00a0: à remplir.") % {"label": bound.label}
    return text


@register.inclusion_tag("ui/parts/filters.html", takes_context=True)
def filters(context: Context, form: forms.BaseForm, label: str = "Filtrer") -> dict[str, Any]:
    """`{% filters form %}`: a GET form in one row, with a link that takes the filters away."""
    request = context.get("request")
    return {
        "form": form,
        "label": label,
        "path": request.path if request else "",
        "active": bool(request and any(v for k, v in request.GET.items() if k != "page")),
    }


@register.inclusion_tag("ui/parts/search.html", takes_context=True)
def search_box(
    context: Context,
    action: str = "",
    label: str = "Chercher",
    placeholder: str = "",
    name: str = "q",
    key: str = "",
    live: bool = False,
    id: str = "",
    focus: bool = False,
) -> dict[str, Any]:
    """`{% search_box action=url label="Chercher une famille" key="/" %}`.

    `live`: what the address answers to htmx is shown under the box while one types. `id`: its own,
    where the header has a box too. `focus`: the page is there to search, one types at once.
    """
    request = context.get("request")
    return {
        "action": action,
        "label": label,
        "placeholder": placeholder,
        "name": name,
        "key": key,
        "live": live,
        "id": id or f"find-{name}",
        "focus": focus,
        # A box shows what was asked of its own page, not another list's search.
        "value": request.GET.get(name, "")
        if request and request.path == (action or request.path)
        else "",
    }
