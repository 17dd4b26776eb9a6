"""The account on paper."""

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from preau.billing.queries import family_accounts
from preau.billing.statements import statement_document
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.text import is_number
from preau.portal.access import family_required
from preau.ui.files import file_response


@family_required
@require_GET
def statement_pdf(request: HttpRequest, office: str) -> HttpResponse:
    """The statement of a year (`?annee=`, else this one), archived as it was given."""
    rows = family_accounts(request.family.pk)
    row = next((row for row in rows if row.office.code == office), None)
    if row is None or row.account_id is None:
        raise Http404
    today = paris_day(utc_now())
    asked = request.GET.get("annee", "")
    year = int(asked) if is_number(asked) and 2000 <= int(asked) <= today.year else today.year
    document = statement_document(
        family=request.family,
        account=row,
        first=dt.date(year, 1, 1),
        last=min(dt.date(year, 12, 31), today),
        now=utc_now(),
    )
    return file_response(document.file)
