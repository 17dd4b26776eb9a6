"""Refusals of the school office."""

from preau.kernel.errors import Refusal


class SchoolRefusal(Refusal):
    """Any refusal about a pupil's school."""


class AlreadySchooled(SchoolRefusal):
    message = "Cet enfant est déjà inscrit dans une école à ces dates."
    code = "already_schooled"


class NotSchooled(SchoolRefusal):
    message = "Cet enfant n’est dans aucune de nos écoles à cette date."
    code = "not_schooled"
