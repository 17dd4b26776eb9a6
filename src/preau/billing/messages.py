"""What is written to a family about its account."""

from datetime import datetime

from django.utils.translation import gettext as _

from preau.billing.models import CashOffice, CounterPayment
from preau.families.queries import payer_of
from preau.kernel.french import euros, instant
from preau.messaging.services import queue_email


def acknowledge_counter_payment(
    payment: CounterPayment, *, office: CashOffice, now: datetime
) -> None:
    """Queue the acknowledgement of an encashment, if the payer has an e-mail address."""
    payer = payer_of(payment.family_id)
    if payer is None or not payer.email:
        return
    lines = [
        _("Bonjour,"),
        "",
        _("Nous avons reçu %(amount)s en %(means)s, %(when)s.")
        % {
            "amount": euros(payment.amount_cents),
            "means": payment.get_means_display(),
            "when": instant(payment.received_at),
        },
        _("Reçu n° %(number)s, %(office)s.")
        % {"number": payment.receipt_number, "office": office.name},
    ]
    if office.phone:
        lines.append(_("Une question ? %(phone)s") % {"phone": office.phone})
    lines += [
        "",
        _("Vous n’avez rien d’autre à faire : le détail est sur l’espace familles, «Compte»."),
    ]
    queue_email(
        to=payer.email,
        subject=_("Paiement reçu : %(amount)s") % {"amount": euros(payment.amount_cents)},
        body="\n".join(lines),
        now=now,
        family_id=payment.family_id,
        key=f"receipt:{payment.receipt_number}",
    )
