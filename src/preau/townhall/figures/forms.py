"""What the figures are asked for: between which days, where, by what."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


def day_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class SpanForm(forms.Form):
    """Two days, a site, and the rows that the table shows."""

    du = day_field(_("Du"))
    au = day_field(_("Au"))

    def __init__(
        self,
        data: Any,
        *,
        first: date,
        last: date,
        sites: list[tuple[int, str]] | None = None,
        activities: list[tuple[int, str]] | None = None,
        forms_of: list[tuple[str, Any]] | None = None,
        by: list[tuple[str, Any]] | None = None,
    ) -> None:
        given = {key: value for key, value in data.items() if value}
        super().__init__({"du": first.isoformat(), "au": last.isoformat(), **given})
        self._default = (first, last)
        if sites is not None:
            self._add("site", _("Site"), [("", _("Tous")), *((str(k), v) for k, v in sites)])
        if activities is not None:
            self._add(
                "activite",
                _("Activité"),
                [("", _("Toutes")), *((str(k), v) for k, v in activities)],
            )
        if forms_of:
            self._add("formulaire", _("Formulaire"), forms_of)
        if by:
            self._add("par", _("Une ligne par"), by)

    def _add(self, name: str, label: Any, choices: Any) -> None:
        self.fields[name] = forms.ChoiceField(label=label, choices=choices, required=False)

    def clean(self) -> dict[str, Any]:
        """Days in order, five years at most; the usual ones when they make no sense."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("du") or self._default[0], data.get("au") or self._default[1]
        if last < first or (last - first).days > 5 * 366:
            first, last = self._default
        return {**data, "du": first, "au": last}

    def chosen(self, name: str) -> str:
        """What was chosen, else the first choice."""
        field = self.fields[name]
        value = self.cleaned_data.get(name) if self.is_valid() else ""
        return str(value or field.choices[0][0])  # type: ignore[attr-defined]
