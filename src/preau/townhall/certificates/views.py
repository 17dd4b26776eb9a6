"""Certificates given at the counter, and every issued document, within the agent's scope."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.certificates.queries import list_certificates
from preau.documents.queries import get_by_number
from preau.families.queries import own_files
from preau.journeys.certificates import certificate_offer, issue
from preau.journeys.family_file import visible_families, visible_family
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.ui.certificates import CertificateForms
from preau.ui.files import file_response

# Documents of a family's account: not for those who see files alone.
OF_MONEY = {"INVOICE", "CREDIT_NOTE", "RECEIPT", "STATEMENT", "TAX_CERTIFICATE"}


@agent_required(Permission.SEE_FAMILIES)
@require_http_methods(["GET", "POST"])
def certificates(request: HttpRequest, code: str) -> HttpResponse:
    """The same certificates as on the portal, for a family at the counter."""
    now = utc_now()
    family = visible_family(request.user, code, paris_day(now))
    if family is None:
        raise Http404
    forms = CertificateForms(
        request.POST or None, offer=certificate_offer(family=family, now=now), now=now
    )
    if (asked := forms.asked()) is not None:
        try:
            certificate = issue(family=family, now=now, actor=request.actor, **asked)
        except Refusal as refusal:
            forms.refuse(str(refusal))
        else:
            messages.success(
                request,
                _("%(title)s n° %(number)s délivrée.")
                % {"title": certificate.document.title, "number": certificate.document.number},
            )
            return redirect("townhall:family-certificates", code=family.code)
    return render(
        request,
        "townhall/certificates/list.html",
        {"family": family, "forms": forms, "issued": list_certificates(*own_files(family))[:100]},
        status=422 if forms.has_errors else 200,
    )


@agent_required(Permission.SEE_FAMILIES)
@require_GET
def issued(request: HttpRequest, number: str) -> HttpResponse:
    """A document that the town issued, as it was, within the families that the agent may see."""
    document = get_by_number(number)
    if document is None:
        raise Http404
    if document.kind in OF_MONEY and Permission.SEE_ACCOUNTS not in request.permissions:
        raise Http404
    seen = visible_families(request.user, paris_day(utc_now()))
    if not seen.filter(pk=document.family_id).exists():
        raise Http404
    return file_response(document.file)
