"""The agents' way in, apart from families: e-mail address and password, a session of a day."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from preau.accounts import services
from preau.accounts.errors import AccountRefusal
from preau.kernel.clock import utc_now
from preau.townhall.access import agent_required, agent_with_initial_password
from preau.townhall.sign_in.entering import enter, first_page
from preau.townhall.sign_in.forms import ForgottenForm, SignInForm
from preau.ui import passwords
from preau.ui.access import public
from preau.ui.lockout import locked_out, remember_device, tries_many_accounts
from preau.ui.passwords import ChangePasswordForm, NewPasswordForm
from preau.ui.routes import token_address


@agent_required()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`/mairie/`: where this agent starts the day."""
    return redirect(first_page(request))


@public
@sensitive_post_parameters("password")
@never_cache
@csrf_protect
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated and request.user.is_agent:
        return redirect(first_page(request))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        username = form.cleaned_data["username"].strip().lower()
        if tries_many_accounts(request, username):
            return locked_out(request)
        user = passwords.try_account(
            request,
            form,
            username=username,
            kind="AGENT",
            expired=_("Ce mot de passe provisoire n’est plus valable. Demandez-en un autre."),
            wrong=_("Cette adresse et ce mot de passe ne vont pas ensemble."),
        )
        if user is not None:
            return remember_device(request, enter(request, user), username)
    following = request.POST.get("next") or request.GET.get("next", "")
    return passwords.draw(request, "townhall/sign_in/sign_in.html", form, next=following)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    messages.success(request, _("Vous êtes déconnecté."))
    return redirect("townhall:sign-in")


@agent_with_initial_password
@sensitive_post_parameters("new_password")
@never_cache
def first_password(request: HttpRequest) -> HttpResponse:
    """The one page that a one-time password opens."""
    if not request.user.must_change_password:
        return redirect(first_page(request))
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = passwords.replace_initial(
            request, form, _writer(request), sign_in="townhall:sign-in"
        )
        if isinstance(done, HttpResponse):
            return done
        if done:
            messages.success(request, _("Votre mot de passe est enregistré."))
            return redirect(first_page(request))
    return passwords.draw(request, "townhall/sign_in/first_password.html", form)


def _writer(request: HttpRequest) -> Callable[[str], None]:
    """Writes the new password of the agent who is signed in."""

    def write(new_password: str) -> None:
        services.change_password(
            user=request.user, new_password=new_password, now=utc_now(), actor=request.actor
        )

    return write


@agent_required()
@sensitive_post_parameters("current_password", "new_password")
@never_cache
def change_password(request: HttpRequest) -> HttpResponse:
    form = ChangePasswordForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and passwords.change_own(request, form, _writer(request))
    ):
        return redirect(first_page(request))
    return passwords.draw(request, "townhall/sign_in/change_password.html", form)


@public
@never_cache
@csrf_protect
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer is the same whoever asks."""
    form = ForgottenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.request_agent_reset(
            email=form.cleaned_data["username"], address=token_address("townhall:choose-password")
        )
        messages.info(
            request,
            _(
                "Si cette adresse est celle d’un agent, un lien vient de lui être envoyé. "
                "Il sert une seule fois, pendant deux heures."
            ),
        )
        return redirect("townhall:sign-in")
    return passwords.draw(request, "townhall/sign_in/forgotten.html", form)


@public
@sensitive_post_parameters("new_password")
@never_cache
@csrf_protect
def choose_password(request: HttpRequest, token: str) -> HttpResponse:
    """Where a link sent to an agent leads; it serves once."""
    now = utc_now()
    form = NewPasswordForm(request.POST or None)
    try:
        link = services.find_link(token, now)
        if not link.user.is_agent:
            raise AccountRefusal
        if request.method == "POST" and form.is_valid() and passwords.is_strong(form, link.user):
            user = services.use_link(
                token=token, new_password=form.cleaned_data["new_password"], now=now
            )
            messages.success(request, _("Votre mot de passe est enregistré."))
            return enter(request, user)
    except AccountRefusal:
        messages.error(
            request, _("Ce lien n’est plus valable : il a déjà servi, ou il est trop ancien.")
        )
        return redirect("townhall:sign-in")
    return passwords.draw(request, "townhall/sign_in/choose_password.html", form)
