"""Who waits for a place, at which rank; what a family sees of its own file."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Prefetch, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from preau.childcare.enums import OPEN_WISHES, WishStatus
from preau.childcare.models import Offer, Piece, Preregistration, Wish
from preau.kernel import french

ORDER = ("-score", "created_at", "pk")


def waiting_list(establishment_id: int | None = None) -> QuerySet[Preregistration]:
    """Who waits, most points then first asked, with `rank` in the whole town's list.

    Of one crèche: those who wish it, at whatever rank of their wishes.
    """
    found = (
        Preregistration.objects.filter(status=WishStatus.WAITING)
        .annotate(
            rank=Window(
                RowNumber(),
                order_by=[F("score").desc(), F("created_at").asc(), F("pk").asc()],
            )
        )
        .select_related("child", "family", "establishment")
        .order_by(*ORDER)
    )
    if establishment_id is not None:
        found = found.filter(
            pk__in=Wish.objects.filter(establishment_id=establishment_id).values(
                "preregistration_id"
            )
        )
    return found


def preregistrations() -> QuerySet[Preregistration]:
    """All files, whatever became of them, with the pieces still awaited counted."""
    return (
        Preregistration.objects.select_related("child", "family", "establishment")
        .annotate(
            to_check=Count("pieces", filter=Q(pieces__status="GIVEN")),
            base_missing=Count(
                "pieces",
                filter=Q(pieces__criterion__isnull=True)
                & Q(pieces__status__in=["WANTED", "REFUSED"]),
            ),
        )
        .order_by(*ORDER)
    )


def get_preregistration(preregistration_id: int) -> Preregistration | None:
    """One file with its wishes, pieces and offers."""
    return (
        Preregistration.objects.filter(pk=preregistration_id)
        .select_related("child", "family", "establishment", "scale")
        .prefetch_related(
            Prefetch("wishes", Wish.objects.select_related("establishment")),
            Prefetch("pieces", Piece.objects.select_related("criterion", "file")),
            Prefetch("offers", Offer.objects.select_related("section__establishment")),
        )
        .first()
    )


def rank_of(preregistration_id: int) -> int | None:
    """The rank of a file in the town's list; None when it waits no more. Never whom it follows."""
    row = Preregistration.objects.filter(pk=preregistration_id, status=WishStatus.WAITING).first()
    if row is None:
        return None
    return _before(Preregistration.objects.filter(status=WishStatus.WAITING), row) + 1


@dataclass(frozen=True, slots=True)
class WishRank:
    """The rank in one crèche's list, and how many wait there."""

    wish: Wish
    rank: int | None
    waiting: int

    @property
    def sentence(self) -> str:
        """«3e sur 12»."""
        if self.rank is None:
            return "sans rang pour l’instant"
        return f"{french.ordinal(self.rank)} sur {self.waiting}"


def ranks_of(row: Preregistration) -> list[WishRank]:
    """For each wished crèche: the rank among all who wish it today, and how many they are.

    Two queries a wish, for a family's own page. `row` comes from `get_preregistration`.
    """
    found = []
    for wish in row.wishes.all():
        there = Preregistration.objects.filter(
            status=WishStatus.WAITING,
            pk__in=Wish.objects.filter(establishment_id=wish.establishment_id).values(
                "preregistration_id"
            ),
        )
        waits = row.status == WishStatus.WAITING
        found.append(WishRank(wish, _before(there, row) + 1 if waits else None, there.count()))
    return found


def _before(rows: QuerySet[Preregistration], row: Preregistration) -> int:
    return rows.filter(
        Q(score__gt=row.score)
        | Q(score=row.score, created_at__lt=row.created_at)
        | Q(score=row.score, created_at=row.created_at, pk__lt=row.pk)
    ).count()


def preregistrations_of(family_id: int) -> QuerySet[Preregistration]:
    """The files of a household, latest first."""
    return (
        Preregistration.objects.filter(family_id=family_id)
        .select_related("child", "establishment")
        .order_by("-created_at")
    )


def waiting_for_child(child_id: int) -> bool:
    """Whether a file is already open for this child."""
    return Preregistration.objects.filter(child_id=child_id, status__in=list(OPEN_WISHES)).exists()


def recently_offered(establishment_id: int, since: date) -> int:
    """Places offered in a crèche since a day: what tells a family how fast the list moves."""
    return Offer.objects.filter(
        section__establishment_id=establishment_id, offered_at__date__gte=since
    ).count()


def pending_offers_of(family_id: int) -> QuerySet[Offer]:
    """What a household is to answer."""
    return Offer.objects.filter(
        preregistration__family_id=family_id, status="PENDING"
    ).select_related("preregistration__child", "section__establishment")
