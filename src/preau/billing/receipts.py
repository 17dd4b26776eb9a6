"""Receipts of the counter: the first print is archived, each other one says DUPLICATA."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing.means import label
from preau.billing.models import CounterPayment, Invoice
from preau.documents.once import issue_once
from preau.documents.queries import get_by_number
from preau.documents.render import render_pdf
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.french import euros

SOURCE = "counter_payment"


def receipt_document(payment: CounterPayment, *, debtor: str, now: datetime) -> Any:
    """The archived receipt of a payment at the counter (or of its void)."""
    return issue_once(
        number=payment.receipt_number,
        kind="RECEIPT",
        title=_title(payment),
        template="receipt",
        data=lambda: _data(payment, debtor),
        public_facts={
            _("Régie"): payment.cash_office.name,
            _("Montant"): euros(payment.amount_cents),
            _("Reçu le"): french.day(payment.received_at, year=True),
        },
        family_id=payment.family_id,
        now=now,
    )


def is_printed(payment: CounterPayment) -> bool:
    """Whether its receipt was already given."""
    return get_by_number(payment.receipt_number) is not None


def print_receipt(
    payment: CounterPayment, *, debtor: str, actor: Actor, now: datetime
) -> tuple[bytes, bool]:
    """The receipt as PDF, and whether it is a duplicate; a duplicate goes to the journal."""
    first = get_by_number(payment.receipt_number)
    if first is None:
        document = receipt_document(payment, debtor=debtor, now=now)
        with document.file.file.open("rb") as source:
            return source.read(), False
    record(
        actor=actor,
        now=now,
        action="billing.print_duplicate",
        summary=_("Duplicata du reçu %s imprimé") % payment.receipt_number,
        family_id=payment.family_id,
        object_type=SOURCE,
        object_id=payment.pk,
    )
    data = _data(payment, debtor) | {
        "number": payment.receipt_number,
        "code": "-".join(first.code[i : i + 4] for i in range(0, len(first.code), 4)),
        "title": _title(payment),
        "duplicate": _("DUPLICATA, imprimé %s") % french.instant(now, year=True),
    }
    return render_pdf("receipt", data), True


def _title(payment: CounterPayment) -> str:
    if payment.voids:
        return _("Annulation du reçu n° %(number)s") % {"number": payment.voids.receipt_number}
    return _("Reçu n° %(number)s") % {"number": payment.receipt_number}


def _data(payment: CounterPayment, debtor: str) -> dict[str, Any]:
    parts = list((payment.voids or payment).parts.order_by("pk"))
    return {
        "day": french.day(payment.received_at, year=True, weekday=False),
        "recipient": [],
        "facts": [
            [_("Reçu de"), debtor],
            [_("Dossier"), payment.family.printed_code],
            *([part_words(part), euros(part.amount_cents)] for part in parts),
            [_("Le"), french.instant(payment.received_at, year=True)],
            [_("Par"), f"{payment.taken_by_label}, {payment.cash_office.name}"],
            *([[_("Motif de l’annulation"), payment.void_reason]] if payment.voids else []),
        ],
        "columns": [
            {"label": _("Facture payée"), "amount": False},
            {"label": _("Montant"), "amount": True},
        ],
        "rows": [] if payment.voids else _settled(payment),
        "amount": euros(-payment.amount_cents if payment.voids else payment.amount_cents),
    }


def _settled(payment: CounterPayment) -> list[list[str]]:
    numbers = dict(
        Invoice.objects.filter(pk__in=[int(pk) for pk in payment.settles]).values_list(
            "pk", "number"
        )
    )
    told = [[numbers[int(pk)], euros(cents)] for pk, cents in payment.settles.items()]
    rest = payment.amount_cents - sum(payment.settles.values())
    if rest > 0 and payment.settles:
        told.append([_("Versé d’avance (crédit du compte)"), euros(rest)])
    return told


def part_words(part: Any) -> str:
    """«chèque n° 7654321, BNP, tiré par Mamie»."""
    words = label(part.means).capitalize() if part.means != "CESU" else label(part.means)
    if part.reference:
        words = _("%(means)s n° %(number)s") % {"means": words, "number": part.reference}
    if part.bank:
        words = f"{words}, {part.bank}"
    if part.drawer:
        words = _("%(means)s, tiré par %(name)s") % {"means": words, "name": part.drawer}
    return words
