"""A mandate on paper: to fill in and sign at home, or a copy of the one in force."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from preau.directdebit.messages import notice_lines
from preau.directdebit.models import Batch, Creditor, Debit, Mandate
from preau.documents.once import issue_once
from preau.documents.render import render_pdf
from preau.families.queries import address_of, payer_of, payers_of
from preau.kernel import french
from preau.kernel.clock import paris_day


def blank_mandate(creditor: Creditor, family: Any) -> bytes:
    """The mandate to sign by hand, with what the town knows. Kept once it comes back signed."""
    return render_pdf(
        "mandate",
        {
            "title": _("Mandat de prélèvement SEPA"),
            "number": "",
            "day": "",
            "recipient": [],
            "creditor": _creditor(creditor, ""),
            "debtor": [
                [_("Nom"), _holder(family)],
                [_("Adresse"), ", ".join(_address(family))],
                [_("Code famille"), family.printed_code],
            ],
            "words": [creditor.mandate_text],
            "proof": [],
            "notes": [
                _("À rendre au guichet famille, signé, avec un relevé d’identité bancaire."),
                _("La référence unique du mandat vous est donnée quand il est enregistré."),
            ],
        },
    )


def mandate_copy(mandate: Mandate, *, now: datetime) -> Any:
    """The archived copy of a mandate: its words, its account (four characters), its signature.

    A change of account makes another copy; the one before stays.
    """
    changes = mandate.events.filter(kind="AMENDED").count()
    return issue_once(
        number=f"MANDAT-{mandate.pk}" + (f"-{changes}" if changes else ""),
        kind="CONTRACT",
        title=_("Mandat de prélèvement SEPA"),
        template="mandate",
        data=lambda: _copy(mandate, now),
        public_facts={
            _("Créancier"): f"{mandate.creditor.name}, {mandate.creditor.ics}",
            _("Référence (RUM)"): mandate.reference,
            _("Signé le"): french.day(mandate.signed_on, year=True),
        },
        family_id=mandate.family_id,
        now=now,
    )


def without_email(batch: Batch) -> list[Debit]:
    """The debits of an approved batch whose families no e-mail reaches: they get a letter."""
    debits = list(
        batch.debits.exclude(status__in=[Debit.Status.EXCLUDED, Debit.Status.PLANNED])
        .select_related("mandate", "family", "batch__creditor__cash_office")
        .prefetch_related("items__invoice")
        .order_by("family__sort_key", "pk")
    )
    payers = payers_of({debit.family_id for debit in debits})
    return [d for d in debits if (p := payers.get(d.family_id)) is None or not p.email]


def notice_letters(batch: Batch, *, now: datetime) -> bytes:
    """Their pre-notices, a page each, for window envelopes."""
    return render_pdf(
        "mass_letter",
        {
            "title": _("Prélèvement du %(day)s")
            % {"day": french.day(batch.collection_on, year=True)},
            "day": french.day(paris_day(now), year=True, weekday=False),
            "letters": [
                {
                    "recipient": [_holder(debit.family), *_address(debit.family)],
                    "paragraphs": [line for line in notice_lines(debit) if line],
                }
                for debit in without_email(batch)
            ],
        },
    )


def _copy(mandate: Mandate, now: datetime) -> dict[str, Any]:
    proof = mandate.proof
    return {
        "day": french.day(paris_day(now), year=True, weekday=False),
        "recipient": [_holder(mandate.family), *_address(mandate.family)],
        "creditor": _creditor(mandate.creditor, mandate.reference),
        "debtor": [
            [_("Titulaire"), mandate.holder],
            [_("Compte"), mandate.masked_iban],
            [_("Code famille"), mandate.family.printed_code],
        ],
        "words": [proof.get("text") or mandate.creditor.mandate_text],
        "proof": [
            [_("Signé le"), french.day(mandate.signed_on, year=True)],
            [
                _("Comment"),
                _("en ligne, par %(name)s") % {"name": proof["name"]} if proof else _("sur papier"),
            ],
        ],
        "notes": [
            _("Vous l’arrêtez quand vous voulez, sur l’espace familles ou au guichet."),
        ],
    }


def _creditor(creditor: Creditor, reference: str) -> list[list[str]]:
    return [
        [_("Nom"), creditor.name],
        [_("Identifiant (ICS)"), creditor.ics],
        [_("Régie"), creditor.cash_office.name],
        [_("Référence (RUM)"), reference or _("donnée à l’enregistrement")],
        [
            _("Paiement"),
            _("récurrent, annoncé %(days)s avant chaque prélèvement")
            % {"days": french.count(creditor.notice_days, "jour")},
        ],
    ]


def _holder(family: Any) -> str:
    payer = payer_of(family)
    return f"{payer.get_civility_display()} {payer}".strip() if payer else family.name


def _address(family: Any) -> list[str]:
    address = address_of(family)
    found = [address.line1, address.line2, f"{address.postcode} {address.city}"]
    return [line for line in found if line.strip()]
