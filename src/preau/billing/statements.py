"""The statement of an account on paper: every movement of a period, archived when it is asked."""

import hashlib
import json
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from preau.billing.models import LedgerLine
from preau.billing.queries import OfficeAccount
from preau.documents.once import issue_once
from preau.families.queries import payer_of
from preau.kernel import french
from preau.kernel.clock import at_paris, paris, paris_day
from preau.kernel.french import euros


def statement_document(
    *, family: Any, account: OfficeAccount, first: date, last: date, now: datetime
) -> Any:
    """The statement of a household's account at one cash office, from one day to another.

    Asked again on the same day with nothing changed, it is the same document.
    """
    data = statement_data(family=family, account=account, first=first, last=last, now=now)
    said = hashlib.sha256(json.dumps([account.office.code, data]).encode()).hexdigest()
    return issue_once(
        number=f"E-{paris_day(now):%Y%m%d}-{family.code}-{said[:6]}",
        kind="STATEMENT",
        title=_("Relevé de compte"),
        template="statement",
        data=lambda: data,
        public_facts={
            _("Régie"): account.office.name,
            _("Dossier"): family.printed_code,
            _("Période"): french.period(first, last, year=True),
            _("Solde"): data["balance"],
            _("Mouvements"): str(len(data["rows"])),
        },
        family_id=family.pk,
        now=now,
    )


def statement_data(
    *, family: Any, account: OfficeAccount, first: date, last: date, now: datetime
) -> dict[str, Any]:
    """What the statement says; amounts in French, what is owed above zero."""
    since, until = at_paris(first), at_paris(last + timedelta(days=1))
    lines = list(
        LedgerLine.objects.filter(family_account_id=account.account_id, movement__at__gte=since)
        .select_related("movement")
        .order_by("movement__at", "pk")
    )
    running = opening = account.balance_cents - sum(line.amount_cents for line in lines)
    rows = []
    for line in lines:
        if line.movement.at >= until:
            break
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
            [_("Régie"), account.office.name],
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
        else _("Crédit : %(amount)s") % {"amount": euros(-running)}
        if running < 0
        else _("Compte à zéro"),
        "owed": [
            {
                "number": invoice.number,
                "due": french.day(invoice.due_on, year=True, weekday=False),
                "left": euros(invoice.left_cents),
            }
            for invoice in account.unpaid
        ],
        "notes": [
            _(
                "Un paiement en ligne qui attend la confirmation de la banque n’est pas encore "
                "compté. Le solde est négatif quand vous devez."
            )
        ],
    }
