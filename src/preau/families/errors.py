"""Refusals about families, their people and their data."""

from preau.kernel.errors import Refusal


class FamilyRefusal(Refusal):
    """Any refusal about a family's file."""


class MissingName(FamilyRefusal):
    message = "Indiquez un nom et un prénom."
    code = "missing_name"


class MissingAddress(FamilyRefusal):
    message = "Indiquez la rue, le code postal et la commune."
    code = "missing_address"


class NoGuardian(FamilyRefusal):
    message = "Un dossier a au moins un adulte responsable."
    code = "no_guardian"


class LastGuardian(FamilyRefusal):
    message = "C’est le seul adulte du dossier : ajoutez-en un autre, ou fermez le dossier."
    code = "last_guardian"


class ImpossibleBirth(FamilyRefusal):
    message = "Cette date de naissance n’est pas possible."
    code = "impossible_birth"


class AlreadyInFamily(FamilyRefusal):
    message = "Cet enfant est déjà dans ce dossier."
    code = "already_in_family"


class NotInFamily(FamilyRefusal):
    message = "Cette personne n’est pas dans ce dossier."
    code = "not_in_family"


class IneTaken(FamilyRefusal):
    message = "Cet INE est déjà celui d’un autre enfant."
    code = "ine_taken"


class BadPeriod(FamilyRefusal):
    message = "La fin ne peut pas précéder le début."
    code = "bad_period"


class BadQuotient(FamilyRefusal):
    message = "Le quotient est un nombre d’euros entre 0 et 100 000."
    code = "bad_quotient"


class BadEmail(FamilyRefusal):
    message = "Écrivez une adresse e-mail complète, par exemple nom@exemple.fr."
    code = "bad_email"


class ClosedFamily(FamilyRefusal):
    message = "Ce dossier est clos : rouvrez-le d’abord."
    code = "closed_family"


class JoinedFamily(FamilyRefusal):
    message = "Ce dossier a rejoint un autre dossier : défaites leur réunion."
    code = "joined_family"


class NothingWritten(FamilyRefusal):
    message = "Choisissez à qui écrire, un objet et un message."
    code = "nothing_written"


class NoEmail(FamilyRefusal):
    message = "Cette personne n’a pas d’adresse e-mail dans le dossier."
    code = "no_email"


class InvalidEmailLink(FamilyRefusal):
    message = "Ce lien n’est plus valable : il a déjà servi, ou il est trop ancien."
    code = "invalid_email_link"


class TooManyLinks(FamilyRefusal):
    message = "Plusieurs liens viennent déjà de partir. Attendez une heure, ou lisez vos e-mails."
    code = "too_many_links"


class SwapRefused(FamilyRefusal):
    message = "Cet échange de jours n’est pas possible."
    code = "swap_refused"


class ParentingRefused(FamilyRefusal):
    message = "Cette décision ne peut pas être enregistrée."
    code = "parenting_refused"


class BothMustSign(FamilyRefusal):
    message = (
        "Un désaccord est enregistré : les deux parents doivent signer. "
        "Votre choix prendra effet quand l’autre parent l’aura signé aussi."
    )
    code = "both_must_sign"
