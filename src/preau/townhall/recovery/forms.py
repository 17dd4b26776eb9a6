"""Forms of reminders, titres and instalments."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from preau.townhall.acts import ReasonForm
from preau.ui.forms import DateField
from preau.ui.money import EurosField


class LevelForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Nom"), max_length=60)
    days = forms.IntegerField(
        label=gettext_lazy("Jours après l’échéance"), min_value=1, max_value=365
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Par"),
        choices=[
            ("EMAIL", gettext_lazy("courriel, lettre à qui n’en a pas")),
            ("LETTER", gettext_lazy("lettre")),
        ],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=gettext_lazy("Texte"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=3000,
        help_text=gettext_lazy(
            "Les factures, le total et les moyens de payer s’ajoutent d’eux-mêmes"
        ),
    )
    is_active = forms.BooleanField(label=gettext_lazy("En usage"), required=False, initial=True)


class TreasuryForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Service de gestion comptable"), max_length=120)
    address = forms.CharField(
        label=gettext_lazy("Adresse"), widget=forms.Textarea(attrs={"rows": 3}), max_length=300
    )
    phone = forms.CharField(label=gettext_lazy("Téléphone"), max_length=20, required=False)
    days_after_last = forms.IntegerField(
        label=gettext_lazy("Jours entre la dernière relance et la liste"),
        min_value=0,
        max_value=365,
        initial=15,
    )


class InstalmentRuleForm(forms.Form):
    decision = forms.CharField(label=gettext_lazy("Délibération"), max_length=160)
    decided_on = DateField(label=gettext_lazy("Du"))
    min_cents = EurosField(label=gettext_lazy("À partir d’une facture de"), min_cents=1)
    max_count = forms.IntegerField(
        label=gettext_lazy("Nombre d’échéances, au plus"), min_value=2, max_value=12
    )
    is_active = forms.BooleanField(label=gettext_lazy("En vigueur"), required=False, initial=True)


class TitrePayfipForm(forms.Form):
    numcli = forms.RegexField(
        r"^[0-9]{6}$",
        label=gettext_lazy("Numéro de client PayFiP des titres"),
        help_text=gettext_lazy("6 chiffres, donnés par le comptable ; pas celui de la régie"),
    )
    saisie = forms.ChoiceField(
        label=gettext_lazy("État du contrat"),
        choices=[
            ("T", gettext_lazy("essais (T)")),
            ("X", gettext_lazy("activation (X)")),
            ("W", gettext_lazy("production (W)")),
        ],
    )
    service_url = forms.CharField(
        label=gettext_lazy("Adresse du service"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Laissez vide pour celle du Trésor"),
    )
    is_active = forms.BooleanField(
        label=gettext_lazy("Les titres se paient en ligne"), required=False, initial=True
    )

    def clean_service_url(self) -> str:
        url = str(self.cleaned_data["service_url"]).strip()
        if url and not url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
            raise forms.ValidationError(_("L’adresse commence par https://"))
        return url


class TitreForm(forms.Form):
    number = forms.CharField(label=gettext_lazy("Numéro du titre"), max_length=20)
    issued_on = DateField(label=gettext_lazy("Émis le"))
    amount = EurosField(label=gettext_lazy("Montant"), min_cents=1)
    reference = forms.RegexField(
        r"^[A-Za-z0-9]{1,30}$",
        label=gettext_lazy("Référence pour payer sur PayFiP"),
        required=False,
        help_text=gettext_lazy("Telle qu’imprimée sur l’avis des sommes à payer"),
    )


class TitresForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Tableau des titres"),
        help_text=gettext_lazy(
            "CSV ou Excel, une ligne par titre : code famille, numéro, date, montant, référence "
            "PayFiP (facultative)"
        ),
    )


class ReductionForm(ReasonForm):
    amount = EurosField(label=gettext_lazy("Montant à réduire"), min_cents=1)
    field_order = ("amount", "reason")


class AnswerForm(forms.Form):
    status = forms.ChoiceField(
        label=gettext_lazy("Où en est-elle ?"),
        choices=[
            ("SENT", gettext_lazy("transmise à l’ordonnateur")),
            ("GRANTED", gettext_lazy("accordée")),
            ("REFUSED", gettext_lazy("refusée")),
        ],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(label=gettext_lazy("Réponse"), max_length=200, required=False)


class PlanForm(forms.Form):
    count = forms.TypedChoiceField(
        label=gettext_lazy("En combien de fois ?"), coerce=int, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["count"].choices = [
            (str(count), _("%(count)s échéances") % {"count": count})
            for count in range(2, most + 1)
        ]


class HistoryFilterForm(forms.Form):
    q = forms.CharField(label=gettext_lazy("Famille ou facture"), required=False, max_length=80)


class TitreFilterForm(forms.Form):
    q = forms.CharField(
        label=gettext_lazy("Famille, numéro ou référence"), required=False, max_length=80
    )
    state = forms.ChoiceField(
        label=gettext_lazy("État"),
        required=False,
        choices=[
            ("", gettext_lazy("tous")),
            ("ISSUED", gettext_lazy("émis")),
            ("CANCELLED", gettext_lazy("annulés")),
        ],
    )
