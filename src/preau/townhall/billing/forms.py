"""Forms of the billing screens."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from preau.kernel.french import euros, month
from preau.ui.money import EurosField

STATES = (
    ("", gettext_lazy("toutes")),
    ("left", gettext_lazy("à payer")),
    ("paid", gettext_lazy("payées")),
    ("titre", gettext_lazy("au comptable public")),
    ("credit", gettext_lazy("avoirs")),
)


def recent_months(today: dt.date, count: int = 14) -> list[tuple[str, str]]:
    """The last months as choices, the latest over first."""
    first = today.replace(day=1)
    found = []
    for _rank in range(count):
        first = (first - dt.timedelta(days=1)).replace(day=1)
        found.append((first.isoformat(), month(first)))
    return found


class InvoiceFilterForm(forms.Form):
    q = forms.CharField(label=gettext_lazy("Famille, code ou numéro"), required=False)
    office = forms.ChoiceField(label=gettext_lazy("Régie"), required=False)
    month = forms.ChoiceField(label=gettext_lazy("Mois"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("État"), choices=STATES, required=False)

    def __init__(self, *args: Any, offices: Iterable[Any], today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = [("", _("toutes")), *((o.code, o.name) for o in offices)]
        self.fields["month"].choices = [("", _("tous")), *recent_months(today)]


class OpenRunForm(forms.Form):
    office = forms.ChoiceField(label=gettext_lazy("Régie"))
    month = forms.ChoiceField(label=gettext_lazy("Mois à facturer"))

    def __init__(self, *args: Any, offices: Iterable[Any], today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = [(o.code, o.name) for o in offices]
        self.fields["month"].choices = recent_months(today, 6)


class CreditNoteForm(forms.Form):
    """What is given back on each line, and why."""

    reason = forms.CharField(
        label=gettext_lazy("Motif, lu par la famille"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, lines: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in lines:
            self.fields[f"line_{line.pk}"] = EurosField(
                label=_("Rendre sur « %(label)s »") % {"label": line.label},
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


class SharesBackForm(forms.Form):
    """What each third party is given back of its share, in proportion unless changed."""

    def __init__(self, *args: Any, parts: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in parts:
            told = _("Part de %(amount)s, facture %(number)s.") % {
                "amount": euros(part.share_cents),
                "number": part.number,
            }
            if part.paid_cents:
                told += " " + _(
                    "%(amount)s de cette correction sont déjà réglés : ils deviennent un crédit de "
                    "son compte."
                ) % {"amount": euros(part.paid_cents)}
            self.fields[f"share_{part.line_id}"] = EurosField(
                label=_("%(who)s : à corriger sur « %(label)s »")
                % {"who": part.payer, "label": part.label},
                help_text=told,
                initial=part.cents,
                min_cents=0,
                max_cents=part.most_cents,
                required=False,
            )

    def amounts(self) -> dict[int, int]:
        return {
            int(name.removeprefix("share_")): cents or 0
            for name, cents in self.cleaned_data.items()
        }


class OfficeForm(forms.Form):
    code = forms.SlugField(
        label=gettext_lazy("Code"),
        max_length=20,
        help_text=gettext_lazy("En tête de chaque numéro de facture ; ne change plus."),
    )
    name = forms.CharField(label=gettext_lazy("Nom"), max_length=80)
    address = forms.CharField(
        label=gettext_lazy("Adresse du guichet"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
    )
    phone = forms.CharField(label=gettext_lazy("Téléphone"), max_length=20, required=False)
    accepts_top_up = forms.BooleanField(
        label=gettext_lazy("Les familles peuvent verser d’avance"), required=False, initial=True
    )
    top_up_min_cents = EurosField(
        label=gettext_lazy("Versement d’avance minimum"),
        min_cents=1,
        max_cents=100_000,
        initial=1000,
    )
    is_active = forms.BooleanField(
        label=gettext_lazy("Régie ouverte"), required=False, initial=True
    )

    def __init__(self, *args: Any, known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["code"]


class GatewayForm(forms.Form):
    gateway = forms.ChoiceField(
        label=gettext_lazy("Banque"),
        choices=[
            ("PAYFIP", gettext_lazy("PayFiP, le service du Trésor public")),
            ("SPPLUS", "SP Plus"),
            ("SYSTEMPAY", "Systempay"),
        ],
        widget=forms.RadioSelect,
    )
    numcli = forms.RegexField(
        r"^[0-9]{6}$",
        label=gettext_lazy("PayFiP : numéro de client (numcli)"),
        required=False,
        help_text=gettext_lazy(
            "6 chiffres, donnés par le Trésor public pour cette régie (mode « régie » ; "
            "un compte de dépôt de fonds est nécessaire)"
        ),
    )
    saisie = forms.ChoiceField(
        label=gettext_lazy("PayFiP : état du contrat"),
        required=False,
        choices=[
            ("T", gettext_lazy("essais (T)")),
            ("X", gettext_lazy("activation (X) : le premier vrai paiement, avec le Trésor")),
            ("W", gettext_lazy("production (W)")),
        ],
    )
    siret = forms.CharField(
        label=gettext_lazy("SP Plus : SIRET et numéro de site"),
        required=False,
        max_length=17,
        help_text=gettext_lazy("14 chiffres, un tiret, 2 chiffres"),
    )
    refsfp_length = forms.IntegerField(
        label=gettext_lazy("SP Plus : longueur de la référence de la banque"),
        required=False,
        min_value=1,
        max_value=60,
        help_text=gettext_lazy("12 si la banque ne dit rien d’autre"),
    )
    site_id = forms.CharField(
        label=gettext_lazy("Systempay : identifiant de boutique"), required=False, max_length=8
    )
    service_url = forms.CharField(
        label=gettext_lazy("Adresse de la page de paiement"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Laissez vide pour celle de la banque"),
    )
    secret = forms.CharField(
        label=gettext_lazy("Clé"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "Laissez vide pour garder celle qui est enregistrée ; PayFiP n’en a pas"
        ),
    )
    keep_former_key = forms.BooleanField(
        label=gettext_lazy("Croire l’ancienne clé encore 7 jours"),
        required=False,
        help_text=gettext_lazy(
            "Pour les seuls paiements déjà partis à la banque. Jamais si la clé a pu être vue."
        ),
    )
    is_test = forms.BooleanField(
        label=gettext_lazy("Mode test"),
        required=False,
        initial=True,
        help_text=gettext_lazy("PayFiP : suit l’état du contrat"),
    )
    is_active = forms.BooleanField(
        label=gettext_lazy("Paiement en ligne ouvert"), required=False, initial=True
    )

    def clean_service_url(self) -> str:
        url = self.cleaned_data["service_url"].strip()
        if url and not url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
            raise forms.ValidationError(_("L’adresse commence par https://"))
        return url

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("gateway") == "PAYFIP":
            if not values.get("numcli") and "numcli" not in self.errors:
                self.add_error("numcli", _("Écrivez le numéro de client, 6 chiffres."))
            values["saisie"] = values.get("saisie") or "T"
            values["is_test"] = values["saisie"] == "T"
        return values

    def options(self) -> dict[str, Any]:
        names = {
            "PAYFIP": ("numcli", "saisie", "service_url"),
            "SPPLUS": ("siret", "refsfp_length", "service_url"),
            "SYSTEMPAY": ("site_id", "service_url"),
        }[self.cleaned_data["gateway"]]
        return {name: self.cleaned_data[name] for name in names}


class ActivityForm(forms.Form):
    """For one activity: which cash office collects for it, and how it is accounted."""

    office = forms.ChoiceField(label=gettext_lazy("Régie"), required=False)
    accounting_code = forms.CharField(
        label=gettext_lazy("Imputation (compte M57)"), max_length=20, required=False
    )
    function_code = forms.CharField(label=gettext_lazy("Fonction"), max_length=10, required=False)
    is_meal = forms.BooleanField(label=gettext_lazy("repas"), required=False)
    counts_for_tax = forms.BooleanField(label=gettext_lazy("frais de garde"), required=False)
    is_prepaid = forms.BooleanField(label=gettext_lazy("payée d’avance"), required=False)

    def __init__(self, *args: Any, offices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = [("", _("aucune")), *((o.code, o.name) for o in offices)]


class ProductNatureForm(forms.Form):
    """The account of a product that is not booked as the rest of its activity."""

    accounting_code = forms.CharField(
        label=gettext_lazy("Imputation (compte M57)"), max_length=20, required=False
    )
    function_code = forms.CharField(label=gettext_lazy("Fonction"), max_length=10, required=False)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("function_code") and not values.get("accounting_code"):
            self.add_error(
                "accounting_code", _("Écrivez aussi le compte, ou videz les deux champs.")
            )
        return values
