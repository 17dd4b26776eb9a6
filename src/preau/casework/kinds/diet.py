"""A child's meals: lawful words only, a religion is never asked nor kept."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.casework.kinds.base import (
    Applied,
    Asking,
    Change,
    Consequence,
    Kind,
    KindForm,
    Wanted,
    same_or_cannot_undo,
)
from preau.casework.models import Request, RequestKind
from preau.families import queries as families
from preau.families import services as family_services
from preau.families.enums import Diet
from preau.kernel import french
from preau.kernel.actors import Actor


class DietForm(KindForm):
    diet = forms.ChoiceField(label=_("Repas"), choices=Diet.choices, widget=forms.RadioSelect)

    def prepare(self) -> None:
        child = families.get_children([self.asking.child_id or 0]).get(self.asking.child_id or 0)
        if child is not None:
            self.initial.setdefault("diet", child.diet)


class DietChange(Kind):
    kind = RequestKind.DIET
    slug = "repas"
    icon = "utensils"
    title = _("Repas d’un enfant")
    purpose = _("Repas sans porc ou sans viande. Pour une allergie, demandez un PAI au service.")
    group = "Vos enfants"
    form_class = DietForm
    needs_child = True
    default_automatic = True
    default_days = 3

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return []

    def summary(self, request: Request) -> str:
        return f"{request.child.first_name}, repas {_label(request.payload['diet'])}"

    def changes(self, request: Request, day: date) -> list[Change]:
        return [
            Change(
                f"Repas {french.of(request.child.first_name)}",
                _label(request.child.diet),
                _label(request.payload["diet"]),
            )
        ]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        return [Consequence("Dès le prochain repas commandé ; le prix ne change pas.", "ok")]

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        before = _child(request).diet
        family_services.change_diet(
            family_id=request.family_id,
            child_id=request.child_id,
            diet=request.payload["diet"],
            now=now,
            actor=actor,
        )
        return Applied(
            told=f"Repas {french.of(request.child.first_name)}\u00a0: "
            f"{_label(request.payload['diet'])}.",
            data={"before": before},
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        same_or_cannot_undo(_child(request).diet, request.payload["diet"])
        family_services.change_diet(
            family_id=request.family_id,
            child_id=request.child_id,
            diet=request.result["before"],
            now=now,
            actor=actor,
        )


def _child(request: Request) -> Any:
    return families.get_children([request.child_id])[request.child_id]


def _label(diet: str) -> str:
    return str(Diet(diet).label)
