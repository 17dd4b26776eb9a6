"""What is offered, where, to whom, and what is on the menu."""

from collections.abc import Iterable
from datetime import date, datetime, time

from django.db.models import Count, Prefetch, Q, QuerySet

from preau.catalogue.models import (
    Activity,
    Establishment,
    Menu,
    Offering,
    Product,
    SchoolClass,
    SchoolYear,
    WeeklyPattern,
)
from preau.catalogue.rules import age_cut, longest, supervision_ratio
from preau.kernel.kept import Kept


def list_activities(published: bool = True) -> QuerySet[Activity]:
    """Activities in the town's order, with their products (one more query)."""
    found = Activity.objects.select_related("service").prefetch_related(
        Prefetch("products", Product.objects.order_by("position", "pk"))
    )
    return found.filter(is_published=True) if published else found


def list_all_activities() -> QuerySet[Activity]:
    """Every activity with the number of its offerings, for the agents' list."""
    return Activity.objects.select_related("service").annotate(
        offering_count=Count("offerings", distinct=True),
        product_count=Count("products", distinct=True),
    )


def get_activity(slug: str, *, published: bool = True) -> Activity | None:
    """One activity by its name in addresses and rulebooks, or None."""
    return list_activities(published).filter(slug=slug).first()


read_offering_names = Kept(
    lambda ids: Offering.objects.filter(pk__any_of=ids).values_list(
        "pk", "activity__slug", "activity__name", "activity_id", "establishment__slug"
    )
)
"""The names of some offerings, as plain rows; one query."""


def products_of(activity_id: int) -> QuerySet[Product]:
    """The products of an activity, in order."""
    return Product.objects.filter(activity_id=activity_id).order_by("position", "pk")


def offerings_for(
    school_year: SchoolYear | int | None,
    *,
    activity_slug: str = "",
    activity_ids: Iterable[int] | None = None,
    establishment_id: int | None = None,
    open_only: bool = True,
) -> QuerySet[Offering]:
    """Offerings of a school year with their activity and site; those that are open by default."""
    found = Offering.objects.select_related("activity", "establishment", "school_year")
    found = found.filter(school_year=school_year)
    if open_only:
        found = found.filter(
            is_open=True, activity__is_published=True, establishment__is_active=True
        )
    if activity_slug:
        found = found.filter(activity__slug=activity_slug)
    if activity_ids is not None:
        found = found.filter(activity_id__in=list(activity_ids))
    if establishment_id:
        found = found.filter(establishment_id=establishment_id)
    return found.order_by("activity__position", "activity__name", "establishment__name", "label")


def list_all_offerings() -> QuerySet[Offering]:
    """Every offering with its activity, site and year, for the agents' list."""
    return Offering.objects.select_related("activity", "establishment", "school_year").annotate(
        pattern_count=Count("patterns")
    )


def get_offering(pk: int) -> Offering | None:
    """One offering with its activity, site and year, or None."""
    return (
        Offering.objects.select_related("activity", "establishment", "school_year")
        .filter(pk=pk)
        .first()
    )


def patterns_of(offering_ids: Iterable[int]) -> QuerySet[WeeklyPattern]:
    """The weekly patterns of these offerings, each with its product."""
    return (
        WeeklyPattern.objects.select_related("product")
        .filter(offering_id__in=list(offering_ids))
        .order_by("offering_id", "period_kind", "weekday", "product__position", "product_id")
    )


def supervision_ratios(
    offering_ids: Iterable[int],
) -> dict[int, tuple[int | None, int | None]]:
    """For each offering, the children that one adult may look after (under 6, from 6 on), for the
    longest of its stays; two queries."""
    offerings = list(Offering.objects.filter(pk__in=list(offering_ids)))
    spans: dict[int, list[tuple[time, time]]] = {}
    for activity, starts, ends in Product.objects.filter(
        activity__in={row.activity_id for row in offerings}
    ).values_list("activity_id", "starts_at", "ends_at"):
        spans.setdefault(activity, []).append((starts, ends))
    return {
        row.pk: supervision_ratio(
            row.supervision,
            hours=longest(spans.get(row.activity_id, ())),
            own=(row.young_per_adult, row.old_per_adult),
        )
        for row in offerings
    }


def age_cuts(
    offering_ids: Iterable[int], *, town: int, own: bool = True
) -> dict[tuple[int, int], int]:
    """For each (offering, product), the age at which a child is counted with the older ones.

    `town`: the town's; `own`: False leaves aside what the offerings themselves say. Where products
    share their places they share their groups: the highest of their ages. Two queries.
    """
    offerings = list(Offering.objects.filter(pk__in=list(offering_ids)))
    products: dict[int, list[tuple[int, int | None]]] = {}
    for activity, pk, age in Product.objects.filter(
        activity__in={row.activity_id for row in offerings}
    ).values_list("activity_id", "pk", "age_cut"):
        products.setdefault(activity, []).append((pk, age))
    found = {}
    for row in offerings:
        mine = {
            pk: age_cut(
                town=town,
                supervision=row.supervision,
                offering=row.age_cut if own else None,
                product=age,
            )
            for pk, age in products.get(row.activity_id, ())
        }
        highest = max(mine.values(), default=town)
        for pk, age in mine.items():
            found[row.pk, pk] = highest if row.shares_places else age
    return found


def sharing_offerings(offering_ids: Iterable[int]) -> list[int]:
    """Those of these offerings whose products share their places."""
    found = Offering.objects.filter(pk__in=list(offering_ids), shares_places=True)
    return list(found.order_by("pk").values_list("pk", flat=True))


def establishments(kind: str = "", *, active_only: bool = True) -> QuerySet[Establishment]:
    """The town's sites, by name; of one kind when it is given."""
    found = Establishment.objects.order_by("kind", "name")
    if active_only:
        found = found.filter(is_active=True)
    return found.filter(kind=kind) if kind else found


def list_establishments() -> QuerySet[Establishment]:
    """Every site with the number of its offerings, for the agents' list."""
    return Establishment.objects.annotate(offering_count=Count("offerings", distinct=True))


def get_establishment(pk: int) -> Establishment | None:
    """One site, or None."""
    return Establishment.objects.filter(pk=pk).first()


def list_classes() -> QuerySet[SchoolClass]:
    """Every class with its school and year."""
    return SchoolClass.objects.select_related("establishment", "school_year")


def active_classes(school_year: SchoolYear | int) -> QuerySet[SchoolClass]:
    """The classes of a year, school by school."""
    return list_classes().filter(school_year=school_year).order_by("establishment__name", "name")


def menus(first: date, last: date) -> QuerySet[Menu]:
    """The canteen's menus between two days, both included, in order."""
    return Menu.objects.filter(day__range=(first, last)).order_by("day")


def list_menus() -> QuerySet[Menu]:
    """Every menu, the latest first."""
    return Menu.objects.order_by("-day")


def registration_openings(now: datetime, until: datetime) -> QuerySet[Offering]:
    """Offerings whose registration opens or closes between `now` and `until`."""
    return (
        Offering.objects.select_related("activity", "establishment", "school_year")
        .filter(is_open=True, activity__is_published=True, establishment__is_active=True)
        .filter(
            Q(registration_opens_at__range=(now, until))
            | Q(registration_closes_at__range=(now, until))
        )
        .filter(Q(registration_closes_at=None) | Q(registration_closes_at__gt=now))
        .order_by("registration_opens_at", "activity__position", "establishment__name")
    )


def activity_names(ids: Iterable[int]) -> dict[int, str]:
    """Names of these activities by id, one query."""
    return dict(Activity.objects.filter(pk__in=list(ids)).values_list("pk", "name"))
