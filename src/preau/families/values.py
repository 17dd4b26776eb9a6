"""What is given to open or complete a file: plain values, checked by the services."""

from dataclasses import dataclass
from datetime import date

from preau.families.enums import CustodyWeeks, Diet


@dataclass(frozen=True, slots=True)
class AddressData:
    """A postal address, as typed."""

    line1: str
    postcode: str
    city: str
    line2: str = ""
    country: str = "FRANCE"

    @property
    def one_line(self) -> str:
        """«8 rue du Lavoir, bâtiment B, 94300 Vincennes»; the country only when abroad."""
        parts = [self.line1, self.line2, f"{self.postcode} {self.city}".strip()]
        if self.country and self.country.upper() != "FRANCE":
            parts.append(self.country)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class GuardianData:
    """What is known of an adult when it is added to a file."""

    last_name: str
    first_name: str
    usage_name: str = ""
    civility: str = ""
    birth_on: date | None = None
    relationship: str = ""
    email: str = ""
    mobile_phone: str = ""
    home_phone: str = ""
    work_phone: str = ""
    has_authority: bool = True
    is_payer: bool = False


@dataclass(frozen=True, slots=True)
class ChildData:
    """A child to create in a household, or (`child_id`) an existing one that joins it too."""

    last_name: str = ""
    first_name: str = ""
    birth_on: date | None = None
    expected_on: date | None = None
    usage_name: str = ""
    sex: str = ""
    ine: str | None = None
    diet: str = Diet.STANDARD
    has_pai: bool = False
    photo_consent: bool | None = None
    weeks: str = CustodyWeeks.ALL
    child_id: int | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A file that may be the same family, and why it looks so («même adresse e-mail», …)."""

    family_id: int
    code: str
    name: str
    address: str
    score: int
    reasons: tuple[str, ...]
