"""The questions about an adult and about a child, shared by several kinds."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.casework.kinds.base import Fact, as_day, day_words
from preau.casework.kinds.contact import phone_field
from preau.families.enums import WHOLE_WEEKS, Civility, CustodyWeeks, Sex
from preau.families.values import ChildData, GuardianData
from preau.kernel import french

RELATIONSHIPS = [
    ("mère", "mère"),
    ("père", "père"),
    ("beau-parent", "beau-parent"),
    ("grand-parent", "grand-parent"),
    ("tuteur", "tuteur ou tutrice"),
    ("autre", "autre"),
]


class AdultFields(forms.Form):
    civility = forms.ChoiceField(
        label=_("Civilité"), choices=[("", "–"), *Civility.choices], required=False
    )
    first_name = forms.CharField(
        label=_("Prénom"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    last_name = forms.CharField(
        label=_("Nom de naissance"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    usage_name = forms.CharField(
        label=_("Nom d’usage"),
        max_length=80,
        required=False,
        help_text=_("S’il est différent du nom de naissance."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    birth_on = forms.DateField(label=_("Date de naissance"), required=False)
    relationship = forms.ChoiceField(
        label=_("Lien avec les enfants"), choices=[("", _("– choisissez –")), *RELATIONSHIPS]
    )
    mobile_phone = phone_field(_("Téléphone portable"), "off")
    email = forms.EmailField(
        label=_("Adresse e-mail"),
        required=False,
        help_text=_("Pour que cette personne ait son propre accès."),
        error_messages={"invalid": _("Écrivez une adresse comme nom@exemple.fr.")},
    )

    def clean_birth_on(self) -> date | None:
        born: date | None = self.cleaned_data["birth_on"]
        if born and not 1900 <= born.year <= date.today().year - 14:  # noqa: DTZ011
            raise forms.ValidationError(_("Vérifiez l’année de naissance de cet adulte."))
        return born


class ChildFields(forms.Form):
    first_name = forms.CharField(
        label=_("Prénom"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    last_name = forms.CharField(
        label=_("Nom"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    birth_on = forms.DateField(label=_("Date de naissance"))
    sex = forms.ChoiceField(
        label=_("Sexe"),
        choices=[("", "non précisé"), *Sex.choices],
        required=False,
    )
    weeks = forms.ChoiceField(
        label=_("Cet enfant vit chez vous"),
        choices=WHOLE_WEEKS,
        initial=CustodyWeeks.ALL,
        widget=forms.RadioSelect,
        help_text=_("En garde alternée, chaque foyer a son propre dossier."),
    )

    def clean_birth_on(self) -> date | None:
        born: date | None = self.cleaned_data["birth_on"]
        today = date.today()  # noqa: DTZ011 - a bound of plausibility, to the day
        if born and born > today:
            raise forms.ValidationError(
                _("Cette date est à venir. Pour un enfant à naître, demandez une place en crèche.")
            )
        if born and born.year < today.year - 25:
            raise forms.ValidationError(_("Vérifiez l’année de naissance."))
        return born


def guardian_data(payload: dict[str, Any], *, is_payer: bool = False) -> GuardianData:
    return GuardianData(
        last_name=payload["last_name"],
        first_name=payload["first_name"],
        usage_name=payload.get("usage_name") or "",
        civility=payload.get("civility") or "",
        birth_on=as_day(payload.get("birth_on")),
        relationship=payload.get("relationship") or "",
        email=(payload.get("email") or "").lower(),
        mobile_phone=payload.get("mobile_phone") or "",
        is_payer=is_payer,
    )


def child_data(payload: dict[str, Any], *, child_id: int | None = None) -> ChildData:
    return ChildData(
        last_name=payload["last_name"],
        first_name=payload["first_name"],
        birth_on=as_day(payload.get("birth_on")),
        sex=payload.get("sex") or "",
        weeks=payload.get("weeks") or CustodyWeeks.ALL,
        child_id=child_id,
    )


def adult_facts(payload: dict[str, Any]) -> list[Fact]:
    rows = [
        Fact("Nom", adult_name(payload)),
        Fact("Nom de naissance", payload["last_name"]),
        Fact("Date de naissance", day_words(payload.get("birth_on"))),
        Fact("Lien", dict(RELATIONSHIPS).get(payload.get("relationship", ""), "")),
        Fact("Téléphone", french.telephone(payload.get("mobile_phone") or "")),
        Fact("E-mail", payload.get("email") or ""),
    ]
    return [row for row in rows if row.value]


def child_facts(payload: dict[str, Any]) -> list[Fact]:
    rows = [
        Fact("Nom", f"{payload['first_name']} {payload['last_name']}"),
        Fact("Date de naissance", day_words(payload.get("birth_on"))),
        Fact("Sexe", dict(Sex.choices).get(payload.get("sex", ""), "")),
        Fact("Vit dans ce foyer", str(dict(CustodyWeeks.choices).get(payload.get("weeks"), ""))),
    ]
    return [row for row in rows if row.value]


def adult_name(payload: dict[str, Any]) -> str:
    civility = dict(Civility.choices).get(payload.get("civility", ""), "")
    name = payload.get("usage_name") or payload["last_name"]
    return f"{civility} {payload['first_name']} {name}".strip()
