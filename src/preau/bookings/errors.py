"""What the places refuse, in words."""

from preau.kernel.errors import Refusal


class BookingRefused(Refusal):
    message = "Cette réservation n’est pas possible."
    code = "booking_refused"


class SlotFull(BookingRefused):
    message = "Toutes les places de cette séance sont prises."
    code = "slot_full"


class NotOpenYet(BookingRefused):
    message = "Les réservations de ce jour ne sont pas ouvertes."
    code = "not_open"


class NothingToSend(BookingRefused):
    message = "Il n’y a aucun changement à envoyer."
    code = "nothing_to_send"


class OfferGone(BookingRefused):
    message = "Cette place n’est plus proposée : le délai pour répondre est passé."
    code = "offer_gone"


class NotAllFree(BookingRefused):
    message = (
        "Tous les jours demandés ne sont pas possibles : rien n’a été envoyé, "
        "comme vous l’avez choisi."
    )
    code = "not_all_free"


class NeedsRecap(BookingRefused):
    message = "Cet envoi coûterait plus que le prix des jours : vérifiez-le avant de l’envoyer."
    code = "needs_recap"
