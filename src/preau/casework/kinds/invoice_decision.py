"""What an agent gives back of a contested invoice: whole lines, some days, or an amount."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from preau.casework.kinds.base import DecisionQuestions
from preau.kernel import french
from preau.kernel.errors import Refusal

ALL, DAYS, AMOUNT, NOTHING = "ALL", "DAYS", "AMOUNT", "NOTHING"


class NothingGiven(Refusal):
    message = "Rien n’est rendu : refusez la demande, ou dites ce que vous rendez."
    code = "nothing_given"


@dataclass(frozen=True, slots=True)
class Granted:
    """What is given back of one line, in cents, and in words for the family."""

    line_id: int
    cents: int
    words: str
    is_whole: bool


def billed_days(line: Any) -> list[date]:
    """The days that a line charges, those that are free left out."""
    return [date.fromisoformat(told["day"]) for told in line.dates if told.get("state") != "free"]


def cents_of_days(line: Any, count: int) -> int:
    """What so many days of a line cost the family; never more than what is left of it."""
    return min((2 * line.amount_cents * count // line.quantity + 1) // 2, line.left_cents)


class InvoiceDecision(DecisionQuestions):
    """For each contested line: all of what is left of it, some of its days, an amount, nothing."""

    def __init__(self, data: Any = None, *, lines: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.lines = list(lines)
        for line in self.lines:
            left = french.euros(line.left_cents)
            days = billed_days(line)
            choices = [(ALL, _("toute la ligne, %(left)s") % {"left": left})]
            if len(days) > 1:
                choices.append((DAYS, _("certains jours seulement")))
            choices += [(AMOUNT, _("un montant")), (NOTHING, _("rien"))]
            self.fields[f"part_{line.pk}"] = forms.ChoiceField(
                label=_("Rendre"),
                choices=choices,
                initial=ALL,
                widget=forms.RadioSelect,
            )
            if len(days) > 1:
                self.fields[f"days_{line.pk}"] = forms.MultipleChoiceField(
                    label=_("Quels jours ?"),
                    choices=[(f"{day}", french.day(day)) for day in days],
                    required=False,
                    widget=forms.CheckboxSelectMultiple,
                )
            self.fields[f"amount_{line.pk}"] = forms.DecimalField(
                label=_("Quel montant, en euros ?"),
                help_text=_("%(left)s au plus.") % {"left": left},
                required=False,
                min_value=Decimal("0.01"),
                max_value=Decimal(line.left_cents) / 100,
                max_digits=9,
                decimal_places=2,
                localize=True,
                widget=forms.TextInput(attrs={"class": "short", "inputmode": "decimal"}),
            )
        self.fields["why"] = forms.CharField(
            label=_("Pourquoi une partie seulement ?"),
            help_text=_("Écrit sur l’avoir, lu par la famille."),
            required=False,
            max_length=160,
        )

    def groups(self) -> list[tuple[str, list[forms.BoundField], bool]]:
        parted = []
        for line in self.lines:
            fields = [
                self[name] for name in (f"{n}_{line.pk}" for n in NAMES) if name in self.fields
            ]
            told = _("%(label)s\u202f: tout rendre, ou une partie") % {"label": line.label}
            is_open = len(self.lines) == 1 or (
                self.is_bound and any(self.errors.get(field.name) for field in fields)
            )
            parted.append((told, fields, is_open))
        return [*parted, ("", [self["why"]], True)]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        partial = False
        for line in self.lines:
            part = data.get(f"part_{line.pk}") or ALL
            partial |= part != ALL
            for wanted, name, words in (
                (DAYS, f"days_{line.pk}", _("Cochez les jours à rendre.")),
                (AMOUNT, f"amount_{line.pk}", _("Dites le montant à rendre.")),
            ):
                if part == wanted and not data.get(name) and name not in self.errors:
                    self.add_error(name, words)
        if partial and not data.get("why", "").strip():
            self.add_error("why", _("Dites pourquoi une partie seulement est rendue."))
        return data

    def decided(self) -> dict[str, Any]:
        found: dict[str, Any] = {"why": self.cleaned_data.get("why", "").strip()}
        for line in self.lines:
            part = self.cleaned_data.get(f"part_{line.pk}") or ALL
            one: dict[str, Any] = {"part": part}
            if part == DAYS:
                one["days"] = self.cleaned_data[f"days_{line.pk}"]
            elif part == AMOUNT:
                one["cents"] = int(self.cleaned_data[f"amount_{line.pk}"] * 100)
            found[str(line.pk)] = one
        return found


NAMES = ("part", "days", "amount")


def granted(lines: Iterable[Any], decided: Mapping[str, Any]) -> list[Granted]:
    """What is given back of each line; all of what is left, where nothing else was decided.

    Raises NothingGiven.
    """
    found = []
    for line in lines:
        one = decided.get(str(line.pk), {})
        part, cents = one.get("part", ALL), line.left_cents
        words = french.euros(cents)
        if part == DAYS:
            known = set(billed_days(line))
            days = [day for day in map(date.fromisoformat, one["days"]) if day in known]
            cents = cents_of_days(line, len(days))
            words = _("%(amount)s pour %(days)s") % {
                "amount": french.euros(cents),
                "days": french.and_join(
                    _("le %(day)s") % {"day": french.day(day, weekday=False)}
                    for day in sorted(days)
                ),
            }
        elif part == AMOUNT:
            cents = min(int(one["cents"]), line.left_cents)
            words = _("%(amount)s sur %(left)s") % {
                "amount": french.euros(cents),
                "left": french.euros(line.left_cents),
            }
        elif part == NOTHING:
            cents, words = 0, _("rien")
        found.append(Granted(line.pk, cents, f"{line.label} : {words}", cents == line.left_cents))
    if not sum(one.cents for one in found):
        raise NothingGiven
    return found
