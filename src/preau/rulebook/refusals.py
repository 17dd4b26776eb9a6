"""Refusals of the rulebook's verbs, each a French sentence for the screen."""

from preau.kernel.errors import Refusal
from preau.rulebook.checking.findings import Finding


class RulebookRefusal(Refusal):
    """Base of what an agent may be refused when writing or publishing rules."""

    message = "Ces règles ne peuvent pas être enregistrées."


class UnreadableText(RulebookRefusal):
    """The text is not a rulebook; the message has each line."""

    code = "unreadable"


class NotADraft(RulebookRefusal):
    message = "Cette version est publiée : elle ne change plus. Faites-en une copie."
    code = "not_a_draft"


class NotPublishable(RulebookRefusal):
    """The checker found errors, kept in `findings`."""

    message = "Le contrôle a trouvé des erreurs : elles empêchent de publier."
    code = "not_publishable"

    def __init__(self, findings: tuple[Finding, ...] = (), message: str | None = None) -> None:
        super().__init__(message)
        self.findings = findings
