"""A child is enrolled in an activity. Enrolled is not booked: the family is told so."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.bookings import services as bookings
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
from preau.casework.kinds.pieces import wanted_for_activity
from preau.casework.models import Request, RequestKind
from preau.catalogue import queries as catalogue
from preau.catalogue.enums import BookingMode, EstablishmentKind
from preau.enrolments import queries as enrolments
from preau.enrolments import services as enrolment_services
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import at_paris, paris_day
from preau.schools import queries as schools


def open_offerings(day: date) -> list[Any]:
    """The offerings that one may ask for: this school year's and the next one's."""
    years = [catalogue.school_year_of(day), catalogue.next_school_year(day)]
    return [
        offering
        for year in years
        if year is not None
        for offering in catalogue.offerings_for(year).exclude(
            activity__booking_mode=BookingMode.CONTRACT
        )
        if offering.ends_on >= day
    ]


def registration(offering: Any, at: datetime) -> str:
    """«soon», «open» or «closed» at this instant."""
    return catalogue.registration_state(
        offering.registration_opens_at,
        offering.registration_closes_at,
        offering.is_open,
        at,
    )


class EnrolmentForm(KindForm):
    offering = forms.TypedChoiceField(
        label=_("Où ?"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choisissez un lieu."),
            "invalid_choice": _("Cette activité n’est pas ouverte aux inscriptions."),
        },
    )
    starts_on = forms.DateField(label=_("À partir du"))
    comment = forms.CharField(
        label=_("Une précision pour le service"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("N’écrivez pas de donnée de santé ici."),
    )

    def prepare(self) -> None:
        offerings = open_offerings(self.asking.day)
        slug = self.asking.options.get("activite", "")
        if slug:
            offerings = [o for o in offerings if o.activity.slug == slug]
        if not self.asking.by_agent:
            at = self.asking.at or at_paris(self.asking.day, time(12))
            offerings = [o for o in offerings if registration(o, at) == "open"]
        school = schools.schooling_on([self.asking.child_id or 0], self.asking.day).get(
            self.asking.child_id or 0
        )
        self.offerings = {o.pk: o for o in offerings}
        if slug and school is not None:
            own = [o for o in offerings if o.establishment_id == school.establishment_id]
            # A school's own activities are for its pupils; a centre is open to all of them.
            at_schools = [o for o in offerings if o.establishment.kind == EstablishmentKind.SCHOOL]
            if own and len(at_schools) == len(offerings) and not self.asking.by_agent:
                offerings = own
            offerings.sort(key=lambda o: o.establishment_id != school.establishment_id)
        field = self.fields["offering"]
        years = {o.school_year_id for o in offerings}
        field.choices = [(o.pk, _offering_label(o, with_year=len(years) > 1)) for o in offerings]
        if offerings:
            first = offerings[0]
            self.initial.setdefault("offering", first.pk)
            self.initial.setdefault("starts_on", max(self.asking.day, first.starts_on))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        offering = self.offerings.get(data.get("offering"))
        starts_on = data.get("starts_on")
        if offering and starts_on and not (offering.starts_on <= starts_on <= offering.ends_on):
            self.add_error(
                "starts_on",
                _("Choisissez une date %(when)s.")
                % {"when": french.period(offering.starts_on, offering.ends_on, year=True)},
            )
        return data


def _offering_label(offering: Any, *, with_year: bool) -> str:
    parts = [offering.establishment.name, offering.label]
    if with_year:
        parts.append(offering.school_year.label)
    return ", ".join(part for part in parts if part)


class ActivityEnrolment(Kind):
    kind = RequestKind.ENROLMENT
    slug = "inscription"
    icon = "clipboard-list"
    title = _("Inscription à une activité")
    purpose = _("Cantine, accueil du matin et du soir, mercredi, vacances, sports.")
    group = "Vos enfants"
    form_class = EnrolmentForm
    needs_child = True
    default_days = 10
    default_next_step = _(
        "Un agent vérifie les pièces et inscrit votre enfant. Ensuite, réservez les jours dans "
        "«\u00a0Réservations\u00a0» : être inscrit n’est pas encore être réservé."
    )

    def offering(self, request: Request) -> Any:
        """The offering asked for, read once for each request."""
        known = request.__dict__.get("_offering")
        if known is None or known.pk != request.payload["offering"]:
            known = catalogue.get_offering(request.payload["offering"])
            request.__dict__["_offering"] = known
        return known

    def missing(self, request: Request, given_kinds: Any, day: date) -> list[str]:
        given = set(given_kinds)
        wanted = wanted_for_activity(
            activity_id=self.offering(request).activity_id,
            child_id=request.child_id,
            family_id=request.family_id,
            day=day,
        )
        return [piece.name for piece in wanted if piece.kind_id not in given]

    def service_id(self, request: Request) -> int | None:
        offering = self.offering(request)
        return offering.activity.service_id if offering else None

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        activity_id = None
        if payload.get("offering"):
            offering = catalogue.get_offering(payload["offering"])
            activity_id = offering.activity_id if offering else None
        elif slug := asking.options.get("activite"):
            activity = catalogue.get_activity(slug)
            activity_id = activity.pk if activity else None
        if activity_id is None or asking.child_id is None or asking.family_id is None:
            return []
        return wanted_for_activity(
            activity_id=activity_id,
            child_id=asking.child_id,
            family_id=asking.family_id,
            day=asking.day,
        )

    def is_automatic(self, request: Request, setting: bool) -> bool:
        offering = self.offering(request)
        return bool(offering and (offering.activity.is_automatic or setting)) and not self._doubts(
            request, request_day(request)
        )

    def summary(self, request: Request) -> str:
        return f"{request.child.first_name}, {self.offering(request)}"

    def facts(self, request: Request) -> list[Fact]:
        offering = self.offering(request)
        rows = [
            Fact("Enfant", str(request.child)),
            Fact("Activité", offering.activity.name),
            Fact("Lieu", _offering_label(offering, with_year=False)),
            Fact("Du", day_words(request.payload["starts_on"])),
            Fact("Au", day_words(offering.ends_on)),
            Fact("Précision", request.payload.get("comment", "")),
        ]
        return [row for row in rows if row.value]

    def changes(self, request: Request, day: date) -> list[Change]:
        offering = self.offering(request)
        held = (
            enrolments.active_enrolments(request.family_id, day)
            .filter(child_id=request.child_id, offering__activity_id=offering.activity_id)
            .first()
        )
        before = "non inscrit"
        if held:
            before = f"{held.offering.establishment.name}, " + french.period(
                held.starts_on, held.ends_on, year=True
            )
        starts_on = as_day(request.payload["starts_on"]) or offering.starts_on
        after = f"{_offering_label(offering, with_year=False)}, " + french.period(
            max(starts_on, offering.starts_on), offering.ends_on, year=True
        )
        return [Change(f"{offering.activity.name}, {request.child.first_name}", before, after)]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        offering = self.offering(request)
        found = [Consequence(text, "warn") for text in self._doubts(request, day)]
        name = request.child.first_name
        if offering.activity.booking_mode == BookingMode.WHOLE_PERIOD:
            found.append(Consequence(f"Toutes les séances sont réservées pour {name}."))
        else:
            found.append(Consequence(f"{name} est inscrit ; la famille réserve ensuite ses jours."))
        if families.quotient_on(request.family_id, day) is None:
            found.append(
                Consequence(
                    "Aucun quotient familial connu : le tarif sans quotient s’applique.", "warn"
                )
            )
        return found

    def _doubts(self, request: Request, day: date) -> list[str]:
        offering = self.offering(request)
        child = request.child
        school = schools.schooling_on([child.pk], day).get(child.pk)
        found = []
        if offering.establishment.kind == EstablishmentKind.SCHOOL:
            if school is None:
                found.append(f"{child.first_name} n’a pas d’école connue aujourd’hui.")
            elif school.establishment_id != offering.establishment_id:
                found.append(
                    f"{child.first_name} est à l’école {school.establishment.name}, pas à "
                    f"{offering.establishment.name}."
                )
        levels = offering.activity.levels
        if levels and school is not None and school.level not in levels:
            found.append(f"Le niveau {school.level} n’est pas prévu par cette activité.")
        if child.birth_on:
            starts_on = as_day(request.payload["starts_on"]) or day
            age = (
                starts_on.year
                - child.birth_on.year
                - ((starts_on.month, starts_on.day) < (child.birth_on.month, child.birth_on.day))
            )
            low, high = offering.activity.min_age, offering.activity.max_age
            if (low is not None and age < low) or (high is not None and age > high):
                found.append(f"{child.first_name} a {age} ans : hors des âges de l’activité.")
        return found

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        offering = self.offering(request)
        enrolment = enrolment_services.enrol(
            child_id=request.child_id,
            family_id=request.family_id,
            offering_id=offering.pk,
            starts_on=as_day(request.payload["starts_on"]) or offering.starts_on,
            channel=request.channel,
            now=now,
            actor=actor,
            request_id=request.pk,
        )
        name = request.child.first_name
        data = {"enrolment_id": enrolment.pk}
        if offering.activity.booking_mode == BookingMode.WHOLE_PERIOD:
            booked = bookings.book_whole_period(
                enrolment_id=enrolment.pk, channel=request.channel, now=now, actor=actor
            )
            sessions = french.count(booked.booked, "séance")
            told = f"{name} est inscrit à {offering} : {sessions} réservées."
            if booked.booked < 2:
                told = f"{name} est inscrit à {offering} : {sessions} réservée."
            if booked.waiting:
                waiting = french.count(booked.waiting, "séance")
                told += f" En liste d’attente pour {waiting}."
            if booked.shut:
                shut = french.count(
                    booked.shut, "autre séance sera demandée", "autres séances seront demandées"
                )
                told += f" {shut} à l’ouverture des réservations."
            return Applied(told=told, data=data)
        return Applied(
            told=f"{name} est inscrit à {offering}. Réservez maintenant ses jours dans "
            "«\u00a0Réservations\u00a0».",
            data=data,
        )

    def undo(self, request: Request, *, now: datetime, actor: Actor) -> None:
        enrolment_id = request.result["enrolment_id"]
        # What was booked by right of this enrolment goes with it, at no cost.
        bookings.cancel_future(
            enrolment_id=enrolment_id,
            since=paris_day(now),
            reason="Décision annulée",
            now=now,
            actor=actor,
        )
        enrolment_services.cancel_enrolment(
            enrolment_id=enrolment_id, reason="Décision annulée", now=now, actor=actor
        )
