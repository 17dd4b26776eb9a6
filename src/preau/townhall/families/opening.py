"""Opening a file at the counter: likely duplicates are shown before, side by side."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from preau.accounts.enums import Permission
from preau.families.duplicates import find_likely_duplicates
from preau.families.services import open_family
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required, channel_of
from preau.townhall.families.forms import (
    AddressForm,
    FirstChildrenFormSet,
    GuardianForm,
    OptionalGuardianForm,
)


@agent_required(Permission.CHANGE_FAMILIES)
def family_new(request: HttpRequest) -> HttpResponse:
    data = request.POST or None
    address = AddressForm(data, prefix="address")
    first = GuardianForm(data, prefix="first")
    second = OptionalGuardianForm(data, prefix="second")
    children = FirstChildrenFormSet(data, prefix="children")
    forms = [address, first, second, children]
    duplicates = []
    # A list: each form is checked, so that all the errors are said at once.
    if request.method == "POST" and all([form.is_valid() for form in forms]):  # noqa: C419
        guardians = [first.guardian(is_payer=True)]
        if second.has_changed():
            guardians.append(second.guardian())
        kids = [form.child() for form in children if form.has_changed()]
        if "anyway" not in request.POST:
            duplicates = find_likely_duplicates(
                guardians=guardians, children=kids, address=address.address()
            )
        if not duplicates:
            try:
                family = open_family(
                    address=address.address(),
                    guardians=guardians,
                    children=kids,
                    channel=channel_of(request),
                    now=utc_now(),
                    actor=request.actor,
                )
            except Refusal as refusal:
                first.add_error(None, str(refusal))
            else:
                messages.success(
                    request,
                    _("Dossier ouvert. Code famille\u00a0: %(code)s.")
                    % {"code": family.printed_code},
                )
                return redirect("townhall:family", code=family.code)
    return render(
        request,
        "townhall/families/new.html",
        {
            "address": address,
            "first": first,
            "second": second,
            "children": children,
            "duplicates": duplicates,
            "section": "townhall:families",
        },
        status=422 if request.method == "POST" else 200,
    )
