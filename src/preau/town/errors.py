"""Refusals of the town's room."""

from collections.abc import Mapping, Sequence

from preau.kernel.errors import Refusal


class TownRefusal(Refusal):
    """What cannot be stored. `fields` gives the sentences by field; "" is the whole form."""

    message = "Ces réglages ne peuvent pas être enregistrés."

    def __init__(
        self,
        message: str | None = None,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        code: str | None = None,
    ) -> None:
        self.fields = {name: list(sentences) for name, sentences in (fields or {}).items()}
        if message is None and self.fields:
            message = " ".join(s for sentences in self.fields.values() for s in sentences)
        super().__init__(message, code=code)
