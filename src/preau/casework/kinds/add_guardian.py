"""A second adult joins the household, with an account of its own."""

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from preau.casework.addresses import password_link_address
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
from preau.casework.kinds.people import AdultFields, adult_facts, adult_name, guardian_data
from preau.casework.kinds.pieces import wanted_by_slug
from preau.casework.models import Request, RequestKind
from preau.families import queries as families
from preau.families import services as family_services
from preau.kernel.actors import Actor
from preau.kernel.text import search_key


class GuardianForm(AdultFields, KindForm):
    pass


class AddGuardian(Kind):
    kind = RequestKind.ADD_GUARDIAN
    slug = "responsable"
    icon = "user-plus"
    title = _("Ajout d’un responsable")
    purpose = _("Un second adulte du foyer, avec son propre accès.")
    form_class = GuardianForm

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return [
            wanted_by_slug("piece-identite", "Pièce d’identité", "Celle de la personne à ajouter.")
        ]

    def summary(self, request: Request) -> str:
        return adult_name(request.payload)

    def facts(self, request: Request) -> list[Fact]:
        return adult_facts(request.payload)

    def changes(self, request: Request, day: date) -> list[Change]:
        return [Change(fact.label, "", fact.value) for fact in adult_facts(request.payload)]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        found = []
        key = search_key(request.payload["first_name"], request.payload["last_name"])
        for adult in families.guardians_of(request.family_id):
            if search_key(adult.first_name, adult.last_name) == key:
                found.append(Consequence(f"{adult} est déjà dans ce dossier.", "warn"))
        email = request.payload.get("email")
        if email:
            found.append(Consequence(f"Un lien part à {email} pour choisir un mot de passe, sien."))
        else:
            found.append(Consequence("Sans adresse e-mail : une lettre lui donnera son accès."))
        found.append(Consequence("Cette personne verra tout le dossier du foyer et ses factures."))
        return found

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        guardian = family_services.add_guardian(
            family_id=request.family_id,
            guardian=guardian_data(request.payload),
            now=now,
            actor=actor,
        )
        told = f"{guardian} est responsable dans votre dossier."
        if guardian.email:
            family_services.invite_by_email(
                family_id=request.family_id,
                guardian_id=guardian.pk,
                address=password_link_address(),
                now=now,
                actor=actor,
            )
            told += f" Un lien est parti à {guardian.email} pour ouvrir son accès."
        return Applied(told=told, data={"guardian_id": guardian.pk})

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        family_services.remove_guardian(
            family_id=request.family_id,
            guardian_id=request.result["guardian_id"],
            now=now,
            actor=actor,
        )
