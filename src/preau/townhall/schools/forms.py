"""Forms of the school office."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.catalogue.enums import Level
from preau.ui.forms import DateField


class PupilFilters(forms.Form):
    """What narrows the list of pupils."""

    q = forms.CharField(label=_("Nom ou prénom"), required=False, max_length=80)
    school = forms.TypedChoiceField(label=_("École"), required=False, coerce=int, empty_value=None)
    school_class = forms.TypedChoiceField(
        label=_("Classe"), required=False, coerce=int, empty_value=None
    )
    level = forms.ChoiceField(
        label=_("Niveau"), required=False, choices=[("", _("Tous")), *Level.choices]
    )

    def __init__(self, *args: Any, schools: Iterable[Any], classes: Iterable[Any], **kw: Any):
        super().__init__(*args, **kw)
        self.fields["school"].choices = [("", _("Toutes")), *((s.pk, s.name) for s in schools)]
        self.fields["school_class"].choices = [
            ("", _("Toutes")),
            *((c.pk, f"{c.name}, {c.establishment.name}") for c in classes),
        ]


class PlacementForm(forms.Form):
    """A pupil's class from a day on."""

    school_class = forms.TypedChoiceField(label=_("Classe"), coerce=int)
    level = forms.ChoiceField(label=_("Niveau"), choices=Level.choices)
    starts_on = DateField(label=_("À partir du"))

    def __init__(self, *args: Any, classes: Iterable[Any], year: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.classes = {c.pk: c for c in classes}
        self.year = year
        self.fields["school_class"].choices = [
            (c.pk, f"{c.establishment.name}, {c.name}") for c in self.classes.values()
        ]

    def clean_starts_on(self) -> date:
        starts_on: date = self.cleaned_data["starts_on"]
        if not self.year.starts_on <= starts_on <= self.year.ends_on:
            raise forms.ValidationError(
                _("Choisissez un jour de l’année scolaire %s.") % self.year.label
            )
        return starts_on

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = self.classes.get(cleaned.get("school_class", 0))
        if chosen and chosen.levels and cleaned.get("level") not in chosen.levels:
            self.add_error("level", _("Cette classe n’a pas ce niveau."))
        return cleaned


class LeavingForm(forms.Form):
    last_day = DateField(label=_("Dernier jour à l’école"))
