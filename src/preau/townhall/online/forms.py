"""Looking for payments on line, and deciding of one in doubt."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from preau.payments.queries import GATEWAYS, STATUSES
from preau.townhall.acts import ReasonForm
from preau.ui.money import EurosField

DAY = forms.DateInput(attrs={"type": "date"})


class PaymentFilterForm(forms.Form):
    q = forms.CharField(
        label=gettext_lazy("Famille, payeur ou référence"), required=False, max_length=80
    )
    office = forms.ChoiceField(label=gettext_lazy("Régie"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("État"), required=False, choices=[("", gettext_lazy("tous")), *STATUSES]
    )
    gateway = forms.ChoiceField(
        label=gettext_lazy("Banque"),
        required=False,
        choices=[("", gettext_lazy("toutes")), *GATEWAYS],
    )
    since = forms.DateField(label=gettext_lazy("Du"), required=False, widget=DAY)
    until = forms.DateField(label=gettext_lazy("Au"), required=False, widget=DAY)

    def __init__(self, *args: Any, offices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = [("", _("toutes")), *((o.code, o.name) for o in offices)]


class ConfirmForm(ReasonForm):
    bank_reference = forms.CharField(
        label=gettext_lazy("Référence de l’opération sur le relevé de la banque"), max_length=60
    )
    field_order: tuple[str, ...] = ("bank_reference", "reason")


class RefundForm(ConfirmForm):
    amount = EurosField(label=gettext_lazy("Montant rendu par la banque"), min_cents=1)
    field_order = ("amount", "bank_reference", "reason")
