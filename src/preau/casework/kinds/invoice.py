"""A family contests an invoice: approved, a credit note gives back the lines that were wrong."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from preau.accounts.enums import Permission
from preau.billing import queries as billing
from preau.billing.credits import issue_credit_note
from preau.billing.recharging import net_of_credits
from preau.billing.shares_back import shares_back
from preau.casework.kinds.base import (
    Applied,
    Asking,
    Change,
    Consequence,
    DecisionQuestions,
    Fact,
    Kind,
    KindForm,
    Wanted,
)
from preau.casework.kinds.invoice_decision import InvoiceDecision, granted
from preau.casework.models import Request, RequestKind
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.text import is_number


class InvoiceForm(KindForm):
    invoice = forms.ChoiceField(label=_("Quelle facture ?"))
    lines = forms.TypedMultipleChoiceField(
        label=_("Quelles lignes ?"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Sans choix, toute la facture est regardée."),
    )
    reason = forms.CharField(
        label=_("Qu’est-ce qui n’est pas juste ?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def prepare(self) -> None:
        found = list(billing.family_invoices(self.asking.family_id).filter(kind="INVOICE")[:24])
        number = self.asking.options.get("facture") or (self.data or {}).get("invoice", "")
        self.fields["invoice"].choices = [
            (i.number, f"{i.number}, {french.euros(i.total_cents)}") for i in found
        ]
        known = {i.number for i in found}
        if number in known:
            invoice = billing.get_invoice(number, family_id=self.asking.family_id)
            self.initial.setdefault("invoice", number)
            line = self.asking.options.get("ligne", "")
            if is_number(line):
                self.initial.setdefault("lines", [int(line)])
            self.fields["lines"].choices = [
                (line.pk, f"{line.label}, {french.euros(line.amount_cents)}")
                for line in invoice.lines.all()
            ]
        else:
            del self.fields["lines"]


class InvoiceDispute(Kind):
    kind = RequestKind.INVOICE_DISPUTE
    slug = "facture"
    icon = "receipt-euro"
    title = _("Contestation d’une facture")
    purpose = _("Une ligne ne vous semble pas juste : dites laquelle et pourquoi.")
    group = "Autre"
    form_class = InvoiceForm
    permission = Permission.SEE_ACCOUNTS
    can_be_automatic = False
    undoable = False
    words_first = True
    default_days = 15
    approve_label = _("Donner raison et créditer")
    default_next_step = _(
        "La facturation vérifie les jours et les tarifs. Si vous avez raison, un avoir vient en "
        "moins de ce qui reste à payer."
    )

    def wanted_documents(self, asking: Asking, payload: dict[str, Any]) -> list[Wanted]:
        return [Wanted("Un justificatif", "Ce qui montre l’erreur, si vous l’avez.")]

    def summary(self, request: Request) -> str:
        return f"Facture {request.payload['invoice']}"

    def decision(self, request: Request, day: date, data: Any = None) -> DecisionQuestions | None:
        lines = self._lines(request)
        return InvoiceDecision(data, lines=lines) if lines else None

    def facts(self, request: Request) -> list[Fact]:
        rows = [Fact("Facture", request.payload["invoice"])]
        lines = self._lines(request)
        if request.payload.get("lines"):
            rows.append(Fact("Lignes", french.and_join(line.label for line in lines)))
        return [*rows, Fact("Motif", request.payload["reason"])]

    def changes(self, request: Request, day: date) -> list[Change]:
        return [
            Change(line.label, french.euros(line.left_cents), french.euros(0))
            for line in self._lines(request)
        ]

    def consequences(self, request: Request, day: date) -> list[Consequence]:
        amounts = {line.pk: line.left_cents for line in self._lines(request)}
        total = french.euros(sum(amounts.values()))
        return [
            Consequence(
                f"Un avoir de {total} au plus est émis, selon ce que vous rendez de chaque ligne ; "
                "la facture ne change pas."
            ),
            Consequence("L’avoir diminue ce qui reste à payer, le surplus va au crédit du compte."),
            *(
                Consequence(
                    f"La facture {part.number} de {part.payer} est corrigée de "
                    f"{french.euros(part.cents)}."
                )
                for part in shares_back(amounts)
                if part.cents
            ),
        ]

    def apply(self, request: Request, *, now: datetime, actor: Actor) -> Applied:
        invoice = billing.get_invoice(request.payload["invoice"], family_id=request.family_id)
        decided = request.payload.get("_decided", {})
        parts = granted(self._lines(request), decided)
        why = decided.get("why", "")
        is_whole = all(part.is_whole for part in parts)
        words = "" if is_whole else "\u202f; ".join(part.words for part in parts)
        note = issue_credit_note(
            invoice_id=invoice.pk,
            lines={part.line_id: part.cents for part in parts},
            reason=" : ".join(filter(None, (f"Demande {request.reference}", why))),
            now=now,
            actor=actor,
        )
        told = f"L’avoir {note.number} de {french.euros(abs(note.total_cents))} est émis."
        if words:
            told += f" Rendu : {words}." + (f" Motif : {why.rstrip('.')}." if why else "")
        return Applied(told=told, data={"credit_note": note.number})

    def _lines(self, request: Request) -> list[Any]:
        invoice = billing.get_invoice(request.payload["invoice"], family_id=request.family_id)
        if invoice is None:
            return []
        chosen = set(request.payload.get("lines") or [])
        lines = [
            line
            for line in invoice.lines.all()
            if line.amount_cents > 0 and (not chosen or line.pk in chosen)
        ]
        # What a credit note gave back since is not given back twice.
        left = net_of_credits(lines)
        for line in lines:
            line.left_cents = left[line.pk]  # type: ignore[attr-defined]
        return [line for line in lines if left[line.pk] > 0]
