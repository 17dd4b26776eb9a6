"""One invoice, and its PDF as it was issued."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from preau.billing.documents import invoice_document
from preau.billing.queries import carried_invoices, get_invoice
from preau.billing.telling import rules_of, tell_lines, title_of
from preau.directdebit.notices import notice_now
from preau.families.queries import children_of, own_files
from preau.kernel.clock import paris_day, utc_now
from preau.portal.access import family_required
from preau.portal.account.drawing import draw_bill
from preau.recovery import plans
from preau.recovery.queries import titres_by_invoice
from preau.ui.files import file_response


@family_required
@require_GET
def invoice(request: HttpRequest, number: str) -> HttpResponse:
    """One invoice of the family, every line open to reading."""
    found = get_invoice(number, family_ids=own_files(request.family))
    if found is None:
        raise Http404
    children = children_of(request.family, paris_day(utc_now()))
    lines = tell_lines(found, {child.pk: child.colour for child in children})
    titre = titres_by_invoice([found.pk]).get(found.pk)
    is_old = found.family_id != request.family.pk
    plan = plans.active_plans({found.pk: found.paid_cents}).get(found.pk)
    notice = None
    if not titre and not plan and not is_old:
        notice = notice_now(found, today=paris_day(utc_now()))
    return render(
        request,
        "portal/account/invoice.html",
        {
            "section": "portal:account",
            "invoice": found,
            "title": title_of(found),
            "bill": draw_bill(
                found,
                title_of(found),
                lines,
                titre=titre.pk if titre else None,
                is_old=is_old,
                is_carried=is_old and found.pk in carried_invoices([found.pk]),
            ),
            "is_old": is_old,
            "titre": titre,
            "plan": plan,
            "notice": notice,
            "instalments": plans.may_open(found, today=paris_day(utc_now())),
            "rules": rules_of(found),
        },
    )


@family_required
@require_GET
def invoice_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The archived PDF; made on the first request, the same ever after."""
    found = get_invoice(number, family_ids=own_files(request.family))
    if found is None:
        raise Http404
    return file_response(invoice_document(found, now=utc_now()).file)
