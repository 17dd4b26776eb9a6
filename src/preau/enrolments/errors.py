"""What enrolments refuse, in words."""

from preau.kernel.errors import Refusal


class EnrolmentRefusal(Refusal):
    message = "Cette inscription n’est pas possible."


class AlreadyEnrolled(EnrolmentRefusal):
    message = "Cet enfant est déjà inscrit à cette activité sur cette période."
    code = "already_enrolled"


class OfferingClosed(EnrolmentRefusal):
    message = "Cette activité n’est pas ouverte aux inscriptions."
    code = "offering_closed"


class OutsideOffering(EnrolmentRefusal):
    message = "Ces dates sortent de la période d’ouverture de l’activité."
    code = "outside_offering"


class NotInHousehold(EnrolmentRefusal):
    message = "Cet enfant ne fait pas partie de ce dossier à cette date."
    code = "not_in_household"


class DocumentRefusal(Refusal):
    message = "Cette pièce ne peut pas être enregistrée."


class ReasonNeeded(DocumentRefusal):
    message = "Écrivez pourquoi la pièce est refusée : la famille le lira."
    code = "reason_needed"
