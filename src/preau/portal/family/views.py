"""The household's own data: shown whole, changed by requests. Nothing of another household."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from preau.documents.queries import list_issued
from preau.enrolments.queries import documents_of
from preau.families import queries
from preau.families.state_quotient import is_available
from preau.journeys.family_days import school_words
from preau.kernel.clock import paris_day, utc_now
from preau.messaging.queries import list_letters
from preau.portal.access import family_required
from preau.schools.queries import schooling_on

PAGE = 20


@family_required
@require_safe
def family(request: HttpRequest) -> HttpResponse:
    """Adults, children, address, quotient, pieces, and how each adult signs in."""
    day = paris_day(utc_now())
    household = request.family
    children = queries.children_of(household, day)
    schoolings = schooling_on([child.pk for child in children], day) if children else {}
    for child in children:
        child.school = school_words(schoolings.get(child.pk))
    return render(
        request,
        "portal/family/detail.html",
        {
            "family": household,
            "guardian": request.guardian,
            "adults": list(queries.guardians_of(household)),
            "children": children,
            "address": queries.address_of(household),
            "quotient": queries.quotient_on(household.pk, day),
            "asks_state": is_available(),
            "quotients": list(queries.list_quotients(household.pk)[:6]),
            "pieces": list(documents_of(household.pk)[:30]),
            "issued": list(list_issued(*queries.own_files(household))[:10]),
            "messages_sent": list(list_letters(household.pk)[:5]),
            "today": day,
            "section": "portal:family",
        },
    )


@family_required
@require_safe
def sent_messages(request: HttpRequest) -> HttpResponse:
    """What the town wrote to this household by e-mail; secrets are not kept."""
    page = Paginator(list_letters(request.family.pk), PAGE).get_page(request.GET.get("page"))
    return render(
        request, "portal/family/messages.html", {"page": page, "title": _("Nos messages")}
    )
