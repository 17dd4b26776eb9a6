"""Forms of third parties and their agreements."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from preau.kernel.french import euros
from preau.ui.money import EurosField

KINDS = (
    ("CCAS", gettext_lazy("CCAS")),
    ("DEPARTMENT", gettext_lazy("département")),
    ("CAF", gettext_lazy("CAF")),
    ("EMPLOYER", gettext_lazy("employeur, comité d’entreprise")),
    ("OTHER", gettext_lazy("autre organisme")),
)


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class SearchForm(forms.Form):
    q = forms.CharField(label=gettext_lazy("Nom, code famille ou référence"), required=False)


class ThirdPartyForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("Nature"), choices=KINDS)
    name = forms.CharField(label=gettext_lazy("Nom"), max_length=120)
    service = forms.CharField(
        label=gettext_lazy("Service à qui la facture est adressée"), max_length=120, required=False
    )
    address = forms.CharField(
        label=gettext_lazy("Adresse"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=300,
        required=False,
    )
    siret = forms.CharField(
        label="SIRET",
        required=False,
        validators=[RegexValidator(r"^[0-9]{14}$", gettext_lazy("Un SIRET a 14 chiffres."))],
    )
    email = forms.EmailField(label=gettext_lazy("Adresse électronique"), required=False)
    is_active = forms.BooleanField(label=gettext_lazy("En activité"), required=False, initial=True)


class AgreementForm(forms.Form):
    """What is paid, for whom, on what, until when."""

    child = forms.ChoiceField(label=gettext_lazy("Pour"), required=False)
    activities = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Activités"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Sans choix, tout ce qui est facturé."),
    )
    percent = forms.IntegerField(
        label=gettext_lazy("Part, en %"),
        min_value=1,
        max_value=100,
        required=False,
        help_text=gettext_lazy("L’un ou l’autre : une part, ou une somme par unité."),
    )
    unit_cents = EurosField(
        label=gettext_lazy("Somme par unité"), min_cents=1, max_cents=100_000, required=False
    )
    month_cap_cents = EurosField(
        label=gettext_lazy("Au plus, par mois"),
        min_cents=1,
        max_cents=10_000_000,
        required=False,
        help_text=gettext_lazy("Facultatif."),
    )
    reference = forms.CharField(
        label=gettext_lazy("Référence de la décision"), max_length=80, required=False
    )
    starts_on = DayField(label=gettext_lazy("À partir du"))
    ends_on = DayField(label=gettext_lazy("Jusqu’au"))

    def __init__(
        self, *args: Any, children: Iterable[Any], activities: Iterable[Any], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["child"].choices = [
            ("", _("toute la famille")),
            *((str(child.pk), str(child.first_name)) for child in children),
        ]
        self.fields["activities"].choices = [(a.pk, a.name) for a in activities]

    def values(self) -> dict[str, Any]:
        """As `billing.make_agreement` takes them."""
        found = dict(self.cleaned_data)
        child = found.pop("child")
        return found | {
            "child_id": int(child) if child else None,
            "activity_ids": found.pop("activities"),
        }


class EndForm(forms.Form):
    ends_on = DayField(label=gettext_lazy("Dernier jour pris en charge"))


class ThirdPartyPaymentForm(forms.Form):
    amount_cents = EurosField(label=gettext_lazy("Montant reçu"), min_cents=1)
    received_on = DayField(label=gettext_lazy("Reçu le"))
    reference = forms.CharField(
        label=gettext_lazy("Référence du virement"), max_length=80, required=False
    )

    def __init__(self, *args: Any, left_cents: int, today: dt.date, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"amount_cents": left_cents, "received_on": today})
        super().__init__(*args, **kwargs)
        self.fields["amount_cents"].max_cents = left_cents


class ThirdPartyRefundForm(forms.Form):
    """How much the finance service gives back, and by which order."""

    amount_cents = EurosField(label=gettext_lazy("Montant à rendre"), min_cents=1)
    reference = forms.CharField(
        label=gettext_lazy("Motif, ou référence de l’ordre de paiement"), max_length=120
    )

    def __init__(self, *args: Any, credit_cents: int, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"amount_cents": credit_cents})
        super().__init__(*args, **kwargs)
        self.fields["amount_cents"].max_cents = credit_cents


class ThirdPartyCreditForm(forms.Form):
    """What is given back on each line, and why."""

    reason = forms.CharField(
        label=gettext_lazy("Motif, lu par l’organisme"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, lines: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in lines:
            self.fields[f"line_{line.pk}"] = EurosField(
                label=_("Rendre sur « %(who)s : %(label)s »")
                % {"who": line.family_name, "label": line.label},
                help_text=_("Facturé %(amount)s") % {"amount": euros(line.amount_cents)},
                min_cents=0,
                max_cents=max(line.amount_cents, 0),
                required=False,
            )

    def amounts(self) -> dict[int, int]:
        return {
            int(name.removeprefix("line_")): cents
            for name, cents in self.cleaned_data.items()
            if name.startswith("line_") and cents
        }


class RefuseForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Pourquoi l’écarter ?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ChangesFilterForm(forms.Form):
    status = forms.ChoiceField(
        label=gettext_lazy("État"),
        required=False,
        choices=(
            ("", gettext_lazy("à décider")),
            ("ACCEPTED", gettext_lazy("acceptées")),
            ("REFUSED", gettext_lazy("écartées")),
        ),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Sens"),
        required=False,
        choices=(
            ("", gettext_lazy("tous")),
            ("CREDIT", gettext_lazy("à rendre")),
            ("CHARGE", gettext_lazy("à facturer en plus")),
        ),
    )
    office = forms.ChoiceField(label=gettext_lazy("Régie"), required=False)

    def __init__(self, *args: Any, offices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = [("", _("toutes")), *((o.code, o.name) for o in offices)]


class BillingSettingsForm(forms.Form):
    """How a cash office invoices, and what is paid in advance."""

    invoice_per = forms.ChoiceField(
        label=gettext_lazy("Une facture par"),
        widget=forms.RadioSelect,
        choices=(
            ("PAYER", gettext_lazy("redevable et mois")),
            ("ACTIVITY", gettext_lazy("redevable, mois et activité")),
        ),
    )
    payer_rule = forms.ChoiceField(
        label=gettext_lazy("Enfant de deux foyers : qui paie un jour ?"),
        widget=forms.RadioSelect,
        choices=(
            ("CUSTODY", gettext_lazy("le foyer qui a l’enfant ce jour-là")),
            ("BOOKER", gettext_lazy("le foyer qui a réservé")),
        ),
    )
    prepaid_when_short = forms.ChoiceField(
        label=gettext_lazy("Activité payée d’avance, quand le solde ne suffit pas"),
        widget=forms.RadioSelect,
        choices=(
            ("ALERT", gettext_lazy("la réservation passe, la famille est prévenue")),
            ("REFUSE", gettext_lazy("la réservation est refusée (jamais pour un repas)")),
        ),
    )
    prepaid_min_cents = EurosField(
        label=gettext_lazy("Solde qui doit rester sur le compte"),
        min_cents=0,
        max_cents=100_000,
        required=False,
    )
    transfer_iban = forms.CharField(
        label=gettext_lazy("IBAN du compte de dépôt de fonds, pour les virements"),
        required=False,
        help_text=gettext_lazy("Imprimé sur les factures, avec un code à scanner."),
    )
    transfer_bic = forms.CharField(label="BIC", max_length=11, required=False)

    def clean_transfer_iban(self) -> str:
        typed: str = self.cleaned_data["transfer_iban"]
        if not typed.strip():
            return ""
        try:
            return str(IBAN(typed))
        except SchwiftyException as error:
            raise ValidationError(
                _("Cet IBAN n’est pas juste : vérifiez chaque chiffre.")
            ) from error

    def clean_transfer_bic(self) -> str:
        typed: str = self.cleaned_data["transfer_bic"]
        if not typed.strip():
            return ""
        try:
            return str(BIC(typed))
        except SchwiftyException as error:
            raise ValidationError(_("Ce BIC n’est pas juste.")) from error

    def clean_prepaid_min_cents(self) -> int:
        return self.cleaned_data["prepaid_min_cents"] or 0
