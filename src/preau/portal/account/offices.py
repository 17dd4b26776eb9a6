"""What a family owes each cash office and its statement there, as HTML written in one pass: this
page is among the most opened, and its many small words cost more in a template than all its reads.
"""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from preau.kernel.french import day, euros
from preau.portal.account.drawing import draw_ledger
from preau.ui.escaping import esc
from preau.ui.icons import icon
from preau.ui.routes import route
from preau.ui.templatetags.parts import button, leaf, tag, unfold


def draw_to_pay(shown: dict[str, Any], token: str) -> SafeString:
    """The sheet of one cash office: what is left, what is coming, how to pay; "" when there is
    nothing to say. `token` is the page's proof against forged requests."""
    account = shown["account"]
    if not (account.left_cents or account.credit_cents > 0 or shown["can_pay"]):
        return mark_safe("")
    name = account.office.name
    owed = " topay" if account.left_cents else ""
    parts = [
        f'<div class="sheet fold{owed}">\n<div><h3>{esc(name)}</h3>{_owed(shown)}</div>',
        _ways(shown, token) if shown["can_pay"] else "",
        *(_coming(debit) for debit in shown["coming"]),
        _mandate(shown["mandate"]) if shown["mandate"] and shown["now_cents"] else "",
        *(_plan(plan) for plan in shown["plans"]),
    ]
    if account.credit_cents > 0 and account.left_cents:
        parts.append(
            f'<form method="post" action="{route("portal:use-credit", account.office.code)}">'
            f"{_proof(token)}{button(_('Payer avec mon crédit'), kind='quiet')}</form>"
        )
    if account.left_cents:
        where = (
            _(
                "Paiement par carte sur la page de notre banque. Vous vérifierez le détail avant "
                "d’y aller."
            )
            if shown["can_pay"]
            else _("Cette régie se paie au guichet : espèces jusqu’à 300 €, chèque.")
        )
        parts.append(f'<p class="small soft">{where}</p>')
    return mark_safe("\n".join(part for part in parts if part) + "\n</div>")  # noqa: S308 - escaped


def _owed(shown: dict[str, Any]) -> str:
    account = shown["account"]
    if not account.left_cents:
        told = f"<p>{_('Rien à payer.')}</p>"
    else:
        n, due = len(account.unpaid), f"<b>{day(account.next_due_on)}</b>"
        words = (
            ngettext(
                "Une facture, attendue depuis le %(day)s.",
                "%(n)s factures, la première attendue depuis le %(day)s.",
                n,
            )
            if shown["is_past_due"]
            else ngettext(
                "Une facture, à régler avant le %(day)s.",
                "%(n)s factures, la première à régler avant le %(day)s.",
                n,
            )
        )
        told = (
            f'<p class="big serif amount">{euros(account.left_cents)}</p>\n'
            f"<p>{words % {'n': n, 'day': due}}</p>"
        )
    if account.credit_cents > 0:
        words = _("Crédit : %(amount)s. Il est à vous ; il ne sert qu’à cette régie.")
        told += f"\n<p>{words % {'amount': _strong(account.credit_cents)}}</p>"
    return told


def _ways(shown: dict[str, Any], token: str) -> str:
    """Pay all of it at once, or choose."""
    account = shown["account"]
    name, address = account.office.name, route("portal:pay", account.office.code)
    told = ""
    if shown["pending_cents"]:
        words = _(
            "%(amount)s sont déjà en cours de paiement : attendez la confirmation avant de payer "
            "de nouveau."
        ) % {"amount": _strong(shown["pending_cents"])}
        told = f"<p>{icon('hourglass', 'waitc')} <span>{words}</span></p>"
    elif shown["now_cents"]:
        fields = "".join(
            f'<input type="hidden" name="invoice_{i.pk}" value="{euros(i.now_cents)}">'
            for i in account.unpaid
        )
        pay = button(
            _("Payer %(left)s") % {"left": euros(shown["now_cents"])}, icon="credit-card", sr=name
        )
        told = (
            f'<form method="post" action="{address}">{_proof(token)}'
            f'<input type="hidden" name="key" value="{shown["key"]}">{fields}{pay}</form>'
        )
    words = _("Payer une partie, ou plus") if account.left_cents else _("Verser d’avance")
    return f'{told}<p class="row">{button(words, kind="quiet", href=address, sr=name)}</p>'


def _coming(debit: Any) -> str:
    words = _(
        "%(amount)s seront prélevés le %(day)s sur le compte finissant par %(end)s : rien à faire."
    ) % {
        "amount": _strong(debit.cents),
        "day": f"<b>{day(debit.on)}</b>",
        "end": esc(debit.words),
    }
    return f"<p>{icon('landmark', 'waitc')} <span>{words}</span></p>"


def _mandate(end: str) -> str:
    words = _(
        "Prélèvement automatique en place, compte finissant par %(end)s : rien à faire, chaque "
        "prélèvement vous est annoncé. Ce que vous payez avant n’est pas prélevé."
    ) % {"end": esc(end)}
    return f"<p>{icon('landmark', 'waitc')} <span>{words}</span></p>"


def _plan(plan: dict[str, Any]) -> str:
    rows = ""
    for step in plan["steps"]:
        state = ""
        if not step.left_cents:
            state = tag("ok", _("Payée"))
        elif step.paid_cents:
            state = tag("wait", _("Reste %(left)s") % {"left": euros(step.left_cents)})
        rows += (
            f"<li><span>{day(step.due_on, year=True)} : "
            f'<b class="amount">{euros(step.amount_cents)}</b> {state}</span></li>'
        )
    told = f'<ul class="lines">{rows}</ul><p class="small soft">{esc(plan["invoice"].number)}</p>'
    return str(unfold(mark_safe(told), _("Votre échéancier")))  # noqa: S308 - escaped above


def draw_statement(shown: dict[str, Any], entries: Any, pending: Any) -> SafeString:
    """The last movements of the account at one cash office, in a section of its own."""
    account = shown["account"]
    if not account.account_id:
        return mark_safe("")
    office = account.office
    whole = button(
        _("Tout le relevé"),
        kind="quiet",
        href=route("portal:statement", office.code),
        sr=office.name,
    )
    told = format_html(
        '<div>\n{}\n<p class="said">{}</p>\n<p class="row">{}</p></div>',
        draw_ledger(entries, pending),
        say_balance(account),
        whole,
    )
    return leaf(told, _("Relevé, %(name)s") % {"name": office.name}, id=f"releve-{office.code}")


def say_balance(account: Any) -> SafeString:
    """Whether the account is in debit, in credit or level, in one sentence, and what is kept."""
    if account.balance_cents > 0:
        words = _("Votre compte est en débit de %(amount)s.")
    elif account.balance_cents < 0:
        words = _("Votre compte est en crédit de %(amount)s.")
    else:
        words = _("Votre compte est à zéro.")
    if account.balance_cents:
        words %= {"amount": euros(abs(account.balance_cents))}
    held = ""
    if account.held_cents:
        held = _("%(amount)s sont mis de côté pour les jours réservés d’avance.") % {
            "amount": _strong(account.held_cents)
        }
    apart = _("Les comptes de deux régies ne se mélangent jamais.")
    return mark_safe(f"<b>{words}</b> {held} {apart}")  # noqa: S308 - amounts and our own words


def _strong(cents: int) -> str:
    return f'<b class="nb">{euros(cents)}</b>'


def _proof(token: str) -> str:
    return f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
