"""A pupil leaves the town's school: its departure noted, its certificate due to the family."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.accounts.enums import Permission
from preau.casework.errors import CannotUndo, CaseRefusal
from preau.casework.kinds.base import (
    Applied,
    Asking,
    Change,
    Consequence,
    Fact,
    Kind,
    KindForm,
    Wanted,
    as_day,
    day_words,
)
from preau.casework.models import Request, RequestKind
from preau.enrolments import queries as enrolments
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.schools import queries as schools
from preau.schools import services as school_services


class LeavingForm(KindForm):
    last_day = forms.DateField(label=_("Dernier jour à l’école"))
    next_school = forms.CharField(
        label=_("Prochaine école"),
        required=False,
        max_length=160,
        help_text=_("Son nom et sa commune, si vous les connaissez."),
    )

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        if self.asking.child_id not in schools.schooling_on([self.asking.child_id or 0], day):
            raise forms.ValidationError(
                _("Votre enfant n’est dans aucune de nos écoles ce jour-là.")
            )
        return day


class SchoolLeaving(Kind):
    kind = RequestKind.SCHOOL_LEAVING
    slug = "depart-ecole"
    icon = "log-out"
    title = _("Départ de l’école")
    purpose = _("Votre enfant change d’école : départ et certificat de radiation.")
    group = "Vos enfants"
    form_class = LeavingForm
    needs_child = True
    permission = Permission.MANAGE_SCHOOLS
    can_be_automatic = False
    needs_both_parents = True
    default_next_step = _(
        "Le service scolaire note le départ, puis vous remet le certificat de radiation que la "
        "prochaine école demande."
    )

    def wanted_documents(self, asking: Asking, payload: Any) -> list[Wanted]:
        return []

    def _held(self, request: Request) -> Any:
        day = as_day(request.payload["last_day"])
        assert day is not None
        return schools.schooling_on([request.child_id], day).get(request.child_id)

    def summary(self, request: Request) -> str:
        last = day_words(request.payload["last_day"])
        return f"{request.child.first_name}, dernier jour {last}"

    def shared_facts(self, request: Request) -> list[Fact]:
        held = self._held(request)
        return [
            Fact("Enfant", str(request.child)),
            Fact("École quittée", str(held.establishment) if held else ""),
            Fact("Dernier jour", day_words(request.payload["last_day"])),
        ]

    def changes(self, request: Request, day: date) -> list[Change]:
        held = self._held(request)
        before = french.day(held.ends_on, year=True) if held else ""
        label = f"Dernier jour à l’école {held.establishment}" if held else "Dernier jour à l’école"
        return [Change(label, before, day_words(request.payload["last_day"]))]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        last = as_day(request.payload["last_day"])
        assert last is not None
        running = [
            row
            for row in enrolments.active_enrolments(request.family_id, day)
            if row.child_id == request.child_id and row.ends_on > last
        ]
        found = [Consequence("Le certificat de radiation se délivre depuis la page de l’élève.")]
        if running:
            words = french.count(len(running), "inscription court", "inscriptions courent")
            found.append(Consequence(f"{words} encore après ce jour : à terminer à part.", "warn"))
        return found

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        held, last = self._held(request), as_day(request.payload["last_day"])
        if held is None or last is None:
            raise CaseRefusal("L’enfant n’est plus dans cette école ce jour-là.")
        until = held.ends_on
        schooling = school_services.end_schooling(
            child_id=request.child_id,
            last_day=last,
            family_id=request.family_id,
            both_agreed=True,
            now=now,
            actor=actor,
        )
        return Applied(
            told=f"Le départ {french.of(request.child.first_name)} est noté, dernier jour "
            f"{day_words(request.payload['last_day'])}. Le certificat de radiation arrive dans "
            "vos documents.",
            data={"schooling_id": schooling.pk, "until": until.isoformat()},
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        until = as_day(request.result["until"])
        assert until is not None
        stayed = school_services.stay_at_school(
            schooling_id=request.result["schooling_id"],
            until=until,
            family_id=request.family_id,
            now=now,
            actor=actor,
        )
        if not stayed:
            raise CannotUndo("L’enfant a une autre école depuis : corrigez depuis sa page.")
