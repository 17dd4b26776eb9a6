"""A debit announced with the invoice itself (SEPA pre-notice): asked of the room of mandates.

That room is above this one: the settings name it (`DEBIT_NOTICES`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from preau.billing.models import Invoice
from preau.kernel import french
from preau.kernel.french import euros


@dataclass(frozen=True, slots=True)
class Notice:
    """What will be debited: how much, when, on whose authority, from which account.

    `on` is None when the day is not fixed yet; `is_sent`: the bank has it, on that day.
    """

    cents: int
    on: date | None
    mandate: str
    ics: str
    creditor: str
    iban_end: str
    days: int
    is_sent: bool = False

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What the SEPA rulebook asks a notice to say, in French."""
        when = (
            french.day(self.on, year=True)
            if self.on
            else _("annoncée %(days)s jours avant") % {"days": self.days}
        )
        return [
            (_("Montant"), euros(self.cents)),
            (_("Date du prélèvement"), when),
            (_("Mandat (RUM)"), self.mandate),
            (_("Créancier (ICS)"), f"{self.creditor}, {self.ics}"),
            (_("Compte débité"), f"•••• {self.iban_end}"),
        ]

    @property
    def sentence(self) -> str:
        """How sure it is, and what to do if something is wrong."""
        if self.is_sent:
            return _("Le prélèvement est à la banque : vous n’avez rien à faire.")
        return _(
            "Vous n’avez rien à faire. Cet avis vous est donné au moins %(days)s jours avant le "
            "prélèvement ; si son montant ou sa date changent, un autre vous parvient dans le même "
            "délai. Une erreur ? Contestez la ligne avant cette date."
        ) % {"days": self.days}


def notices_at_issue(invoices: Iterable[Invoice]) -> dict[int, Notice]:
    """By invoice, the debit to announce on its paper: where a mandate was in force when it was
    issued. One query."""
    owing = [
        invoice
        for invoice in invoices
        if invoice.kind == Invoice.Kind.INVOICE and invoice.total_cents > 0
    ]
    if not owing:
        return {}
    find: Callable[..., Mapping[int, Notice]] = import_string(settings.DEBIT_NOTICES)
    return dict(find(owing))


def told(notice: Notice | None) -> dict[str, Any]:
    """For the paper."""
    if notice is None:
        return {}
    return {"debit": {"facts": [list(pair) for pair in notice.facts], "note": notice.sentence}}
