"""A wish for a crèche place, from pregnancy on: approved, it waits on the list, ranked by the
published points, then by date."""

from datetime import date, datetime, time
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
    KindForm,
    Wanted,
    as_day,
    day_words,
    request_day,
)
from preau.casework.models import Request, RequestKind
from preau.catalogue import queries as catalogue
from preau.catalogue.enums import EstablishmentKind
from preau.childcare import queries as childcare
from preau.childcare import services as childcare_services
from preau.childcare.rules import week_words
from preau.families import queries as families
from preau.families import services as family_services
from preau.families.values import ChildData
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day

CRITERION = "critere-"
DAYS = [(str(index), french.WEEKDAYS[index]) for index in range(5)]


class CrecheForm(KindForm):
    expected_on = forms.DateField(label=_("Naissance prévue le"), required=False)
    wished_from = forms.DateField(label=_("Accueil souhaité à partir du"))
    days = forms.MultipleChoiceField(
        label=_("Quels jours ?"),
        choices=DAYS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choisissez au moins un jour.")},
    )
    arrives_at = forms.TimeField(
        label=_("De"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        initial=time(8, 30),
    )
    leaves_at = forms.TimeField(
        label=_("À"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        initial=time(17, 30),
    )
    establishment = forms.TypedChoiceField(
        label=_("Crèche préférée"), coerce=int, required=False, empty_value=None
    )
    establishment_2 = forms.TypedChoiceField(
        label=_("Deuxième vœu"), coerce=int, required=False, empty_value=None
    )
    establishment_3 = forms.TypedChoiceField(
        label=_("Troisième vœu"), coerce=int, required=False, empty_value=None
    )
    comment = forms.CharField(
        label=_("Une précision"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("N’écrivez pas de donnée de santé ici."),
    )

    def prepare(self) -> None:
        creches = list(catalogue.establishments(EstablishmentKind.CRECHE))
        sites = [(site.pk, site.name) for site in creches]
        self.fields["establishment"].choices = [("", _("Pas de préférence")), *sites]
        for number in (2, 3):
            name = f"establishment_{number}"
            self.fields[name].choices = [("", _("Aucun")), *sites]
            if len(sites) < number:
                del self.fields[name]
        self._add_criteria()
        if self.asking.child_id is not None:
            del self.fields["expected_on"]
        else:
            self.fields["expected_on"].required = True
        self.initial.setdefault("days", [key for key, _name in DAYS])

    def _add_criteria(self) -> None:
        """The published criteria, each with its points and what will prove it."""
        scale = childcare.scale_on(self.asking.day)
        comment = self.fields.pop("comment")
        for criterion in scale.criteria.all() if scale else ():
            word = "point" if criterion.points < 2 else "points"
            hint = f"{criterion.points} {word}. Justificatif\u00a0: {criterion.proof}."
            name = f"{CRITERION}{criterion.code}"
            if criterion.most == 1:
                self.fields[name] = forms.BooleanField(
                    label=criterion.label, required=False, help_text=hint
                )
            else:
                self.fields[name] = forms.IntegerField(
                    label=_("%(what)s : combien ?") % {"what": criterion.label},
                    required=False,
                    min_value=0,
                    max_value=criterion.most,
                    help_text=hint,
                    widget=forms.NumberInput(attrs={"class": "short"}),
                )
        self.fields["comment"] = comment

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        start, end = data.get("arrives_at"), data.get("leaves_at")
        if start and end and not 60 <= _minutes(start, end) <= 12 * 60:
            self.add_error("leaves_at", _("Choisissez entre une et douze heures par jour."))
        wished = data.get("wished_from")
        if wished and not -31 <= (wished - self.asking.day).days <= 3 * 366:
            self.add_error("wished_from", _("Choisissez une date dans les trois ans."))
        expected = data.get("expected_on")
        if expected and not -31 <= (expected - self.asking.day).days <= 300:
            self.add_error("expected_on", _("Vérifiez cette date : elle est trop loin."))
        return data

    def payload(self) -> dict[str, Any]:
        payload = super().payload()
        for name in ("arrives_at", "leaves_at"):
            payload[name] = f"{self.cleaned_data[name]:%H:%M}"
        return payload


def _minutes(start: time, end: time) -> int:
    return end.hour * 60 + end.minute - start.hour * 60 - start.minute


def week_of(payload: dict[str, Any]) -> list[int]:
    """Minutes for each weekday, Monday first."""
    length = _minutes(
        time.fromisoformat(payload["arrives_at"]), time.fromisoformat(payload["leaves_at"])
    )
    chosen = {int(day) for day in payload["days"]}
    return [length if index in chosen else 0 for index in range(5)]


def spans_of(payload: dict[str, Any]) -> tuple[tuple[int, int] | None, ...]:
    """Hours of each weekday in minutes from midnight."""
    start, end = (time.fromisoformat(payload[name]) for name in ("arrives_at", "leaves_at"))
    span = (start.hour * 60 + start.minute, end.hour * 60 + end.minute)
    chosen = {int(day) for day in payload["days"]}
    return tuple(span if index in chosen else None for index in range(5))


def claims_in(payload: dict[str, Any]) -> dict[str, int]:
    """Criteria that the family says it meets, and how many times."""
    return {
        name.removeprefix(CRITERION): int(value)
        for name, value in payload.items()
        if name.startswith(CRITERION) and value
    }


def wishes_in(payload: dict[str, Any]) -> list[int]:
    """The wished crèches after the first, in order, each once."""
    first = payload.get("establishment")
    more = [payload.get(f"establishment_{number}") for number in (2, 3)]
    return [site for site in dict.fromkeys(more) if site and site != first]


class CrechePlace(Kind):
    kind = RequestKind.CRECHE_PLACE
    slug = "creche"
    icon = "baby"
    title = _("Place en crèche")
    purpose = _("Dès la grossesse : votre rang dépend de la date de cette demande.")
    group = "Vos enfants"
    form_class = CrecheForm
    needs_child = True
    permission = Permission.MANAGE_CRECHE
    default_days = 30
    default_next_step = _(
        "Le service petite enfance vérifie votre demande et vos pièces, puis place votre enfant "
        "sur la liste d’attente. Votre rang, vos points et les pièces attendues se lisent dans "
        "votre espace, page « Crèche »."
    )

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return [
            Wanted(
                "Justificatif de naissance ou de grossesse",
                "Certificat de grossesse, ou acte de naissance. Les autres pièces se donnent "
                "ensuite dans votre espace, page « Crèche ».",
            )
        ]

    def summary(self, request: Request) -> str:
        wished = day_words(request.payload["wished_from"])
        if request.child_id:
            return f"{request.child.first_name}, à partir du {wished}"
        return f"Naissance prévue le {day_words(request.payload.get('expected_on'))}"

    def facts(self, request: Request) -> list[Fact]:
        payload = request.payload
        site = catalogue.get_establishment(payload.get("establishment") or 0)
        rows = [
            Fact("Enfant", str(request.child) if request.child_id else "à naître"),
            Fact("Naissance prévue le", day_words(payload.get("expected_on"))),
            Fact("Accueil à partir du", day_words(payload["wished_from"])),
            Fact("Semaine", week_words(week_of(payload))),
            Fact("Horaires", f"de {_hour(payload['arrives_at'])} à {_hour(payload['leaves_at'])}"),
            Fact("Crèche préférée", site.name if site else "pas de préférence"),
            Fact("Autres vœux", ", ".join(self._other_sites(payload))),
            Fact("Critères", ", ".join(self._criteria(payload, request))),
            Fact("Précision", payload.get("comment", "")),
        ]
        return [row for row in rows if row.value]

    def _other_sites(self, payload: dict[str, Any]) -> list[str]:
        found = [catalogue.get_establishment(pk) for pk in wishes_in(payload)]
        return [site.name for site in found if site]

    def _criteria(self, payload: dict[str, Any], request: Request) -> list[str]:
        claims = claims_in(payload)
        scale = childcare.scale_on(request_day(request)) if claims else None
        return [
            f"{criterion.label} ({claims[criterion.code]})"
            if claims[criterion.code] > 1
            else criterion.label
            for criterion in (scale.criteria.all() if scale else ())
            if criterion.code in claims
        ]

    def changes(self, request: Request, day: date) -> list[Change]:
        waiting = request.child_id and childcare.waiting_for_child(request.child_id)
        rows = [
            Change(
                "Liste d’attente",
                "déjà inscrit" if waiting else "",
                f"inscrit, demande du {french.day(request.submitted_at or day, year=True)}",
            )
        ]
        rows += [
            Change(fact.label, "", fact.value)
            for fact in self.facts(request)
            if fact.label != "Précision"
        ]
        return rows

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        length = childcare.waiting_list().count()
        found = [
            Consequence(
                f"{french.count(length, 'enfant attend', 'enfants attendent')} déjà une place."
            )
        ]
        if not request.child_id:
            found.append(Consequence("Un enfant à naître est ajouté au dossier."))
        found.append(Consequence("Aucune place n’est donnée : l’admission vient ensuite.", "ok"))
        return found

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        payload = request.payload
        child_id, created = request.child_id, None
        if child_id is None:
            adult = families.payer_of(request.family_id)
            child = family_services.add_child(
                family_id=request.family_id,
                child=ChildData(
                    first_name="Bébé",
                    last_name=adult.usage_name or adult.last_name if adult else "À naître",
                    expected_on=as_day(payload["expected_on"]),
                ),
                now=now,
                actor=actor,
            )
            child_id = created = child.pk
        row = childcare_services.preregister(
            child_id=child_id,
            family_id=request.family_id,
            establishment_id=payload.get("establishment"),
            wished_from=as_day(payload["wished_from"]) or paris_day(request.submitted_at),
            weekly_minutes=week_of(payload),
            week=spans_of(payload),
            more_wishes=[childcare_services.Wished(pk) for pk in wishes_in(payload)],
            claims=claims_in(payload),
            # With a piece, the agent who approves has read it; without any, they are awaited.
            has_base_pieces=request.files.exists(),
            comment=payload.get("comment", ""),
            channel=request.channel,
            asked_at=request.submitted_at,
            request_id=request.pk,
            now=now,
            actor=actor,
        )
        rank = childcare.rank_of(row.pk)
        told = (
            f"Vous êtes sur la liste d’attente, au {french.ordinal(rank)} rang aujourd’hui."
            if rank
            else "Votre demande est enregistrée. Donnez vos pièces dans votre espace, page "
            "« Crèche » : elle aura alors son rang."
        )
        return Applied(
            told=told,
            data={"preregistration_id": row.pk, "created_child_id": created},
            child_id=child_id,
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        childcare_services.withdraw(
            preregistration_id=request.result["preregistration_id"],
            reason="décision annulée",
            now=now,
            actor=actor,
        )


def _hour(text: str) -> str:
    return french.clock_time(time.fromisoformat(text))
