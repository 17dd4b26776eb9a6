"""Invoices and movements of an account as HTML, written in one pass: a page holds some thirty
lines of invoices with their days and sentences, too many for includes and filters in loops."""

from collections.abc import Iterable
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from preau.kernel import french
from preau.ui.escaping import esc
from preau.ui.routes import route
from preau.ui.templatetags.parts import button, invoice_line, quand, tag


def draw_bill(
    invoice: Any,
    title: str,
    lines: Iterable[Any],
    titre: int | None = None,
    *,
    is_old: bool = False,
    is_carried: bool = False,
) -> SafeString:
    """An invoice (or credit note) with its lines, each unfolding on its days and its rule.

    `is_old`: of a file that joined this one, read but not contested here. `is_carried`: what was
    left of it is on an invoice of this account.
    """
    title = esc(title)
    told = esc(_("N° %(number)s, du %(day)s")) % {
        "number": f'<span class="nb">{esc(invoice.number)}</span>',
        "day": esc(french.day(invoice.issued_on)),
    }
    reason = f'<p class="small">{esc(invoice.reason)}</p>' if invoice.reason else ""
    contest = "" if invoice.is_credit_note or is_old else route("portal:request-new", "facture")
    drawn = ""
    for line in lines:
        if contest:
            line.contest = f"{contest}?facture={invoice.number}&ligne={line.pk}"
        drawn += invoice_line(line)
    state = tag("town", _("Reportée")) if is_carried else _state(invoice, titre)
    acts = button(
        _("Facture (PDF)"),
        kind="quiet",
        icon="download",
        href=route("portal:invoice-pdf", invoice.number),
        sr=title,
    )
    if contest:
        href = f"{contest}?facture={invoice.number}"
        acts += button(_("Contester une ligne"), kind="plain", href=href, sr=title)
    return mark_safe(  # noqa: S308 - every text is escaped where it is written
        f'<article class="sheet bill{"" if invoice.left_cents else " done"}" '
        f'aria-labelledby="f{invoice.pk}"><header><div><h3 id="f{invoice.pk}">{title}</h3>'
        f'<p class="small soft">{esc(invoice.cash_office.name)}. {told}</p>{reason}</div>\n'
        f'<p><span class="amount serif">{french.euros(invoice.total_cents)}</span> '
        f"{state}</p></header>\n{drawn}\n"
        f'<p class="row">{acts}</p></article>\n'
    )


def _state(invoice: Any, titre: int | None = None) -> str:
    if invoice.is_credit_note:
        return tag("ok", _("Avoir"))
    if titre is not None:
        href = route("portal:titre", titre)
        return f'{tag("town", _("Au Trésor public"))} <a href="{href}">{_("Payer le titre")}</a>'
    if not invoice.left_cents:
        return tag("ok", _("Payée"))
    return tag("wait", _("Reste %(left)s") % {"left": french.euros(invoice.left_cents)})


def draw_ledger(lines: Iterable[Any], pending: Iterable[Any] = ()) -> SafeString:
    """The movements of an account with the balance after each; `pending` payments above, not
    counted."""
    owe, paid, balance = _("Vous devez"), _("Vous avez payé"), _("Solde")
    heads = f'<th scope="col">{_("Date")}</th><th scope="col">{_("Mouvement")}</th>' + "".join(
        f'<th scope="col" class="r">{words}</th>' for words in (owe, paid, balance)
    )
    rows = [_pending(attempt) for attempt in pending]
    found = [_movement(line, owe, paid, balance) for line in lines]
    rows += found or [f'<tr><td colspan="5">{_("Aucun mouvement.")}</td></tr>']
    body = "\n".join(rows)
    return mark_safe(  # noqa: S308 - every text is escaped where it is written
        f'<div class="scroll" tabindex="0" role="group" aria-label="{_("Relevé du compte")}">'
        f'<table class="cards ledger"><caption class="sr">{_("Mouvements et solde")}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>\n{body}\n</tbody></table></div>\n"
    )


def _pending(attempt: Any) -> str:
    return (
        f'<tr class="pending"><th scope="row">{quand(attempt.created_at)}</th>'
        f'<td>{_("Paiement par carte")} {tag("wait", _("En cours"))}</td><td class="r"></td>'
        f'<td class="r" data-l="{_("Pas encore compté")}">'
        f'<span class="amount">{french.euros(attempt.amount_cents)}</span></td>'
        f'<td class="r"></td></tr>'
    )


def _movement(line: Any, owe: str, paid: str, balance: str) -> str:
    cents = line.amount_cents
    amount = f'<span class="amount">{french.euros(abs(cents))}</span>' if cents else ""
    debit = f' data-l="{owe}">{amount}' if cents > 0 else ">"
    credit = f' data-l="{paid}">{amount}' if cents < 0 else ">"
    return (
        f'<tr><th scope="row">{quand(line.at, "an")}</th>'
        f'<td>{esc(line.label)}</td><td class="r"{debit}</td><td class="r"{credit}</td>'
        f'<td class="r" data-l="{balance}"><b class="amount">{french.euros(-line.running_cents)}'
        "</b></td></tr>"
    )
