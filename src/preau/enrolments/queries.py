"""Reading enrolments and documents."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import JSONObject

from preau.catalogue.queries import list_all_offerings
from preau.enrolments.models import (
    Acceptance,
    DocumentKind,
    Enrolment,
    ProvidedDocument,
    Regulation,
    Renewal,
    RenewalCampaign,
    RenewalLine,
    RequiredDocument,
)
from preau.kernel.kept import Kept
from preau.kernel.text import search_key

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


def _rights(family_id: int, first: date, last: date) -> QuerySet[Enrolment]:
    return active_enrolments(family_id, first).filter(starts_on__lte=last).select_related(None)


read_rights = Kept(_rights)
"""The enrolments of a household in force at some time of a period, without their offerings."""


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


def enrolled_at(
    establishment_ids: Iterable[int] | None, day: date, text: str = ""
) -> QuerySet[Enrolment]:
    """Who is enrolled on a day in what these sites offer (None: all), by the child's name; those
    whose name holds each word of `text` when it is given."""
    found = Enrolment.objects.filter(
        status=Enrolment.Status.ACTIVE, starts_on__lte=day, ends_on__gte=day
    )
    if establishment_ids is not None:
        found = found.filter(offering__establishment__in=list(establishment_ids))
    for word in search_key(text).split()[:5]:
        found = found.filter(child__search_key__contains=word)
    return found.select_related("family", *WITH_OFFERING).order_by(
        "child__search_key", "child_id", "offering__activity__position", "pk"
    )


def get_enrolment(enrolment_id: int) -> Enrolment | None:
    """One enrolment with its child and its opening: scope it before showing it."""
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


# --- The year to come --------------------------------------------------------------------------


def year_has_served(school_year_id: int, *, since: datetime) -> bool:
    """Whether a household renewed, or was enrolled, for a school year after an instant."""
    return (
        Renewal.objects.filter(campaign__to_year_id=school_year_id, answered_at__gte=since).exists()
        or Enrolment.objects.filter(
            offering__school_year_id=school_year_id, created_at__gte=since
        ).exists()
    )


def current_regulation(day: date) -> Regulation | None:
    """The règlement intérieur in force on the day, or the next one published."""
    published = Regulation.objects.filter(published_at__isnull=False)
    return (
        published.filter(in_force_on__lte=day).order_by("-in_force_on", "-pk").first()
        or published.order_by("in_force_on", "pk").first()
    )


def list_regulations() -> QuerySet[Regulation]:
    """Every version, latest first, with how many households accepted it (`accepted`)."""
    return Regulation.objects.annotate(accepted=Count("acceptances"))


def get_regulation(pk: int) -> Regulation | None:
    return list_regulations().filter(pk=pk).first()


def acceptance_of(family_id: int, regulation_id: int) -> Acceptance | None:
    return Acceptance.objects.filter(family_id=family_id, regulation_id=regulation_id).first()


def list_campaigns() -> QuerySet[RenewalCampaign]:
    return RenewalCampaign.objects.select_related("from_year", "to_year")


def get_campaign(pk: int) -> RenewalCampaign | None:
    return list_campaigns().filter(pk=pk).first()


def open_campaign_on(day: date) -> RenewalCampaign | None:
    """The renewal that families may answer on the day."""
    return list_campaigns().filter(opens_on__lte=day, closes_on__gte=day).first()


def renewal_of(family_id: int, campaign_id: int) -> Renewal | None:
    """A household's renewal, with its lines."""
    return (
        Renewal.objects.filter(family_id=family_id, campaign_id=campaign_id)
        .select_related("campaign__to_year", "campaign__from_year")
        .prefetch_related(
            Prefetch(
                "lines",
                RenewalLine.objects.select_related(
                    "child",
                    "enrolment__offering__activity",
                    "enrolment__offering__establishment",
                    "offering__activity",
                    "offering__establishment",
                ).order_by("child__birth_on", "child_id", "pk"),
            )
        )
        .first()
    )


def renewals_of(
    campaign: RenewalCampaign, *, status: str = "", text: str = "", told: str = ""
) -> QuerySet[Renewal]:
    """The households of a campaign, by name. `told`: «yes» or «no», already written to."""
    found = Renewal.objects.filter(campaign=campaign).select_related("family")
    if status:
        found = found.filter(status=status)
    if told:
        found = found.filter(told_at__isnull=told == "no")
    for word in search_key(text).split():
        found = found.filter(family__search_text__contains=word)
    return found.order_by("family__sort_key", "pk")


def renewal_counts(campaign: RenewalCampaign) -> dict[str, int]:
    """How many households by state."""
    return dict(
        Renewal.objects.filter(campaign=campaign)
        .order_by()
        .values_list("status")
        .annotate(n=Count("pk"))
    )


def anyone_enrolled(offering_ids: Iterable[int]) -> bool:
    """Whether a child is enrolled in one of these offerings."""
    return Enrolment.objects.filter(
        offering_id__in=list(offering_ids), status=Enrolment.Status.ACTIVE
    ).exists()


def enrolments_to_renew(school_year_id: int) -> QuerySet[Enrolment]:
    """The enrolments of a school year that run to its end."""
    return (
        Enrolment.objects.filter(
            offering__school_year_id=school_year_id,
            status=Enrolment.Status.ACTIVE,
            ends_on__gte=F("offering__ends_on"),
            family__status="ACTIVE",
        )
        .select_related("offering__activity", "offering__establishment")
        .order_by("family_id", "child_id", "pk")
    )
