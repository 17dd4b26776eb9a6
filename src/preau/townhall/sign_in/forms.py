"""Forms of the agents' way in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("Adresse e-mail"),
        max_length=254,
        error_messages={"required": _("Écrivez votre adresse e-mail.")},
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Mot de passe"),
        max_length=200,
        strip=False,
        error_messages={"required": _("Écrivez votre mot de passe.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ForgottenForm(forms.Form):
    username = forms.EmailField(
        label=_("Adresse e-mail"),
        error_messages={"required": _("Écrivez votre adresse e-mail.")},
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )


class ConfirmForm(forms.Form):
    code = forms.CharField(
        label=_("Code à six chiffres"),
        max_length=20,
        error_messages={"required": _("Écrivez le code que montre l’application.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "short"}
        ),
    )


class CodeForm(ConfirmForm):
    """The code at sign-in: a recovery code has letters, so any keyboard is offered."""

    trust = forms.BooleanField(
        label=_("Ne plus demander de code sur cet appareil pendant 30 jours"),
        required=False,
        help_text=_("Jamais sur un poste partagé."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code de l’application, ou code de secours")
        self.fields["code"].widget.attrs.pop("inputmode")
