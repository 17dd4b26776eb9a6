"""What a home (or an agent for it) writes on a child's sheet, one part at a time."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _l

from preau.catalogue.enums import Allergen
from preau.childsheet.enums import CollectorKind, ConsentKind
from preau.childsheet.health import Health
from preau.childsheet.rules import vaccines_required
from preau.ui.forms import DateField

PHONES = 4


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class CollectorForm(forms.Form):
    kind = forms.ChoiceField(
        label=_l("Cette personne"),
        choices=[(k.value, _capital(str(k.label))) for k in CollectorKind],
        initial=CollectorKind.ALLOWED,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=_l("Prénom et nom"), max_length=120)
    relationship = forms.CharField(label=_l("Lien avec l’enfant"), max_length=60, required=False)
    phone = forms.CharField(
        label=_l("Téléphone"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "class": "short"}),
    )
    judgment = forms.FileField(
        label=_l("Décision de justice, pour une interdiction"),
        required=False,
        help_text=_l("Photo ou PDF. Elle est gardée scellée."),
    )


class AloneForm(forms.Form):
    may = forms.ChoiceField(
        label=_l("Peut-il partir seul ?"),
        choices=[("0", _l("Non")), ("1", _l("Oui"))],
        widget=forms.RadioSelect,
        error_messages={"required": _l("Répondez oui ou non.")},
    )
    from_hour = forms.TimeField(
        label=_l("À partir de quelle heure ?"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "class": "short"}, format="%H:%M"),
    )


class ConsentsForm(forms.Form):
    """One yes or no for each consent; an answer not given stays not given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in ConsentKind:
            self.fields[kind.value] = forms.ChoiceField(
                label=_capital(str(kind.label)),
                choices=[("1", _l("J’autorise")), ("0", _l("Je refuse"))],
                widget=forms.RadioSelect,
                required=False,
            )


class HealthForm(forms.Form):
    allergens = forms.MultipleChoiceField(
        label=_l("Allergies ou intolérances"),
        choices=[(a.value, _capital(str(a.label))) for a in Allergen],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    other_allergies = forms.CharField(
        label=_l("Autre allergie (médicament, piqûre, pollen…)"), max_length=300, required=False
    )
    treatment = forms.CharField(
        label=_l("Traitement en cours"),
        max_length=600,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    advice = forms.CharField(
        label=_l("Ce que l’équipe doit savoir pour bien l’accueillir"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    doctor = forms.CharField(label=_l("Médecin traitant"), max_length=120, required=False)
    doctor_phone = forms.CharField(
        label=_l("Téléphone du médecin"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "class": "short"}),
    )
    vaccines = forms.MultipleChoiceField(
        label=_l("Vaccinations faites"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_l("Celles que la loi demande, d’après sa naissance."),
    )
    vaccines_excused = forms.BooleanField(
        label=_l("Un médecin a certifié une contre-indication"), required=False
    )
    vaccine_proof = forms.FileField(
        label=_l("Page des vaccinations du carnet de santé, ou certificat"),
        required=False,
        help_text=_l("Photo ou PDF. Elle est gardée scellée."),
    )

    def __init__(self, *args: Any, child: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vaccines"].choices = [
            (v.value, _capital(str(v.label))) for v in vaccines_required(child.birth_on)
        ]

    def health(self) -> Health:
        data = self.cleaned_data
        return Health(
            allergens=tuple(data["allergens"]),
            other_allergies=data["other_allergies"],
            treatment=data["treatment"],
            doctor=data["doctor"],
            doctor_phone=data["doctor_phone"],
            advice=data["advice"],
            vaccines=tuple(data["vaccines"]),
            vaccines_excused=data["vaccines_excused"],
        )


def initial_health(health: Health) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value := getattr(health, name), tuple) else value
        for name in HealthForm.base_fields
        if hasattr(health, name)
    }


class PaiForm(forms.Form):
    signed_on = DateField(label=_l("Signé le"))
    measures = forms.CharField(
        label=_l("Que faire, en quelques lignes"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_l("Ce que l’équipe lira en cas d’urgence."),
    )
    document = forms.FileField(
        label=_l("Le document signé"), required=False, help_text=_l("Photo ou PDF, gardé scellé.")
    )


class PhotoForm(forms.Form):
    photo = forms.FileField(
        label=_l("Photo du visage"),
        required=False,
        help_text=_l("JPEG ou PNG, 3 Mo au plus. Seule l’équipe du site la voit."),
    )


def phone_rows(data: Any, kept: list[Any]) -> list[tuple[str, str, str]]:
    """What was typed, else what is kept, to PHONES rows."""
    if data is not None:
        return [
            (
                data.get(f"phone-{n}-name", ""),
                data.get(f"phone-{n}-relationship", ""),
                data.get(f"phone-{n}-phone", ""),
            )
            for n in range(PHONES)
        ]
    rows = [(p.name, p.relationship, p.phone) for p in kept][:PHONES]
    return rows + [("", "", "")] * (PHONES - len(rows))


def alone_initial(sheet: Any) -> dict[str, Any]:
    may = sheet.may_leave_alone
    return {"may": "" if may is None else str(int(may)), "from_hour": sheet.leave_alone_from}
