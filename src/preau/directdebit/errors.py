"""Refusals of direct debit that a person can understand."""

from django.utils.translation import gettext_lazy as _

from preau.kernel.errors import Refusal


class DebitRefusal(Refusal):
    """Base of this domain's refusals."""


class WrongIban(DebitRefusal):
    message = _(
        "Cet IBAN n’est pas valable : sa clé de contrôle ne correspond pas. "
        "Recopiez-le depuis votre relevé d’identité bancaire."
    )
    code = "wrong_iban"

    def __init__(self, message: str | None = None, *, field: str = "iban") -> None:
        super().__init__(message)
        self.fields = {field: [str(self)]}


class WrongBic(DebitRefusal):
    message = _("Ce BIC n’est pas valable : 8 ou 11 lettres et chiffres, comme sur votre RIB.")
    code = "wrong_bic"

    def __init__(self) -> None:
        super().__init__()
        self.fields = {"bic": [str(self)]}


class WrongIcs(DebitRefusal):
    message = _(
        "Cet identifiant créancier (ICS) n’est pas valable : FR, 2 chiffres, ZZZ, 6 signes."
    )
    code = "wrong_ics"

    def __init__(self) -> None:
        super().__init__()
        self.fields = {"ics": [str(self)]}


class NotOffered(DebitRefusal):
    message = _("Cette régie ne propose pas le prélèvement.")
    code = "not_offered"


class AlreadyMandated(DebitRefusal):
    message = _("Un mandat est déjà en vigueur pour cette régie : changez son compte bancaire.")
    code = "already_mandated"


class MandateNotActive(DebitRefusal):
    message = _("Ce mandat n’est plus en vigueur.")
    code = "mandate_not_active"


class ReferenceTaken(DebitRefusal):
    message = _("Cette référence unique de mandat est déjà celle d’un autre mandat.")
    code = "reference_taken"


class ReasonNeeded(DebitRefusal):
    message = _("Écrivez le motif.")
    code = "reason_needed"


class BatchNotReady(DebitRefusal):
    message = _("Ce lot n’en est plus à cette étape. Rechargez la page.")
    code = "batch_not_ready"


class BatchOpen(DebitRefusal):
    message = _("Un lot de cette régie attend déjà d’être validé.")
    code = "batch_open"


class NothingToDebit(DebitRefusal):
    message = _("Rien à prélever : aucune facture à payer chez les familles qui ont un mandat.")
    code = "nothing_to_debit"


class TooSoon(DebitRefusal):
    code = "too_soon"


class FileRefused(DebitRefusal):
    """A file of the bank that cannot be trusted: nothing of it is kept."""

    code = "file_refused"


class AlreadyRead(DebitRefusal):
    message = _("Ce fichier a déjà été lu : rien n’a changé.")
    code = "already_read"


class AlreadyHandled(DebitRefusal):
    message = _("Cette écriture a déjà reçu sa suite.")
    code = "already_handled"
