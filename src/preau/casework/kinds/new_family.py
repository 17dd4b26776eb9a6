"""A family unknown so far: its adults and children; approved, it has a file and a way in."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.casework.addresses import password_link_address
from preau.casework.errors import CaseRefusal, InvalidPayload
from preau.casework.kinds.address import AddressForm, address_of_payload
from preau.casework.kinds.base import (
    Applied,
    Asking,
    Change,
    Consequence,
    Fact,
    Kind,
    KindForm,
    Wanted,
    jsonable,
)
from preau.casework.kinds.people import (
    AdultFields,
    ChildFields,
    adult_facts,
    adult_name,
    child_data,
    child_facts,
    guardian_data,
)
from preau.casework.kinds.pieces import wanted_by_slug
from preau.casework.models import Request, RequestKind
from preau.families import queries as families
from preau.families import services as family_services
from preau.families.duplicates import find_likely_duplicates
from preau.families.values import Duplicate
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.text import search_key

MAX_ADULTS, MAX_CHILDREN = 4, 10


class HomeForm(AddressForm):
    """The household's address; since when does not matter here."""

    def prepare(self) -> None:
        del self.fields["since"]


class AdultForm(AdultFields, KindForm):
    """One adult of the new household."""


class ChildForm(ChildFields, KindForm):
    field_order = ["first_name", "last_name", "birth_on", "sex", "weeks"]


PARTS: dict[str, type[KindForm]] = {
    "home": HomeForm,
    "adults": AdultForm,
    "children": ChildForm,
}


class NewFamily(Kind):
    kind = RequestKind.NEW_FAMILY
    slug = "nouvelle-famille"
    icon = "house-plus"
    title = _("Ouverture de dossier")
    on_portal = False
    can_be_automatic = False
    undoable = False
    approve_label = _("Approuver")
    default_days = 5
    default_next_step = _(
        "Un agent vérifie que vous n’avez pas déjà un dossier, puis l’ouvre. Vous recevez alors "
        "un lien pour choisir votre mot de passe."
    )

    # -- Asking -------------------------------------------------------------------------------

    def part(self, name: str, data: Any = None, *, asking: Asking, **kwargs: Any) -> KindForm:
        """The form of one page: home, adults (one of them) or children (one of them)."""
        return PARTS[name](data, asking=asking, **kwargs)

    def form(self, data: Any = None, *, asking: Asking, **kwargs: Any) -> forms.Form:
        raise CaseRefusal("Un dossier s’ouvre page par page.")

    def validate(self, payload: Mapping[str, Any], asking: Asking) -> dict[str, Any]:
        errors: dict[str, list[str]] = {}
        cleaned: dict[str, Any] = {}

        def check(name: str, place: str, answers: Mapping[str, Any]) -> dict[str, Any]:
            form = self.part(name, dict(answers), asking=asking)
            if not form.is_valid():
                for key, messages in form.errors.items():
                    errors[f"{place}.{key}"] = [str(message) for message in messages]
                return {}
            return {key: jsonable(value) for key, value in form.cleaned_data.items()}

        cleaned["home"] = check("home", "home", payload.get("home") or {})
        adults, children = payload.get("adults") or [], payload.get("children") or []
        if not adults:
            errors["adults"] = ["Un dossier a au moins un adulte."]
        if not children:
            errors["children"] = ["Ajoutez au moins un enfant, né ou à inscrire."]
        cleaned["adults"] = [
            check("adults", f"adults.{i}", adult) for i, adult in enumerate(adults[:MAX_ADULTS])
        ]
        cleaned["children"] = [
            check("children", f"children.{i}", child)
            for i, child in enumerate(children[:MAX_CHILDREN])
        ]
        if errors:
            raise InvalidPayload(errors)
        return cleaned

    def wanted_documents(self, asking: Asking, payload: Mapping[str, Any]) -> list[Wanted]:
        return [
            wanted_by_slug(
                "livret-famille", "Livret de famille", "Les pages des adultes et des enfants."
            ),
            wanted_by_slug(
                "justificatif-domicile",
                "Justificatif de domicile",
                "Facture ou bail de moins de trois mois.",
            ),
        ]

    # -- Telling ------------------------------------------------------------------------------

    def summary(self, request: Request) -> str:
        children = request.payload["children"]
        names = french.and_join(child["first_name"] for child in children)
        return f"{_household(request.payload)} ({names})"

    def facts(self, request: Request) -> list[Fact]:
        payload = request.payload
        rows = [Fact("Adresse", address_of_payload(payload["home"]).one_line)]
        for adult in payload["adults"]:
            words = [fact.value for fact in adult_facts(adult)[1:]]
            rows.append(Fact(adult_name(adult), ", ".join(words)))
        for child in payload["children"]:
            words = [fact.value for fact in child_facts(child)[1:]]
            rows.append(Fact(f"{child['first_name']} {child['last_name']}", ", ".join(words)))
        return rows

    def changes(self, request: Request, day: date) -> list[Change]:
        return [Change(fact.label, "", fact.value) for fact in self.facts(request)]

    def duplicates(self, request: Request) -> list[Duplicate]:
        """Files that may be this family, likeliest first, with why."""
        payload = request.payload
        return find_likely_duplicates(
            guardians=[guardian_data(adult) for adult in payload["adults"]],
            children=[child_data(child) for child in payload["children"]],
            address=address_of_payload(payload["home"]),
        )

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        found = self.duplicates(request)
        if found:
            one = french.count(len(found), "dossier semblable", "dossiers semblables")
            return [Consequence(f"{one} : comparez avant de décider.", "warn")]
        return [Consequence("Aucun dossier semblable n’est connu.", "ok")]

    def choices(self, request: Request, day: date) -> list[tuple[str, str]]:
        found = self.duplicates(request)
        if not found:
            return []
        return [
            *(
                (f"attach:{match.family_id}", f"Rattacher au dossier {match.name}, {match.code}")
                for match in found
            ),
            ("open", "C’est une autre famille : ouvrir un nouveau dossier"),
        ]

    # -- Acting -------------------------------------------------------------------------------

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        payload = request.payload
        choice = payload.get("_choice", "")
        offered = {match.family_id for match in self.duplicates(request)}
        if offered and choice != "open" and not choice.startswith("attach:"):
            raise CaseRefusal("Dites si c’est une nouvelle famille ou un dossier déjà connu.")
        if choice.startswith("attach:"):
            target = int(choice.partition(":")[2])
            if target not in offered:
                raise CaseRefusal("Ce dossier ne ressemble plus à la demande : relisez-la.")
            return self._attach(request, target, now=now, actor=actor)
        family = family_services.open_family(
            address=address_of_payload(payload["home"]),
            guardians=[
                guardian_data(adult, is_payer=index == 0)
                for index, adult in enumerate(payload["adults"])
            ],
            children=[child_data(child) for child in payload["children"]],
            channel=request.channel,
            now=now,
            actor=actor,
        )
        invited = self._invite(family.pk, list(families.guardians_of(family)), now, actor)
        return Applied(
            told=f"Votre dossier est ouvert. Votre code famille : {family.printed_code}. {invited}",
            data={"opened": True},
            family_id=family.pk,
        )

    def _attach(self, request: Request, family_id: int, *, now: datetime, actor: Actor) -> Applied:
        """Complete an existing file with the adults and children that it does not have."""
        payload = request.payload
        family = families.get_family(family_id)
        known_adults = {
            search_key(adult.first_name, name)
            for adult in families.guardians_of(family)
            for name in (adult.last_name, adult.usage_name)
            if name
        }
        new = []
        for adult in payload["adults"]:
            keys = {
                search_key(adult["first_name"], name)
                for name in (adult["last_name"], adult.get("usage_name") or "")
                if name
            }
            if not keys & known_adults:
                new.append(
                    family_services.add_guardian(
                        family_id=family_id, guardian=guardian_data(adult), now=now, actor=actor
                    )
                )
        known_children = {
            (search_key(child.first_name), child.birth_on)
            for child in families.children_of(family, paris_day(now))
        }
        added = []
        for child in payload["children"]:
            data = child_data(child)
            if (search_key(data.first_name), data.birth_on) not in known_children:
                added.append(
                    family_services.add_child(family_id=family_id, child=data, now=now, actor=actor)
                )
        without = [a for a in families.guardians_of(family) if a.user_id is None and a.email]
        invited = self._invite(family_id, without, now, actor)
        return Applied(
            told=f"Vous aviez déjà un dossier : il est complété. {invited}",
            data={
                "attached": True,
                "guardians": [adult.pk for adult in new],
                "children": [child.pk for child in added],
            },
            family_id=family_id,
        )

    def _invite(self, family_id: int, adults: list[Any], now: datetime, actor: Actor) -> str:
        sent = []
        for adult in adults:
            if adult.email and adult.email not in sent:
                family_services.invite_by_email(
                    family_id=family_id,
                    guardian_id=adult.pk,
                    address=password_link_address(),
                    now=now,
                    actor=actor,
                )
                sent.append(adult.email)
        if not sent:
            return "Une lettre vous donnera votre mot de passe."
        return f"Un lien pour choisir le mot de passe est parti à {french.and_join(sent)}."


def _household(payload: Mapping[str, Any]) -> str:
    names = dict.fromkeys(a.get("usage_name") or a["last_name"] for a in payload["adults"])
    return " – ".join(names)
