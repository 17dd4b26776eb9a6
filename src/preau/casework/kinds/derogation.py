"""A family asks for another school than that of its sector: reasons, a commission, a decision."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.accounts.enums import Permission
from preau.casework.kinds.base import (
    Applied,
    Asking,
    Change,
    Consequence,
    Fact,
    Kind,
    Wanted,
)
from preau.casework.kinds.school import SchoolForm, _year
from preau.casework.models import Request, RequestKind
from preau.catalogue import queries as catalogue
from preau.catalogue.enums import Level
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.schools import queries as schools
from preau.schools import services as school_services
from preau.schools.sectors import cycle_of, schools_for_address
from preau.schools.services import Placement

# Reasons that a commission reads first, in the usual order of the towns' own rules. The nature of
# an illness or a disability is never asked: a sealed paper goes to the school doctor.
REASONS = [
    ("SIBLING", _("Un frère ou une sœur y est déjà")),
    ("HEALTH", _("Une raison de santé (le médecin scolaire la connaît)")),
    ("WORK", _("Lieu de travail d’un parent tout proche")),
    ("CARE", _("Assistante maternelle ou garde sur ce secteur")),
    ("MOVING", _("Déménagement prévu sur ce secteur")),
    ("CONTINUITY", _("Y finir le cycle après un déménagement")),
    ("OTHER", _("Autre raison")),
]
LABELS = dict(REASONS)
RANK = {reason: rank for rank, (reason, _label) in enumerate(REASONS)}


class DerogationForm(SchoolForm):
    reasons = forms.MultipleChoiceField(
        label=_("Vos raisons"), choices=REASONS, widget=forms.CheckboxSelectMultiple
    )

    def prepare(self) -> None:
        super().prepare()
        self.fields["establishment"].help_text = ""
        self.fields["comment"].label = _("Expliquez en quelques lignes")
        self.fields["comment"].help_text = _("N’écrivez pas de donnée de santé ici.")
        del self.fields["previous_school"]


class Derogation(Kind):
    kind = RequestKind.DEROGATION
    slug = "derogation"
    icon = "route"
    title = _("Dérogation scolaire")
    purpose = _("Demander une autre école que celle de votre secteur.")
    group = "Vos enfants"
    form_class = DerogationForm
    needs_child = True
    permission = Permission.MANAGE_SCHOOLS
    default_days = 60
    can_be_automatic = False
    needs_both_parents = True
    approve_label = _("Accorder")
    default_next_step = _(
        "Une commission lit les demandes de dérogation. La réponse, motivée, vous est écrite ici "
        "et par e-mail."
    )

    def wanted_documents(self, asking: Asking, payload: Any) -> list[Wanted]:
        return [Wanted("Une pièce qui appuie votre demande", "Aucune pièce médicale ici.")]

    def sector_school(self, request: Request) -> Any:
        """The school of the family's address for the level asked, or None."""
        if request.family is None:
            return None
        line = families.address_of(request.family).line1
        found = schools_for_address(line).get(cycle_of(request.payload["level"]))
        return found.establishment if found else None

    def summary(self, request: Request) -> str:
        site = catalogue.get_establishment(request.payload["establishment"])
        return f"{request.child.first_name}, {request.payload['level']}, {site} demandée"

    def facts(self, request: Request) -> list[Fact]:
        payload = request.payload
        year = _year(payload["school_year"])
        rows = [
            Fact("Enfant", str(request.child)),
            Fact("Année scolaire", year.label if year else ""),
            Fact("Niveau", str(Level(payload["level"]).label)),
            Fact("École demandée", str(catalogue.get_establishment(payload["establishment"]))),
            Fact("Raisons", french.and_join(LABELS.get(r, r) for r in payload["reasons"])),
            Fact("Explication", payload.get("comment", "")),
        ]
        return [row for row in rows if row.value]

    def shared_facts(self, request: Request) -> list[Fact]:
        """Not the reasons: they may tell where a parent works or moves to."""
        return self.facts(request)[:4]

    def changes(self, request: Request, day: date) -> list[Change]:
        payload = request.payload
        year = _year(payload["school_year"])
        starts_on = max(day, year.starts_on)
        sector = self.sector_school(request)
        held = schools.schooling_on([request.child_id], starts_on).get(request.child_id)
        return [
            Change("École du secteur", str(sector or "inconnue"), str(sector or "inconnue")),
            Change(
                f"École {french.of(request.child.first_name)}",
                str(held.establishment) if held else "",
                str(catalogue.get_establishment(payload["establishment"])),
            ),
            Change("À partir du", "", french.day(starts_on, year=True)),
        ]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        found = []
        wanted = request.payload["establishment"]
        kids = families.children_of(request.family_id, day) if request.family_id else []
        siblings = schools.schooling_on([kid.pk for kid in kids if kid.pk != request.child_id], day)
        names = [
            kid.first_name
            for kid in kids
            if kid.pk in siblings and siblings[kid.pk].establishment_id == wanted
        ]
        if names:
            found.append(Consequence(f"{french.and_join(names)} y est à l’école.", "ok"))
        elif "SIBLING" in request.payload["reasons"]:
            found.append(Consequence("Aucun frère ni sœur n’est dans cette école.", "warn"))
        sector = self.sector_school(request)
        if sector is not None and sector.pk == wanted:
            found.append(
                Consequence("C’est l’école du secteur : une simple inscription suffit.", "warn")
            )
        pupils = schools.schoolings_at([wanted], day).filter(level=request.payload["level"])
        words = french.count(pupils.count(), "élève")
        found.append(Consequence(f"{words} de ce niveau dans cette école aujourd’hui."))
        return found

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        payload = request.payload
        year = _year(payload["school_year"])
        starts_on = max(paris_day(now), year.starts_on)
        held = schools.schooling_on([request.child_id], starts_on).get(request.child_id)
        before = (
            {
                "establishment_id": held.establishment_id,
                "school_class_id": held.school_class_id,
                "level": held.level,
                "starts_on": held.starts_on.isoformat(),
                "source": held.source,
            }
            if held
            else None
        )
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
            source="derogation",
            family_id=request.family_id,
            now=now,
            actor=actor,
            both_agreed=True,  # the request waited for it; undone, it gives back what was
        )
        return Applied(
            told=f"La dérogation est accordée : {request.child.first_name} ira à l’école "
            f"{catalogue.get_establishment(payload['establishment'])} à partir du "
            f"{french.day(starts_on, year=True)}.",
            data={"schooling_id": schooling.pk, "before": before},
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        """The school it had comes back, when it had one."""
        before = request.result.get("before")
        year = _year(request.payload["school_year"])
        school_services.remove_schooling(
            schooling_id=request.result["schooling_id"],
            family_id=request.family_id,
            now=now,
            actor=actor,
        )
        if before:
            school_services.place_pupil(
                placement=Placement(
                    child_id=request.child_id,
                    establishment_id=before["establishment_id"],
                    school_class_id=before["school_class_id"],
                    level=before["level"],
                    school_year_id=year.pk,
                    starts_on=max(paris_day(now), year.starts_on),
                    ends_on=year.ends_on,
                ),
                source=before["source"],
                family_id=request.family_id,
                now=now,
                actor=actor,
                both_agreed=True,  # the request waited for it; undone, it gives back what was
            )
