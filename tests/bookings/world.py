"""A small town for the tests of places and attendance: one school, a canteen, one household."""

import datetime as dt
import itertools
import uuid

from preau.accounts.models import RoleAssignment, User
from preau.bookings.models import Booking, Slot
from preau.bookings.rules import is_young
from preau.bookings.services.sharing import share_places
from preau.catalogue.models import (
    Activity,
    Establishment,
    Offering,
    Product,
    SchoolHoliday,
    SchoolYear,
    WeeklyPattern,
)
from preau.enrolments.models import Enrolment
from preau.families.models import Child, Custody, Family, Guardian, Quotient
from preau.kernel.actors import Actor
from preau.kernel.codes import check_letter
from preau.kernel.enums import Channel
from preau.kernel.text import search_key

NOW = dt.datetime(2026, 10, 6, 7, 0, tzinfo=dt.UTC)
YEAR = (dt.date(2026, 9, 1), dt.date(2027, 8, 31))
_number = itertools.count(1)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def instant(text: str) -> dt.datetime:
    """An instant written on a clock in Paris: «2026-10-06T09:00»."""
    from preau.kernel.clock import PARIS

    return dt.datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(dt.UTC)


def make_year() -> SchoolYear:
    year, made = SchoolYear.objects.get_or_create(
        label="2026-2027", defaults={"starts_on": YEAR[0], "ends_on": YEAR[1]}
    )
    if made:
        SchoolHoliday.objects.create(
            name="Toussaint",
            starts_on=day("2026-10-17"),
            ends_on=day("2026-11-01"),
            kind="SMALL_HOLIDAYS",
        )
    return year


def make_site(name: str = "École des Marronniers", kind: str = "SCHOOL") -> Establishment:
    site, _ = Establishment.objects.get_or_create(
        name=name, defaults={"kind": kind, "slug": search_key(name).replace(" ", "-")}
    )
    return site


def make_offering(
    slug: str = "cantine",
    *,
    name: str = "Cantine",
    kind: str = "CANTEEN",
    mode: str = "DAYS",
    hours: tuple[str, str] = ("11:40", "13:40"),
    weekdays: tuple[int, ...] = (0, 1, 3, 4),
    period: str = "SCHOOL_DAYS",
    capacity: int = 100,
    site: Establishment | None = None,
    product: str = "repas",
) -> Offering:
    activity, _ = Activity.objects.get_or_create(
        slug=slug,
        defaults={"name": name, "kind": kind, "domain": "AROUND_SCHOOL", "booking_mode": mode},
    )
    item, _ = Product.objects.get_or_create(
        activity=activity,
        slug=product,
        defaults={
            "name": product.capitalize(),
            "unit_name": product,
            "unit_plural": f"{product}s",
            "starts_at": dt.time.fromisoformat(hours[0]),
            "ends_at": dt.time.fromisoformat(hours[1]),
        },
    )
    offering, _ = Offering.objects.get_or_create(
        activity=activity,
        establishment=site or make_site(),
        school_year=make_year(),
        defaults={"capacity": capacity, "starts_on": YEAR[0], "ends_on": day("2027-07-02")},
    )
    for weekday in weekdays:
        WeeklyPattern.objects.get_or_create(
            offering=offering, product=item, period_kind=period, weekday=weekday
        )
    return offering


def make_slot(
    on: str | dt.date = "2026-10-15",
    *,
    capacity: int = 10,
    offering: Offering | None = None,
    product: Product | None = None,
    **fields: object,
) -> Slot:
    offering = offering or make_offering()
    item = product or offering.activity.products.first()
    return Slot.objects.create(
        offering=offering,
        product=item,
        day=day(on) if isinstance(on, str) else on,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        period_kind="SCHOOL_DAYS",
        capacity=capacity,
        **fields,
    )


def make_centre(capacity: int = 10, on: str = "2026-10-14", **fields: object) -> dict[str, Slot]:
    """A Wednesday of full days, mornings and afternoons on the same places, by short name."""
    offering = make_offering(
        "mercredi",
        name="Mercredi",
        kind="WEDNESDAY",
        hours=("08:00", "18:00"),
        weekdays=(2,),
        period="WEDNESDAYS",
        capacity=capacity,
        product="journée",
    )
    Offering.objects.filter(pk=offering.pk).update(shares_places=True, capacity=capacity)
    slots = {"day": make_slot(on, capacity=capacity, offering=offering, **fields)}
    for position, (slug, starts, ends) in enumerate(
        (("morning", 8, 12), ("afternoon", 13, 18)), start=1
    ):
        item, _ = Product.objects.get_or_create(
            activity=offering.activity,
            slug=slug,
            defaults={
                "name": slug,
                "starts_at": dt.time(starts),
                "ends_at": dt.time(ends),
                "position": position,
            },
        )
        slots[slug] = make_slot(on, capacity=capacity, offering=offering, product=item, **fields)
    share_places(offering_ids=[offering.pk], first=day(on), last=day(on))
    for slot in slots.values():
        slot.refresh_from_db()
    return slots


def make_family(children: int = 1, *, name: str = "Bouvier", email: bool = True) -> Family:
    n = next(_number)
    family = Family.objects.create(
        code=f"{1000000 + n}{check_letter(str(1000000 + n))}",
        name=name,
        sort_key=name.lower(),
        address_line1="1 rue du Préau",
        postcode="94300",
        city="Vincennes",
        is_resident=True,
        created_at=NOW,
        channel="COUNTER",
    )
    address = f"parent{n}@example.fr" if email else ""
    user = User.objects.create(
        kind="FAMILY",
        email=address or None,
        first_name="Claire",
        last_name=name,
        created_at=NOW,
        password="!",
    )
    Guardian.objects.create(
        family=family,
        user=user,
        civility="MME",
        last_name=name,
        first_name="Claire",
        email=address,
        is_payer=True,
        search_key=f"claire {name.lower()}",
        created_at=NOW,
    )
    for rank in range(children):
        add_child(family, ("Lina", "Noé", "Sami", "Jeanne")[rank % 4], 2018 + rank)
    return family


def add_child(family: Family, first_name: str, year: int = 2018, weeks: str = "ALL") -> Child:
    child = Child.objects.create(
        last_name=family.name,
        first_name=first_name,
        birth_on=dt.date(year, 3, 12),
        sex="F",
        search_key=search_key(family.name, first_name),
        created_at=NOW,
    )
    Custody.objects.create(child=child, family=family, weeks=weeks, starts_on=dt.date(year, 3, 12))
    return child


def children_of(family: Family) -> list[Child]:
    return list(Child.objects.filter(custodies__family=family).order_by("birth_on", "pk"))


def user_of(family: Family) -> User:
    return Guardian.objects.get(family=family).user


def enrol(
    family: Family, offering: Offering, child: Child, starts_on: dt.date = YEAR[0]
) -> Enrolment:
    return Enrolment.objects.create(
        child=child,
        family=family,
        offering=offering,
        starts_on=starts_on,
        ends_on=offering.ends_on,
        channel="PORTAL",
        created_at=NOW,
    )


def enrol_all(family: Family, offering: Offering) -> list[Enrolment]:
    return [enrol(family, offering, child) for child in children_of(family)]


def set_quotient(family: Family, value: int) -> Quotient:
    return Quotient.objects.create(
        family=family,
        value_cents=value * 100,
        source="CAF",
        starts_on=YEAR[0],
        recorded_at=NOW,
        recorded_by="test",
    )


def parent(family: Family) -> Actor:
    user = user_of(family)
    return Actor(user_id=user.pk, label=str(user), channel=Channel.PORTAL)


def make_agent(role: str = "ADMINISTRATOR", site: Establishment | None = None) -> User:
    n = next(_number)
    user = User.objects.create(
        kind="AGENT",
        email=f"agent{n}@mairie.fr",
        first_name="Samia",
        last_name="Haddad",
        created_at=NOW,
        password="!",
    )
    RoleAssignment.objects.create(
        user=user, role=role, establishment_id=site.pk if site else None, starts_on=YEAR[0]
    )
    return user


def agent(user: User) -> Actor:
    return Actor(user_id=user.pk, label=str(user), channel=Channel.COUNTER, is_agent=True)


def book(
    slot: Slot, child: Child, family: Family, enrolment: Enrolment | None = None, **fields: object
) -> Booking:
    """A confirmed place, written straight to the tables."""
    enrolment = (
        enrolment
        or Enrolment.objects.filter(child=child, family=family, offering=slot.offering_id).first()
        or enrol(family, slot.offering, child)
    )
    status = fields.pop("status", "CONFIRMED")
    young, held = is_young(child.birth_on, slot.day), status in ("CONFIRMED", "OFFERED")
    slot.refresh_from_db()
    Slot.objects.filter(pk=slot.pk).update(
        taken=slot.taken + held,
        young_taken=slot.young_taken + (held and young),
        last_ordinal=slot.last_ordinal + 1,
    )
    slot.refresh_from_db()
    return Booking.objects.create(
        slot=slot,
        child=child,
        family=family,
        enrolment=enrolment,
        status=status,
        ordinal=slot.last_ordinal,
        channel="PORTAL",
        booked_at=NOW,
        is_young=young,
        **fields,
    )


def key() -> uuid.UUID:
    return uuid.uuid4()
