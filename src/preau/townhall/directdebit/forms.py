"""Forms of direct debit, for agents."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from preau.directdebit.rules import REASONS
from preau.kernel.clock import paris_day, utc_now
from preau.ui.forms import DateField

OFF = {"autocomplete": "off", "spellcheck": "false"}
MANDATE_STATES = (
    ("", gettext_lazy("tous")),
    ("ACTIVE", gettext_lazy("en vigueur")),
    ("REVOKED", gettext_lazy("révoqués")),
    ("CANCELLED", gettext_lazy("annulés après rejets")),
    ("LAPSED", gettext_lazy("caducs")),
)
ENTRY_STATES = (
    ("TO_SORT", gettext_lazy("à rapprocher")),
    ("", gettext_lazy("toutes")),
    ("MATCHED", gettext_lazy("rapprochées")),
    ("SET_ASIDE", gettext_lazy("mises de côté")),
)


def office_choices(offices: Iterable[Any], everything: bool = False) -> list[tuple[str, str]]:
    found = [(o.code, o.name) for o in offices]
    return [("", _("toutes")), *found] if everything else found


class PrepareForm(forms.Form):
    office = forms.ChoiceField(label=gettext_lazy("Régie"))
    collection_on = DateField(label=gettext_lazy("Date de prélèvement"))

    def __init__(self, *args: Any, offices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = office_choices(offices)


class MandateFilterForm(forms.Form):
    q = forms.CharField(
        label=gettext_lazy("Famille, titulaire ou référence (RUM)"), required=False, max_length=80
    )
    office = forms.ChoiceField(label=gettext_lazy("Régie"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("État"), required=False, choices=MANDATE_STATES)

    def __init__(self, *args: Any, offices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = office_choices(offices, everything=True)


class AccountForm(forms.Form):
    holder = forms.CharField(label=gettext_lazy("Titulaire du compte"), max_length=70)
    iban = forms.CharField(
        label=gettext_lazy("IBAN"), max_length=42, widget=forms.TextInput(attrs=OFF)
    )
    bic = forms.CharField(
        label=gettext_lazy("BIC"), max_length=11, required=False, widget=forms.TextInput(attrs=OFF)
    )


class PaperMandateForm(AccountForm):
    signed_on = DateField(label=gettext_lazy("Signé le"))
    paper = forms.FileField(
        label=gettext_lazy("Exemplaire signé (PDF ou photo)"),
        help_text=gettext_lazy("Le mandat papier se garde avec le dossier"),
    )

    def clean_signed_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["signed_on"]
        if day > paris_day(utc_now()):
            raise forms.ValidationError(_("Un mandat n’est pas signé à l’avance."))
        return day


class PaperForm(forms.Form):
    paper = forms.FileField(label=gettext_lazy("Exemplaire signé (PDF ou photo)"))


class RejectForm(forms.Form):
    code = forms.ChoiceField(
        label=gettext_lazy("Motif donné par la banque"),
        choices=[(code, f"{code} : {words}") for code, words in sorted(REASONS.items())],
    )


class BankFileForm(forms.Form):
    office = forms.ChoiceField(label=gettext_lazy("Régie"))
    file = forms.FileField(
        label=gettext_lazy("Fichier de la banque"),
        help_text=gettext_lazy("camt.053, camt.054 ou pain.002, en XML"),
    )

    def __init__(self, *args: Any, offices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = office_choices(offices)


class EntryFilterForm(forms.Form):
    q = forms.CharField(label=gettext_lazy("Nom ou communication"), required=False, max_length=80)
    office = forms.ChoiceField(label=gettext_lazy("Régie"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("État"), required=False, choices=ENTRY_STATES)

    def __init__(self, *args: Any, offices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = office_choices(offices, everything=True)


class GiveForm(forms.Form):
    """Whose transfer it is: one of the files that bear the payer's name, or another's code."""

    known = forms.ChoiceField(
        label=gettext_lazy("Dossiers qui portent ce nom"),
        widget=forms.RadioSelect,
        required=False,
    )
    code = forms.CharField(label=gettext_lazy("Code famille"), max_length=12, required=False)
    reason = forms.CharField(label=gettext_lazy("Comment le savez-vous ?"), max_length=200)

    def __init__(self, *args: Any, namesakes: Iterable[tuple[str, str]] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        choices = list(namesakes)
        if choices:
            self.fields["known"].choices = [*choices, ("", _("Un autre dossier"))]  # type: ignore[attr-defined]
            self.fields["code"].label = _("Code famille, pour un autre dossier")
        else:
            del self.fields["known"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["code"] = data.pop("known", "") or data.get("code", "")
        if not data["code"]:
            self.add_error("code", _("Choisissez un dossier, ou donnez son code famille."))
        return data


class CreditorForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Nom du créancier"), max_length=70)
    ics = forms.CharField(
        label=gettext_lazy("Identifiant créancier SEPA (ICS)"),
        max_length=35,
        widget=forms.TextInput(attrs=OFF),
        help_text=gettext_lazy("Donné par la Banque de France : FR, 2 chiffres, ZZZ, 6 signes"),
    )
    iban = forms.CharField(
        label=gettext_lazy("IBAN du compte de dépôt de fonds"),
        max_length=42,
        required=False,
        widget=forms.TextInput(attrs=OFF),
    )
    bic = forms.CharField(label=gettext_lazy("BIC"), max_length=11, required=False)
    schema = forms.ChoiceField(
        label=gettext_lazy("Format du fichier"),
        choices=[
            ("pain.008.001.08", "pain.008.001.08 (2019)"),
            ("pain.008.001.02", "pain.008.001.02 (2009)"),
        ],
    )
    notice_days = forms.IntegerField(
        label=gettext_lazy("Préavis, en jours"),
        min_value=1,
        max_value=60,
        initial=14,
        help_text=gettext_lazy("14, sauf délai plus court accepté dans le texte du mandat"),
    )
    max_rejects = forms.IntegerField(
        label=gettext_lazy("Rejets de suite avant d’annuler le mandat"),
        min_value=1,
        max_value=12,
        initial=2,
    )
    mandate_text = forms.CharField(
        label=gettext_lazy("Texte du mandat"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("Changé, il fait une nouvelle version ; vide, le texte de la norme"),
    )
    is_active = forms.BooleanField(
        label=gettext_lazy("Proposer le prélèvement aux familles"), required=False, initial=True
    )
