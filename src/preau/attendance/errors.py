"""What attendance refuses, in words."""

from preau.kernel.errors import Refusal


class AttendanceRefused(Refusal):
    message = "Ce pointage n’est pas possible."
    code = "attendance_refused"


class NotExpected(AttendanceRefused):
    message = "Cet enfant n’est pas attendu à cette séance."
    code = "not_expected"


class AbsenceRefused(Refusal):
    message = "Cette absence ne peut pas être signalée."
    code = "absence_refused"


class CardRefused(Refusal):
    message = "Cette carte n’est pas connue."
    code = "card_unknown"


class CardDead(CardRefused):
    message = "Cette carte n’est plus valable."
    code = "card_dead"
