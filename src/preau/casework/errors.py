"""What casework refuses, in words."""

from preau.kernel.errors import Refusal


class CaseRefusal(Refusal):
    message = "Cette demande ne peut pas être traitée ainsi."


class InvalidPayload(CaseRefusal):
    """What is asked is incomplete or wrong; `errors` tells each field's sentences."""

    message = "La demande est incomplète : corrigez les réponses signalées."
    code = "invalid_payload"

    def __init__(self, errors: dict[str, list[str]]) -> None:
        first = next((text for texts in errors.values() for text in texts), "")
        super().__init__(first or None)
        self.errors = errors


class HeldByAnother(CaseRefusal):
    code = "held_by_another"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} traite cette demande en ce moment : personne d’autre ne le peut.")


class AlreadyDecided(CaseRefusal):
    message = "Cette demande est déjà terminée : rien n’a été changé."
    code = "already_decided"


class ConflictingChange(CaseRefusal):
    message = (
        "Le dossier a changé depuis cette demande. Dites que vous l’appliquez malgré tout, ou "
        "refusez-la avec un mot."
    )
    code = "conflicting_change"


class OtherParentMustAgree(CaseRefusal):
    """A disagreement or a judgment is recorded, and the act needs both parents."""

    code = "other_parent_must_agree"

    def __init__(self, names: str, *, objects: bool) -> None:
        super().__init__(
            f"{names} s’oppose à cette demande : seul un juge peut trancher. Refusez-la, ou "
            "attendez sa décision."
            if objects
            else f"Il manque l’accord de {names} : les deux parents doivent signer cet acte."
        )


class NotYoursToSign(CaseRefusal):
    message = "Cette demande n’attend pas, ou plus, cette signature."
    code = "not_yours_to_sign"


class StaleRequest(CaseRefusal):
    message = (
        "Le dossier ou la demande a changé depuis que vous avez ouvert cette page. "
        "Relisez ce que la demande change, puis décidez."
    )
    code = "stale"


class MessageNeeded(CaseRefusal):
    message = "Écrivez ce que la famille doit lire."
    code = "message_needed"


class NotWaiting(CaseRefusal):
    message = "Aucune pièce n’est attendue pour cette demande."
    code = "not_waiting"


class CannotUndo(CaseRefusal):
    message = "Cette décision ne peut plus être annulée."
    code = "cannot_undo"


class NothingGiven(CaseRefusal):
    message = "Joignez une pièce ou écrivez un message."
    code = "nothing_given"
