"""Refusals of the cash desk that a person can understand."""

from django.utils.translation import gettext_lazy as _

from preau.kernel.errors import Refusal


class CashDeskRefusal(Refusal):
    """Base of this room's refusals."""


class TillClosed(CashDeskRefusal):
    message = _("La caisse n’est pas ouverte : ouvrez d’abord la journée.")
    code = "till_closed"


class TillOpenAlready(CashDeskRefusal):
    message = _("La caisse est déjà ouverte.")
    code = "till_open"


class DayNotClosed(CashDeskRefusal):
    message = _("La journée précédente n’est pas close : comptez et fermez-la d’abord.")
    code = "day_not_closed"


class DifferenceUnexplained(CashDeskRefusal):
    message = _("Le comptage diffère de l’attendu : écrivez le motif.")
    code = "difference_unexplained"


class WrongCount(CashDeskRefusal):
    message = _("Écrivez un nombre de pièces et de billets, entre 0 et 9999.")
    code = "wrong_count"


class NothingToDeposit(CashDeskRefusal):
    message = _("Il n’y a rien à verser.")
    code = "nothing_to_deposit"


class TooMuchDeposited(CashDeskRefusal):
    message = _("La caisse n’a pas reçu autant d’espèces.")
    code = "too_much_deposited"


class DepositVoidedAlready(CashDeskRefusal):
    message = _("Ce versement est déjà annulé.")
    code = "deposit_voided"


class VoidReasonMissing(CashDeskRefusal):
    code = "reason_missing"

    def __init__(self) -> None:
        super().__init__(_("Écrivez pourquoi ce versement est annulé."))
        self.fields = {"reason": [str(self)]}


class HandoverRefused(CashDeskRefusal):
    code = "handover_refused"


class RefundNotPossible(CashDeskRefusal):
    code = "refund_not_possible"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.fields = {field: [str(message)]}
