"""The name of a child, corrected from a civil-status paper: both parents decide of it."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.casework.kinds.base import (
    Applied,
    Asking,
    Change,
    Consequence,
    Fact,
    Kind,
    KindForm,
    Wanted,
    same_or_cannot_undo,
)
from preau.casework.kinds.pieces import wanted_by_slug
from preau.casework.models import Request, RequestKind
from preau.families import queries as families
from preau.families import services as family_services
from preau.kernel.actors import Actor

FIELDS = ("first_name", "last_name", "usage_name")


class NameForm(KindForm):
    first_name = forms.CharField(label=_("Prénom"), max_length=80)
    last_name = forms.CharField(label=_("Nom de naissance"), max_length=80)
    usage_name = forms.CharField(
        label=_("Nom d’usage"),
        max_length=80,
        required=False,
        help_text=_("Celui que l’école et les listes emploient, s’il est différent."),
    )
    comment = forms.CharField(
        label=_("Pourquoi ?"),
        required=False,
        max_length=300,
        help_text=_("Reconnaissance, décision de justice, erreur à corriger…"),
    )

    def prepare(self) -> None:
        child = families.get_children([self.asking.child_id or 0]).get(self.asking.child_id or 0)
        for name in FIELDS:
            if child is not None:
                self.initial.setdefault(name, getattr(child, name))


class ChildName(Kind):
    kind = RequestKind.CHILD_NAME
    slug = "nom-enfant"
    icon = "pencil"
    title = _("Nom d’un enfant")
    purpose = _("Corriger ou changer le nom sous lequel il est connu.")
    group = "Vos enfants"
    form_class = NameForm
    needs_child = True
    can_be_automatic = False
    needs_both_parents = True
    default_next_step = _("Un agent lit l’acte d’état civil, puis corrige le dossier de l’enfant.")

    def wanted_documents(self, asking: Asking, payload: Any) -> list[Wanted]:
        return [
            wanted_by_slug(
                "livret-famille", "Livret de famille", "Ou l’acte qui porte le nouveau nom."
            )
        ]

    def summary(self, request: Request) -> str:
        payload = request.payload
        return f"{request.child.first_name} : {payload['first_name']} {payload['last_name']}"

    def shared_facts(self, request: Request) -> list[Fact]:
        rows = (Fact(row.label, row.after) for row in self.changes(request, date.max))
        return [Fact("Enfant", str(request.child)), *rows]

    def changes(self, request: Request, day: date) -> list[Change]:
        child = request.child
        labels = NameForm.base_fields
        return [
            Change(
                str(labels[name].label), getattr(child, name), request.payload.get(name, "") or ""
            )
            for name in FIELDS
            if getattr(child, name) or request.payload.get(name)
        ]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        return [
            Consequence("Les autres foyers de l’enfant voient le même nom."),
            Consequence("Les factures et attestations déjà faites gardent l’ancien.", "ok"),
        ]

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        child = request.child
        before = {name: getattr(child, name) for name in FIELDS}
        family_services.change_child(
            family_id=request.family_id,
            child_id=request.child_id,
            changes={name: request.payload.get(name, "") or "" for name in FIELDS},
            both_agreed=True,
            now=now,
            actor=actor,
        )
        return Applied(told="Le nom est corrigé dans votre dossier.", data={"before": before})

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        held = {name: getattr(request.child, name) for name in FIELDS}
        same_or_cannot_undo(held, {name: request.payload.get(name, "") or "" for name in FIELDS})
        family_services.change_child(
            family_id=request.family_id,
            child_id=request.child_id,
            changes=request.result["before"],
            both_agreed=True,
            now=now,
            actor=actor,
        )
