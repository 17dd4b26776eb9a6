"""The form that asks the State for an adult's quotient: the family's, and the agents' for it."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from preau.families.state_quotient import FRANCE, BirthIdentity
from preau.ui.forms import DateField

DEPARTMENT = re.compile(r"(0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-8]|98[4678])")
COUNTRY = re.compile(r"99[1-5]\d\d")


class StateQuotientForm(forms.Form):
    """Names and birth as the civil register has them; the file's own are not asked again."""

    first_names = forms.CharField(
        label=_l("Tous vos prénoms, dans l’ordre de l’état civil"), max_length=120
    )
    sex = forms.ChoiceField(
        label=_l("Sexe à l’état civil"),
        choices=[("F", _l("Féminin")), ("M", _l("Masculin"))],
        widget=forms.RadioSelect,
    )
    birth_on = DateField(label=_l("Date de naissance"))
    where = forms.ChoiceField(
        label=_l("Lieu de naissance"),
        choices=[("FRANCE", _l("En France")), ("ABROAD", _l("Hors de France"))],
        initial="FRANCE",
        widget=forms.RadioSelect,
    )
    commune = forms.CharField(
        label=_l("Commune de naissance"),
        max_length=60,
        error_messages={"required": _l("Donnez la commune de naissance.")},
    )
    department = forms.CharField(
        label=_l("Département de naissance"),
        max_length=3,
        error_messages={"required": _l("Donnez le département de naissance.")},
        help_text=_l("Son numéro, par exemple 94, 2A ou 974"),
        widget=forms.TextInput(attrs={"class": "short"}),
    )
    country = forms.CharField(
        label=_l("Code du pays de naissance"),
        max_length=5,
        error_messages={"required": _l("Donnez le code du pays de naissance.")},
        help_text=_l(
            "Hors de France : les chiffres 6 à 10 du numéro de sécurité sociale, qui commencent "
            "par 99."
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "short"}),
    )
    agreed = forms.BooleanField(
        label=_l("J’autorise la ville à demander ce quotient à la CAF ou à la MSA"),
        error_messages={"required": _l("Cochez cette case pour que la ville puisse le demander.")},
    )

    def __init__(self, *args: Any, adult: Any, by_agent: bool = False, **kwargs: Any) -> None:
        known = {
            "first_names": adult.first_name,
            "sex": {"Mme": "F", "M.": "M"}.get(adult.get_civility_display(), ""),
            "birth_on": adult.birth_on,
        }
        super().__init__(*args, initial=known, **kwargs)
        self.adult, self.by_agent = adult, by_agent
        abroad = self.is_bound and self.data.get("where") == "ABROAD"
        for name in ("commune", "department"):
            self.fields[name].required = not abroad
        self.fields["country"].required = abroad
        if adult.birth_on:
            del self.fields["birth_on"]
        if by_agent:
            self.fields["first_names"].label = _("Tous ses prénoms, dans l’ordre de l’état civil")
            self.fields["agreed"].label = _(
                "Cette personne, devant moi ou par écrit, autorise la ville à demander son quotient"
            )

    def clean_department(self) -> str:
        text = str(self.cleaned_data["department"]).strip().upper()
        if text and not DEPARTMENT.fullmatch(text):
            raise forms.ValidationError(_("Écrivez le numéro du département, par exemple 94."))
        return text

    def clean_country(self) -> str:
        text = str(self.cleaned_data["country"]).strip()
        if text and not COUNTRY.fullmatch(text):
            raise forms.ValidationError(_("Ce code a cinq chiffres et commence par 99."))
        return text

    def identity(self) -> BirthIdentity:
        """Once valid."""
        data = self.cleaned_data
        abroad = data["where"] == "ABROAD"
        return BirthIdentity(
            last_name=self.adult.last_name,
            first_names=tuple(data["first_names"].replace(",", " ").split()),
            sex=data["sex"],
            birth_on=self.adult.birth_on or data["birth_on"],
            commune="" if abroad else data["commune"],
            department="" if abroad else data["department"],
            country=data["country"] if abroad else FRANCE,
        )
