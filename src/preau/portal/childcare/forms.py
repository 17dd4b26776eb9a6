"""What a family writes about its crèche: a birth, a proof, an absence."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.childcare.services.absences import BY_FAMILY
from preau.ui.forms import DateField, choice


class BirthForm(forms.Form):
    first_name = forms.CharField(label=_("Prénom de l’enfant"), max_length=80)
    last_name = forms.CharField(label=_("Nom de naissance"), max_length=80)
    birth_on = DateField(label=_("Né(e) le"))
    sex = forms.ChoiceField(
        label=_("Sexe"), choices=[("F", _("fille")), ("M", _("garçon"))], widget=forms.RadioSelect
    )


class PieceForm(forms.Form):
    file = forms.FileField(
        label=_("La pièce"),
        help_text=_("Un PDF ou une photo lisible."),
        widget=forms.ClearableFileInput(
            attrs={"accept": "application/pdf,image/*", "capture": "environment"}
        ),
    )


HINTS = {
    "ILLNESS": _("Avec un certificat, déduite à partir du quatrième jour."),
    "HOSPITAL": _("Déduite dès le premier jour, avec un bulletin de situation."),
    "LEAVE": _("Les semaines prévues au contrat, annoncées à l’avance."),
    "FAMILY": _("Les heures du contrat restent dues."),
}


class AbsenceForm(forms.Form):
    """A day or more without the crèche, and why."""

    reason = forms.ChoiceField(
        label=_("Pourquoi ?"),
        choices=[
            (reason.value, choice(reason.label.capitalize(), str(HINTS[reason.value])))
            for reason in BY_FAMILY
        ],
        widget=forms.RadioSelect,
    )
    starts_on = DateField(label=_("Premier jour"))
    ends_on = DateField(label=_("Dernier jour"))
    file = forms.FileField(
        label=_("Certificat ou bulletin"),
        required=False,
        help_text=_("Maintenant ou plus tard, depuis la page du contrat."),
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/*"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("Le dernier jour ne peut pas précéder le premier."))
        return data
