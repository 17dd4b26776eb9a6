"""Forms of the figures."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

DATE = {"type": "date"}


class MoneyForm(forms.Form):
    """Which cash office, and between which days."""

    office = forms.ChoiceField(label=gettext_lazy("Régie"), required=False)
    first = forms.DateField(
        label=gettext_lazy("Du"), required=False, widget=forms.DateInput(attrs=DATE)
    )
    last = forms.DateField(
        label=gettext_lazy("Au"), required=False, widget=forms.DateInput(attrs=DATE)
    )

    def __init__(self, *args: Any, offices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = [("", _("toutes")), *((o.code, o.name) for o in offices)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("first") and data.get("last") and data["first"] > data["last"]:
            self.add_error("last", _("La fin est avant le début."))
        return data


class YearForm(forms.Form):
    """Which year is closed."""

    year = forms.IntegerField(
        label=gettext_lazy("Année"), min_value=2000, max_value=2100, required=False
    )
