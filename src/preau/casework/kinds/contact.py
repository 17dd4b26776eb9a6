"""An adult's telephones and e-mail address."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.casework.addresses import confirm_email_address
from preau.casework.kinds.base import (
    Applied,
    Change,
    Consequence,
    Fact,
    Kind,
    KindForm,
    Wanted,
    same_or_cannot_undo,
)
from preau.casework.models import Request, RequestKind
from preau.families import queries as families
from preau.families import services as family_services
from preau.kernel import french
from preau.kernel.actors import Actor

FIELDS = ("mobile_phone", "home_phone", "work_phone", "email")
LABELS = {
    "mobile_phone": "Téléphone portable",
    "home_phone": "Téléphone du domicile",
    "work_phone": "Téléphone du travail",
    "email": "Adresse e-mail",
}


def phone_field(label: Any, autocomplete: str = "tel") -> forms.CharField:
    return forms.RegexField(
        r"^[+0-9][0-9 .\-()\u00a0\u202f]{6,19}$",
        label=label,
        required=False,
        max_length=20,
        error_messages={"invalid": _("Écrivez un numéro comme 06 39 98 11 20.")},
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": autocomplete, "inputmode": "tel"}
        ),
    )


class ContactForm(KindForm):
    guardian = forms.TypedChoiceField(label=_("Adulte"), coerce=int)
    mobile_phone = phone_field(_("Téléphone portable"))
    home_phone = phone_field(_("Téléphone du domicile"))
    work_phone = phone_field(_("Téléphone du travail"))
    email = forms.EmailField(
        label=_("Adresse e-mail"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("Écrivez une adresse comme nom@exemple.fr.")},
    )

    def prepare(self) -> None:
        adults = list(families.guardians_of(self.asking.family_id))
        if self.asking.user_id is not None:
            # On the portal each adult changes its own: nobody moves another's e-mail address.
            adults = [adult for adult in adults if adult.user_id == self.asking.user_id]
        field = self.fields["guardian"]
        field.choices = [(adult.pk, str(adult)) for adult in adults]
        chosen = self.asking.options.get("adulte", "")
        adult = next((a for a in adults if str(a.pk) == chosen), adults[0] if adults else None)
        if len(adults) == 1 or chosen:
            field.widget = forms.HiddenInput()
        if adult is not None:
            self.initial.setdefault("guardian", adult.pk)
            for name in FIELDS:
                value = getattr(adult, name)
                shown = value if name == "email" else french.telephone(value)
                self.initial.setdefault(name, shown)


class ContactChange(Kind):
    kind = RequestKind.CONTACT_CHANGE
    slug = "coordonnees"
    icon = "phone"
    title = _("Changement de coordonnées")
    purpose = _("Votre téléphone ou votre adresse e-mail change.")
    form_class = ContactForm
    default_automatic = True
    default_days = 3

    def wanted_documents(self, asking: Any, payload: dict[str, Any]) -> list[Wanted]:
        return []

    def summary(self, request: Request) -> str:
        adult = _adult(request)
        return f"Téléphones et e-mail {french.of(adult.first_name)}" if adult else "Coordonnées"

    def facts(self, request: Request) -> list[Fact]:
        adult = _adult(request)
        rows = [Fact("Adulte", str(adult))] if adult else []
        return rows + [
            Fact(LABELS[name], _shown(name, request.payload.get(name, "")) or "aucun")
            for name in FIELDS
        ]

    def changes(self, request: Request, day: date) -> list[Change]:
        adult = _adult(request)
        return [
            Change(
                LABELS[name],
                _shown(name, getattr(adult, name, "")),
                _shown(name, request.payload.get(name, "")),
            )
            for name in FIELDS
        ]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        adult = _adult(request)
        email = (request.payload.get("email") or "").lower()
        if adult and email and email != adult.email:
            return [
                Consequence(
                    f"Un lien part à {email} : l’adresse sert à se connecter une fois confirmée."
                )
            ]
        return [Consequence("La connexion ne change pas.", "ok")]

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        adult = _adult(request)
        before = {name: getattr(adult, name) for name in FIELDS} if adult else {}
        family_services.change_contact(
            family_id=request.family_id,
            guardian_id=request.payload["guardian"],
            now=now,
            actor=actor,
            **{name: request.payload.get(name) or "" for name in FIELDS},
        )
        adult = _adult(request)
        after = {name: getattr(adult, name) for name in FIELDS}
        told = "Vos coordonnées sont à jour."
        if after["email"] and after["email"] != before.get("email"):
            family_services.ask_email_verification(
                guardian=adult,
                email=after["email"],
                address=confirm_email_address(),
                now=now,
                actor=actor,
            )
            told += f" Un lien est parti à {after['email']} pour confirmer cette adresse."
        return Applied(told=told, data={"before": before, "after": after})

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        adult = _adult(request)
        held = {name: getattr(adult, name) for name in FIELDS} if adult else None
        same_or_cannot_undo(held, request.result.get("after"))
        family_services.change_contact(
            family_id=request.family_id,
            guardian_id=request.payload["guardian"],
            now=now,
            actor=actor,
            **request.result["before"],
        )


def _adult(request: Request) -> Any:
    return families.get_guardian(request.payload["guardian"], family_id=request.family_id)


def _shown(name: str, value: str) -> str:
    return value if name == "email" else french.telephone(value)
