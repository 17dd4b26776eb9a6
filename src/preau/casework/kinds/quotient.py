"""The family quotient, with the fund's own attestation."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.casework.errors import CannotUndo
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
from preau.casework.kinds.pieces import wanted_by_slug
from preau.casework.models import Request, RequestKind
from preau.families import queries as families
from preau.families import services as family_services
from preau.families.enums import QuotientSource
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.money import NotAnAmount, parse_euros

SOURCES = [(QuotientSource.CAF, "CAF"), (QuotientSource.MSA, "MSA")]


class QuotientForm(KindForm):
    value = forms.CharField(
        label=_("Votre quotient familial"),
        max_length=12,
        help_text=_("Le nombre écrit sur votre attestation, par exemple 845."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "short"}),
    )
    source = forms.ChoiceField(label=_("Calculé par"), choices=SOURCES, widget=forms.RadioSelect)
    starts_on = forms.DateField(label=_("À partir du"))

    def prepare(self) -> None:
        self.initial.setdefault("starts_on", self.asking.day.replace(day=1))
        self.initial.setdefault("source", QuotientSource.CAF)

    def clean_value(self) -> str:
        text: str = self.cleaned_data["value"]
        try:
            cents = parse_euros(text)
        except NotAnAmount:
            raise forms.ValidationError(
                _("Écrivez un nombre, par exemple 845 ou 845,50.")
            ) from None
        if not 0 <= cents <= 10_000_000:
            raise forms.ValidationError(_("Ce nombre n’est pas un quotient familial."))
        return text

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"]
        if not -370 < (day - self.asking.day).days < 120:
            raise forms.ValidationError(_("Choisissez une date proche d’aujourd’hui."))
        return day


class QuotientUpdate(Kind):
    kind = RequestKind.QUOTIENT
    slug = "quotient"
    icon = "calculator"
    title = _("Quotient familial")
    purpose = _("Une nouvelle attestation de la CAF ou de la MSA : votre tarif la suit.")
    form_class = QuotientForm
    default_next_step = _(
        "Un agent lit votre attestation. Le nouveau tarif vaut dès la date que vous indiquez, "
        "pour tout ce qui n’est pas encore facturé."
    )

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return [
            wanted_by_slug(
                "attestation-quotient",
                "Attestation de quotient familial",
                "À télécharger dans votre espace CAF ou MSA.",
                required=True,
            )
        ]

    def summary(self, request: Request) -> str:
        return f"{_value(request)} ({request.payload['source']})"

    def facts(self, request: Request) -> list[Fact]:
        return [
            Fact("Quotient familial", _value(request)),
            Fact("Calculé par", request.payload["source"]),
            Fact("À partir du", day_words(request.payload["starts_on"])),
        ]

    def changes(self, request: Request, day: date) -> list[Change]:
        starts_on = as_day(request.payload["starts_on"]) or day
        current = families.quotient_on(request.family_id, starts_on)
        return [
            Change(
                "Quotient familial",
                _number(current.value_cents) if current else "",
                _value(request),
            ),
            Change(
                "Source", current.get_source_display() if current else "", request.payload["source"]
            ),
            Change(
                "Valable du",
                day_words(current.starts_on) if current else "",
                day_words(request.payload["starts_on"]),
            ),
        ]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        return [
            Consequence(
                f"Le tarif suit ce quotient à partir du {day_words(request.payload['starts_on'])}, "
                "pour ce qui n’est pas encore facturé."
            ),
            Consequence("Les factures déjà émises ne changent pas.", "ok"),
        ]

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        starts_on = as_day(request.payload["starts_on"]) or paris_day(now)
        before = families.quotient_on(request.family_id, starts_on)
        joined = request.files.first()
        quotient = family_services.record_quotient(
            family_id=request.family_id,
            value_cents=parse_euros(request.payload["value"]),
            source=request.payload["source"],
            starts_on=starts_on,
            document_id=joined.file_id if joined else None,
            now=now,
            actor=actor,
        )
        return Applied(
            told=f"Votre quotient familial est {_value(request)} à partir du "
            f"{day_words(starts_on)}.",
            data={
                "quotient_id": quotient.pk,
                "before": before
                and {
                    "value_cents": before.value_cents,
                    "source": before.source,
                    "ends_on": before.ends_on.isoformat() if before.ends_on else None,
                },
            },
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        starts_on = as_day(request.payload["starts_on"]) or paris_day(now)
        held = families.quotient_on(request.family_id, starts_on)
        before = request.result.get("before")
        if held is None or held.pk != request.result.get("quotient_id"):
            raise CannotUndo("Un autre quotient est enregistré depuis : corrigez le dossier.")
        if before is None:
            raise CannotUndo(
                "Aucun quotient n’était connu avant : enregistrez le bon dans le dossier."
            )
        family_services.record_quotient(
            family_id=request.family_id,
            value_cents=before["value_cents"],
            source=before["source"],
            starts_on=starts_on,
            ends_on=as_day(before["ends_on"]),
            now=now,
            actor=actor,
        )


def _value(request: Request) -> str:
    return _number(parse_euros(request.payload["value"]))


def _number(cents: int) -> str:
    units, rest = divmod(cents, 100)
    return french.number(units) + (f",{rest:02d}" if rest else "")
