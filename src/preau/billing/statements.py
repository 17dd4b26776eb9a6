"""The statement of an account on paper: every movement of a period, archived when it is asked."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from preau.billing.models import CashOffice, LedgerLine
from preau.billing.queries import unpaid_invoices
from preau.documents.queries import list_issued
from preau.documents.services import issue_document
from preau.families.queries import payer_of
from preau.kernel import french
from preau.kernel.clock import at_paris, paris, paris_day
from preau.kernel.french import euros


def statement_document(
    *, family: Any, office: CashOffice, account_id: int, first: date, last: date, now: datetime
) -> Any:
    """The statement of a household's account at one cash office, from one day to another.

    Asked again on the same day with nothing changed, it is the same document.
    """
    data = statement_data(
        family=family, office=office, account_id=account_id, first=first, last=last, now=now
    )
    facts = {
        _("Régie"): office.name,
        _("Dossier"): family.printed_code,
        _("Période"): french.period(first, last, year=True),
        _("Solde"): data["balance"],
        _("Mouvements"): str(len(data["rows"])),
    }
    for known in list_issued(family.pk).filter(kind="STATEMENT")[:12]:
        if known.public_facts == facts and paris_day(known.issued_at) == paris_day(now):
            return known
    return issue_document(
        kind="STATEMENT",
        title=_("Relevé de compte"),
        template="statement",
        data=data,
        public_facts=facts,
        family_id=family.pk,
        now=now,
    )


def statement_data(
    *, family: Any, office: CashOffice, account_id: int, first: date, last: date, now: datetime
) -> dict[str, Any]:
    """What the statement says; amounts in French, what is owed above zero."""
    since, until = at_paris(first), at_paris(last + timedelta(days=1))
    lines = LedgerLine.objects.filter(family_account_id=account_id)
    balance = lines.filter(movement__at__lt=since).aggregate(cents=Sum("amount_cents"))["cents"]
    running = opening = balance or 0
    rows = []
    for line in (
        lines.filter(movement__at__gte=since, movement__at__lt=until)
        .select_related("movement")
        .order_by("movement__at", "pk")
    ):
        running += line.amount_cents
        rows.append(
            {
                "day": f"{paris(line.movement.at):%d/%m/%Y}",
                "label": line.movement.label,
                "debit": euros(line.amount_cents) if line.amount_cents > 0 else "",
                "credit": euros(-line.amount_cents) if line.amount_cents < 0 else "",
                "balance": euros(-running),
            }
        )
    payer = payer_of(family)
    owed: list[Any] = list(unpaid_invoices(family_id=family.pk).filter(cash_office=office))
    return {
        "day": french.day(now, year=True, weekday=False),
        "recipient": [
            f"{payer.get_civility_display()} {payer}".strip() if payer else family.name,
            family.address_line1,
            *([family.address_line2] if family.address_line2 else []),
            f"{family.postcode} {family.city}".strip(),
        ],
        "facts": [
            [_("Code famille"), family.printed_code],
            [_("Régie"), office.name],
            [_("Période"), french.period(first, last, year=True)],
        ],
        "opening": {
            "label": _("Solde au %(day)s") % {"day": french.day(first, weekday=False)},
            "balance": euros(-opening),
        },
        "rows": rows,
        "balance": euros(-running),
        "closing": _("Vous devez %(amount)s") % {"amount": euros(running)}
        if running > 0
        else _("Crédit : %(amount)s") % {"amount": euros(-running)}
        if running < 0
        else _("Compte à zéro"),
        "owed": [
            {
                "number": invoice.number,
                "due": french.day(invoice.due_on, year=True, weekday=False),
                "left": euros(invoice.left_cents),
            }
            for invoice in owed
        ],
        "notes": [
            _(
                "Un paiement en ligne qui attend la confirmation de la banque n’est pas encore "
                "compté. Le solde est négatif quand vous devez."
            )
        ],
    }
