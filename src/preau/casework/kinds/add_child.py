"""A child joins the household; perhaps one that another household has already."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

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
)
from preau.casework.kinds.people import ChildFields, child_data, child_facts
from preau.casework.kinds.pieces import wanted_by_slug
from preau.casework.models import Request, RequestKind
from preau.enrolments import queries as enrolments
from preau.families import queries as families
from preau.families import services as family_services
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.text import search_key


class ChildForm(ChildFields, KindForm):
    field_order = ["first_name", "last_name", "birth_on", "sex", "weeks"]


def twins_elsewhere(payload: dict[str, Any]) -> list[Any]:
    """Children already known under this name and this day of birth, in any household."""
    born = as_day(payload.get("birth_on"))
    if born is None:
        return []
    wanted = search_key(payload["last_name"], payload["first_name"])
    return [child for child in families.find_children(birth_on=born) if child.search_key == wanted]


class AddChild(Kind):
    kind = RequestKind.ADD_CHILD
    slug = "enfant"
    icon = "baby"
    title = _("Ajout d’un enfant")
    purpose = _("Une naissance, une arrivée : un enfant rejoint votre foyer.")
    form_class = ChildForm

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return [
            wanted_by_slug(
                "livret-famille",
                "Livret de famille ou acte de naissance",
                "La page de l’enfant suffit.",
                required=True,
            )
        ]

    def summary(self, request: Request) -> str:
        return f"{request.payload['first_name']} {request.payload['last_name']}"

    def facts(self, request: Request) -> list[Fact]:
        return child_facts(request.payload)

    def changes(self, request: Request, day: date) -> list[Change]:
        return [Change(fact.label, "", fact.value) for fact in child_facts(request.payload)]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        here = {child.pk for child in families.children_of(request.family_id, day)}
        found = []
        for child in twins_elsewhere(request.payload):
            if child.pk in here:
                found.append(Consequence(f"{child} est déjà dans ce dossier.", "warn"))
            else:
                found.append(
                    Consequence(
                        f"{child}, né(e) le même jour, est connu(e) dans un autre dossier : "
                        "si c’est le même enfant, rattachez-le au lieu d’en créer un second.",
                        "warn",
                    )
                )
        return found or [Consequence("Aucun enfant semblable n’est connu.", "ok")]

    def choices(self, request: Request, day: date) -> list[tuple[str, str]]:
        """What the agent must say before approving: a new child, or one known elsewhere."""
        here = {child.pk for child in families.children_of(request.family_id, day)}
        twins = [child for child in twins_elsewhere(request.payload) if child.pk not in here]
        if not twins:
            return []
        return [
            *((f"child:{child.pk}", f"C’est le même enfant : {child}") for child in twins),
            ("new", "C’est un autre enfant : le créer"),
        ]

    def missing(self, request: Request, given_kinds: Any, day: date) -> list[str]:
        found = super().missing(request, given_kinds, day)
        if twins_elsewhere(request.payload):
            found.append("un enfant semblable existe")
        return found

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        known = None
        choice = request.payload.get("_choice", "")
        offered = dict(self.choices(request, paris_day(now)))
        if offered:
            if choice not in offered:
                raise CaseRefusal("Dites si c’est un nouvel enfant ou un enfant déjà connu.")
            if choice.startswith("child:"):
                known = int(choice.partition(":")[2])
        child = family_services.add_child(
            family_id=request.family_id,
            child=child_data(request.payload, child_id=known),
            now=now,
            actor=actor,
        )
        return Applied(
            told=f"{child.first_name} est dans votre dossier : vous pouvez demander "
            "ses inscriptions.",
            data={"child_id": child.pk},
            child_id=child.pk,
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        child_id = request.result["child_id"]
        used = enrolments.enrolments_of(request.family_id).filter(child_id=child_id).exists()
        if used:
            raise CannotUndo("Cet enfant a déjà une inscription : corrigez le dossier.")
        family_services.end_custody(
            child_id=child_id,
            family_id=request.family_id,
            ends_on=paris_day(now) - timedelta(days=1),
            now=now,
            actor=actor,
        )
        request.child_id = None
