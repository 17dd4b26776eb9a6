"""The crèche's forms: a week by the clock, a contract, an amendment, a place, a criterion."""

from datetime import date, time
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from preau.childcare.enums import CareAbsence, IncomeSource, Regime
from preau.childcare.errors import BadWeek
from preau.childcare.rules.week import DAYS, Week, checked_spans, read_week
from preau.kernel import french
from preau.kernel.money import NotAnAmount, parse_euros
from preau.kernel.text import is_number
from preau.ui.forms import DateField


def clock_field(label: Any, *, required: bool = True, **kwargs: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=required,
        widget=forms.TimeInput(attrs={"type": "time", "class": "short"}, format="%H:%M"),
        **kwargs,
    )


def minute(value: time | None) -> int | None:
    return None if value is None else value.hour * 60 + value.minute


def as_time(value: int) -> time:
    return time(value // 60 % 24, value % 60)


class WeekForm(forms.Form):
    """Hours of each weekday: from, to; a day left empty is a day without care."""

    def __init__(self, *args: Any, week: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = read_week(week) if week else (None,) * DAYS
        for index in range(DAYS):
            span = known[index] if index < len(known) else None
            name = french.WEEKDAYS[index]
            self.fields[f"from_{index}"] = clock_field(
                _("%(day)s, arrivée") % {"day": name.capitalize()},
                required=False,
                initial=as_time(span[0]) if span else None,
            )
            self.fields[f"to_{index}"] = clock_field(
                _("%(day)s, départ") % {"day": name.capitalize()},
                required=False,
                initial=as_time(span[1]) if span else None,
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for index in range(DAYS):
            start, end = data.get(f"from_{index}"), data.get(f"to_{index}")
            if bool(start) != bool(end):
                self.add_error(
                    f"to_{index}" if start else f"from_{index}",
                    _("Indiquez l’arrivée et le départ, ou laissez les deux vides."),
                )
        try:
            checked_spans(self.week())
        except BadWeek as refusal:
            self.add_error(None, str(refusal))
        return data

    def week(self) -> Week:
        """Spans in minutes, Monday first."""
        return tuple(
            (low, high)
            if (low := minute(self.cleaned_data.get(f"from_{index}"))) is not None
            and (high := minute(self.cleaned_data.get(f"to_{index}"))) is not None
            else None
            for index in range(DAYS)
        )

    def week_rows(self) -> list[tuple[str, Any, Any]]:
        """(day, arrival, departure) bound fields, for the template's table."""
        return [
            (french.WEEKDAYS[index].capitalize(), self[f"from_{index}"], self[f"to_{index}"])
            for index in range(DAYS)
        ]

    def others(self) -> list[Any]:
        """The bound fields that are not of the week."""
        return [bound for bound in self if not bound.name.startswith(("from_", "to_"))]


def _section_choices(sections: Any) -> list[tuple[int, str]]:
    return [
        (row.pk, f"{row.establishment.name}, {row.name} ({row.capacity} places)")
        for row in sections
    ]


class ContractForm(WeekForm):
    """A contract: where, from when to when, hours, weeks off, steps before the start."""

    section = forms.TypedChoiceField(label=gettext_lazy("Section"), coerce=int)
    starts_on = DateField(label=gettext_lazy("Premier jour"))
    ends_on = DateField(label=gettext_lazy("Dernier jour"))
    weeks_off = forms.DecimalField(
        label=gettext_lazy("Semaines d’absence prévues"),
        help_text=gettext_lazy("Ôtées d’avance de la mensualité, hors fermetures de la crèche."),
        min_value=0,
        max_value=40,
        decimal_places=1,
        initial=0,
        widget=forms.NumberInput(attrs={"step": "0.5", "class": "short"}),
    )
    adaptation = forms.CharField(
        label=gettext_lazy("Adaptation, un jour par ligne"),
        help_text=gettext_lazy("Avant le premier jour, par exemple : 2026-08-31 09:00-10:00"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    allow_full = forms.BooleanField(
        label=gettext_lazy("Accueillir même si la section est complète à ces heures"),
        required=False,
    )

    def __init__(self, *args: Any, sections: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["section"].choices = _section_choices(sections)

    def clean_adaptation(self) -> list[tuple[Any, tuple[int, int]]]:
        steps = []
        for line in self.cleaned_data["adaptation"].splitlines():
            if not line.strip():
                continue
            try:
                day, hours = line.split()
                start, end = (time.fromisoformat(part) for part in hours.split("-"))
                span = (start.hour * 60 + start.minute, end.hour * 60 + end.minute)
                if span[1] <= span[0]:
                    raise ValueError
                steps.append((date.fromisoformat(day), span))
            except ValueError:
                raise forms.ValidationError(
                    _("Écrivez chaque jour ainsi : 2026-08-31 09:00-10:00. À revoir : %(line)s")
                    % {"line": line}
                ) from None
        return steps


class AmendForm(WeekForm):
    """An amendment from the first of a month."""

    applies_from = DateField(label=gettext_lazy("À partir du premier du mois"))
    section = forms.TypedChoiceField(label=gettext_lazy("Section"), coerce=int)
    ends_on = DateField(label=gettext_lazy("Dernier jour du contrat"))
    weeks_off = forms.DecimalField(
        label=gettext_lazy("Semaines d’absence encore prévues"),
        min_value=0,
        max_value=40,
        decimal_places=1,
        initial=0,
        widget=forms.NumberInput(attrs={"step": "0.5", "class": "short"}),
    )
    reason = forms.CharField(label=gettext_lazy("Motif"), max_length=200)
    allow_full = forms.BooleanField(
        label=gettext_lazy("Accueillir même si la section est complète à ces heures"),
        required=False,
    )

    def __init__(self, *args: Any, sections: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["section"].choices = _section_choices(sections)


class EndForm(forms.Form):
    ends_on = DateField(label=gettext_lazy("Dernier jour"))
    notified_on = DateField(label=gettext_lazy("Départ annoncé le"), required=False)
    reason = forms.CharField(label=gettext_lazy("Motif"), max_length=200)
    waives_notice = forms.BooleanField(label=gettext_lazy("Lever le préavis"), required=False)


class IncomeForm(forms.Form):
    """What sets the hourly price."""

    annual = forms.CharField(
        label=gettext_lazy("Ressources annuelles, en euros"),
        help_text=gettext_lazy("Vide : la famille ne les a pas communiquées."),
        required=False,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "decimal"}),
    )
    children = forms.IntegerField(
        label=gettext_lazy("Enfants à charge"),
        min_value=1,
        max_value=15,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    has_disabled_child = forms.BooleanField(
        label=gettext_lazy("Un enfant du foyer ouvre droit à l’AEEH"), required=False
    )
    regime = forms.ChoiceField(label=gettext_lazy("Régime"), choices=Regime.choices)
    source = forms.ChoiceField(label=gettext_lazy("Origine"), choices=IncomeSource.choices)
    starts_on = DateField(label=gettext_lazy("Valables à partir du"))

    def clean_annual(self) -> int | None:
        text = self.cleaned_data["annual"].strip()
        if not text:
            return None
        try:
            return max(0, parse_euros(text))
        except NotAnAmount as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class SectionForm(forms.Form):
    establishment = forms.TypedChoiceField(label=gettext_lazy("Crèche"), coerce=int)
    name = forms.CharField(label=gettext_lazy("Nom"), max_length=60)
    min_months = forms.IntegerField(
        label=gettext_lazy("À partir de, en mois"), min_value=0, max_value=72
    )
    max_months = forms.IntegerField(label=gettext_lazy("Avant, en mois"), min_value=1, max_value=84)
    capacity = forms.IntegerField(label=gettext_lazy("Places"), min_value=1, max_value=200)
    opens = clock_field(gettext_lazy("Ouvre à"))
    closes = clock_field(gettext_lazy("Ferme à"))
    children_per_adult = forms.IntegerField(
        label=gettext_lazy("Enfants pour un adulte"),
        help_text=gettext_lazy("5 s’ils ne marchent pas, 8 s’ils marchent, ou 6 pour tous."),
        min_value=1,
        max_value=20,
    )
    position = forms.IntegerField(label=gettext_lazy("Ordre"), min_value=0, initial=0)
    is_open = forms.BooleanField(label=gettext_lazy("Ouverte"), required=False, initial=True)

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["establishment"].choices = [(site.pk, site.name) for site in sites]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("opens") and data.get("closes") and data["closes"] <= data["opens"]:
            self.add_error("closes", _("La fermeture suit l’ouverture."))
        low, high = data.get("min_months"), data.get("max_months")
        if low is not None and high is not None and high <= low:
            self.add_error("max_months", _("Cet âge doit dépasser le premier."))
        return data

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        return {
            "establishment_id": data.pop("establishment"),
            "opens_minute": minute(data.pop("opens")),
            "closes_minute": minute(data.pop("closes")),
            **data,
        }


class CareSettingsForm(forms.Form):
    offer_days = forms.IntegerField(
        label=gettext_lazy("Jours pour répondre à une proposition"), min_value=1, max_value=90
    )
    notice_days = forms.IntegerField(
        label=gettext_lazy("Préavis de départ, en jours"), min_value=0, max_value=180
    )
    tolerance_minutes = forms.IntegerField(
        label=gettext_lazy("Tolérance avant un dépassement, en minutes"),
        min_value=0,
        max_value=29,
    )
    adaptation_is_free = forms.BooleanField(
        label=gettext_lazy("L’adaptation est gratuite"), required=False
    )
    base_pieces = forms.CharField(
        label=gettext_lazy("Pièces demandées à tous, une par ligne"),
        help_text=gettext_lazy("Une préinscription n’a de rang qu’avec ces pièces."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class ScaleForm(forms.Form):
    """A version of the criteria, a line each: «points ; fois au plus ; critère ; justificatif»."""

    label = forms.CharField(label=gettext_lazy("Nom de la version"), max_length=80)
    council_decision = forms.CharField(
        label=gettext_lazy("Délibération"), max_length=120, required=False
    )
    criteria = forms.CharField(
        label=gettext_lazy("Critères, un par ligne"),
        help_text=gettext_lazy(
            "Points ; nombre de fois au plus ; critère ; justificatif. Par exemple : "
            "10 ; 1 ; Les deux parents travaillent ; Attestations d’employeur"
        ),
        widget=forms.Textarea(attrs={"rows": 10, "class": "wide"}),
    )

    def clean_criteria(self) -> list[dict[str, Any]]:
        found = []
        for line in self.cleaned_data["criteria"].splitlines():
            if not line.strip():
                continue
            parts = [part.strip() for part in line.split(";", 3)]
            if len(parts) != 4 or not (is_number(parts[0]) and is_number(parts[1]) and all(parts)):
                raise forms.ValidationError(
                    _("Cette ligne n’a pas ses quatre parties : %(line)s") % {"line": line}
                )
            points, most = int(parts[0]), int(parts[1])
            if not (1 <= points <= 1000 and 1 <= most <= 20):
                raise forms.ValidationError(
                    _("De 1 à 1000 points, de 1 à 20 fois : %(line)s") % {"line": line}
                )
            found.append({"points": points, "most": most, "label": parts[2], "proof": parts[3]})
        if not found:
            raise forms.ValidationError(_("Écrivez au moins un critère."))
        return found


class PublishForm(forms.Form):
    applies_from = DateField(label=gettext_lazy("S’applique à partir du"))


class CommissionForm(forms.Form):
    label = forms.CharField(label=gettext_lazy("Nom"), max_length=120)
    held_on = DateField(label=gettext_lazy("Réunie le"))


class PlaceForm(forms.Form):
    """Places that a session may give."""

    section = forms.TypedChoiceField(label=gettext_lazy("Section"), coerce=int)
    starts_on = DateField(label=gettext_lazy("À partir du"))
    weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("Jours"),
        choices=[(str(i), french.WEEKDAYS[i]) for i in range(DAYS)],
        widget=forms.CheckboxSelectMultiple,
        initial=[str(i) for i in range(DAYS)],
    )
    count = forms.IntegerField(
        label=gettext_lazy("Places"),
        min_value=1,
        max_value=100,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )

    def __init__(self, *args: Any, sections: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["section"].choices = _section_choices(sections)


class OfferForm(forms.Form):
    section = forms.TypedChoiceField(label=gettext_lazy("Section"), coerce=int)
    starts_on = DateField(label=gettext_lazy("À partir du"))
    days_to_answer = forms.IntegerField(
        label=gettext_lazy("Jours pour répondre"), min_value=1, max_value=90
    )

    def __init__(self, *args: Any, sections: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["section"].choices = _section_choices(sections)


class BirthForm(forms.Form):
    first_name = forms.CharField(label=gettext_lazy("Prénom"), max_length=80)
    last_name = forms.CharField(label=gettext_lazy("Nom de naissance"), max_length=80)
    birth_on = DateField(label=gettext_lazy("Né(e) le"))
    sex = forms.ChoiceField(
        label=gettext_lazy("Sexe"),
        choices=[("F", gettext_lazy("fille")), ("M", gettext_lazy("garçon"))],
        widget=forms.RadioSelect,
    )


class AbsenceForm(forms.Form):
    """An absence noted by the crèche."""

    starts_on = DateField(label=gettext_lazy("Premier jour"))
    ends_on = DateField(label=gettext_lazy("Dernier jour"))
    reason = forms.ChoiceField(label=gettext_lazy("Motif"), choices=CareAbsence.choices)
    certificate = forms.BooleanField(label=gettext_lazy("Justificatif vu"), required=False)


class HoursForm(forms.Form):
    """The hours of a day, as they were."""

    arrived = clock_field(gettext_lazy("Arrivée"), required=False)
    left = clock_field(gettext_lazy("Départ"), required=False)
    reason = forms.CharField(label=gettext_lazy("Motif de la correction"), max_length=200)


class ReviseForm(forms.Form):
    applies_from = DateField(label=gettext_lazy("À partir du premier du mois"))
