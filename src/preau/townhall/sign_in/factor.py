"""The second factor: its code at sign-in, and the page where an agent sets it up."""

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from preau.accounts import second_factor
from preau.accounts.errors import AccountRefusal
from preau.accounts.queries import permissions_of
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.town.queries import get_town
from preau.townhall.access import FACTOR_MISSING_KEY, agent_required, agent_without_factor
from preau.townhall.sign_in.entering import open_session, pending, trust
from preau.townhall.sign_in.forms import CodeForm, ConfirmForm
from preau.ui.access import public


@public
@sensitive_post_parameters("code")
@never_cache
@csrf_protect
def code(request: HttpRequest) -> HttpResponse:
    """After the password: the application's six digits, or a recovery code."""
    waited = pending(request)
    if waited is None:
        messages.info(request, _("Recommencez : le temps de donner le code est passé."))
        return redirect("townhall:sign-in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = waited.user
        actor = Actor(user.pk, str(user), Channel.PORTAL, is_agent=True)
        try:
            second_factor.check_code(
                user=user, code=form.cleaned_data["code"], now=utc_now(), actor=actor
            )
        except AccountRefusal as refusal:
            form.add_error("code", str(refusal))
        else:
            response = open_session(request, user)
            if form.cleaned_data["trust"]:
                response = trust(response, user)
            left = second_factor.recovery_codes_left(user)
            if left < 3:
                messages.warning(
                    request, _("Il vous reste %(n)s codes de secours : refaites-en.") % {"n": left}
                )
            return response
    context = {"form": form, "next": waited.to}
    status = 422 if form.is_bound else 200
    return render(request, "townhall/sign_in/factor_code.html", context, status=status)


def _is_required(request: HttpRequest) -> bool:
    return second_factor.must_have_second_factor(
        get_town().second_factor, permissions_of(request.user, paris_day(utc_now()))
    )


def _page(request: HttpRequest, form: ConfirmForm, *, replacing: bool, status: int) -> HttpResponse:
    has_one = second_factor.has_second_factor(request.user)
    context = {
        "form": form,
        "has_one": has_one,
        "replacing": replacing,
        "is_required": _is_required(request),
        "left": second_factor.recovery_codes_left(request.user) if has_one else 0,
    }
    if replacing or not has_one:
        setup = second_factor.prepare_authenticator(
            user=request.user, issuer=get_town().name, now=utc_now()
        )
        groups = [setup.secret[i : i + 4] for i in range(0, len(setup.secret), 4)]
        context |= {"qr": _qr(setup.address), "secret": " ".join(groups)}
    return render(request, "townhall/sign_in/factor.html", context, status=status)


@agent_without_factor
@require_safe
@never_cache
def factor(request: HttpRequest) -> HttpResponse:
    """Whether one has a second factor; how to set it up, replace it, take it away."""
    return _page(request, ConfirmForm(), replacing="remplacer" in request.GET, status=200)


@agent_without_factor
@require_POST
@sensitive_post_parameters("code")
@never_cache
def confirm(request: HttpRequest) -> HttpResponse:
    """The application's first code; the recovery codes are shown on this page and never again."""
    form = ConfirmForm(request.POST)
    if form.is_valid():
        try:
            codes = second_factor.confirm_authenticator(
                user=request.user,
                code=form.cleaned_data["code"],
                now=utc_now(),
                actor=request.actor,
            )
        except AccountRefusal as refusal:
            form.add_error("code", str(refusal))
        else:
            request.session.pop(FACTOR_MISSING_KEY, None)
            return _codes_page(request, codes)
    return _page(request, form, replacing=True, status=422)


@agent_required()
@require_POST
@never_cache
def renew(request: HttpRequest) -> HttpResponse:
    """New recovery codes, given against a code of the application."""
    if not _proved(request):
        return redirect("townhall:factor")
    codes = second_factor.renew_recovery_codes(
        user=request.user, now=utc_now(), actor=request.actor
    )
    return _codes_page(request, codes)


@agent_required()
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Back to the password alone, against a code, where the town allows it."""
    if _proved(request):
        try:
            second_factor.remove_second_factor(
                user=request.user,
                is_required=_is_required(request),
                now=utc_now(),
                actor=request.actor,
            )
        except AccountRefusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Le second facteur est retiré."))
    return redirect("townhall:factor")


def _proved(request: HttpRequest) -> bool:
    """Whether the code sent with this act is right; says what is wrong otherwise."""
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Écrivez le code de votre application."))
        return False
    try:
        second_factor.check_code(
            user=request.user,
            code=form.cleaned_data["code"],
            now=utc_now(),
            actor=request.actor,
        )
    except AccountRefusal as refusal:
        messages.error(request, str(refusal))
        return False
    return True


def _codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render(request, "townhall/sign_in/factor_codes.html", {"codes": codes})


def _qr(address: str) -> SafeString:
    drawing = segno.make_qr(address, error="m").svg_inline(
        scale=5, border=2, svgclass="qr", lineclass=None, omitsize=False, dark="#000", light="#fff"
    )
    return mark_safe(drawing)  # noqa: S308 - drawn by segno from our own text
