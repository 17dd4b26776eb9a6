"""An absence to be justified: approved, it counts as justified for the bill."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.attendance import queries as attendance
from preau.attendance import services as attendance_services
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
from preau.casework.models import Request, RequestKind
from preau.kernel import french
from preau.kernel.actors import Actor

REASONS = [
    ("ILLNESS", "maladie"),
    ("FAMILY", "raison familiale"),
    ("SCHOOL_TRIP", "sortie scolaire"),
    ("TEACHER_ABSENT", "enseignant absent"),
    ("OTHER", "autre"),
]


class AbsenceForm(KindForm):
    starts_on = forms.DateField(label=_("Premier jour d’absence"))
    ends_on = forms.DateField(label=_("Dernier jour d’absence"))
    reason = forms.ChoiceField(label=_("Motif"), choices=REASONS, widget=forms.RadioSelect)
    comment = forms.CharField(
        label=_("Une précision"),
        required=False,
        max_length=300,
        help_text=_("N’écrivez pas de donnée de santé ici."),
    )

    def prepare(self) -> None:
        for name in ("starts_on", "ends_on"):
            self.initial.setdefault(name, self.asking.day)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last:
            if last < first:
                self.add_error("ends_on", _("Le dernier jour ne peut pas précéder le premier."))
            elif (last - first).days > 92 or abs((first - self.asking.day).days) > 366:
                self.add_error("ends_on", _("Vérifiez ces dates : trois mois au plus."))
        return data


class Absence(Kind):
    kind = RequestKind.ABSENCE
    slug = "absence"
    icon = "calendar-x-2"
    title = _("Absence à justifier")
    purpose = _("Joignez un certificat : l’absence justifiée peut ne pas être facturée.")
    group = "Vos enfants"
    form_class = AbsenceForm
    needs_child = True
    is_decision = True
    default_days = 7
    default_next_step = _(
        "Un agent regarde le justificatif ; la règle de la ville dit alors ce qui est facturé."
    )

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return [Wanted("Justificatif", "Certificat médical ou autre, sans diagnostic.")]

    def missing(self, request: Request, given_kinds: Any, day: date) -> list[str]:
        return [] if list(given_kinds) else ["le justificatif"]

    def summary(self, request: Request) -> str:
        return f"{request.child.first_name}, {_period(request)}"

    def facts(self, request: Request) -> list[Fact]:
        rows = [
            Fact("Enfant", str(request.child)),
            Fact("Absence", _period(request)),
            Fact("Motif", dict(REASONS)[request.payload["reason"]]),
            Fact("Précision", request.payload.get("comment", "")),
        ]
        return [row for row in rows if row.value]

    def changes(self, request: Request, day: date) -> list[Change]:
        return [
            Change(
                f"Absence {french.of(request.child.first_name)}, {_period(request)}",
                "non justifiée",
                f"justifiée, {dict(REASONS)[request.payload['reason']]}",
            )
        ]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        return [Consequence("La règle des absences justifiées s’applique à la facture à venir.")]

    def received(self, request: Request, *, now: datetime, actor: Actor) -> None:
        """Told in time is told now: the rules count from this day, not from the decision."""
        self._report(request, now=now, actor=actor)

    def receipt(self, request: Request) -> list[str]:
        """The acknowledgement of the request is the only letter: it says what each day becomes."""
        report = self._known(request)
        if report is None or not report.effects:
            return []
        effects = [attendance_services.Effect(**effect) for effect in report.effects]
        return ["Les jours réservés :", *attendance_services.effects_in_words(effects)]

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        report = self._report(request, now=now, actor=actor)
        attendance_services.justify_absence(
            report_id=report.pk, justified=True, tell=False, now=now, actor=actor
        )
        return Applied(
            told=f"L’absence {french.of(request.child.first_name)} {_period(request)} est "
            "justifiée.",
            data={"absence_id": report.pk},
        )

    def refused(self, request: Request, reason: str, *, now: datetime, actor: Actor) -> None:
        report = self._report(request, now=now, actor=actor)
        attendance_services.justify_absence(
            report_id=report.pk,
            justified=False,
            comment=reason,
            tell=False,
            now=now,
            actor=actor,
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        attendance_services.justify_absence(
            report_id=request.result["absence_id"],
            justified=False,
            comment="Décision annulée, à revoir.",
            tell=False,
            now=now,
            actor=actor,
        )

    def _known(self, request: Request) -> Any:
        first, last = as_day(request.payload["starts_on"]), as_day(request.payload["ends_on"])
        return (
            attendance.absences_of(request.family_id)
            .filter(child_id=request.child_id, starts_on__lte=first, ends_on__gte=last)
            .first()
        )

    def _report(self, request: Request, *, now: datetime, actor: Actor) -> Any:
        """The report of these days: the one that exists already, else a new one."""
        first, last = as_day(request.payload["starts_on"]), as_day(request.payload["ends_on"])
        joined = request.files.first()
        known = self._known(request)
        if known is None:
            return attendance_services.report_absence(
                family_id=request.family_id,
                child_id=request.child_id,
                starts_on=first,
                ends_on=last,
                reason=request.payload["reason"],
                comment=request.payload.get("comment", ""),
                document_id=joined.file_id if joined else None,
                channel=request.channel,
                tell=False,
                now=now,
                actor=actor,
            )
        if joined and known.document_id is None:
            attendance_services.add_document(
                report_id=known.pk,
                family_id=request.family_id,
                document_id=joined.file_id,
                now=now,
                actor=actor,
            )
        return known


def _period(request: Request) -> str:
    first, last = as_day(request.payload["starts_on"]), as_day(request.payload["ends_on"])
    return french.period(first, last, year=True) if first and last else ""
