"""To whom, what, by what."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from preau.catalogue.queries import active_classes, establishments, list_activities, school_year_of
from preau.journeys.mass_messages import AUDIENCES, Audience
from preau.kernel.clock import at_paris, paris_day, utc_now
from preau.messaging.campaigns import Writing
from preau.messaging.sms import LONGEST, is_available

BY_EMAIL, BY_TEXT, BY_LETTER = "email", "sms", "letter"
EIGHT = time(8)


def day_input() -> forms.DateInput:
    """A browser's own calendar, which reads ISO days alone."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class MessageForm(forms.Form):
    """Sites and classes are among those of the agent."""

    audience = forms.ChoiceField(
        label=_l("À qui"), widget=forms.RadioSelect, choices=AUDIENCES, initial="SCHOOL"
    )
    sites = forms.TypedMultipleChoiceField(
        label=_l("Sites"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_l("Aucun coché : tous vos sites."),
    )
    school_class = forms.TypedChoiceField(
        label=_l("Classe"), required=False, coerce=int, empty_value=None
    )
    activity = forms.TypedChoiceField(
        label=_l("Activité"), required=False, coerce=int, empty_value=None
    )
    first = forms.DateField(
        label=_l("Du"), required=False, help_text=_l("Vide : aujourd’hui."), widget=day_input()
    )
    last = forms.DateField(
        label=_l("Au"), required=False, help_text=_l("Vide : un seul jour."), widget=day_input()
    )
    subject = forms.CharField(label=_l("Objet"), max_length=200)
    body = forms.CharField(
        label=_l("Message"),
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_l("Une ligne vide sépare deux paragraphes."),
    )
    by = forms.MultipleChoiceField(
        label=_l("Par"),
        widget=forms.CheckboxSelectMultiple,
        initial=[BY_EMAIL],
        choices=[
            (BY_EMAIL, _l("E-mail")),
            (BY_TEXT, _l("SMS")),
            (BY_LETTER, _l("Lettre, à qui n’a rien d’autre")),
        ],
    )
    text = forms.CharField(
        label=_l("Texte du SMS"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_l("160 signes font un SMS, 70 avec certains signes (ê, ç…)."),
    )
    send_on = forms.DateField(
        label=_l("Envoyer le"),
        required=False,
        help_text=_l("Vide : maintenant."),
        widget=day_input(),
    )
    send_at = forms.TimeField(
        label=_l("À"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )

    def __init__(self, *args: Any, scope: frozenset[int] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = scope
        sites = [s for s in establishments() if scope is None or s.pk in scope]
        year = school_year_of(paris_day(utc_now()))
        classes = [
            c
            for c in (active_classes(year) if year else ())
            if scope is None or c.establishment_id in scope
        ]
        activities = list_activities(published=False).prefetch_related(None)
        self.fields["sites"].choices = [(s.pk, s.name) for s in sites]
        self.fields["school_class"].choices = [("", _("Toutes"))] + [
            (c.pk, f"{c.name}, {c.establishment.name}") for c in classes
        ]
        self.fields["activity"].choices = [("", _("Toutes"))] + [(a.pk, a.name) for a in activities]
        if scope is not None:
            self.fields["audience"].choices = AUDIENCES[:-1]
        if not is_available():
            self.fields["by"].choices = [c for c in self.fields["by"].choices if c[0] != BY_TEXT]
            del self.fields["text"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        by = data.get("by") or []
        if BY_TEXT in by and not data.get("text"):
            self.add_error("text", _("Écrivez le texte du SMS."))
        if data.get("text") and BY_TEXT not in by:
            self.add_error("by", _("Vous avez écrit un SMS : cochez SMS, ou effacez-le."))
        if data.get("send_at") and not data.get("send_on"):
            self.add_error("send_on", _("Choisissez aussi le jour."))
        now = utc_now()
        if "send_on" in data and "send_at" in data and self.leaves_at(now) < now:
            self.add_error("send_on", _("Ce moment est passé."))
        return data

    def wish(self) -> Audience:
        """To whom a valid form writes, never wider than the agent's sites."""
        data = self.cleaned_data
        sites = data["sites"] or self.scope
        first = data["first"] or paris_day(utc_now())
        return Audience(
            data["audience"],
            first,
            data["last"] or first,
            None if sites is None else tuple(sorted(sites)),
            data["school_class"] if data["audience"] == "SCHOOL" else None,
            data["activity"] if data["audience"] in ("BOOKED", "ENROLLED") else None,
        )

    def writing(self) -> Writing:
        data = self.cleaned_data
        by = data["by"]
        return Writing(
            data["subject"],
            data["body"].replace("\r\n", "\n"),
            data.get("text", "") if BY_TEXT in by else "",
            by_email=BY_EMAIL in by,
            by_letter=BY_LETTER in by,
        )

    def leaves_at(self, now: datetime) -> datetime:
        """When it leaves (UTC): now unless a day was chosen; 8 o'clock unless an hour was."""
        data = self.cleaned_data
        if not data.get("send_on"):
            return now
        hour = data.get("send_at")
        return at_paris(data["send_on"], hour) if hour else at_paris(data["send_on"], EIGHT)

    def where(self) -> str:
        """To whom, in words."""
        data = self.cleaned_data
        parts = [dict(self.fields["audience"].choices)[data["audience"]].lower()]
        if data["audience"] == "SCHOOL" and data["school_class"]:
            parts.append(dict(self.fields["school_class"].choices)[data["school_class"]])
        if data["audience"] in ("BOOKED", "ENROLLED") and data["activity"]:
            parts.append(dict(self.fields["activity"].choices)[data["activity"]])
        names = dict(self.fields["sites"].choices)
        sites = [names[pk] for pk in data["sites"]]
        if sites:
            more = f" et {len(sites) - 3} autres" if sites[3:] else ""
            parts.append(", ".join(sites[:3]) + more)
        return " – ".join(parts)
