"""Refusals about accounts."""

from preau.kernel.errors import Refusal


class AccountRefusal(Refusal):
    """Any refusal about an account."""


class WeakPassword(AccountRefusal):
    message = "Choisissez un autre mot de passe."
    code = "weak_password"


class PasswordChangedMeanwhile(AccountRefusal):
    message = (
        "Le mot de passe vient d’être changé depuis un autre appareil. "
        "Connectez-vous avec le nouveau."
    )
    code = "password_changed_meanwhile"


class InvalidLink(AccountRefusal):
    message = "Ce lien n’est plus valable : il a déjà servi, ou il est trop ancien."
    code = "invalid_link"


class EmailTaken(AccountRefusal):
    message = "Cette adresse e-mail sert déjà à un autre compte."
    code = "email_taken"


class InactiveAccount(AccountRefusal):
    message = "Ce compte est désactivé."
    code = "inactive_account"


class LastAdministrator(AccountRefusal):
    message = "Il doit rester au moins une personne qui gère les agents."
    code = "last_administrator"


class OwnAccount(AccountRefusal):
    message = "Vous ne pouvez pas désactiver votre propre compte."
    code = "own_account"


class BadRoleDates(AccountRefusal):
    message = "La fin d’un rôle ne peut pas précéder son début."
    code = "bad_role_dates"


class RoleOfTheTown(AccountRefusal):
    message = "Ce rôle vaut pour toute la ville : laissez l’établissement vide."
    code = "role_of_the_town"


class WrongCode(AccountRefusal):
    message = "Ce code n’est pas le bon, ou il a déjà servi. Attendez le suivant et réessayez."
    code = "wrong_code"


class TooManyCodes(AccountRefusal):
    message = "Trop d’essais. Attendez quelques secondes, puis réessayez avec un nouveau code."
    code = "too_many_codes"


class SecondFactorKept(AccountRefusal):
    message = (
        "Vos fonctions demandent un second facteur : remplacez-le, il ne peut pas être retiré."
    )
    code = "second_factor_kept"
