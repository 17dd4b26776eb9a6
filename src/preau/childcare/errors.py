"""What the crèche refuses, in words."""

from preau.kernel.errors import Refusal


class ChildcareRefusal(Refusal):
    message = "La crèche ne peut pas enregistrer cela."


class BadWeek(ChildcareRefusal):
    message = "Choisissez au moins un jour, et douze heures au plus par jour."
    code = "bad_week"


class AlreadyWaiting(ChildcareRefusal):
    message = "Cet enfant est déjà sur la liste d’attente de la crèche."
    code = "already_waiting"


class BadDates(ChildcareRefusal):
    message = "La fin du contrat ne peut pas précéder son début."
    code = "bad_dates"


class ContractOverlaps(ChildcareRefusal):
    message = "Cet enfant a déjà un contrat de crèche sur ces dates."
    code = "contract_overlaps"


class NotWaiting(ChildcareRefusal):
    message = "Cet enfant n’est plus sur la liste d’attente."
    code = "not_waiting"
