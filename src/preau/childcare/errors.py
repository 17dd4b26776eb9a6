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


class PiecesMissing(ChildcareRefusal):
    message = "Ce dossier attend encore des pièces : il n’a pas encore de rang."
    code = "pieces_missing"


class NothingToOffer(ChildcareRefusal):
    message = "Cette préinscription ne peut pas recevoir de proposition."
    code = "nothing_to_offer"


class OfferOver(ChildcareRefusal):
    message = "Cette proposition a déjà reçu sa réponse, ou son délai est passé."
    code = "offer_over"


class NotThisAge(ChildcareRefusal):
    message = "L’enfant n’aura pas l’âge de cette section à cette date."
    code = "not_this_age"


class SectionFull(ChildcareRefusal):
    message = "La section n’a plus de place à ces heures."
    code = "section_full"


class SessionClosed(ChildcareRefusal):
    message = "Cette commission est close : son procès-verbal ne change plus."
    code = "session_closed"


class TooManyAdmitted(ChildcareRefusal):
    message = "Toutes les places de cette ligne sont attribuées."
    code = "too_many_admitted"


class NoPrice(ChildcareRefusal):
    message = (
        "Le règlement ne donne pas de tarif horaire pour cette famille : vérifiez ses ressources "
        "et le règlement publié."
    )
    code = "no_price"


class NoIncome(ChildcareRefusal):
    message = "Enregistrez d’abord les ressources de la famille : elles fixent le tarif."
    code = "no_income"


class NotFirstOfMonth(ChildcareRefusal):
    message = "Un avenant commence le premier jour d’un mois du contrat, encore à venir."
    code = "not_first_of_month"


class NoticeTooShort(ChildcareRefusal):
    message = "Le préavis n’est pas respecté."
    code = "notice_too_short"


class UnknownCode(ChildcareRefusal):
    message = "Ce code ne correspond à aucun enfant accueilli aujourd’hui ici."
    code = "unknown_code"


class BadHours(ChildcareRefusal):
    message = "Le départ doit suivre l’arrivée, le même jour."
    code = "bad_hours"


class MonthClosed(ChildcareRefusal):
    message = "Le relevé de ce mois est arrêté."
    code = "month_closed"


class MonthNotReady(ChildcareRefusal):
    message = "Le mois n’est pas fini, ou des départs n’ont pas été pointés."
    code = "month_not_ready"


class ScaleKept(ChildcareRefusal):
    message = "Un barème publié ne change plus : écrivez une nouvelle version."
    code = "scale_kept"


class NotBorn(ChildcareRefusal):
    message = "Complétez d’abord la naissance de l’enfant."
    code = "not_born"


class AlreadyBilled(ChildcareRefusal):
    message = "Ce relevé est déjà facturé."
    code = "already_billed"


class NotSent(ChildcareRefusal):
    message = "Ce document n’est pas encore à signer."
    code = "not_sent"


class NameDiffers(ChildcareRefusal):
    message = "Écrivez votre nom comme dans votre dossier."
    code = "name_differs"


class AlreadySigned(ChildcareRefusal):
    message = "Vous avez déjà signé ce document."
    code = "already_signed"
