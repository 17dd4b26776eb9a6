"""Forms of the school office."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.catalogue.enums import Level
from preau.schools.enums import Cycle, Outcome, Side
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
    both_agreed = forms.BooleanField(
        label=_("Les deux parents ont donné leur accord écrit, ou j’ai la décision du juge"),
        help_text=_("Demandé pour une autre école ; une autre classe n’en a pas besoin."),
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        classes: Iterable[Any],
        year: Any,
        needs_both: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not needs_both:
            del self.fields["both_agreed"]
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
    both_agreed = forms.BooleanField(
        label=_("Les deux parents ont donné leur accord écrit, ou j’ai la décision du juge"),
        required=False,
    )

    def __init__(self, *args: Any, needs_both: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_both:
            del self.fields["both_agreed"]


class SectorFilters(forms.Form):
    """What narrows the sectors."""

    q = forms.CharField(label=_("Voie"), required=False, max_length=80)
    school = forms.TypedChoiceField(label=_("École"), required=False, coerce=int, empty_value=None)
    cycle = forms.ChoiceField(
        label=_("Cycle"), required=False, choices=[("", _("Tous")), *Cycle.choices]
    )

    def __init__(self, *args: Any, schools: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].choices = [("", _("Toutes")), *((s.pk, s.name) for s in schools)]


class SegmentForm(forms.Form):
    """One stretch of a street and its school."""

    street = forms.CharField(label=_("Voie"), max_length=120, help_text=_("Par exemple rue Massue"))
    side = forms.ChoiceField(label=_("Côté"), choices=Side.choices)
    first = forms.IntegerField(label=_("Du n°"), min_value=1, max_value=99999, required=False)
    last = forms.IntegerField(
        label=_("Au n°"),
        min_value=1,
        max_value=99999,
        required=False,
        help_text=_("Vide : jusqu’au bout"),
    )
    cycle = forms.ChoiceField(label=_("Cycle"), choices=Cycle.choices)
    school = forms.TypedChoiceField(label=_("École"), coerce=int)

    def __init__(self, *args: Any, schools: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].choices = [(s.pk, s.name) for s in schools]


class SectorFileForm(forms.Form):
    file = forms.FileField(
        label=_("Fichier des secteurs"),
        help_text=_("CSV : voie;cote;du;au;cycle;ecole"),
    )


class PromotionFilters(forms.Form):
    """What narrows the pupils of a roll-over."""

    q = forms.CharField(label=_("Nom ou prénom"), required=False, max_length=80)
    school = forms.TypedChoiceField(label=_("École"), required=False, coerce=int, empty_value=None)
    level = forms.ChoiceField(
        label=_("Niveau"), required=False, choices=[("", _("Tous")), *Level.choices]
    )
    outcome = forms.ChoiceField(
        label=_("Devenir"), required=False, choices=[("", _("Tous")), *Outcome.choices]
    )
    only = forms.ChoiceField(
        label=_("Seulement"),
        required=False,
        choices=[("", _("Tous")), ("manual", _("exceptions")), ("unplaced", _("sans école"))],
    )

    def __init__(self, *args: Any, schools: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].choices = [("", _("Toutes")), *((s.pk, s.name) for s in schools)]


class PromotionForm(forms.Form):
    """An exception for one pupil."""

    outcome = forms.ChoiceField(label=_("Devenir"), choices=Outcome.choices)
    school = forms.TypedChoiceField(
        label=_("École à la rentrée"), required=False, coerce=int, empty_value=None
    )
    reason = forms.CharField(label=_("Motif"), required=False, max_length=160)

    def __init__(self, *args: Any, schools: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].choices = [
            ("", _("selon l’école et le secteur")),
            *((s.pk, s.name) for s in schools),
        ]


class ForecastForm(forms.Form):
    """Rates of the forecast, and births that the town's registry knows."""

    stay = forms.DecimalField(
        label=_("Élèves qui restent d’une année à l’autre, en %"),
        required=False,
        min_value=50,
        max_value=130,
        initial=100,
    )

    def __init__(self, *args: Any, first: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.years = range(first, first + 3)
        for year in self.years:
            self.fields[f"births_{year}"] = forms.IntegerField(
                label=_("Naissances en %s") % year, required=False, min_value=0, max_value=20000
            )


class CommissionFilters(forms.Form):
    """What narrows the derogations."""

    state = forms.ChoiceField(
        label=_("Demandes"),
        required=False,
        choices=[("open", _("à décider")), ("decided", _("décidées")), ("all", _("toutes"))],
    )
    school = forms.TypedChoiceField(
        label=_("École demandée"), required=False, coerce=int, empty_value=None
    )

    def __init__(self, *args: Any, schools: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].choices = [("", _("Toutes")), *((s.pk, s.name) for s in schools)]


class CampaignForm(forms.Form):
    opens_on = DateField(label=_("Ouvert à partir du"))
    closes_on = DateField(label=_("Jusqu’au"))


class NextOfferForm(forms.Form):
    """Opening next year's offer."""

    registration_opens_on = DateField(
        label=_("Nouvelles inscriptions à partir du"),
        required=False,
        help_text=_("Pour qui ne renouvelle pas. Vide : dès l’ouverture."),
    )
    with_slots = forms.BooleanField(
        label=_("Ouvrir aussi les séances de toute l’année"), required=False
    )


class RenewalFilters(forms.Form):
    """What narrows the households of a renewal."""

    q = forms.CharField(label=_("Famille"), required=False, max_length=80)
    status = forms.ChoiceField(
        label=_("État"),
        required=False,
        initial="WAITING",
        choices=[
            ("", _("Toutes")),
            ("WAITING", _("pas encore renouvelé")),
            ("DONE", _("renouvelé")),
            ("DECLINED", _("ne renouvelle pas")),
        ],
    )
    told = forms.ChoiceField(
        label=_("Prévenues"),
        required=False,
        choices=[("", _("peu importe")), ("no", _("pas encore")), ("yes", _("oui"))],
    )


class RegulationForm(forms.Form):
    title = forms.CharField(label=_("Titre"), max_length=120)
    version = forms.CharField(
        label=_("Version"), max_length=40, help_text=_("Par exemple 2027-2028")
    )
    in_force_on = DateField(label=_("En vigueur le"))
    body = forms.CharField(
        label=_("Texte"),
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("Titres avec #, listes avec -. Publiée, une version ne change plus."),
    )
