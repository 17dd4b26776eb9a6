"""Refusals of paying on line that a person can understand."""

from django.utils.translation import gettext_lazy as _

from preau.kernel.errors import Refusal


class PaymentRefusal(Refusal):
    """Base of this domain's refusals."""


class NoGateway(PaymentRefusal):
    message = _("Cette régie n’est pas encore ouverte au paiement en ligne. Payez au guichet.")
    code = "no_gateway"


class GatewayDown(PaymentRefusal):
    message = _(
        "Le paiement en ligne de cette régie est mal réglé. La mairie est prévenue ; "
        "payez au guichet ou réessayez plus tard."
    )
    code = "gateway_down"


class GatewaySilent(PaymentRefusal):
    message = _(
        "La page de paiement ne répond pas en ce moment. Rien n’a été payé : "
        "réessayez dans quelques minutes."
    )
    code = "gateway_silent"


class EmailNeeded(PaymentRefusal):
    message = _(
        "Pour payer en ligne, il faut une adresse e-mail : le justificatif y est envoyé. "
        "Ajoutez-la dans vos coordonnées."
    )
    code = "email_needed"


class NothingToPay(PaymentRefusal):
    message = _("Il n’y a rien à payer : choisissez une facture, ou un montant à verser.")
    code = "nothing_to_pay"


class AmountOutOfBounds(PaymentRefusal):
    code = "amount_out_of_bounds"


class TooMuchForInvoice(PaymentRefusal):
    message = _("Le montant dépasse ce qui reste à payer sur cette facture.")
    code = "too_much_for_invoice"


class TopUpRefused(PaymentRefusal):
    code = "top_up_refused"


class TitreBeingPaid(PaymentRefusal):
    message = _("Un paiement de ce titre est déjà fait ou en cours : attendez sa confirmation.")
    code = "titre_being_paid"


class NotInDoubt(PaymentRefusal):
    message = _("Ce paiement n’est plus en doute. Rechargez la page.")
    code = "not_in_doubt"


class ReasonNeeded(PaymentRefusal):
    message = _("Écrivez le motif.")
    code = "reason_needed"


class RefundTooLarge(PaymentRefusal):
    message = _("On ne rend pas plus que ce qui a été payé et n’est pas encore rendu.")
    code = "refund_too_large"


class RefundElsewhere(PaymentRefusal):
    message = _(
        "PayFiP ne rend pas l’argent : le trop-payé reste un crédit de la famille, ou passe par "
        "l’état de remboursement."
    )
    code = "refund_elsewhere"


class AttemptNotFound(PaymentRefusal):
    message = _("Ce paiement n’existe pas dans ce dossier.")
    code = "attempt_not_found"


class BadGatewaySettings(PaymentRefusal):
    code = "bad_gateway_settings"
