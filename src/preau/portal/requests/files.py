"""Files of the household: its own pieces, never another's."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from preau.casework import queries
from preau.documents import queries as documents
from preau.enrolments import queries as enrolments
from preau.portal.access import family_required
from preau.ui.files import file_response


@require_safe
@family_required
def show(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """A file joined to a request of the household, or a piece of its file."""
    family_id = request.family.pk
    if not (
        queries.family_holds_file(file_id, family_id)
        or enrolments.family_document_exists(file_id, family_id)
    ):
        raise Http404
    stored = documents.get_file(file_id)
    if stored is None:
        raise Http404
    return file_response(stored)
