"""A child is enrolled at school: a school and a level; the class comes from the school itself."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.accounts.enums import Permission
from preau.casework.errors import CannotUndo
from preau.casework.kinds.base import (
    Applied,
    Asking,
    Change,
    Consequence,
    Fact,
    Kind,
    KindForm,
    Wanted,
)
from preau.casework.kinds.pieces import wanted_by_slug
from preau.casework.models import Request, RequestKind
from preau.catalogue import queries as catalogue
from preau.catalogue.enums import EstablishmentKind, Level
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.schools import queries as schools
from preau.schools import services as school_services
from preau.schools.sectors import cycle_of, schools_for_address
from preau.schools.services import Placement

ORDER = [
    Level.TPS,
    Level.PS,
    Level.MS,
    Level.GS,
    Level.CP,
    Level.CE1,
    Level.CE2,
    Level.CM1,
    Level.CM2,
]


def level_of(born_on: date | None, year_starts_on: date) -> str:
    """The usual level of a child in a school year: by the civil year of birth."""
    if born_on is None:
        return ""
    index = year_starts_on.year - born_on.year - 2
    return str(ORDER[index]) if 0 <= index < len(ORDER) else ""


class SchoolForm(KindForm):
    school_year = forms.TypedChoiceField(label=_("Année scolaire"), coerce=int)
    level = forms.ChoiceField(label=_("Niveau"), choices=Level.choices)
    establishment = forms.TypedChoiceField(
        label=_("École demandée"),
        coerce=int,
        help_text=_("Celle de votre secteur, sauf dérogation accordée par la mairie."),
    )
    previous_school = forms.CharField(
        label=_("École précédente"),
        required=False,
        max_length=160,
        help_text=_("Nom et commune, si l’enfant était scolarisé ailleurs."),
    )
    comment = forms.CharField(
        label=_("Une précision"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def prepare(self) -> None:
        day = self.asking.day
        years = [y for y in (catalogue.school_year_of(day), catalogue.next_school_year(day)) if y]
        sites = list(catalogue.establishments(EstablishmentKind.SCHOOL))
        self.sites = {site.pk: site for site in sites}
        self.fields["school_year"].choices = [(year.pk, year.label) for year in years]
        self.fields["establishment"].choices = [(site.pk, site.name) for site in sites]
        child = families.get_children([self.asking.child_id or 0]).get(self.asking.child_id or 0)
        if child is not None and years:
            self.initial.setdefault("level", level_of(child.birth_on, years[-1].starts_on))
            self.initial.setdefault("school_year", years[-1].pk)
        self._propose_sector()

    def _propose_sector(self) -> None:
        """The school of the family's address for the usual level, when sectors are known."""
        if self.asking.family_id is None or not self.initial.get("level"):
            return
        family = families.get_family(self.asking.family_id)
        found = schools_for_address(families.address_of(family).line1) if family else {}
        segment = found.get(cycle_of(self.initial["level"]))
        if segment is not None:
            self.initial.setdefault("establishment", segment.establishment_id)
            self.fields["establishment"].help_text = _(
                "L’école de votre secteur est %(school)s. Pour une autre, demandez une dérogation."
            ) % {"school": segment.establishment.name}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        site = self.sites.get(data.get("establishment"))
        if site and site.levels and data.get("level") and data["level"] not in site.levels:
            self.add_error("establishment", _("Cette école n’a pas ce niveau."))
        return data


class SchoolEnrolment(Kind):
    kind = RequestKind.SCHOOL_ENROLMENT
    slug = "ecole"
    icon = "school"
    title = _("Inscription à l’école")
    purpose = _("Première rentrée, déménagement, entrée au CP.")
    group = "Vos enfants"
    form_class = SchoolForm
    needs_child = True
    permission = Permission.MANAGE_SCHOOLS
    default_days = 30
    can_be_automatic = False
    needs_both_parents = True
    default_next_step = _(
        "Le service scolaire vérifie votre adresse et l’école de votre secteur. Après accord, "
        "prenez rendez-vous avec la directrice ou le directeur pour l’admission."
    )

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return [
            wanted_by_slug("livret-famille", "Livret de famille", "La page de l’enfant."),
            wanted_by_slug("justificatif-domicile", "Justificatif de domicile"),
            wanted_by_slug(
                "vaccinations",
                "Vaccinations",
                "Sans elles, l’enfant est admis pour trois mois, le temps de les faire.",
            ),
        ]

    def missing(self, request: Request, given_kinds: Any, day: date) -> list[str]:
        return []

    def summary(self, request: Request) -> str:
        site = catalogue.get_establishment(request.payload["establishment"])
        return f"{request.child.first_name}, {request.payload['level']}, {site}"

    def facts(self, request: Request) -> list[Fact]:
        payload = request.payload
        year = _year(payload["school_year"])
        rows = [
            Fact("Enfant", str(request.child)),
            Fact("Année scolaire", year.label if year else ""),
            Fact("Niveau", str(Level(payload["level"]).label)),
            Fact("École demandée", str(catalogue.get_establishment(payload["establishment"]))),
            Fact("École précédente", payload.get("previous_school", "")),
            Fact("Précision", payload.get("comment", "")),
        ]
        return [row for row in rows if row.value]

    def shared_facts(self, request: Request) -> list[Fact]:
        """Neither its former school nor its free words: they may tell where a parent lives."""
        return self.facts(request)[:4]

    def changes(self, request: Request, day: date) -> list[Change]:
        payload = request.payload
        year = _year(payload["school_year"])
        starts_on = max(day, year.starts_on)
        held = schools.schooling_on([request.child_id], starts_on).get(request.child_id)
        before = f"{held.establishment}, {held.level}" if held else ""
        after = f"{catalogue.get_establishment(payload['establishment'])}, {payload['level']}"
        return [
            Change(f"École {french.of(request.child.first_name)}", before, after),
            Change("À partir du", "", french.day(starts_on, year=True)),
        ]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        family = request.family
        found = []
        if family and not family.is_resident:
            found.append(Consequence("Le foyer habite hors de la commune.", "warn"))
        found.append(
            Consequence("La cantine et les accueils s’y demandent ensuite, dans les demandes.")
        )
        return found

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        payload = request.payload
        year = _year(payload["school_year"])
        starts_on = max(paris_day(now), year.starts_on)
        held = schools.schooling_on([request.child_id], starts_on).get(request.child_id)
        schooling = school_services.place_pupil(
            placement=Placement(
                child_id=request.child_id,
                establishment_id=payload["establishment"],
                school_class_id=None,
                level=payload["level"],
                school_year_id=year.pk,
                starts_on=starts_on,
                ends_on=year.ends_on,
            ),
            source="request",
            family_id=request.family_id,
            now=now,
            actor=actor,
            both_agreed=True,  # the request waited for it; undone, it gives back what was
        )
        return Applied(
            told=f"{request.child.first_name} est inscrit à l’école "
            f"{catalogue.get_establishment(payload['establishment'])} à partir du "
            f"{french.day(starts_on, year=True)}. Il reste l’admission, avec la direction.",
            data={"schooling_id": schooling.pk, "had_school": held is not None},
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        if request.result.get("had_school"):
            raise CannotUndo("L’enfant avait déjà une école : replacez-le depuis sa fiche.")
        school_services.remove_schooling(
            schooling_id=request.result["schooling_id"],
            family_id=request.family_id,
            now=now,
            actor=actor,
        )


def _year(pk: int) -> Any:
    return catalogue.list_school_years().filter(pk=pk).first()
