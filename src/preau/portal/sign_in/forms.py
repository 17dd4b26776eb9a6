"""Forms of the way in."""

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from preau.ui.passwords import NewPasswordForm, password_field


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("Code famille ou adresse e-mail"),
        max_length=254,
        error_messages={"required": _("Écrivez votre code famille ou votre adresse e-mail.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    password = password_field(_("Mot de passe"), "current-password")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = format_html(
            gettext(
                "Le code est en haut de vos courriers et factures\u00a0: 7 chiffres et une lettre, "
                "par exemple {}."
            ),
            format_html('<b class="nb">{}</b>', "4027316\u00a0K"),
        )
        self.fields["password"].error_messages["required"] = _("Écrivez votre mot de passe.")


class FirstPasswordForm(NewPasswordForm):
    email = forms.EmailField(
        label=_("Votre adresse e-mail"),
        required=False,
        max_length=254,
        help_text=_(
            "Elle sert à vous connecter sans le code, et à retrouver un mot de passe oublié. "
            "Nous vous enverrons un lien pour la confirmer."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ForgottenForm(forms.Form):
    username = forms.CharField(
        label=_("Code famille ou adresse e-mail"),
        max_length=254,
        error_messages={"required": _("Écrivez votre code famille ou votre adresse e-mail.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )


class EmailForm(forms.Form):
    email = forms.EmailField(
        label=_("Adresse e-mail"),
        max_length=254,
        error_messages={
            "required": _("Écrivez votre adresse e-mail."),
            "invalid": _("Écrivez une adresse e-mail complète, par exemple nom@exemple.fr."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
