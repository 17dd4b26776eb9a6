"""A quotient that came late: the credit that the town's rules let an agent give."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from preau.accounts.enums import Permission
from preau.billing import repricing
from preau.families.queries import get_family_by_code
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required


@agent_required(Permission.BILL)
@require_http_methods(["GET", "HEAD", "POST"])
def late_quotient(request: HttpRequest, code: str) -> HttpResponse:
    """What the days already billed would cost with the quotient known today, and the button."""
    family = get_family_by_code(code)
    if family is None:
        raise Http404
    today = paris_day(utc_now())
    since = repricing.earliest(today)
    if request.method == "POST" and since is not None:
        try:
            notes = repricing.credit_late_quotient(
                family_id=family.pk, since=since, until=today, now=utc_now(), actor=request.actor
            )  # type: ignore[attr-defined]
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Avoir émis : %s.") % ", ".join(n.number for n in notes))
        return redirect("townhall:rules-late-quotient", code)
    lines = repricing.reprice(family_id=family.pk, since=since, until=today) if since else ()
    return render(
        request,
        "townhall/rules/late_quotient.html",
        {
            "section": "townhall:billing",
            "family": family,
            "since": since,
            "lines": lines,
            "total": sum(line.credit for line in lines),
        },
    )
