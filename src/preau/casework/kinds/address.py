"""The household moves."""

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
    as_day,
    day_words,
    family_of,
    same_or_cannot_undo,
)
from preau.casework.kinds.pieces import wanted_by_slug
from preau.casework.models import Request, RequestKind
from preau.families import queries as families
from preau.families import services as family_services
from preau.families.rules import is_resident
from preau.families.values import AddressData
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.text import search_key
from preau.town.queries import get_town


class AddressForm(KindForm):
    line1 = forms.CharField(
        label=_("Numéro et rue"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    line2 = forms.CharField(
        label=_("Bâtiment, étage, appartement"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )
    postcode = forms.RegexField(
        r"^\d{5}$",
        label=_("Code postal"),
        error_messages={"invalid": _("Un code postal a cinq chiffres, par exemple 94300.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "postal-code", "inputmode": "numeric", "class": "short"}
        ),
    )
    city = forms.CharField(
        label=_("Commune"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    since = forms.DateField(label=_("Depuis le"))

    def clean_since(self) -> date | None:
        since: date | None = self.cleaned_data["since"]
        if since and abs((since - self.asking.day).days) > 366 * 5:
            raise forms.ValidationError(_("Cette date est trop loin : vérifiez l’année."))
        return since

    def clean(self) -> dict[str, Any]:
        """A protected household's new address never lies in a request that agents read."""
        data = super().clean() or self.cleaned_data
        family = families.get_family(self.asking.family_id) if self.asking.family_id else None
        if family is not None and family.is_protected:
            raise forms.ValidationError(
                _(
                    "Votre adresse est protégée : ne l’écrivez pas ici. Signalez votre "
                    "déménagement au guichet, à un agent habilité."
                )
            )
        return data


def address_of_payload(payload: dict[str, Any]) -> AddressData:
    return AddressData(
        line1=payload["line1"],
        line2=payload.get("line2", ""),
        postcode=payload["postcode"],
        city=payload["city"],
    )


class AddressChange(Kind):
    kind = RequestKind.ADDRESS_CHANGE
    slug = "adresse"
    icon = "house"
    title = _("Changement d’adresse")
    purpose = _("Vous déménagez : tout le foyer change d’adresse.")
    form_class = AddressForm
    default_next_step = _(
        "Un agent vérifie votre justificatif, puis change l’adresse de tout le foyer. "
        "Vos réservations sont gardées."
    )

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return [
            wanted_by_slug(
                "justificatif-domicile",
                "Justificatif de domicile",
                "Facture d’électricité, d’eau ou d’internet, ou bail, de moins de trois mois.",
                required=True,
            )
        ]

    def summary(self, request: Request) -> str:
        return address_of_payload(request.payload).one_line

    def changes(self, request: Request, day: date) -> list[Change]:
        family = family_of(request)
        new = address_of_payload(request.payload)
        rows = [
            Change("Adresse", family.address_line1, new.line1),
            Change("Complément", family.address_line2, new.line2),
            Change("Code postal", family.postcode, new.postcode),
            Change("Commune", family.city, new.city),
            Change("Depuis le", "", day_words(request.payload.get("since"))),
        ]
        return [_unless_same(row) for row in rows if row.before or row.after]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        family = family_of(request)
        resident = is_resident(address_of_payload(request.payload), get_town())
        children = families.children_of(family, day)
        found = []
        if resident and not family.is_resident:
            found.append(Consequence("Le foyer devient résident : tarif de la commune."))
        elif family.is_resident and not resident:
            found.append(
                Consequence("Le foyer quitte la commune : tarif des non-résidents.", "warn")
            )
        else:
            found.append(Consequence("Tarif : le foyer garde sa situation.", "ok"))
        if children:
            names = french.and_join(child.first_name for child in children)
            found.append(Consequence(f"L’adresse change pour tout le foyer : {names}.", "ok"))
        return found

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        family = family_of(request)
        before = families.address_of(family)
        was_since = family.address_since
        new = address_of_payload(request.payload)
        family_services.change_address(
            family_id=family.pk,
            address=new,
            since=as_day(request.payload.get("since")),
            now=now,
            actor=actor,
        )
        after = families.address_of(families.get_family(family.pk))
        return Applied(
            told=f"Votre adresse est maintenant {after.one_line}.",
            data={
                "before": _plain(before),
                "after": _plain(after),
                "was_since": was_since.isoformat() if was_since else None,
            },
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        family = families.get_family(request.family_id)
        same_or_cannot_undo(_plain(families.address_of(family)), request.result.get("after"))
        family_services.change_address(
            family_id=family.pk,
            address=AddressData(**request.result["before"]),
            since=as_day(request.result.get("was_since")),
            now=now,
            actor=actor,
        )


def _unless_same(row: Change) -> Change:
    """«VINCENNES» and «Vincennes» are one: no change to be shown."""
    same = search_key(row.before) == search_key(row.after)
    return Change(row.label, row.before, row.before) if same else row


def _plain(address: AddressData) -> dict[str, str]:
    return {
        "line1": address.line1,
        "line2": address.line2,
        "postcode": address.postcode,
        "city": address.city,
        "country": address.country,
    }
