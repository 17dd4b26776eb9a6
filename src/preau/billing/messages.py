"""What is written to a family about its account."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from preau.billing.models import CashOffice, CounterPayment, Invoice
from preau.billing.notices import Notice, notices_at_issue
from preau.families.queries import payer_of, payers_of
from preau.kernel.french import day, euros, instant, month, of, telephone
from preau.messaging.services import Email, queue_email, queue_emails

BATCH = 500


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
        lines.append(_("Une question ? %(phone)s") % {"phone": telephone(office.phone)})
    lines += [
        "",
        _("Vous n’avez rien d’autre à faire : le détail est sur l’espace familles, « Compte »."),
    ]
    queue_email(
        to=payer.email,
        subject=_("Paiement reçu : %(amount)s") % {"amount": euros(payment.amount_cents)},
        body="\n".join(lines),
        now=now,
        family_id=payment.family_id,
        key=f"receipt:{payment.receipt_number}",
    )


def announce_invoices(*, run_id: int, now: datetime) -> int:
    """Tell each payer who has an e-mail address that the month's invoice is there; how many.

    Queued in batches, once per invoice whatever happens: run again, it tells nobody twice.
    """
    invoices = list(
        Invoice.objects.filter(run_id=run_id).select_related("cash_office").order_by("pk")
    )
    told = 0
    for start in range(0, len(invoices), BATCH):
        batch = invoices[start : start + BATCH]
        payers = payers_of(invoice.family_id for invoice in batch)
        notices = notices_at_issue(batch)
        letters = [
            _announcement(invoice, to=payer.email, notice=notices.get(invoice.pk))
            for invoice in batch
            if (payer := payers.get(invoice.family_id)) is not None and payer.email
        ]
        queue_emails(emails=letters, now=now)
        told += len(letters)
    return told


def _announcement(invoice: Invoice, *, to: str, notice: Notice | None) -> Email:
    amount = euros(invoice.total_cents)
    arrived = {"month": of(month(invoice.month)), "amount": amount, "day": day(invoice.due_on)}
    lines = [
        _("Bonjour,"),
        "",
        _("Votre facture %(month)s est arrivée : %(amount)s.") % arrived
        if notice
        else _("Votre facture %(month)s est arrivée : %(amount)s, à régler avant le %(day)s.")
        % arrived,
        _("Facture n° %(number)s, %(office)s.")
        % {"number": invoice.number, "office": invoice.cash_office.name},
        "",
        _(
            "Chaque ligne s’ouvre sur l’espace familles, rubrique « Compte » : les dates, et la "
            "règle qui a fait le prix. Vous pouvez y payer en ligne, en tout ou en partie."
        )
        if notice is None
        else _(
            "Chaque ligne s’ouvre sur l’espace familles, rubrique « Compte » : les dates, et la "
            "règle qui a fait le prix."
        ),
    ]
    if notice is not None:
        lines += ["", _("Prélèvement automatique")]
        lines += [f"- {name} : {value}" for name, value in notice.facts]
        lines += [notice.sentence, ""]
    else:
        lines.append("")
    lines += [_("La lire en ligne : %(url)s") % {"url": f"{settings.BASE_URL}/espace/compte/"}]
    if invoice.cash_office.phone:
        lines.append(
            _("Une question ? %(phone)s") % {"phone": telephone(invoice.cash_office.phone)}
        )
    return Email(
        to=to,
        subject=_("Votre facture %(month)s : %(amount)s")
        % {"month": of(month(invoice.month)), "amount": amount},
        body="\n".join(lines),
        family_id=invoice.family_id,
        key=f"invoice:{invoice.number}",
    )
