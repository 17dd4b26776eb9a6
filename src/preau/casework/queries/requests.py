"""Reading requests: a family's own, and the inbox of the agents who may handle them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from preau.casework.models import (
    OPEN_STATUSES,
    Draft,
    Request,
    RequestEvent,
    RequestFile,
    RequestStatus,
)
from preau.casework.queries.settings import kind_settings
from preau.casework.values import UNDO_WINDOW, Acknowledgement
from preau.catalogue import queries as catalogue
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.clock import at_paris, paris_day
from preau.kernel.kept import Kept
from preau.kernel.text import search_key
from preau.town import queries as town_queries

if TYPE_CHECKING:
    pass

DONE_STATUSES = (RequestStatus.APPROVED, RequestStatus.REFUSED, RequestStatus.WITHDRAWN)


def for_family(family_id: int) -> QuerySet[Request]:
    """The requests of a household, latest first."""
    return (
        Request.objects.filter(family_id=family_id)
        .select_related("child", "service")
        .order_by("-submitted_at", "-pk")
    )


def open_of(family_id: int) -> QuerySet[Request]:
    """The requests of the household that await the town or the family, latest first."""
    return for_family(family_id).filter(status__in=OPEN_STATUSES)


read_open = Kept(open_of)
"""As `open_of`, at the price of its plain SQL."""


def visible_kinds(permissions: Iterable[str]) -> list[str]:
    """The kinds that an agent with these permissions may see."""
    from preau.casework.kinds import all_kinds

    held = set(permissions)
    return [kind.kind for kind in all_kinds() if kind.permission in held]


def for_agent(
    permissions: Iterable[str], *, sites: frozenset[int] | None = None
) -> QuerySet[Request]:
    """The requests that an agent may see: those of the kinds that its permissions open.

    `sites`: the establishments where its right holds (None: everywhere); it then sees what is
    asked of these establishments, and nothing else.
    """
    found = Request.objects.filter(kind__in=visible_kinds(permissions))
    if sites is not None:
        offerings = catalogue.list_all_offerings().filter(establishment_id__in=sites)
        found = found.filter(
            Q(payload__establishment__in=list(sites))
            | Q(payload__offering__in=list(offerings.values_list("pk", flat=True)))
        )
    return found.select_related("family", "child", "service", "held_by", "user")


def to_handle(permissions: Iterable[str], *, sites: frozenset[int] | None = None) -> int:
    """How many requests wait for these rights: the figure beside «Demandes» in the menu."""
    waiting = for_agent(permissions, sites=sites).filter(status=RequestStatus.SUBMITTED)
    return waiting.select_related(None).count()


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """The figures above the inbox."""

    to_handle: int
    late: int
    mine: int
    waiting: int
    done_today: int


def inbox_counts(requests: QuerySet[Request], *, user_id: int, now: datetime) -> InboxCounts:
    """One query for all the figures."""
    today = paris_day(now)
    submitted = Q(status=RequestStatus.SUBMITTED)
    row = requests.select_related(None).aggregate(
        to_handle=Count("pk", filter=submitted),
        late=Count("pk", filter=submitted & Q(due_on__lt=today)),
        mine=Count("pk", filter=_held_by(user_id, now)),
        waiting=Count("pk", filter=Q(status=RequestStatus.WAITING_FAMILY)),
        done_today=Count(
            "pk",
            filter=Q(status__in=(RequestStatus.APPROVED, RequestStatus.REFUSED))
            & Q(decided_at__gte=at_paris(today, time.min)),
        ),
    )
    return InboxCounts(**row)


def _held_by(user_id: int, now: datetime) -> Q:
    return Q(status__in=OPEN_STATUSES, held_by_id=user_id, held_until__gt=now)


def list_inbox(
    requests: QuerySet[Request],
    *,
    tab: str,
    user_id: int,
    now: datetime,
    kind: str = "",
    service_id: int | None = None,
    channel: str = "",
    late: bool = False,
    text: str = "",
) -> QuerySet[Request]:
    """One tab of the inbox (todo, mine, waiting, done), filtered, the most pressing first."""
    if tab == "mine":
        found = requests.filter(_held_by(user_id, now)).order_by("due_on", "pk")
    elif tab == "waiting":
        found = requests.filter(status=RequestStatus.WAITING_FAMILY).order_by("due_on", "pk")
    elif tab == "done":
        found = requests.filter(status__in=DONE_STATUSES).order_by("-submitted_at", "-pk")
    else:
        found = requests.filter(status=RequestStatus.SUBMITTED).order_by("due_on", "pk")
    if kind:
        found = found.filter(kind=kind)
    if service_id:
        found = found.filter(service_id=service_id)
    if channel:
        found = found.filter(channel=channel)
    if late:
        found = found.filter(status=RequestStatus.SUBMITTED, due_on__lt=paris_day(now))
    if text.strip():
        found = found.filter(_matching(text.strip()))
    return found.annotate(has_files=Exists(RequestFile.objects.filter(request_id=OuterRef("pk"))))


def _matching(text: str) -> Q:
    """Reference, applicant, child, or anything that finds the family's file."""
    condition = (
        Q(reference__icontains=text)
        | Q(applicant_name__icontains=text)
        | Q(applicant_email__iexact=text)
        | Q(summary__icontains=text)
    )
    matching = families.search(families.active_families(), text)
    condition |= Q(family_id__in=matching.order_by().values("pk"))
    if key := search_key(text):
        condition |= Q(child__search_key__contains=key)
    return condition


def neighbours(found: QuerySet[Request], request: Request) -> tuple[str, str]:
    """The references of the previous and next requests in a list («» at its ends)."""
    references = list(found.values_list("reference", flat=True)[:1000])
    try:
        place = references.index(request.reference)
    except ValueError:
        return "", references[0] if references else ""
    before = references[place - 1] if place else ""
    after = references[place + 1] if place + 1 < len(references) else ""
    return before, after


def can_undo(request: Request, now: datetime) -> bool:
    """Whether the decision may still be taken back (its kind has the last word)."""
    from preau.casework.kinds import get_kind

    if request.decided_at is None or now > request.decided_at + UNDO_WINDOW:
        return False
    if request.status == RequestStatus.REFUSED:
        return True
    return request.status == RequestStatus.APPROVED and get_kind(request.kind).undoable


def family_holds_file(file_id: UUID, family_id: int) -> bool:
    """Whether this stored file was joined to one of the household's requests."""
    return RequestFile.objects.filter(file_id=file_id, request__family_id=family_id).exists()


def requests_hold_file(requests: QuerySet[Request], file_id: UUID) -> bool:
    """Whether this stored file is a piece of one of these requests."""
    return RequestFile.objects.filter(
        file_id=file_id, request__in=requests.select_related(None).values("pk")
    ).exists()


def only_in_hidden_requests(file_id: UUID, permissions: Iterable[str]) -> bool:
    """Whether the file belongs to requests, none of which these permissions open."""
    kinds = set(RequestFile.objects.filter(file_id=file_id).values_list("request__kind", flat=True))
    return bool(kinds) and not kinds & set(visible_kinds(permissions))


def events_of(request: Request, *, internal: bool) -> QuerySet[RequestEvent]:
    """The story of the request; the family's version leaves the internal notes out."""
    events = request.events.all()
    return events if internal else events.filter(is_internal=False)


def acknowledgement(request: Request) -> Acknowledgement:
    """What whoever asked is told: complete even when the town set nothing."""
    from preau.casework.kinds import get_kind

    kind = get_kind(request.kind)
    town = town_queries.get_town()
    service = request.service
    return Acknowledgement(
        reference=request.reference,
        title=str(kind.title),
        summary=request.summary,
        received=french.instant(request.submitted_at, year=True),
        service_name=service.name if service else f"{town.name}, {town.subtitle}",
        service_phone=french.telephone((service.phone if service else "") or town.phone),
        service_email=(service.email if service else "") or town.email,
        due=french.day(request.due_on, year=True),
        next_step=kind_settings(kind).next_step,
        silence=town.silence_text if kind.is_decision else "",
        sent_to=request.applicant_email,
    )


@dataclass(frozen=True, slots=True)
class StatusWords:
    """The state of a request for its family: icon's kind, word, and what it means."""

    tag: str
    label: str
    sentence: str
    step: int


def status_for_family(request: Request) -> StatusWords:
    """In words: who has the ball, and until when."""
    from preau.casework.kinds import get_kind

    due = french.day(request.due_on)
    if request.status == RequestStatus.SUBMITTED:
        return StatusWords("wait", "En cours", f"La mairie vous répond avant {due}.", 2)
    if request.status == RequestStatus.WAITING_FAMILY:
        return StatusWords("bad", "À compléter", "La mairie attend une pièce ou une réponse.", 2)
    if request.status == RequestStatus.APPROVED:
        day = french.day(request.decided_at) if request.decided_at else ""
        if get_kind(request.kind).needs_answer:
            return StatusWords("ok", "Répondue", f"Réponse donnée {day} : lisez-la.", 4)
        return StatusWords("ok", "Acceptée", f"Acceptée {day} : votre dossier est à jour.", 4)
    if request.status == RequestStatus.REFUSED:
        day = french.day(request.decided_at) if request.decided_at else ""
        return StatusWords("bad", "Refusée", f"Refusée {day} : lisez le motif.", 4)
    return StatusWords("past", "Retirée", "Vous avez retiré cette demande.", 4)


def get_draft(
    draft_id: UUID, *, now: datetime, family_id: int | None = None, user_id: int | None = None
) -> Draft | None:
    """A draft that is still alive, in the scope of who asks."""
    found = Draft.objects.filter(pk=draft_id, expires_at__gt=now, family_id=family_id)
    return found.filter(user_id=user_id).select_related("child", "family", "user").first()


def sent_acknowledgement(draft: Draft) -> Acknowledgement:
    """What is told once a draft was sent."""
    request = Request.objects.select_related("service").get(pk=draft.sent_request_id)
    return acknowledgement(request)
