"""Passwords, alike at the families' door and at the agents': tried, chosen, changed.

Each door has its words, its service and where it leads; what is refused, and how, is here.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from preau.accounts.errors import AccountRefusal, PasswordChangedMeanwhile, WeakPassword
from preau.accounts.services import check_strength
from preau.ui.lockout import forget_failures

if TYPE_CHECKING:
    from preau.accounts.models import User

HELP = _l("Dix caractères au moins. Trois ou quatre mots qui se suivent conviennent.")


def password_field(label: Any, autocomplete: str, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class NewPasswordForm(forms.Form):
    new_password = password_field(_l("Nouveau mot de passe"), "new-password", HELP)


class ChangePasswordForm(NewPasswordForm):
    current_password = password_field(_l("Mot de passe actuel"), "current-password")
    field_order = ("current_password", "new_password")


def draw(request: HttpRequest, template: str, form: forms.Form, **context: Any) -> HttpResponse:
    """The page of a form; 422 when it was refused."""
    status = 422 if form.is_bound else 200
    return render(request, template, {"form": form, **context}, status=status)


def try_account(
    request: HttpRequest, form: forms.Form, *, username: str, kind: str, expired: str, wrong: str
) -> "User | None":
    """The account of these two words; None with what is wrong on the form."""
    user: Any = authenticate(
        request, username=username, password=form.cleaned_data["password"], kind=kind
    )
    if user is not None:
        forget_failures(request, username)
        found: User = user
        return found
    is_expired = getattr(request, "initial_password_expired", False)
    form.add_error("password", expired if is_expired else wrong)
    return None


def replace_initial(
    request: HttpRequest, form: forms.Form, write: Callable[[str], object], *, sign_in: str
) -> HttpResponse | bool:
    """The password that replaces a letter's: True once written by `write`, False with what is
    wrong on the form, an answer when it was changed elsewhere meanwhile."""
    try:
        write(form.cleaned_data["new_password"])
    except PasswordChangedMeanwhile as refusal:
        logout(request)
        messages.error(request, str(refusal))
        return redirect(sign_in)
    except WeakPassword as refusal:
        form.add_error("new_password", str(refusal))
        return False
    update_session_auth_hash(request, _user(request))
    return True


def change_own(request: HttpRequest, form: forms.Form, write: Callable[[str], object]) -> bool:
    """Change a password whose owner knows the present one; the other devices are signed out."""
    if not _user(request).check_password(form.cleaned_data["current_password"]):
        form.add_error("current_password", _("Ce n’est pas votre mot de passe actuel."))
        return False
    try:
        write(form.cleaned_data["new_password"])
    except AccountRefusal as refusal:
        form.add_error("new_password", str(refusal))
        return False
    update_session_auth_hash(request, _user(request))
    messages.success(
        request, _("Votre mot de passe est changé. Vos autres appareils sont déconnectés.")
    )
    return True


def is_strong(form: forms.Form, user: "User") -> bool:
    """Whether what was chosen by a link will do; False with why on the form."""
    try:
        check_strength(form.cleaned_data["new_password"], user)
    except WeakPassword as refusal:
        form.add_error("new_password", str(refusal))
        return False
    return True


def _user(request: HttpRequest) -> "User":
    user: User = request.user  # type: ignore[assignment]
    return user
