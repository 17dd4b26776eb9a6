"""Refusals of recovery that a person can understand."""

from django.utils.translation import gettext_lazy as _

from preau.kernel.errors import Refusal


class RecoveryRefusal(Refusal):
    """Base of this domain's refusals."""


class ReasonNeeded(RecoveryRefusal):
    message = _("Écrivez le motif.")
    code = "reason_needed"


class NobodyToRemind(RecoveryRefusal):
    message = _("Personne à relancer à ce niveau.")
    code = "nobody_to_remind"


class RunWorking(RecoveryRefusal):
    message = _("Une relance de cette régie est déjà en cours d’envoi.")
    code = "run_working"


class ListNotReady(RecoveryRefusal):
    message = _("Cette liste n’en est plus à cette étape. Rechargez la page.")
    code = "list_not_ready"


class ListOpen(RecoveryRefusal):
    message = _("Une liste de cette régie attend déjà d’être validée.")
    code = "list_open"


class NothingToList(RecoveryRefusal):
    message = _("Aucune dette à transmettre : celles de moins de 15 € attendent d’être groupées.")
    code = "nothing_to_list"


class TitreRefused(RecoveryRefusal):
    code = "titre_refused"


class TitreNotOpen(RecoveryRefusal):
    message = _("Ce titre est annulé.")
    code = "titre_not_open"


class PlanRefused(RecoveryRefusal):
    code = "plan_refused"
