"""What is written to a family about its debits. Never an IBAN: its last four characters."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from preau.directdebit.models import Debit, Mandate
from preau.directdebit.rules import reason_words
from preau.families.queries import payer_of, payers_of
from preau.kernel.french import day, euros, telephone
from preau.messaging.services import Email, queue_email, queue_emails


def _write(mandate: Mandate, *, subject: str, lines: list[str], key: str, now: datetime) -> None:
    payer = payer_of(mandate.family_id)
    if payer is None or not payer.email:
        return
    office = mandate.creditor.cash_office
    foot = (
        [_("Une question ? %(phone)s") % {"phone": telephone(office.phone)}] if office.phone else []
    )
    queue_email(
        to=payer.email,
        subject=subject,
        body="\n".join([_("Bonjour,"), "", *lines, "", *foot]),
        now=now,
        family_id=mandate.family_id,
        key=key,
    )


def mandate_signed(mandate: Mandate, *, now: datetime) -> None:
    """Confirm what was authorised."""
    _write(
        mandate,
        subject=_("Prélèvement automatique : votre mandat"),
        lines=[
            _("Vous avez autorisé %(name)s (ICS %(ics)s) à prélever vos factures de %(office)s.")
            % {
                "name": mandate.creditor.name,
                "ics": mandate.creditor.ics,
                "office": mandate.creditor.cash_office.name,
            },
            _("Référence unique du mandat : %(rum)s. Compte finissant par %(end)s.")
            % {"rum": mandate.reference, "end": mandate.iban_end},
            _("Chaque prélèvement est annoncé %(days)s jours avant, avec son montant et sa date.")
            % {"days": mandate.creditor.notice_days},
            _("Vous pouvez le révoquer à tout moment sur l’espace familles, rubrique « Compte »."),
        ],
        key=f"mandate:{mandate.pk}:signed",
        now=now,
    )


def mandate_amended(mandate: Mandate, *, now: datetime) -> None:
    """Confirm the new account: whoever did not ask for it learns of it."""
    _write(
        mandate,
        subject=_("Prélèvement automatique : compte changé"),
        lines=[
            _("Vos prélèvements de %(office)s se feront sur le compte finissant par %(end)s.")
            % {"office": mandate.creditor.cash_office.name, "end": mandate.iban_end},
            _("Si vous n’avez rien demandé, prévenez-nous."),
        ],
        key=f"mandate:{mandate.pk}:amended:{now.isoformat()}",
        now=now,
    )


def mandate_ended(mandate: Mandate, *, now: datetime) -> None:
    """Say that nothing will be debited any more, and why."""
    _write(
        mandate,
        subject=_("Prélèvement automatique : mandat terminé"),
        lines=[
            _("Votre mandat %(rum)s est terminé : %(why)s.")
            % {"rum": mandate.reference, "why": mandate.end_reason or _("à votre demande")},
            _("Vos prochaines factures se paient en ligne ou au guichet."),
        ],
        key=f"mandate:{mandate.pk}:{mandate.status.lower()}",
        now=now,
    )


def notice_lines(debit: Debit) -> list[str]:
    """What a pre-notice says, in an e-mail or a letter. Its invoices are read with it."""
    mandate, creditor = debit.mandate, debit.batch.creditor
    amount, on = euros(debit.amount_cents), day(debit.batch.collection_on, year=True)
    return [
        _("%(amount)s seront prélevés le %(day)s sur votre compte finissant par %(end)s.")
        % {"amount": amount, "day": on, "end": debit.iban_end or mandate.iban_end},
        *(
            _("– facture %(number)s : %(amount)s")
            % {"number": item.invoice.number, "amount": euros(item.amount_cents)}
            for item in debit.items.all()
        ),
        _("Mandat %(rum)s, créancier %(name)s (ICS %(ics)s).")
        % {"rum": mandate.reference, "name": creditor.name, "ics": creditor.ics},
        "",
        _("Une erreur ? Répondez avant cette date, ou appelez le %(phone)s.")
        % {"phone": telephone(creditor.cash_office.phone)}
        if creditor.cash_office.phone
        else _("Une erreur ? Prévenez-nous avant cette date."),
    ]


def announce(debits: Iterable[Debit], *, now: datetime) -> int:
    """The pre-notice of each debit of an approved batch: amount, day, invoices. How many."""
    debits = list(debits)
    payers = payers_of({debit.family_id for debit in debits})
    letters = []
    for debit in debits:
        payer = payers.get(debit.family_id)
        if payer is None or not payer.email:
            continue
        amount, on = euros(debit.amount_cents), day(debit.batch.collection_on, year=True)
        lines = [_("Bonjour,"), "", *notice_lines(debit)]
        letters.append(
            Email(
                to=payer.email,
                subject=_("Prélèvement de %(amount)s le %(day)s") % {"amount": amount, "day": on},
                body="\n".join(lines),
                family_id=debit.family_id,
                key=f"debit:{debit.pk}:notice",
            )
        )
    queue_emails(emails=letters, now=now)
    return len(letters)


def debit_rejected(debit: Debit, *, now: datetime) -> None:
    """Say that the bank refused, that the invoice is due again, and how to pay it."""
    _write(
        debit.mandate,
        subject=_("Prélèvement refusé : %(amount)s restent à payer")
        % {"amount": euros(debit.amount_cents)},
        lines=[
            _("Votre banque a refusé le prélèvement de %(amount)s du %(day)s : %(why)s.")
            % {
                "amount": euros(debit.amount_cents),
                "day": day(debit.batch.collection_on, year=True),
                "why": reason_words(debit.reject_code),
            },
            _("Cette somme est de nouveau à payer, sans frais : en ligne ou au guichet."),
        ],
        key=f"debit:{debit.pk}:rejected",
        now=now,
    )


def call_off(debits: Iterable[Debit], *, now: datetime) -> int:
    """Say that an announced debit will not take place. How many."""
    debits = list(debits)
    payers = payers_of({debit.family_id for debit in debits})
    letters = [
        Email(
            to=payer.email,
            subject=_("Le prélèvement du %(day)s n’aura pas lieu")
            % {"day": day(debit.batch.collection_on, year=True)},
            body="\n".join(
                [
                    _("Bonjour,"),
                    "",
                    _("Le prélèvement de %(amount)s annoncé pour le %(day)s est annulé.")
                    % {
                        "amount": euros(debit.amount_cents),
                        "day": day(debit.batch.collection_on, year=True),
                    },
                    _("Vous n’avez rien à faire : une autre date vous sera annoncée."),
                ]
            ),
            family_id=debit.family_id,
            key=f"debit:{debit.pk}:called-off",
        )
        for debit in debits
        if (payer := payers.get(debit.family_id)) is not None and payer.email
    ]
    queue_emails(emails=letters, now=now)
    return len(letters)
