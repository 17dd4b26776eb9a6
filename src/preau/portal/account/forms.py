"""What a family chooses to pay."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from preau.billing.queries import OfficeAccount
from preau.kernel.french import day, euros, month, of
from preau.ui.money import EurosField


class PayForm(forms.Form):
    """How much to pay on which invoice of one cash office, and what to put in advance."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: OfficeAccount, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("key", uuid.uuid4())
        super().__init__(*args, **kwargs)
        self.account = account
        for invoice in account.unpaid:
            self.fields[f"invoice_{invoice.pk}"] = EurosField(
                label=_("Facture %(month)s, n° %(number)s")
                % {"month": of(month(invoice.month)), "number": invoice.number},
                help_text=_("Reste %(left)s, à régler avant le %(due)s")
                % {"left": euros(invoice.left_cents), "due": day(invoice.due_on)},
                initial=getattr(invoice, "now_cents", invoice.left_cents),
                min_cents=0,
                max_cents=invoice.left_cents,
                required=False,  # an emptied field pays nothing of it, as a zero
            )
        if account.office.accepts_top_up:
            self.fields["top_up"] = EurosField(
                label=gettext_lazy("Verser en plus, d’avance"),
                help_text=_("Au moins %(low)s. Ce crédit servira à vos factures.")
                % {"low": euros(account.office.top_up_min_cents)},
                min_cents=0,
                required=False,
            )

    @property
    def invoice_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("invoice_")]

    def chosen(self) -> dict[int, int]:
        """Cents per invoice."""
        return {
            int(name.removeprefix("invoice_")): cents
            for name, cents in self.cleaned_data.items()
            if name.startswith("invoice_") and cents
        }

    def top_up_cents(self) -> int:
        return self.cleaned_data.get("top_up") or 0
