"""The simulator's form, sent by GET: an address can be kept or passed on, nothing is stored."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.journeys.price_simulation import Child, Choice, Household
from preau.kernel import french

MOST_CHILDREN = 4
LEVELS = (("nursery", _("maternelle")), ("elementary", _("élémentaire")))
DAYS = (
    ("mon", _("lundi")),
    ("tue", _("mardi")),
    ("wed", _("mercredi")),
    ("thu", _("jeudi")),
    ("fri", _("vendredi")),
)


def _money(label: Any, hint: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        help_text=hint,
        required=False,
        min_value=Decimal(0),
        max_value=Decimal("9999999"),
        max_digits=10,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "decimal"}),
    )


class HouseholdForm(forms.Form):
    """Who asks: quotient or incomes, residence, number of children, month."""

    qf = _money(_("Quotient familial"), _("Il est sur votre attestation de la CAF ou de la MSA."))
    revenu = _money(
        _("Revenu fiscal de référence du foyer"), _("Sur votre dernier avis d’impôt, pour l’année.")
    )
    parts = forms.DecimalField(
        label=_("Nombre de parts"),
        required=False,
        min_value=Decimal(1),
        max_value=Decimal(20),
        max_digits=4,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "decimal"}),
    )
    prestations = _money(_("Prestations familiales par mois"))
    ressources = _money(
        _("Ressources du foyer par mois"),
        _("Pour la crèche : revenus de l’année divisés par douze."),
    )
    commune = forms.ChoiceField(
        label=_("Vous habitez"),
        choices=(("oui", _("dans la commune")), ("non", _("ailleurs"))),
        widget=forms.RadioSelect,
        initial="oui",
    )
    enfants = forms.TypedChoiceField(
        label=_("Combien d’enfants ?"),
        coerce=int,
        initial=1,
        choices=[(n, str(n)) for n in range(1, MOST_CHILDREN + 1)],
        widget=forms.Select(attrs={"data-submits": ""}),
    )
    mois = forms.ChoiceField(label=_("Pour quel mois ?"), widget=forms.Select)

    def __init__(
        self, *args: Any, months: Sequence[date], formula: bool, nursery: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.months = {f"{month:%Y-%m}": month for month in months}
        self.fields["mois"].choices = [
            (key, french.month(month)) for key, month in self.months.items()
        ]
        if not formula:
            for name in ("revenu", "parts", "prestations"):
                del self.fields[name]
        if not nursery:
            del self.fields["ressources"]

    def household(self, children: tuple[Child, ...]) -> Household:
        """The household as the simulation takes it."""
        data = self.cleaned_data
        return Household(
            children,
            data["commune"] == "oui",
            data["qf"],
            data.get("revenu"),
            data.get("prestations"),
            data.get("parts"),
            data.get("ressources"),
        )


class ChildForm(forms.Form):
    """One child: stage, a week of boxes, days or hours in the month, yearly activities."""

    def __init__(self, *args: Any, choices: Sequence[Choice], number: int, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"e{number}", **kwargs)
        self.choices, self.number = choices, number
        self.fields["niveau"] = forms.ChoiceField(
            label=_("École"), choices=LEVELS, initial="elementary", widget=forms.RadioSelect
        )
        boxes = [f"{c.key}:{day}" for c in choices if c.how == "week" for day, _d in DAYS]
        self.fields["j"] = forms.MultipleChoiceField(
            required=False, choices=[(b, b) for b in boxes]
        )
        for index, choice in enumerate(choices):
            if choice.how in ("count", "hours"):
                unit = _("jours dans le mois") if choice.how == "count" else _("heures par mois")
                self.fields[f"n{index}"] = forms.IntegerField(
                    label=f"{choice.name}, {unit}",
                    required=False,
                    min_value=0,
                    max_value=31 if choice.how == "count" else 300,
                    widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric"}),
                )
        self.fields["an"] = forms.MultipleChoiceField(
            label=_("Activités à l’année"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[(c.key, c.name) for c in choices if c.how == "year"],
        )

    def rows(self) -> list[dict[str, Any]]:
        """The week as a table of boxes: one row a product, one cell a weekday."""
        ticked = set(self.data.getlist(f"{self.prefix}-j")) if self.is_bound else set()
        rows = []
        for choice in self.choices:
            if choice.how != "week":
                continue
            cells = [
                {
                    "day": label,
                    "value": f"{choice.key}:{day}" if day in choice.days else "",
                    "checked": f"{choice.key}:{day}" in ticked,
                }
                for day, label in DAYS
            ]
            rows.append({"name": choice.name, "cells": cells})
        return rows

    def counted(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("n") and name != "niveau"]

    def child(self) -> Child:
        """The child as the simulation takes it."""
        data = self.cleaned_data
        week: dict[tuple[str, str], set[str]] = {}
        for box in data["j"]:
            activity, product, day = box.split(":")
            week.setdefault((activity, product), set()).add(day)
        counts = {
            (c.activity, c.product): data.get(f"n{index}") or 0
            for index, c in enumerate(self.choices)
            if c.how in ("count", "hours")
        }
        return Child(
            data["niveau"],
            {key: frozenset(days) for key, days in week.items()},
            counts,
            frozenset(tuple(key.split(":")) for key in data["an"]),
        )
