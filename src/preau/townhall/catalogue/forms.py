"""Forms of the offer. Choices that come from the database are read when the form is made."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.catalogue import queries
from preau.catalogue.enums import (
    ActivityKind,
    BookingMode,
    Domain,
    EstablishmentKind,
    Level,
    PeriodKind,
)
from preau.kernel.clock import at_paris, paris
from preau.openings.enums import Audience
from preau.town.queries import list_services
from preau.ui.forms import DateField

TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
NOTHING = ("", "—")


def _id(value: str) -> int | None:
    return int(value) if value else None


class IdField(forms.TypedChoiceField):
    """A choice among rows, by their number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=_id, empty_value=None, **kwargs)


class LevelsField(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Niveaux"))
        super().__init__(choices=Level.choices, required=False, **kwargs)


class SchoolYearForm(forms.Form):
    starts_on = DateField(label=_("Premier jour"), help_text=_("Par exemple : 1 9 2027"))
    ends_on = DateField(
        label=_("Dernier jour"), required=False, help_text=_("Le 31 août si vous n’écrivez rien.")
    )


class HolidayForm(forms.Form):
    name = forms.CharField(label=_("Nom"), max_length=60)
    starts_on = DateField(label=_("Premier jour sans école"))
    ends_on = DateField(label=_("Dernier jour sans école"))
    kind = forms.ChoiceField(
        label=_("Type"),
        widget=forms.RadioSelect,
        choices=[(k.value, k.label) for k in (PeriodKind.SMALL_HOLIDAYS, PeriodKind.SUMMER)],
    )


class ClosedDayForm(forms.Form):
    day = DateField(label=_("Jour"))
    reason = forms.CharField(
        label=_("Motif"),
        max_length=80,
        help_text=_("Les familles le lisent : « Travaux », « Pont »."),
    )
    establishment_id = IdField(label=_("Où"), required=False)
    is_public_holiday = forms.BooleanField(label=_("C’est un jour férié"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["establishment_id"].choices = [
            ("", _("Toute la ville")),
            *queries.establishments(active_only=False).values_list("pk", "name"),
        ]


class EstablishmentForm(forms.Form):
    name = forms.CharField(label=_("Nom"), max_length=100)
    kind = forms.ChoiceField(
        label=_("Type"), choices=EstablishmentKind.choices, widget=forms.RadioSelect
    )
    address = forms.CharField(label=_("Adresse"), max_length=200, required=False)
    phone = forms.CharField(label=_("Téléphone"), max_length=20, required=False)
    opening_hours = forms.CharField(
        label=_("Horaires"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    description = forms.CharField(
        label=_("Présentation"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    uai = forms.RegexField(
        r"^\d{7}[A-Za-z]$",
        label=_("UAI"),
        required=False,
        help_text=_("Pour une école : sept chiffres et une lettre, comme dans ONDE."),
        widget=forms.TextInput(attrs={"class": "short"}),
        error_messages={"invalid": _("Un UAI a sept chiffres et une lettre.")},
    )
    levels = LevelsField(help_text=_("Pour une école : ceux qu’elle accueille."))
    is_active = forms.BooleanField(
        label=_("Ouvert"),
        required=False,
        initial=True,
        help_text=_("Décochez pour le retirer des pages publiques."),
    )


class ClassForm(forms.Form):
    establishment_id = IdField(label=_("École"))
    school_year_id = IdField(label=_("Année scolaire"))
    name = forms.CharField(label=_("Classe"), max_length=60)
    levels = LevelsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["establishment_id"].choices = queries.establishments(
            EstablishmentKind.SCHOOL
        ).values_list("pk", "name")
        self.fields["school_year_id"].choices = queries.list_school_years().values_list(
            "pk", "label"
        )


class ActivityForm(forms.Form):
    name = forms.CharField(label=_("Nom"), max_length=80)
    kind = forms.ChoiceField(label=_("Type"), choices=ActivityKind.choices)
    domain = forms.ChoiceField(label=_("Domaine"), choices=Domain.choices)
    booking_mode = forms.ChoiceField(label=_("Réservation"), choices=BookingMode.choices)
    service_id = IdField(
        label=_("Service responsable"),
        required=False,
        help_text=_("Nommé sur chaque accusé de réception."),
    )
    summary = forms.CharField(label=_("En une phrase"), max_length=200, required=False)
    description = forms.CharField(label=_("Présentation"), required=False, widget=forms.Textarea)
    how_to_register = forms.CharField(
        label=_("Comment s’inscrire"), required=False, widget=forms.Textarea
    )
    levels = LevelsField(help_text=_("Vide : tous."))
    min_age = forms.IntegerField(label=_("Âge minimum"), required=False, min_value=0, max_value=25)
    max_age = forms.IntegerField(label=_("Âge maximum"), required=False, min_value=0, max_value=25)
    position = forms.IntegerField(label=_("Ordre"), min_value=0, max_value=999, initial=0)
    is_automatic = forms.BooleanField(
        label=_("Inscription sans validation"),
        required=False,
        help_text=_("La demande est acceptée seule quand aucune pièce ne manque."),
    )
    is_published = forms.BooleanField(label=_("Publiée"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service_id"].choices = [NOTHING, *list_services().values_list("pk", "name")]


class ProductForm(forms.Form):
    name = forms.CharField(label=_("Nom de la formule"), max_length=60)
    unit_name = forms.CharField(label=_("Unité"), max_length=30, initial="journée")
    unit_plural = forms.CharField(label=_("Unité, au pluriel"), max_length=30, initial="journées")
    starts_at = forms.TimeField(label=_("De"), widget=TIME)
    ends_at = forms.TimeField(label=_("À"), widget=TIME)
    position = forms.IntegerField(label=_("Ordre"), min_value=0, max_value=999, initial=0)
    age_cut = forms.IntegerField(
        label=_("Âge où l’on passe chez les plus grands"),
        required=False,
        min_value=2,
        max_value=17,
        help_text=_("Pour les groupes et l’encadrement. Vide : celui de la ville."),
    )


class DocumentsForm(forms.Form):
    kinds = forms.TypedMultipleChoiceField(
        label=_("Pièces demandées"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, kinds: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [(kind.pk, kind.name) for kind in kinds]


class OfferingForm(forms.Form):
    activity_id = IdField(label=_("Activité"))
    establishment_id = IdField(label=_("Site"))
    school_year_id = IdField(label=_("Année scolaire"))
    label = forms.CharField(
        label=_("Précision"),
        max_length=60,
        required=False,
        help_text=_("Quand il y a deux groupes : « Débutants », « 4–6 ans »."),
    )
    capacity = forms.IntegerField(label=_("Places par séance"), min_value=0, max_value=2000)
    starts_on = DateField(
        label=_("Premier jour"),
        required=False,
        help_text=_("Celui de l’année scolaire si vous n’écrivez rien."),
    )
    ends_on = DateField(label=_("Dernier jour"), required=False, help_text="")
    opens_on = DateField(label=_("Inscriptions à partir du"), required=False, help_text="")
    opens_time = forms.TimeField(label=_("à"), required=False, widget=TIME)
    closes_on = DateField(
        label=_("Inscriptions jusqu’au"),
        required=False,
        help_text=_("Ce jour compris, jusqu’à minuit si vous n’écrivez pas d’heure."),
    )
    closes_time = forms.TimeField(label=_("à"), required=False, widget=TIME)
    is_open = forms.BooleanField(label=_("Ouverte aux familles"), required=False, initial=True)

    def __init__(self, *args: Any, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "activity_id": queries.list_all_activities().values_list("pk", "name"),
            "establishment_id": queries.establishments().values_list("pk", "name"),
            "school_year_id": queries.list_school_years().values_list("pk", "label"),
        }
        for name, rows in choices.items():
            if fixed:
                del self.fields[name]
            else:
                self.fields[name].choices = list(rows)

    def service_values(self) -> dict[str, Any]:
        """What `save_offering` takes: days and hours of the window become instants."""
        values = dict(self.cleaned_data)
        opens_on, opens = values.pop("opens_on"), values.pop("opens_time") or time.min
        closes_on, closes = values.pop("closes_on"), values.pop("closes_time")
        values["registration_opens_at"] = at_paris(opens_on, opens) if opens_on else None
        values["registration_closes_at"] = None
        if closes_on:
            day = closes_on if closes else closes_on.fromordinal(closes_on.toordinal() + 1)
            values["registration_closes_at"] = at_paris(day, closes or time.min)
        return values


def offering_initial(offering: Any) -> dict[str, Any]:
    """The form's fields for an offering; a window that ends at midnight is told without hour."""
    found: dict[str, Any] = {
        name: getattr(offering, name)
        for name in ("label", "capacity", "starts_on", "ends_on", "is_open")
    }
    if offering.registration_opens_at:
        opens = paris(offering.registration_opens_at)
        found |= {"opens_on": opens.date(), "opens_time": opens.time()}
    if offering.registration_closes_at:
        closes: datetime = paris(offering.registration_closes_at)
        if closes.time() == time.min:
            found["closes_on"] = closes.date().fromordinal(closes.date().toordinal() - 1)
        else:
            found |= {"closes_on": closes.date(), "closes_time": closes.time()}
    return found


class WindowForm(forms.Form):
    """From when an audience may book the days of an offering."""

    audience = forms.ChoiceField(label=_("Pour"), choices=Audience.choices)
    first_day = DateField(label=_("Jours du"), help_text="")
    last_day = DateField(label=_("au"), help_text="")
    opens_on = DateField(label=_("Réservations à partir du"), help_text="")
    opens_time = forms.TimeField(label=_("à"), widget=TIME)
    closes_on = DateField(label=_("Jusqu’au"), required=False, help_text="")
    closes_time = forms.TimeField(label=_("à"), required=False, widget=TIME)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.errors:
            return values
        opens_on, opens = values.pop("opens_on"), values.pop("opens_time")
        closes_on, closes = values.pop("closes_on"), values.pop("closes_time")
        values["opens_at"] = at_paris(opens_on, opens)
        values["closes_at"] = None
        if closes_on:
            day = closes_on if closes else closes_on.fromordinal(closes_on.toordinal() + 1)
            values["closes_at"] = at_paris(day, closes or time.min)
        return values


class SlotsForm(forms.Form):
    first = DateField(label=_("Du"), help_text="")
    last = DateField(label=_("Au"), help_text="")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        first, last = values.get("first"), values.get("last")
        if first and last and last < first:
            self.add_error("last", _("Le dernier jour est avant le premier."))
        elif first and last and (last - first).days > 400:
            self.add_error("last", _("Ouvrez une année au plus à la fois."))
        return values


class YearSlotsForm(SlotsForm):
    school_year_id = IdField(label=_("Année scolaire"))
    kinds = forms.MultipleChoiceField(
        label=_("Activités"), choices=ActivityKind.choices, widget=forms.CheckboxSelectMultiple
    )
    field_order = ("school_year_id", "first", "last", "kinds")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school_year_id"].choices = queries.list_school_years().values_list(
            "pk", "label"
        )


class CopyForm(forms.Form):
    source_id = IdField(label=_("Copier les ouvertures de"))
    target_id = IdField(label=_("vers"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = list(queries.list_school_years().values_list("pk", "label"))
        self.fields["source_id"].choices = self.fields["target_id"].choices = years


# --- Filters of the lists --------------------------------------------------------------------


class FilterForm(forms.Form):
    q = forms.CharField(label=_("Chercher"), required=False, max_length=80)
    sort = forms.CharField(required=False, widget=forms.HiddenInput)


class YearFilter(FilterForm):
    year = IdField(label=_("Année"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [
            ("", _("Toutes")),
            *queries.list_school_years().values_list("pk", "label"),
        ]


class SiteYearFilter(YearFilter):
    site = IdField(label=_("Site"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].choices = [
            ("", _("Tous")),
            *queries.establishments(active_only=False).values_list("pk", "name"),
        ]


class OfferingFilter(SiteYearFilter):
    kind = forms.ChoiceField(
        label=_("Type"), required=False, choices=[("", _("Tous")), *ActivityKind.choices]
    )


class EstablishmentFilter(FilterForm):
    kind = forms.ChoiceField(
        label=_("Type"), required=False, choices=[("", _("Tous")), *EstablishmentKind.choices]
    )


class ActivityFilter(FilterForm):
    domain = forms.ChoiceField(
        label=_("Domaine"), required=False, choices=[("", _("Tous")), *Domain.choices]
    )


class ClosedDayFilter(YearFilter):
    what = forms.ChoiceField(
        label=_("Quoi"),
        required=False,
        choices=[("", _("Tout")), ("public", _("Jours fériés")), ("closed", _("Fermetures"))],
    )
