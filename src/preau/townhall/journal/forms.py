"""What one looks for in the journal."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.accounts.queries import list_agents
from preau.kernel.clock import paris_day, utc_now

LONGEST = timedelta(days=366)


def day_input() -> forms.DateInput:
    """A browser's own calendar, which reads ISO days alone."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


DOMAINS = (
    ("", _("tous les actes")),
    ("accounts.", _("comptes et mots de passe")),
    ("families.", _("dossiers des familles")),
    ("childsheet.", _("fiches des enfants")),
    ("casework.", _("démarches")),
    ("enrolments.", _("inscriptions")),
    ("bookings.", _("réservations")),
    ("attendance.", _("pointage")),
    ("billing.", _("factures")),
    ("payments.", _("paiements en ligne")),
    ("cashdesk.", _("régie")),
    ("directdebit.", _("prélèvements")),
    ("recovery.", _("relances et titres")),
    ("childcare.", _("petite enfance")),
    ("schools.", _("écoles")),
    ("catalogue.", _("offre et calendrier")),
    ("rulebook.", _("règles et tarifs")),
    ("town.", _("réglages de la ville")),
    ("journeys.", _("imports, messages, actes de masse")),
    ("export.", _("exports")),
)


class FilterForm(forms.Form):
    q = forms.CharField(label=_("Mots"), required=False, max_length=100)
    family = forms.CharField(label=_("Code du dossier"), required=False, max_length=20)
    agent = forms.TypedChoiceField(label=_("Agent"), required=False, coerce=int, empty_value=None)
    domain = forms.ChoiceField(label=_("Actes"), required=False, choices=DOMAINS)
    first = forms.DateField(label=_("Du"), widget=day_input())
    last = forms.DateField(label=_("Au"), widget=day_input())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list_agents().values_list("pk", "last_name", "first_name")
        self.fields["agent"].choices = [("", _("tous")), ("0", _("système et familles"))] + [
            (pk, f"{last} {first}") for pk, last, first in names
        ]

    @staticmethod
    def opening() -> dict[str, Any]:
        """The last thirty days."""
        today = paris_day(utc_now())
        return {"first": today - timedelta(days=30), "last": today}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            self.add_error("last", _("Le dernier jour est avant le premier."))
        elif first and last and last - first > LONGEST:
            self.add_error("first", _("Cherchez un an au plus à la fois."))
        return data
