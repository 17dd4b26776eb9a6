"""An approved request writes the file, through the domain's own service: nothing typed again."""

from datetime import datetime

from preau.casework.kinds import get_kind
from preau.casework.models import Request
from preau.documents import services as documents
from preau.enrolments import services as enrolments
from preau.kernel.actors import Actor


def apply_to_file(request: Request, *, now: datetime, actor: Actor, reviewed: bool) -> None:
    """Apply, and put the pieces in the file; sets `request.result` (the caller saves).

    `reviewed`: an agent looked at the pieces, which are then accepted; otherwise they wait.
    Raises the domain's own Refusal; the caller's transaction then takes everything back.
    """
    applied = get_kind(request.kind).apply(request, now=now, actor=actor)
    request.result = {"told": applied.told, **applied.data}
    if applied.family_id and request.family_id is None:
        request.family_id = applied.family_id
    if applied.child_id and request.child_id is None:
        request.child_id = applied.child_id
    if request.family_id is None:
        return
    files = list(request.files.select_related("document_kind"))
    documents.attach_to_family(
        file_ids=[joined.file_id for joined in files], family_id=request.family_id
    )
    provided = []
    for joined in files:
        kind = joined.document_kind
        if kind is None or (kind.subject == kind.Subject.CHILD and request.child_id is None):
            continue
        document = enrolments.provide_document(
            kind_id=kind.pk,
            family_id=request.family_id,
            child_id=request.child_id,
            file_id=joined.file_id,
            accepted=reviewed,
            now=now,
            actor=actor,
        )
        provided.append(document.pk)
    if provided:
        request.result["documents"] = provided
