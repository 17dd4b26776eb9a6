"""Health data in clear: only ever in memory. At rest it is one sealed text per child."""

import json
from dataclasses import asdict, dataclass, field

from preau.catalogue.enums import Allergen
from preau.kernel import sealing


@dataclass(frozen=True, slots=True)
class Health:
    """What the family says of its child's health. Words are kept as they were written."""

    allergens: tuple[str, ...] = ()
    other_allergies: str = ""
    treatment: str = ""
    doctor: str = ""
    doctor_phone: str = ""
    advice: str = ""
    vaccines: tuple[str, ...] = ()
    vaccines_excused: bool = False

    @property
    def has_allergy(self) -> bool:
        return bool(self.allergens or self.other_allergies)

    @property
    def is_empty(self) -> bool:
        return self == Health()

    @property
    def allergen_words(self) -> list[str]:
        """«arachide», «lait»…, then what the fourteen do not name."""
        known = [str(Allergen(a).label) for a in self.allergens if a in Allergen.values]
        return [*known, *([self.other_allergies] if self.other_allergies else [])]


def seal_health(health: Health) -> str:
    """What is kept of it: one sealed text."""
    return "" if health.is_empty else sealing.seal(json.dumps(asdict(health), ensure_ascii=False))


def open_health(sealed: str) -> Health:
    """Raises kernel.sealing.CannotUnseal."""
    if not sealed:
        return Health()
    data = json.loads(sealing.unseal(sealed))
    data["allergens"], data["vaccines"] = tuple(data["allergens"]), tuple(data["vaccines"])
    return Health(**data)


@dataclass(frozen=True, slots=True)
class Signs:
    """What a list may show without the right to read more: that there is something to know."""

    has_allergy: bool = False
    has_pai: bool = False


@dataclass(slots=True)
class SitePerson:
    """A person whom the site may call or to whom it may give the child."""

    name: str
    relationship: str = ""
    phone: str = ""
    note: str = ""


@dataclass(slots=True)
class SiteSheet:
    """What the site needs of one child, and no more; health only when it was asked for."""

    child: object
    may_collect: list[SitePerson] = field(default_factory=list)
    must_not_collect: list[SitePerson] = field(default_factory=list)
    to_call: list[SitePerson] = field(default_factory=list)
    leave: str = ""
    consents: dict[str, bool | None] = field(default_factory=dict)
    diet: str = ""
    signs: Signs = field(default_factory=Signs)
    health: Health | None = None
    pai_measures: str = ""
    pai_review_on: object = None
    provisional_until_on: object = None
    has_photo: bool = False
