"""What is written to the payer."""

from datetime import datetime

from django.utils.translation import gettext as _

from preau.kernel.french import euros, instant, telephone
from preau.messaging.services import queue_email
from preau.payments.models import Attempt


def acknowledge(attempt: Attempt, *, now: datetime) -> None:
    """Queue the acknowledgement of a settled payment, once, in the transaction that settles it."""
    if not attempt.payer_email:
        return
    office = attempt.cash_office
    lines = [
        _("Bonjour,"),
        "",
        _("Nous avons reçu votre paiement de %(amount)s, %(when)s.")
        % {"amount": euros(attempt.amount_cents), "when": instant(now)},
        _("Référence : %(reference)s") % {"reference": attempt.reference},
        _("Reçu par : %(office)s") % {"office": office.name},
    ]
    paid = attempt.items.select_related("invoice").order_by("pk")
    lines += [
        _("– facture %(number)s : %(amount)s")
        % {"number": item.invoice.number, "amount": euros(item.amount_cents)}
        for item in paid
    ]
    if attempt.document:
        lines.append(
            _("Pour le titre de référence %(document)s, payé au comptable public.")
            % {"document": attempt.document}
        )
    if office.phone:
        lines.append(_("Une question ? %(phone)s") % {"phone": telephone(office.phone)})
    lines += [
        "",
        _("Ce paiement figure déjà sur votre compte, dans l’espace familles."),
    ]
    queue_email(
        to=attempt.payer_email,
        subject=_("Paiement reçu : %(amount)s") % {"amount": euros(attempt.amount_cents)},
        body="\n".join(lines),
        now=now,
        family_id=attempt.family_id,
        key=f"payment:{attempt.pk}",
    )
