"""Certificates asked and received at once, and every document that the town issued."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.certificates.queries import list_certificates
from preau.documents.queries import get_by_number
from preau.families.queries import own_files
from preau.journeys.certificates import certificate_offer, issue
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.portal.access import family_required
from preau.ui.certificates import CertificateForms
from preau.ui.files import file_response


@family_required
@require_http_methods(["GET", "POST"])
def certificates(request: HttpRequest) -> HttpResponse:
    """One form per kind; what was issued before stays below."""
    now = utc_now()
    offer = certificate_offer(family=request.family, now=now)
    forms = CertificateForms(request.POST or None, offer=offer, now=now)
    if (asked := forms.asked()) is not None:
        try:
            certificate = issue(family=request.family, now=now, actor=request.actor, **asked)
        except Refusal as refusal:
            forms.refuse(str(refusal))
        else:
            messages.success(
                request,
                _("%(title)s n° %(number)s : elle est prête ci-dessous.")
                % {"title": certificate.document.title, "number": certificate.document.number},
            )
            return redirect("portal:certificates")
    return render(
        request,
        "portal/certificates/list.html",
        {"forms": forms, "issued": list_certificates(*own_files(request.family))[:50]},
        status=422 if forms.has_errors else 200,
    )


@family_required
@require_GET
def issued(request: HttpRequest, number: str) -> HttpResponse:
    """A document of this family, as it was issued."""
    document = get_by_number(number)
    if document is None or document.family_id not in own_files(request.family):
        raise Http404
    return file_response(document.file)
