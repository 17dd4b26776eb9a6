"""Refusals of billing that a person can understand."""

from django.utils.translation import gettext_lazy as _

from preau.kernel.errors import Refusal


class BillingRefusal(Refusal):
    """Base of this domain's refusals."""


class NotAPositiveAmount(BillingRefusal):
    message = _("Le montant doit être supérieur à zéro.")
    code = "not_positive"


class InvoiceNotFound(BillingRefusal):
    message = _("Cette facture n’existe pas dans ce dossier.")
    code = "invoice_not_found"


class MeansNotAccepted(BillingRefusal):
    message = _("L’acte de la régie ne prévoit pas ce moyen de paiement.")
    code = "means_not_accepted"


class TooMuchCash(BillingRefusal):
    message = _("Un paiement en espèces ne peut pas dépasser 300,00 €. Proposez un chèque.")
    code = "too_much_cash"


class CashOfficeClosed(BillingRefusal):
    message = _("Cette régie est fermée : elle n’encaisse plus.")
    code = "cash_office_closed"


class CorrectedAlready(BillingRefusal):
    message = _("Cet encaissement a déjà changé de compte, pour un autre dossier.")
    code = "corrected_already"


class AlreadyVoided(BillingRefusal):
    message = _("Cet encaissement est déjà annulé.")
    code = "already_voided"


class ReasonMissing(BillingRefusal):
    message = _("Écrivez le motif.")
    code = "reason_missing"


class RunNotReady(BillingRefusal):
    message = _("Cette facturation n’en est plus à cette étape. Rechargez la page.")
    code = "run_not_ready"


class RunAlreadyOpen(BillingRefusal):
    message = _("Une facturation de ce mois est déjà ouverte pour cette régie.")
    code = "run_already_open"


class MonthNotOver(BillingRefusal):
    message = _("Ce mois n’est pas terminé : il ne peut pas encore être facturé.")
    code = "month_not_over"


class TooMuchToCredit(BillingRefusal):
    message = _("Un avoir ne peut pas dépasser ce qui a été facturé sur la ligne.")
    code = "too_much_to_credit"


class NoCredit(BillingRefusal):
    message = _("Ce compte n’a pas de crédit à employer.")
    code = "no_credit"


class OfficeRefusal(BillingRefusal):
    """What the cash office's act does not allow."""

    message = _("L’acte de la régie ne le prévoit pas.")
    code = "outside_the_act"


class ActRefused(BillingRefusal):
    """An act that cannot be recorded so; `fields` says at which field."""

    code = "act_refused"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.fields = {field: [str(message)]}


class NoAct(OfficeRefusal):
    message = _("Aucun acte n’est en vigueur pour cette régie : elle ne peut rien encaisser.")
    code = "no_act"


class ProductNotInAct(OfficeRefusal):
    code = "product_not_in_act"


class NotNamed(OfficeRefusal):
    message = _("Aucun arrêté ne vous nomme à cette régie ce jour : vous ne pouvez pas encaisser.")
    code = "not_named"


class CeilingReached(OfficeRefusal):
    message = _("Le plafond de la caisse serait dépassé : faites d’abord un versement.")
    code = "ceiling_reached"


class VoucherRefused(OfficeRefusal):
    code = "voucher_refused"


class RefundRefused(BillingRefusal):
    code = "refund_refused"


class AlreadyDeposited(BillingRefusal):
    message = _(
        "Cet encaissement est déjà versé au comptable : il ne s’annule plus, il se corrige."
    )
    code = "already_deposited"


class CreditGivenBack(BillingRefusal):
    message = _(
        "Une partie de cet encaissement a déjà été rendue : annulez d’abord ce remboursement."
    )
    code = "credit_given_back"


class InvoiceClosed(BillingRefusal):
    message = _(
        "Cette facture est au Trésor public : la régie ne peut plus l’encaisser ni la corriger. "
        "Elle se paie auprès du comptable ; une correction passe par une demande de réduction."
    )
    code = "invoice_closed"


class NotEnoughInAdvance(BillingRefusal):
    message = _("Votre solde ne couvre pas ces réservations : rechargez-le d’abord.")
    code = "not_enough_in_advance"


class AlreadyDecided(BillingRefusal):
    message = _("Cette régularisation est déjà décidée. Rechargez la page.")
    code = "already_decided"
