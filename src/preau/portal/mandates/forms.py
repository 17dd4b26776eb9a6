"""What a family gives to be debited: an account, and its word."""

from django import forms
from django.utils.translation import gettext_lazy as _

OFF = {"autocomplete": "off", "spellcheck": "false"}


class AccountForm(forms.Form):
    holder = forms.CharField(label=_("Titulaire du compte"), max_length=70)
    iban = forms.CharField(
        label=_("IBAN"),
        max_length=42,
        widget=forms.TextInput(attrs=OFF),
        help_text=_("Sur votre relevé d’identité bancaire : FR et 25 chiffres ou lettres"),
    )
    bic = forms.CharField(
        label=_("BIC"), max_length=11, required=False, widget=forms.TextInput(attrs=OFF)
    )


class AcceptForm(AccountForm):
    """The check-your-answers page: what was typed, and the word that makes the mandate."""

    accepted = forms.BooleanField(
        label=_("J’accepte ce mandat : il vaut signature"),
        error_messages={"required": _("Cochez la case pour signer le mandat.")},
    )


class RevokeForm(forms.Form):
    sure = forms.BooleanField(
        label=_("Je mets fin à ce prélèvement automatique"),
        error_messages={"required": _("Cochez la case pour confirmer.")},
    )
