"""Invoices, credit notes and receipts as PDF: made once, archived, served again as they were."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from preau.billing.means import COUNTER, label
from preau.billing.models import Invoice, ThirdPartyInvoice
from preau.billing.notices import Notice, notices_at_issue, told
from preau.billing.telling import quantity_words, rules_of, title_of
from preau.documents.many import ToIssue
from preau.documents.once import issue_once
from preau.documents.queries import get_by_number
from preau.documents.squares import link_square, transfer_square
from preau.kernel import french
from preau.kernel.french import euros


def invoice_document(invoice: Invoice, *, now: datetime) -> Any:
    """The invoice's archived PDF. `invoice` comes from `get_invoice` (lines, left to pay)."""
    found = get_by_number(invoice.number)
    if found is not None:
        return found
    wanted = invoice_to_issue(invoice, notices_at_issue([invoice]).get(invoice.pk))
    return issue_once(
        number=wanted.number,
        kind=wanted.kind,
        title=wanted.title,
        template=wanted.template,
        data=lambda: wanted.data,
        public_facts=wanted.public_facts,
        family_id=invoice.family_id,
        now=now,
    )


def invoice_to_issue(invoice: Invoice, notice: Notice | None = None) -> ToIssue:
    """What the PDF of an invoice or credit note holds. `invoice` has its lines and its office;
    `notice` is the debit that it announces."""
    is_note = invoice.kind == Invoice.Kind.CREDIT_NOTE
    return ToIssue(
        number=invoice.number,
        kind="CREDIT_NOTE" if is_note else "INVOICE",
        title=_("Avoir n° %(number)s") % {"number": invoice.number}
        if is_note
        else _("Facture n° %(number)s") % {"number": invoice.number},
        template="invoice",
        data=_invoice_data(invoice, notice),
        public_facts={
            _("Régie"): invoice.cash_office.name,
            _("Mois"): french.month(invoice.month),
            _("Total"): euros(invoice.total_cents),
            _("Émise le"): french.day(invoice.issued_on, year=True),
        },
        family_id=invoice.family_id,
    )


def _invoice_data(invoice: Invoice, notice: Notice | None) -> dict[str, Any]:
    debtor = invoice.debtor
    office = invoice.cash_office
    is_note = invoice.kind == Invoice.Kind.CREDIT_NOTE
    return {
        "day": french.day(invoice.issued_on, year=True, weekday=False),
        "recipient": [
            f"{debtor.get('civility_label', '')} {debtor.get('name', '')}".strip(),
            *[part.strip() for part in debtor.get("address", "").split(",") if part.strip()],
        ],
        "facts": [
            [_("Période"), title_of(invoice)],
            [_("Code famille"), debtor.get("family_code", "")],
            [_("Régie"), office.name],
            *([[_("Règles"), rules]] if (rules := rules_of(invoice)) else []),
            *(
                [[_("Corrige la facture"), invoice.corrects.number], [_("Motif"), invoice.reason]]
                if is_note and invoice.corrects
                else []
                if notice
                else [[_("À régler avant le"), french.day(invoice.due_on, year=True)]]
            ),
        ],
        "lines": [
            {
                "label": line.label,
                "detail": quantity_words(line),
                "amount": euros(line.amount_cents),
                "dates": _dates(line.dates),
                "why": list(line.explanation),
            }
            for line in invoice.lines.all()
        ],
        "total": euros(invoice.total_cents),
        "total_label": _("Total de l’avoir")
        if is_note
        else _("Total")
        if notice
        else _("Total à payer"),
        **told(notice),
        "closing": [
            _(
                "Cet avoir s’ôte de ce qui reste à payer de la facture ; ce qui était déjà "
                "payé devient un crédit de votre compte, à utiliser ou à vous faire rendre."
            )
        ]
        if is_note
        else [],
        # Nobody pays twice: a paper that announces a debit asks for nothing else.
        "notes": [] if is_note or notice else ways_to_pay(office),
        "squares": []
        if is_note or notice or invoice.total_cents <= 0
        else squares_to_pay(office, number=invoice.number, cents=invoice.total_cents),
    }


def squares_to_pay(office: Any, *, number: str, cents: int) -> list[dict[str, Any]]:
    """Squares to scan: to pay on line, and for a transfer where the cash office receives any."""
    address = f"{settings.BASE_URL}/espace/compte/payer/{office.code}/"
    squares = [link_square(address, caption=_("Payer en ligne"))]
    if office.transfer_iban:
        squares.append(_transfer(office, number=number, cents=cents))
    return squares


def _transfer(office: Any, *, number: str, cents: int) -> dict[str, Any]:
    return transfer_square(
        name=office.name,
        iban=office.transfer_iban,
        bic=office.transfer_bic,
        cents=cents,
        reference=number,
        caption=_("Payer par virement"),
    )


def _dates(days: list[dict[str, str]]) -> str:
    words = []
    for day in days:
        on = date.fromisoformat(day["day"])
        text = f"{french.weekday(on)[:3]}. {'1er' if on.day == 1 else on.day}"
        words.append(f"{text} ({day['note']})" if day.get("note") else text)
    return ", ".join(words)


def ways_to_pay(office: Any) -> list[str]:
    """How what is owed to this cash office is paid, one way a sentence."""
    ways = [_("En ligne, sur l’espace familles, rubrique « Compte ».")]
    names: dict[str, str] = {str(one): label(one) for one in COUNTER if one != "TRANSFER"}
    names |= {"CASH": _("espèces (300 € au plus)"), "CARD": _("carte")}
    means = [names[m] for m in office.means if m in names]
    if means:
        where = office.address.replace("\n", ", ")
        place = f" ({where})" if where else ""
        ways.append(
            _("Au guichet%(place)s : %(means)s.")
            % {
                "place": place,
                "means": french.and_join(means, word="ou"),
            }
        )
    if office.transfer_iban:
        ways.append(
            _("Par virement : IBAN %(iban)s, en rappelant le numéro de la facture.")
            % {"iban": _spaced(office.transfer_iban)}
        )
    if office.phone:
        ways.append(_("Une question ? %(phone)s.") % {"phone": french.telephone(office.phone)})
    ways.append(_("Sans règlement à l’échéance, la créance est transmise au comptable public."))
    return ways


def _third_party_ways(office: Any) -> list[str]:
    """How a third party pays: by transfer, or as the cash office tells it."""
    ways = []
    if office.transfer_iban:
        ways.append(
            _("Par virement : IBAN %(iban)s, en rappelant le numéro de la facture.")
            % {"iban": _spaced(office.transfer_iban)}
        )
    else:
        where = office.address.replace("\n", ", ")
        ways.append(
            _("À l’ordre de %(name)s%(place)s, en rappelant le numéro de la facture.")
            % {"name": office.name, "place": f", {where}" if where else ""}
        )
    if office.phone:
        ways.append(_("Une question ? %(phone)s.") % {"phone": french.telephone(office.phone)})
    return ways


def _spaced(iban: str) -> str:
    return "\u00a0".join(iban[i : i + 4] for i in range(0, len(iban), 4))


def third_party_document(invoice: ThirdPartyInvoice, *, now: datetime) -> Any:
    """The archived PDF of a third party's invoice or credit note, read with its lines."""
    is_note = invoice.corrects_id is not None
    office = invoice.account.cash_office
    debtor = invoice.debtor
    return issue_once(
        number=invoice.number,
        kind="CREDIT_NOTE" if is_note else "INVOICE",
        title=_("Avoir n° %(number)s") % {"number": invoice.number}
        if is_note
        else _("Facture n° %(number)s") % {"number": invoice.number},
        template="invoice",
        data=lambda: {
            "day": french.day(invoice.issued_on, year=True, weekday=False),
            "recipient": [
                debtor["name"],
                *([debtor["service"]] if debtor.get("service") else []),
                *[part.strip() for part in debtor.get("address", "").split(",") if part.strip()],
            ],
            "facts": [
                [_("Période"), french.month(invoice.month).capitalize()],
                [_("Régie"), office.name],
                *([["SIRET", debtor["siret"]]] if debtor.get("siret") else []),
                *(
                    [
                        [_("Corrige la facture"), invoice.corrects.number],
                        [_("Motif"), invoice.reason],
                    ]
                    if invoice.corrects
                    else [[_("À régler avant le"), french.day(invoice.due_on, year=True)]]
                ),
            ],
            "lines": [
                {
                    "label": f"{line.family_name} : {line.label}",
                    "detail": "",
                    "amount": euros(line.amount_cents),
                    "dates": "",
                    "why": [line.detail] if line.detail else [],
                }
                for line in invoice.lines.all()
            ],
            "total": euros(invoice.total_cents),
            "total_label": _("Total de l’avoir") if is_note else _("Total à payer"),
            "notes": [] if is_note else _third_party_ways(office),
            "squares": []
            if is_note or not office.transfer_iban or invoice.total_cents <= 0
            else [_transfer(office, number=invoice.number, cents=invoice.total_cents)],
        },
        public_facts={
            _("Régie"): office.name,
            _("Redevable"): debtor["name"],
            _("Total"): euros(invoice.total_cents),
            _("Émise le"): french.day(invoice.issued_on, year=True),
        },
        family_id=None,
        now=now,
    )
