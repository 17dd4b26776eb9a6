"""Amounts in forms: a person types «12,50», the code gets 1250 cents."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from preau.kernel.money import NotAnAmount, parse_euros


class EurosField(forms.Field):
    """An amount in euros, cleaned to integer cents; empty is None."""

    widget = forms.TextInput

    def __init__(
        self, *, min_cents: int | None = None, max_cents: int | None = None, **kwargs: Any
    ) -> None:
        self.min_cents, self.max_cents = min_cents, max_cents
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off", "class": "short"}

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return f"{value // 100},{value % 100:02d}"
        return value

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        if isinstance(value, int):
            return value
        try:
            return parse_euros(str(value))
        except NotAnAmount as error:
            raise ValidationError(str(error), code="not_an_amount") from error

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is None:
            return
        from preau.kernel.french import euros

        if self.min_cents is not None and value < self.min_cents:
            raise ValidationError(f"Écrivez au moins {euros(self.min_cents)}.", code="too_small")
        if self.max_cents is not None and value > self.max_cents:
            raise ValidationError(f"Écrivez au plus {euros(self.max_cents)}.", code="too_big")
