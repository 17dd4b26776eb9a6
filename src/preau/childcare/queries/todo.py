"""What a household has to answer about its crèche, for its home page: two prepared statements."""

from dataclasses import dataclass
from datetime import date, datetime

from preau.childcare.models import Offer, Signing
from preau.kernel.kept import Kept

# A child leaves the crèche in the summer of its three years: born on 1 January, at 3 years and
# 7 months.
OLDEST_DAYS = 1_310


@dataclass(frozen=True, slots=True)
class CareOffer:
    """A place offered, until an instant."""

    offer_id: int
    name: str
    site: str
    section: str
    starts_on: date
    until: datetime


@dataclass(frozen=True, slots=True)
class CareSigning:
    """A contract or an amendment to read and sign."""

    contract_id: int
    terms_id: int
    name: str
    site: str


@dataclass(frozen=True, slots=True)
class CareTodo:
    offers: tuple[CareOffer, ...] = ()
    signings: tuple[CareSigning, ...] = ()


_read_offers = Kept(
    lambda family_id: (
        Offer.objects.filter(preregistration__family_id=family_id, status="PENDING")
        .order_by("expires_at", "pk")
        .values_list(
            "pk",
            "preregistration__child__first_name",
            "section__establishment__name",
            "section__name",
            "starts_on",
            "expires_at",
        )
    )
)
_read_signings = Kept(
    lambda family_id: (
        Signing.objects.filter(terms__contract__family_id=family_id, signatures__isnull=True)
        .order_by("sent_at", "pk")
        .values_list(
            "terms__contract_id",
            "terms_id",
            "terms__contract__child__first_name",
            "terms__contract__establishment__name",
        )
    )
)


def care_todo(family_id: int, now: datetime) -> CareTodo:
    """Two queries: ask only for households with a child of the age, or to be born."""
    offers = [CareOffer(*row) for row in _read_offers(family_id)]
    return CareTodo(
        tuple(offer for offer in offers if offer.until > now),
        tuple(CareSigning(*row) for row in _read_signings(family_id)),
    )


def may_be_at_creche(birth_on: date | None, day: date) -> bool:
    """Whether a child, born or not, is young enough for a crèche."""
    return birth_on is None or (day - birth_on).days < OLDEST_DAYS
