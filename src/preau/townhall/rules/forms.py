"""Forms of the rules' screens: prices, grids, deadlines in sentences, publication."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.kernel import french
from preau.rulebook.editing import RowEdit
from preau.rulebook.rules.amounts import Fixed, Grid, Rate
from preau.rulebook.rules.moments import (
    COUNTS,
    DaysBefore,
    Deadline,
    HoursBefore,
    Limit,
    MonthDay,
    WeekdayBefore,
)
from preau.rulebook.when import WEEKDAY_CODES, show_minutes
from preau.rulebook.words import WORDS
from preau.ui.forms import DateField

SHORT = {"class": "short", "inputmode": "decimal"}
SPARE_ROWS = 2


def _number(
    label: Any, *, required: bool = True, places: int = 2, low: Any = None, hint: Any = ""
) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=required,
        max_digits=12,
        decimal_places=places,
        localize=True,
        min_value=low,
        help_text=hint,
        widget=forms.TextInput(attrs=SHORT),
    )


def _read_aloud(form: forms.Form, number: str, row: str = "") -> None:
    """Name each box of a table for those who hear it: its column and its line."""
    row = row or str(_("ligne %s")) % (int(number) + 1)
    for field in form.fields.values():
        field.widget.attrs["aria-label"] = f"{field.label}, {row}"


class MonthForm(forms.Form):
    """Which month to try."""

    mois = forms.RegexField(
        r"^20\d\d-(0[1-9]|1[0-2])$",
        label=_("Mois"),
        help_text=_("Par exemple 2026-11."),
        widget=forms.TextInput(attrs={"class": "short"}),
    )


class OtherForm(forms.Form):
    """Which version to compare with."""

    avec = forms.TypedChoiceField(label=_("Comparer avec"), coerce=int, required=False)

    def __init__(self, *args: Any, versions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["avec"].choices = [
            (
                row.pk,
                f"{row.name}, {french.day(row.applies_from, year=True, weekday=False)}"
                if row.applies_from
                else row.name,
            )
            for row in versions
        ]


class NewForm(forms.Form):
    """A new draft: from a file or from pasted text."""

    name = forms.CharField(label=_("Nom"), max_length=120, required=False)
    file = forms.FileField(label=_("Fichier du règlement (YAML)"), required=False)
    text = forms.CharField(
        label=_("Ou le texte collé ici"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("file"):
            raw = data["file"].read(1_000_001)
            if len(raw) > 1_000_000:
                raise forms.ValidationError(_("Ce fichier est trop gros : 1 Mo au plus."))
            try:
                data["text"] = raw.decode("utf-8-sig")
            except UnicodeDecodeError:
                raise forms.ValidationError(_("Ce fichier n’est pas un texte en UTF-8.")) from None
        if not data.get("text"):
            raise forms.ValidationError(_("Choisissez un fichier ou collez un texte."))
        return data


class TextForm(forms.Form):
    """The whole text of a draft."""

    name = forms.CharField(label=_("Nom"), max_length=120)
    text = forms.CharField(
        label=_("Texte du règlement"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 30, "spellcheck": "false", "class": "tall code"}),
    )


class PublishForm(forms.Form):
    """What publishing asks for."""

    council_decision = forms.CharField(
        label=_("Délibération"), max_length=160, help_text=_("Par exemple : 2026-06-18/27.")
    )
    executory_on = DateField(label=_("Exécutoire le"))
    applies_from = DateField(label=_("S’applique à partir du"))


class PriceForm(forms.Form):
    """One amount, a percentage or a factor."""

    price = _number(_("Montant"), places=4)


class RateForm(forms.Form):
    """A rate in percent, between a floor and a ceiling."""

    percent = _number(_("Taux, en %"), places=6)
    low = _number(_("Prix au moins, en €"), required=False)
    high = _number(_("Prix au plus, en €"), required=False)

    @classmethod
    def initial_of(cls, rate: Rate) -> dict[str, Any]:
        return {
            "percent": (rate.rate.value * 100).normalize() if isinstance(rate.rate, Fixed) else 0,
            "low": rate.minimum.value if isinstance(rate.minimum, Fixed) else None,
            "high": rate.maximum.value if isinstance(rate.maximum, Fixed) else None,
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        low, high = data.get("low"), data.get("high")
        if low is not None and high is not None and low > high:
            self.add_error("high", _("Le maximum est sous le minimum."))
        return data


LOW_WORDS = (("from", _("de")), ("above", _("plus de")))
HIGH_WORDS = (("to", _("à (compris)")), ("below", _("moins de")))


class RowForm(forms.Form):
    """One bracket of a grid: its two bounds and its prices; all empty: no bracket."""

    low_word = forms.ChoiceField(label=_("Depuis"), choices=LOW_WORDS)
    low = _number(_("Borne basse"), required=False)
    high_word = forms.ChoiceField(label=_("Jusqu’à"), choices=HIGH_WORDS)
    high = _number(_("Borne haute"), required=False)

    def __init__(self, *args: Any, columns: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = columns
        for index, name in enumerate(columns):
            self.fields[f"p{index}"] = _number(name, required=False, places=4)
        _read_aloud(self, str(self.prefix or "")[1:])

    @property
    def prices(self) -> list[Any]:
        return [self[f"p{index}"] for index in range(len(self.columns))]

    @property
    def values(self) -> tuple[Decimal | None, ...]:
        return tuple(self.cleaned_data.get(f"p{i}") for i in range(len(self.columns)))

    @property
    def is_empty(self) -> bool:
        data = self.cleaned_data
        return (
            data.get("low") is None
            and data.get("high") is None
            and not any(value is not None for value in self.values)
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        low, high = data.get("low"), data.get("high")
        if low is not None and high is not None and low > high:
            self.add_error("high", _("La borne haute est sous la borne basse."))
        return data

    def edit(self) -> RowEdit:
        data = self.cleaned_data
        return RowEdit(
            self.values,
            data.get("low"),
            data["low_word"] == "from",
            data.get("high"),
            data["high_word"] == "to",
        )


class SpecialForm(forms.Form):
    """The prices of a row by condition, or of the row for an unknown value."""

    def __init__(self, *args: Any, columns: list[str], label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label, self.columns = label, columns
        for index, name in enumerate(columns):
            self.fields[f"p{index}"] = _number(name, required=False, places=4)
        _read_aloud(self, "", label)

    @property
    def prices(self) -> list[Any]:
        return [self[f"p{index}"] for index in range(len(self.columns))]

    @property
    def values(self) -> tuple[Decimal | None, ...]:
        return tuple(self.cleaned_data.get(f"p{i}") for i in range(len(self.columns)))


class GridForms:
    """A grid as a table of forms: brackets, two spare lines, rows by condition."""

    def __init__(self, grid: Grid, data: Any = None) -> None:
        self.columns = [c.label or c.id for c in grid.columns] or [str(_("Prix"))]
        rows = [row for row in grid.rows if row.is_interval]
        self.rows = [
            RowForm(
                data,
                prefix=f"r{i}",
                columns=self.columns,
                initial={
                    "low": row.low,
                    "low_word": "from" if row.low_included else "above",
                    "high": row.high,
                    "high_word": "to" if row.high_included else "below",
                    **self._prices(row.cells),
                },
            )
            for i, row in enumerate(rows)
        ]
        self.rows += [
            RowForm(data, prefix=f"r{i}", columns=self.columns, initial={"low_word": "above"})
            for i in range(len(rows), len(rows) + SPARE_ROWS)
        ]
        others = [row for row in grid.rows if not row.is_interval]
        self.special = [
            SpecialForm(
                data,
                prefix=f"s{i}",
                columns=self.columns,
                label=row.label or str(_("valeur non connue")),
                initial=self._prices(row.cells),
            )
            for i, row in enumerate(others)
        ]

    def _prices(self, cells: tuple[Any, ...]) -> dict[str, Any]:
        cells = cells if len(cells) == len(self.columns) else cells * len(self.columns)
        return {f"p{i}": c.value for i, c in enumerate(cells) if isinstance(c, Fixed)}

    def is_valid(self) -> bool:
        answers = [form.is_valid() for form in (*self.rows, *self.special)]
        return all(answers)

    @property
    def errors(self) -> list[str]:
        return [
            str(error)
            for form in (*self.rows, *self.special)
            for errors in form.errors.values()
            for error in errors
        ]

    def edits(self) -> tuple[list[RowEdit], list[tuple[Decimal | None, ...]]]:
        return (
            [row.edit() for row in self.rows if not row.is_empty],
            [row.values for row in self.special],
        )


HOWS = (
    ("days", _("tant de jours avant")),
    ("weekday", _("un jour d’une semaine d’avant")),
    ("hours", _("tant d’heures avant")),
    ("month_day", _("un jour du mois d’avant")),
)
COUNT_WORDS = {
    "calendar": _("jours du calendrier"),
    "clear": _("jours francs"),
    "school": _("jours d’école"),
    "working": _("jours ouvrés"),
    "service": _("jours de l’activité"),
}
LATE = ("refused", "accepted", "charged", "not_charged", "waiting_list", "proposal")


class DeadlineForm(forms.Form):
    """A deadline as a sentence with choices."""

    how = forms.ChoiceField(label=_("La limite est"), choices=HOWS)
    number = forms.IntegerField(
        label=_("Combien"),
        required=False,
        min_value=0,
        max_value=400,
        help_text=_("De jours, d’heures, ou quel jour du mois."),
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric"}),
    )
    count = forms.ChoiceField(label=_("Comptés en"), choices=[(c, COUNT_WORDS[c]) for c in COUNTS])
    weekday = forms.ChoiceField(
        label=_("Quel jour"), choices=[(c, french.WEEKDAYS[i]) for i, c in enumerate(WEEKDAY_CODES)]
    )
    weeks = forms.ChoiceField(
        label=_("De quelle semaine"),
        choices=(
            ("last", _("le dernier avant")),
            ("0", _("la même semaine")),
            ("1", _("la semaine d’avant")),
            ("2", _("deux semaines avant")),
            ("3", _("trois semaines avant")),
        ),
    )
    time = forms.RegexField(
        r"^([01]?\d|2[0-3]):[0-5]\d$|^24:00$",
        label=_("À quelle heure"),
        help_text=_("Par exemple 09:00 ; 24:00 pour la fin du jour."),
        widget=forms.TextInput(attrs={"class": "short"}),
    )
    late = forms.ChoiceField(label=_("Après la limite"), choices=[(o, WORDS[o]) for o in LATE])

    @classmethod
    def initial_of(cls, rule: Deadline) -> dict[str, Any] | None:
        """The sentence of a deadline, or None when the sentence cannot say it."""
        limit = rule.limit
        if limit is None:
            return None
        known: dict[str, Any] = {"time": show_minutes(limit.minutes), "late": rule.late}
        match limit.step:
            case DaysBefore(days, count):
                return {**known, "how": "days", "number": days, "count": count}
            case WeekdayBefore(weekday, weeks) if weeks is None or weeks <= 3:
                return {
                    **known,
                    "how": "weekday",
                    "weekday": weekday,
                    "weeks": "last" if weeks is None else str(weeks),
                }
            case HoursBefore(hours, ()):
                return {**known, "how": "hours", "number": hours}
            case MonthDay(day, 1):
                return {**known, "how": "month_day", "number": day}
        return None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("how") in ("days", "hours", "month_day") and data.get("number") is None:
            self.add_error("number", _("Écrivez un nombre."))
        if data.get("how") == "month_day" and not 1 <= (data.get("number") or 0) <= 31:
            self.add_error("number", _("Un jour du mois, de 1 à 31."))
        return data

    def limit(self) -> Limit:
        """The limit that the sentence says."""
        data = self.cleaned_data
        hours, minutes = data["time"].split(":")
        step: Any
        match data["how"]:
            case "days":
                step = DaysBefore(data["number"], data["count"])
            case "weekday":
                step = WeekdayBefore(
                    data["weekday"], None if data["weeks"] == "last" else int(data["weeks"])
                )
            case "hours":
                step = HoursBefore(data["number"])
            case _:
                step = MonthDay(data["number"])
        return Limit(step, int(hours) * 60 + int(minutes))
