"""Forms of the counter and of the till."""

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from preau.billing.acts import PERSON_ROLES
from preau.billing.counter import MAX_CENTS, Part
from preau.billing.means import COUNTER, LABELS, PAPER, label
from preau.billing.queries import OfficeAccount
from preau.cashdesk.rules import COINS, DENOMINATIONS, NOTES
from preau.kernel.french import euros, month
from preau.ui.money import EurosField

ROWS = 3
DATE = {"type": "date"}


class CollectForm(forms.Form):
    """What a family pays at a counter: which invoices, by which means."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    surplus = forms.BooleanField(
        label=gettext_lazy("Garder ce qui dépasse comme avance"), required=False
    )

    def __init__(self, *args: Any, account: OfficeAccount, **kwargs: Any) -> None:
        initial = kwargs.setdefault("initial", {})
        initial.setdefault("key", uuid.uuid4())
        # Several of these forms stand on one page, one for each cash office.
        kwargs.setdefault("auto_id", f"{account.office.code}-%s")
        super().__init__(*args, **kwargs)
        self.account = account
        for invoice in account.unpaid:
            self.fields[f"pay_{invoice.pk}"] = forms.BooleanField(
                label=_("%(number)s, %(month)s")
                % {"number": invoice.number, "month": month(invoice.month)},
                required=False,
                initial=True,
                widget=forms.CheckboxInput(attrs={"data-tick": True}),
            )
            self.fields[f"cents_{invoice.pk}"] = EurosField(
                label=_("Montant pour %(number)s") % {"number": invoice.number},
                min_cents=0,
                max_cents=invoice.left_cents,
                required=False,
                initial=invoice.left_cents,
                widget=forms.TextInput(attrs={"data-part": True, "class": "input short"}),
            )
        allowed = [one for one in COUNTER if one in account.office.means]
        choices = [(str(one), str(LABELS[one])) for one in allowed]
        for row in range(1, ROWS + 1):
            self._means_row(row, choices)
        if choices:
            self.fields["means_1"].initial = choices[0][0]
        if account.left_cents:
            self.fields["amount_1"].initial = account.left_cents

    def _means_row(self, row: int, choices: list[tuple[str, str]]) -> None:
        self.fields[f"means_{row}"] = forms.ChoiceField(
            label=_("Moyen"), choices=[("", "–"), *choices], required=False
        )
        self.fields[f"amount_{row}"] = EurosField(
            label=_("Montant"),
            min_cents=1,
            max_cents=MAX_CENTS,
            required=False,
            widget=forms.TextInput(attrs={"data-received": True}),
        )
        self.fields[f"reference_{row}"] = forms.CharField(
            label=_("N° de chèque, de ticket ou de virement"), max_length=40, required=False
        )
        self.fields[f"bank_{row}"] = forms.CharField(
            label=_("Banque du chèque"), max_length=80, required=False
        )
        self.fields[f"drawer_{row}"] = forms.CharField(
            label=_("Tiré par"), max_length=120, required=False
        )

    def invoices(self) -> Iterator[tuple[Any, Any, Any]]:
        """Each invoice with its box and its amount."""
        for invoice in self.account.unpaid:
            yield invoice, self[f"pay_{invoice.pk}"], self[f"cents_{invoice.pk}"]

    def rows(self) -> list[list[Any]]:
        """The fields of each means."""
        names = ("means", "amount", "reference", "bank", "drawer")
        return [[self[f"{name}_{row}"] for name in names] for row in range(1, ROWS + 1)]

    @property
    def is_mixed(self) -> bool:
        """Whether a second means was begun."""
        return self.is_bound and any(
            self.data.get(f"means_{row}") or self.data.get(f"amount_{row}")
            for row in range(2, ROWS + 1)
        )

    def chosen(self) -> dict[int, int]:
        """Which invoices are paid, and how much of each."""
        data = self.cleaned_data
        return {
            invoice.pk: data.get(f"cents_{invoice.pk}") or invoice.left_cents
            for invoice in self.account.unpaid
            if data.get(f"pay_{invoice.pk}")
        }

    def parts(self) -> list[Part]:
        """What is received, by each means."""
        data = self.cleaned_data
        return [
            Part(
                means=data[f"means_{row}"],
                amount_cents=data[f"amount_{row}"],
                reference=data.get(f"reference_{row}", ""),
                bank=data.get(f"bank_{row}", ""),
                drawer=data.get(f"drawer_{row}", ""),
            )
            for row in range(1, ROWS + 1)
            if data.get(f"means_{row}") and data.get(f"amount_{row}")
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        for row in range(1, ROWS + 1):
            if data.get(f"amount_{row}") and not data.get(f"means_{row}"):
                self.add_error(f"means_{row}", _("Choisissez le moyen."))
            # A second line left without an amount is a line that is not used.
            if row == 1 and data.get("means_1") and not data.get("amount_1"):
                data["amount_1"] = sum(self.chosen().values()) or None
                if not data["amount_1"]:
                    self.add_error("amount_1", _("Écrivez le montant reçu."))
        if self.errors:
            return data
        received = sum(part.amount_cents for part in self.parts())
        if not received:
            self.add_error("means_1", _("Choisissez le moyen et écrivez le montant reçu."))
        wanted = sum(self.chosen().values())
        if received > wanted and not data.get("surplus"):
            self.add_error(
                "surplus",
                _("%(more)s de plus que les factures cochées : cochez pour en faire une avance.")
                % {"more": euros(received - wanted)},
            )
        return data


class VoidForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    reason = forms.CharField(label=gettext_lazy("Motif de l’annulation"), max_length=200)


class CorrectForm(forms.Form):
    """To which file a deposited payment should have gone."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    code = forms.CharField(
        label=gettext_lazy("Code du dossier où l’imputer"),
        max_length=12,
        help_text=gettext_lazy("Le même dossier : le paiement y devient une avance."),
    )
    reason = forms.CharField(label=gettext_lazy("Motif"), max_length=90)


class OpenDayForm(forms.Form):
    float = EurosField(
        label=gettext_lazy("Fonds de caisse compté"), min_cents=0, max_cents=1_000_000
    )


class CountForm(forms.Form):
    """Notes and coins, one by one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for value in DENOMINATIONS:
            self.fields[f"n_{value}"] = forms.IntegerField(
                label=_("%(value)s")
                % {"value": euros(value) if value < 100 else f"{value // 100}\u202f€"},
                min_value=0,
                max_value=9_999,
                required=False,
                widget=forms.NumberInput(
                    attrs={"class": "short", "inputmode": "numeric", "data-cents": value}
                ),
            )

    def notes(self) -> list[Any]:
        return [self[f"n_{value}"] for value in NOTES]

    def coins(self) -> list[Any]:
        return [self[f"n_{value}"] for value in COINS]

    def counted(self) -> dict[int, int]:
        return {value: self.cleaned_data.get(f"n_{value}") or 0 for value in DENOMINATIONS}


class CloseDayForm(CountForm):
    reason = forms.CharField(
        label=gettext_lazy("Motif de la différence, s’il y en a une"),
        max_length=200,
        required=False,
    )


class HandoverForm(CountForm):
    leaving = forms.ChoiceField(label=gettext_lazy("Sortant"))
    coming = forms.ChoiceField(label=gettext_lazy("Entrant"))
    note = forms.CharField(
        label=gettext_lazy("Réserves, en cas de différence"), max_length=300, required=False
    )

    def __init__(self, *args: Any, people: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(p.pk), f"{p.name}, {p.get_role_display()}") for p in people]
        self.fields["leaving"].choices = self.fields["coming"].choices = choices


class DepositForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    cash = EurosField(label=gettext_lazy("Espèces à verser"), min_cents=0, required=False)
    means = forms.MultipleChoiceField(
        label=gettext_lazy("Pièces à verser, toutes celles de chaque sorte"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, held: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cash"].initial = max(held.get("CASH", 0), 0)
        found = [one for one in PAPER if held.get(str(one))]
        self.fields["means"].choices = [
            (str(one), f"{label(one)}, {euros(held[str(one)])}") for one in found
        ]
        self.fields["means"].initial = [str(one) for one in found]
        if not found:
            del self.fields["means"]


class InstantForm(forms.Form):
    """At which instant a cash office is looked at."""

    on = forms.DateField(
        label=gettext_lazy("Le"), required=False, widget=forms.DateInput(attrs=DATE)
    )
    at = forms.TimeField(
        label=gettext_lazy("à"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )


class ActForm(forms.Form):
    """The act of a cash office, or its next version."""

    reference = forms.CharField(
        label=gettext_lazy("Référence de l’arrêté"),
        max_length=160,
        help_text=gettext_lazy("Par exemple « Arrêté 2026-112 du 3 juin 2026 »"),
    )
    signed_on = forms.DateField(label=gettext_lazy("Signé le"), widget=forms.DateInput(attrs=DATE))
    in_force_on = forms.DateField(
        label=gettext_lazy("En vigueur à partir du"), widget=forms.DateInput(attrs=DATE)
    )
    decision = forms.CharField(
        label=gettext_lazy("Délibération du conseil ou décision du maire"),
        max_length=160,
        required=False,
    )
    activities = forms.MultipleChoiceField(
        label=gettext_lazy("Produits à encaisser"), widget=forms.CheckboxSelectMultiple
    )
    means = forms.MultipleChoiceField(
        label=gettext_lazy("Moyens de paiement"),
        choices=[(str(one), name) for one, name in LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    cash_ceiling_cents = EurosField(
        label=gettext_lazy("Plafond des espèces en caisse"),
        min_cents=1,
        max_cents=10_000_000,
        required=False,
        help_text=gettext_lazy("Fonds de caisse à part. Obligatoire si les espèces sont prévues."),
    )
    till_ceiling_cents = EurosField(
        label=gettext_lazy("Plafond de toute l’encaisse"),
        min_cents=1,
        max_cents=100_000_000,
        required=False,
        help_text=gettext_lazy("Espèces, chèques, CESU et chèques-vacances, jusqu’au versement."),
    )
    deposit_days = forms.IntegerField(
        label=gettext_lazy("Versement au moins tous les … jours"),
        min_value=1,
        max_value=31,
        initial=30,
    )
    float_cents = EurosField(
        label=gettext_lazy("Fonds de caisse"), min_cents=0, max_cents=1_000_000, required=False
    )
    payment_days = forms.IntegerField(
        label=gettext_lazy("Délai de paiement, en jours"), min_value=0, max_value=120, initial=25
    )
    allows_refunds = forms.BooleanField(
        label=gettext_lazy("La régie peut rembourser au guichet"), required=False
    )
    refund_max_cents = EurosField(
        label=gettext_lazy("Remboursement maximum au guichet"),
        min_cents=1,
        max_cents=100_000,
        required=False,
    )

    def __init__(self, *args: Any, activities: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["activities"].choices = [(str(one.pk), one.name) for one in activities]

    def values(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        values["activity_ids"] = [int(pk) for pk in values.pop("activities")]
        values["float_cents"] = values["float_cents"] or 0
        return values


class PersonForm(forms.Form):
    """Someone whom an order names."""

    user = forms.ChoiceField(label=gettext_lazy("Agent"))
    role = forms.ChoiceField(label=gettext_lazy("Qualité"), choices=PERSON_ROLES)
    order_reference = forms.CharField(
        label=gettext_lazy("Arrêté de nomination"), max_length=160, required=False
    )
    starts_on = forms.DateField(label=gettext_lazy("Du"), widget=forms.DateInput(attrs=DATE))
    ends_on = forms.DateField(
        label=gettext_lazy("Au"), required=False, widget=forms.DateInput(attrs=DATE)
    )

    def __init__(self, *args: Any, agents: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].choices = [(str(one.pk), str(one)) for one in agents]


class EndPersonForm(forms.Form):
    ends_on = forms.DateField(
        label=gettext_lazy("Dernier jour"), widget=forms.DateInput(attrs=DATE)
    )


class RefundForm(forms.Form):
    """What is given back to a family, and how."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    amount = EurosField(label=gettext_lazy("Montant à rendre"), min_cents=1)
    reason = forms.CharField(label=gettext_lazy("Motif"), max_length=200)
    payee = forms.CharField(label=gettext_lazy("Bénéficiaire"), max_length=140)
    way = forms.ChoiceField(label=gettext_lazy("Comment"), widget=forms.RadioSelect)
    iban = forms.CharField(
        label=gettext_lazy("IBAN du bénéficiaire"),
        max_length=42,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Chiffré ; lu par le service finances seul."),
    )

    def __init__(self, *args: Any, allows_cash: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ways = [("FILE", _("par virement du service finances"))]
        if allows_cash:
            ways.append(("CASH", _("en espèces, à ce guichet")))
        self.fields["way"].choices = ways
        self.fields["way"].initial = "FILE"


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Motif"), max_length=200)


class RefundFilterForm(forms.Form):
    q = forms.CharField(label=gettext_lazy("Dossier ou bénéficiaire"), required=False)
    office = forms.ChoiceField(label=gettext_lazy("Régie"), required=False)
    status = forms.ChoiceField(label=gettext_lazy("État"), required=False)

    def __init__(
        self, *args: Any, offices: Iterable[Any], statuses: Iterable[Any], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = [("", _("toutes")), *((o.code, o.name) for o in offices)]
        self.fields["status"].choices = [("", _("tous")), *statuses]


class CounterFilterForm(forms.Form):
    """Which receipts: a day or several, a cash office, a means, a file."""

    q = forms.CharField(
        label=gettext_lazy("Dossier, reçu ou chèque"), required=False, max_length=80
    )
    since = forms.DateField(
        label=gettext_lazy("Du"), required=False, widget=forms.DateInput(attrs=DATE)
    )
    until = forms.DateField(
        label=gettext_lazy("Au"), required=False, widget=forms.DateInput(attrs=DATE)
    )
    office = forms.ChoiceField(label=gettext_lazy("Régie"), required=False)
    means = forms.ChoiceField(label=gettext_lazy("Moyen"), required=False)

    def __init__(self, *args: Any, offices: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = [("", _("toutes")), *((o.code, o.name) for o in offices)]
        self.fields["means"].choices = [
            ("", _("tous")),
            *((str(one), str(LABELS[one])) for one in COUNTER),
        ]
