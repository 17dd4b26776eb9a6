"""Means of payment: what an act may allow, what is taken at the counter, what stays in the till."""

from django.utils.translation import gettext_lazy as _

from preau.billing.models import CounterPayment

Means = CounterPayment.Means
ONLINE, DEBIT = "ONLINE", "DEBIT"

COUNTER = (Means.CASH, Means.CHEQUE, Means.CARD, Means.CESU, Means.ANCV, Means.TRANSFER)
"""Received by a person named in the act."""
TILL = (Means.CASH, Means.CHEQUE, Means.CESU, Means.ANCV)
"""Held in the till until a deposit; cards and transfers reach the Treasury by themselves."""
PAPER = (Means.CHEQUE, Means.CESU, Means.ANCV)
"""Deposited piece by piece."""
VOUCHERS = (Means.CESU, Means.ANCV)
"""They pay some services only, and no change is given on them."""

LABELS = {
    Means.CASH: _("espèces"),
    Means.CHEQUE: _("chèque"),
    Means.CARD: _("carte bancaire"),
    Means.CESU: _("CESU"),
    Means.ANCV: _("chèques-vacances"),
    Means.TRANSFER: _("virement"),
    ONLINE: _("paiement en ligne"),
    DEBIT: _("prélèvement"),
}
"""Every means that an act may allow."""


def label(means: str) -> str:
    """The means in French."""
    return str(LABELS.get(means, means))
