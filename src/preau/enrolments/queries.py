"""Reading enrolments and documents."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from preau.catalogue.queries import list_all_offerings
from preau.enrolments.models import DocumentKind, Enrolment, ProvidedDocument, RequiredDocument
from preau.kernel.kept import Kept

WITH_OFFERING = ("child", "offering__activity", "offering__establishment", "offering__school_year")


def active_enrolments(family_id: int, day: date) -> QuerySet[Enrolment]:
    """The enrolments of a household in force on a day, or still to begin."""
    return (
        Enrolment.objects.filter(
            family_id=family_id, status=Enrolment.Status.ACTIVE, ends_on__gte=day
        )
        .select_related(*WITH_OFFERING)
        .order_by("child_id", "offering__activity__position", "starts_on", "pk")
    )


read_active_enrolments = Kept(active_enrolments)
"""As `active_enrolments`, at the price of its plain SQL."""


def enrolments_of(family_id: int) -> QuerySet[Enrolment]:
    """Every enrolment that a household ever had, latest first."""
    return (
        Enrolment.objects.filter(family_id=family_id)
        .select_related(*WITH_OFFERING)
        .order_by("-starts_on", "-pk")
    )


def enrolments_for_offerings(
    offering_ids: Iterable[int], first: date, last: date
) -> QuerySet[Enrolment]:
    """The active enrolments in these offerings that touch a period."""
    return (
        Enrolment.objects.filter(
            offering_id__in=list(offering_ids),
            status=Enrolment.Status.ACTIVE,
            starts_on__lte=last,
            ends_on__gte=first,
        )
        .select_related("child", "family")
        .order_by("offering_id", "child__search_key", "pk")
    )


def get_enrolment(enrolment_id: int) -> Enrolment | None:
    return Enrolment.objects.select_related(*WITH_OFFERING).filter(pk=enrolment_id).first()


def is_enrolled(*, child_id: int, family_id: int, offering_id: int, day: date) -> bool:
    """Whether the child may attend this offering on this day, through this household."""
    return Enrolment.objects.filter(
        child_id=child_id,
        family_id=family_id,
        offering_id=offering_id,
        status=Enrolment.Status.ACTIVE,
        starts_on__lte=day,
        ends_on__gte=day,
    ).exists()


def document_kinds() -> QuerySet[DocumentKind]:
    return DocumentKind.objects.all()


def get_document_kind(kind_id: int) -> DocumentKind | None:
    return DocumentKind.objects.filter(pk=kind_id).first()


def required_documents(activity_ids: Iterable[int]) -> dict[int, list[DocumentKind]]:
    """For each activity, the kinds of document that it asks for (one query)."""
    found: dict[int, list[DocumentKind]] = defaultdict(list)
    rows = (
        RequiredDocument.objects.filter(activity_id__in=list(activity_ids))
        .select_related("kind")
        .order_by("kind__name")
    )
    for row in rows:
        found[row.activity_id].append(row.kind)
    return dict(found)


def valid_documents(family_id: int, day: date) -> QuerySet[ProvidedDocument]:
    """The pieces of a file that count on a day: received or accepted, and not expired."""
    return ProvidedDocument.objects.filter(
        Q(expires_on__isnull=True) | Q(expires_on__gte=day),
        family_id=family_id,
        status__in=(ProvidedDocument.Status.RECEIVED, ProvidedDocument.Status.ACCEPTED),
    )


def missing_documents(
    *, child_id: int, family_id: int, activity_id: int, day: date
) -> list[DocumentKind]:
    """What the activity asks for and the file does not hold on that day (two queries)."""
    required = required_documents([activity_id]).get(activity_id, [])
    if not required:
        return []
    held = set(
        valid_documents(family_id, day)
        .filter(Q(child_id=child_id) | Q(child_id__isnull=True), kind__in=required)
        .values_list("kind_id", flat=True)
    )
    return [kind for kind in required if kind.pk not in held]


def with_missing(found: QuerySet[Enrolment], day: date) -> QuerySet[Enrolment]:
    """Adds `missing` to each enrolment: [{"id", "name", "slug"}, …] of the documents that its
    activity asks for and that the household's file does not hold on the day. No more query."""
    held = ProvidedDocument.objects.filter(
        Q(expires_on__isnull=True) | Q(expires_on__gte=day),
        Q(child_id=OuterRef(OuterRef("child_id"))) | Q(child_id__isnull=True),
        family_id=OuterRef(OuterRef("family_id")),
        kind_id=OuterRef("kind_id"),
        status__in=(ProvidedDocument.Status.RECEIVED, ProvidedDocument.Status.ACCEPTED),
    )
    asked = (
        RequiredDocument.objects.filter(activity_id=OuterRef("offering__activity_id"))
        .exclude(Exists(held))
        .order_by("kind__name")
        .values(data=JSONObject(id="kind_id", name="kind__name", slug="kind__slug"))
    )
    return found.annotate(missing=ArraySubquery(asked))


read_with_missing = Kept(
    lambda family_id, day: with_missing(active_enrolments(family_id, day), day)
)
"""`active_enrolments` on a day, each with its `missing` of that day; one query."""


def documents_of(family_id: int) -> QuerySet[ProvidedDocument]:
    """Every piece of a file, latest first."""
    return (
        ProvidedDocument.objects.filter(family_id=family_id)
        .select_related("kind", "child", "file")
        .order_by("-provided_at", "-pk")
    )


def documents_to_review() -> QuerySet[ProvidedDocument]:
    """The pieces that nobody has looked at yet, oldest first."""
    return (
        ProvidedDocument.objects.filter(status=ProvidedDocument.Status.RECEIVED)
        .select_related("kind", "child", "family", "file")
        .order_by("provided_at", "pk")
    )


def family_document_exists(file_id: object, family_id: int) -> bool:
    """Whether this stored file is a piece of that household's file."""
    return ProvidedDocument.objects.filter(file_id=file_id, family_id=family_id).exists()


def expiring_documents(family_id: int, first: date, last: date) -> QuerySet[ProvidedDocument]:
    """The accepted pieces that end within a period (to be asked again in good time)."""
    return (
        ProvidedDocument.objects.filter(
            family_id=family_id,
            status=ProvidedDocument.Status.ACCEPTED,
            expires_on__range=(first, last),
        )
        .select_related("kind", "child")
        .order_by("expires_on")
    )


def siblings_enrolled(
    family_id: int, offering_ids: Iterable[int], day: date
) -> frozenset[tuple[int, int]]:
    """The (child, offering) pairs of a household whose brother or sister is enrolled, on that day
    or later, in the same activity of the same school year; one query."""
    ids = list(offering_ids)
    rows = Enrolment.objects.filter(
        family_id=family_id, status=Enrolment.Status.ACTIVE, ends_on__gte=day
    ).values_list("child_id", "offering_id", "offering__activity_id", "offering__school_year_id")
    attenders: dict[tuple[int, int], set[int]] = defaultdict(set)
    held = []
    for child, offering, activity, year in rows:
        attenders[activity, year].add(child)
        if offering in ids:
            held.append((child, offering, activity, year))
    return frozenset(
        (child, offering)
        for child, offering, activity, year in held
        if attenders[activity, year] - {child}
    )


def earlier_attenders(
    child_ids: Iterable[int], offering_ids: Iterable[int]
) -> frozenset[tuple[int, int]]:
    """The (child, offering) pairs of children enrolled in the same activity the school year
    before, on whatever site; two queries."""
    aimed = {row.pk: row for row in list_all_offerings().filter(pk__in=list(offering_ids))}
    attended: dict[int, set[tuple[int, date]]] = defaultdict(set)
    for child, activity, ends_on in Enrolment.objects.filter(
        child_id__in=list(child_ids),
        offering__activity__in={row.activity_id for row in aimed.values()},
    ).values_list("child_id", "offering__activity_id", "offering__school_year__ends_on"):
        attended[child].add((activity, ends_on))
    return frozenset(
        (child, pk)
        for child, years in attended.items()
        for pk, row in aimed.items()
        if any(
            activity == row.activity_id
            and row.school_year.starts_on - timedelta(days=60) <= ends_on
            and ends_on < row.school_year.starts_on
            for activity, ends_on in years
        )
    )
