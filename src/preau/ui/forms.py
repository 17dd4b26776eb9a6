"""Forms that everyone can fill: label, hint, error and field bound together.

`FORM_RENDERER = "preau.ui.forms.FormRenderer"` makes plain `{{ form }}` and `{{ field }}` groups
use the templates of `ui/forms/`. Optional fields say so; required ones say nothing.
"""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

from preau.kernel.clock import paris_day, utc_now


class AccessibleBoundField(BoundField):
    """A field whose hint and error are read with it, wherever its template puts them."""

    @property
    def hint_id(self) -> str:
        return f"{self.auto_id}_hint" if self.auto_id else ""

    @property
    def error_id(self) -> str:
        return f"{self.auto_id}_error" if self.auto_id else ""

    @property
    def aria_describedby(self) -> str | None:
        """The ids of the hint and of the error that `ui/forms/field.html` writes."""
        own = self.field.widget.attrs.get("aria-describedby")
        if own:
            return str(own)
        ids = []
        if self.help_text:
            ids.append(self.hint_id)
        if self.errors:
            ids.append(self.error_id)
        return " ".join(ids) or None

    @property
    def grouped(self) -> bool:
        """Several inputs under one legend (radios, boxes, date): a fieldset."""
        return bool(self.use_fieldset)

    @property
    def is_checkbox(self) -> bool:
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def is_choices(self) -> bool:
        return isinstance(self.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)

    @property
    def optional(self) -> bool:
        """Say «facultatif»: not on a lone box, which says it by being a box."""
        return not self.field.required and not self.is_checkbox

    @property
    def target_id(self) -> str:
        """Where the error summary sends: the first input of the field."""
        if self.grouped and self.auto_id:
            first = getattr(self.field.widget, "first_id", None)
            return first(self.auto_id) if first else f"{self.auto_id}_0"
        return self.id_for_label or self.auto_id

    def css_classes(self, extra_classes: Any = None) -> str:
        classes = super().css_classes(extra_classes)
        return f"{classes} wrong".strip() if self.errors else classes


class FormRenderer(DjangoTemplates):
    """Préau's templates for forms, form sets and fields."""

    form_template_name = "ui/forms/form.html"
    formset_template_name = "ui/forms/formset.html"
    field_template_name = "ui/forms/field.html"
    bound_field_class = AccessibleBoundField


class DateWidget(forms.Widget):
    """A date in three boxes (day, month, year): typed faster than picked, and readable to all.

    Also takes one ISO value under the field's own name.
    """

    template_name = "ui/forms/date.html"
    use_fieldset = True
    parts = ("day", "month", "year")

    def first_id(self, base: str) -> str:
        return f"{base}_day"

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_day" if id_ else ""

    def split(self, value: Any) -> dict[str, str]:
        """What each box shows: a date, or what was typed, wrong or not."""
        if isinstance(value, date):
            return {"day": str(value.day), "month": str(value.month), "year": str(value.year)}
        pieces = str(value or "").split("-")
        if len(pieces) == 3:
            year, month, day = pieces
            return {"day": day.lstrip("0"), "month": month.lstrip("0"), "year": year}
        return {"day": "", "month": "", "year": ""}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["parts"] = self.split(value)
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        if data.get(name):
            return str(data[name])
        day, month, year = (str(data.get(f"{name}_{part}", "")).strip() for part in self.parts)
        if not (day or month or year):
            return None
        return f"{year}-{month}-{day}"

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and all(f"{name}_{part}" not in data for part in self.parts)


def _example_now() -> str:
    """A day of these days, as the three boxes want it: right for a birth as for a stay."""
    today = paris_day(utc_now())
    return f"Par exemple\u00a0: {today.day} {today.month} {today.year}"


_example = lazy(_example_now, str)


class DateField(forms.DateField):
    """A date typed in three boxes; its errors say which part is wrong."""

    widget = DateWidget
    default_error_messages = {"required": "Indiquez le jour, le mois et l’année."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _example())
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        """A date; raises ValidationError with a sentence about the wrong part."""
        if value in self.empty_values or isinstance(value, date):
            return super().to_python(value)
        pieces = str(value).split("-")
        if len(pieces) != 3:
            return super().to_python(value)
        year, month, day = pieces
        missing = [
            word
            for word, piece in (("le jour", day), ("le mois", month), ("l’année", year))
            if not piece
        ]
        if missing:
            raise ValidationError(f"Indiquez aussi {' et '.join(missing)}.", code="incomplete")
        try:
            numbers = int(year), int(month), int(day)
        except ValueError:
            raise ValidationError(
                "Écrivez la date en chiffres, par exemple 27 3 2021.", code="invalid"
            ) from None
        if numbers[0] < 1000:
            raise ValidationError("Écrivez l’année avec quatre chiffres.", code="invalid")
        try:
            return date(*numbers)
        except ValueError:
            raise ValidationError(
                "Cette date n’existe pas : vérifiez le jour et le mois.", code="invalid"
            ) from None


def choice(label: str, hint: str = "") -> SafeString | str:
    """The label of a radio or of a box, with a small line under it."""
    return format_html("<span>{}<small>{}</small></span>", label, hint) if hint else label
