"""The way in for families: code or e-mail address and password, first password, forgotten one.

No page tells whether an account exists: same words, same time.
"""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from preau.accounts.errors import AccountRefusal
from preau.accounts.services import find_link
from preau.families import services
from preau.families.errors import FamilyRefusal
from preau.kernel.clock import utc_now
from preau.kernel.codes import normalise_family_code
from preau.portal.access import family_required, family_with_initial_password
from preau.portal.sign_in.forms import EmailForm, FirstPasswordForm, ForgottenForm, SignInForm
from preau.ui import passwords
from preau.ui.access import public
from preau.ui.lockout import locked_out, remember_device, tries_many_accounts
from preau.ui.passwords import ChangePasswordForm, NewPasswordForm
from preau.ui.routes import token_address


def safe_next(request: HttpRequest, fallback: str = "portal:home") -> str:
    """Where to go after signing in: an address of the family's space, never another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if (
        wanted.startswith("/espace/")
        and ".." not in wanted
        and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    ):
        return wanted
    return reverse(fallback)


def clean_identifier(text: str) -> str:
    """One spelling for one account, so that tries are counted together."""
    return normalise_family_code(text) or text.strip().lower()


@public
@sensitive_post_parameters("password")
@never_cache
@csrf_protect
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated and request.user.is_family:
        return redirect(safe_next(request))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        username = clean_identifier(form.cleaned_data["username"])
        if tries_many_accounts(request, username):
            return locked_out(request)
        user = passwords.try_account(
            request,
            form,
            username=username,
            kind="FAMILY",
            expired=_(
                "Ce mot de passe provisoire n’est plus valable. Demandez une nouvelle lettre."
            ),
            wrong=_(
                "Ce code (ou cette adresse) et ce mot de passe ne vont pas ensemble. "
                "Vérifiez-les, ou choisissez un nouveau mot de passe."
            ),
        )
        if user is not None:
            login(request, user)
            to = "portal:first-password" if user.must_change_password else safe_next(request)
            return remember_device(request, redirect(to), username)
    following = request.POST.get("next") or request.GET.get("next", "")
    return passwords.draw(request, "portal/sign_in/sign_in.html", form, next=following)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Closes the session of this device; harmless when there is none."""
    logout(request)
    messages.success(request, _("Vous êtes déconnecté."))
    return redirect("portal:sign-in")


@family_with_initial_password
@sensitive_post_parameters("new_password")
@never_cache
def first_password(request: HttpRequest) -> HttpResponse:
    """The one page that a letter's password opens."""
    if not request.user.must_change_password:
        return redirect("portal:home")
    form = FirstPasswordForm(request.POST or None, initial={"email": request.guardian.email})
    if request.method == "POST" and form.is_valid():
        done = passwords.replace_initial(request, form, _writer(request), sign_in="portal:sign-in")
        if isinstance(done, HttpResponse):
            return done
        if done:
            _ask_to_confirm(request, form.cleaned_data["email"])
            return redirect("portal:home")
    return passwords.draw(request, "portal/sign_in/first_password.html", form)


def _writer(request: HttpRequest) -> Callable[[str], None]:
    """Writes the new password of the adult who is signed in."""

    def write(new_password: str) -> None:
        request.guardian.user = request.user
        services.change_own_password(
            guardian=request.guardian,
            new_password=new_password,
            now=utc_now(),
            actor=request.actor,
        )

    return write


def _ask_to_confirm(request: HttpRequest, email: str) -> None:
    text = _("Votre mot de passe est enregistré.")
    if email and email.lower() != (request.user.email or ""):
        try:
            services.ask_email_verification(
                guardian=request.guardian,
                email=email,
                address=token_address("portal:confirm-email"),
                now=utc_now(),
                actor=request.actor,
            )
        except FamilyRefusal as refusal:
            messages.warning(request, str(refusal))
        else:
            text += " " + _("Un lien vient de partir à %(email)s pour confirmer cette adresse.") % {
                "email": email
            }
    messages.success(request, text)


@family_required
@sensitive_post_parameters("current_password", "new_password")
@never_cache
def change_password(request: HttpRequest) -> HttpResponse:
    """Change one's password; the other devices are signed out."""
    form = ChangePasswordForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and passwords.change_own(request, form, _writer(request))
    ):
        return redirect("portal:family")
    return passwords.draw(request, "portal/sign_in/change_password.html", form)


@family_required
def change_email(request: HttpRequest) -> HttpResponse:
    """Give the address one signs in with; it serves once the link sent to it is followed."""
    form = EmailForm(request.POST or None, initial={"email": request.guardian.email})
    if request.method == "POST" and form.is_valid():
        try:
            services.ask_email_verification(
                guardian=request.guardian,
                email=form.cleaned_data["email"],
                address=token_address("portal:confirm-email"),
                now=utc_now(),
                actor=request.actor,
            )
        except FamilyRefusal as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(
                request,
                _(
                    "Un lien vient de partir à %(email)s. Suivez-le dans la journée pour confirmer "
                    "cette adresse."
                )
                % {"email": form.cleaned_data["email"]},
            )
            return redirect("portal:family")
    return passwords.draw(request, "portal/sign_in/change_email.html", form)


@public
@never_cache
@csrf_protect
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer is the same whoever asks."""
    form = ForgottenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.request_password_reset(
            identifier=clean_identifier(form.cleaned_data["username"]),
            address=token_address("portal:choose-password"),
        )
        return redirect("portal:password-link-sent")
    return passwords.draw(request, "portal/sign_in/forgotten.html", form)


@public
def link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/sign_in/link_sent.html")


@public
@sensitive_post_parameters("new_password")
@never_cache
@csrf_protect
def choose_password(request: HttpRequest, token: str) -> HttpResponse:
    """Where a link of invitation or of a forgotten password leads; it serves once."""
    now = utc_now()
    form = NewPasswordForm(request.POST or None)
    try:
        link = find_link(token, now)
        if request.method == "POST" and form.is_valid() and passwords.is_strong(form, link.user):
            guardian = services.choose_password_by_link(
                token=token, new_password=form.cleaned_data["new_password"], now=now
            )
            login(request, guardian.user, backend="preau.families.auth.FamilyBackend")
            messages.success(request, _("Votre mot de passe est enregistré."))
            return redirect("portal:home")
    except (AccountRefusal, FamilyRefusal):
        return render(request, "portal/sign_in/dead_link.html", status=410)
    return passwords.draw(request, "portal/sign_in/choose_password.html", form)


@public
@never_cache
@csrf_protect
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """Where the link of a new address leads. One click more: mail filters open links too."""
    if request.method == "POST":
        try:
            services.confirm_email(token=token, now=utc_now())
        except (AccountRefusal, FamilyRefusal) as refusal:
            return render(
                request, "portal/sign_in/dead_link.html", {"refusal": str(refusal)}, status=410
            )
        messages.success(
            request, _("Votre adresse e-mail est confirmée. Elle sert à vous connecter.")
        )
        return redirect("portal:home")
    return render(request, "portal/sign_in/confirm_email.html")
