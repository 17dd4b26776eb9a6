"""To whom a message goes: the households of a class, of a school, of a day, of an activity."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from preau.bookings.queries import register
from preau.catalogue.queries import establishments, offerings_for, school_year_of
from preau.enrolments.queries import enrolments_for_offerings
from preau.families.queries import active_families, custodies_on
from preau.kernel.errors import Refusal
from preau.schools.queries import schoolings_at

SCHOOL, BOOKED, ENROLLED, EVERYONE = "SCHOOL", "BOOKED", "ENROLLED", "EVERYONE"
AUDIENCES = (
    (SCHOOL, "Les élèves d’une école ou d’une classe"),
    (BOOKED, "Les enfants réservés à des dates"),
    (ENROLLED, "Les enfants inscrits à une activité"),
    (EVERYONE, "Toutes les familles"),
)
LONGEST = timedelta(days=92)


class AudienceRefused(Refusal):
    message = "On ne peut pas écrire à ces familles ensemble."
    code = "audience_refused"


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is meant; `sites` are those chosen among the agent's own (None: everywhere)."""

    kind: str
    first: date
    last: date
    sites: tuple[int, ...] | None = None
    school_class: int | None = None
    activity: int | None = None

    def check(self) -> None:
        """Raises AudienceRefused, in words, when it makes no sense."""
        if self.last < self.first:
            raise AudienceRefused("Le dernier jour est avant le premier : vérifiez les deux dates.")
        if self.last - self.first > LONGEST:
            raise AudienceRefused("Choisissez trois mois au plus.")
        if self.kind == EVERYONE and self.sites is not None:
            raise AudienceRefused(
                "Vous écrivez aux familles de vos sites : choisissez une école, une activité "
                "ou des dates."
            )

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "sites": None if self.sites is None else sorted(self.sites),
            "school_class": self.school_class,
            "activity": self.activity,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Audience":
        sites = kept["sites"]
        return cls(
            kept["kind"],
            date.fromisoformat(kept["first"]),
            date.fromisoformat(kept["last"]),
            None if sites is None else tuple(sites),
            kept["school_class"],
            kept["activity"],
        )

    def families(self) -> set[int]:
        """The households concerned, by id; two or three queries whatever their number."""
        if self.kind == EVERYONE:
            return set(active_families().values_list("pk", flat=True))
        if self.kind == SCHOOL:
            return self._of_school()
        if self.kind == BOOKED:
            found = register(
                first=self.first,
                last=self.last,
                establishment_ids=self.sites,
                activity_id=self.activity,
            )
            return set(found.order_by().values_list("family_id", flat=True).distinct())
        offerings = offerings_for(
            school_year_of(self.first),
            activity_ids=None if self.activity is None else [self.activity],
            open_only=False,
        )
        if self.sites is not None:
            offerings = offerings.filter(establishment__in=self.sites)
        ids = list(offerings.values_list("pk", flat=True))
        rows = enrolments_for_offerings(ids, self.first, self.last)
        return set(rows.order_by().values_list("family_id", flat=True).distinct())

    def _of_school(self) -> set[int]:
        sites = self.sites
        if sites is None:
            sites = tuple(establishments().values_list("pk", flat=True))
        pupils = schoolings_at(sites, self.first)
        if self.school_class is not None:
            pupils = pupils.filter(school_class_id=self.school_class)
        children = set(pupils.values_list("child_id", flat=True))
        homes = custodies_on(children, self.first)
        return {stay.family_id for stays in homes.values() for stay in stays}
