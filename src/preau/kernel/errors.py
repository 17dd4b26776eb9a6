"""Refusals that a person can understand; anything else is a bug and shows as one."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Refusal(Exception):
    """An act that the rules refuse. `str(error)` is a French sentence, ready for the screen.

    Each domain derives its own base class from this one, so that a view can catch
    what it expects and let the rest through. `code` names the case for tests and journals.
    """

    message: "StrOrPromise" = "Cette action n’est pas possible."
    code = "refused"

    def __init__(self, message: "StrOrPromise | None" = None, *, code: str | None = None) -> None:
        super().__init__(message or self.message)
        if code:
            self.code = code

    def __str__(self) -> str:
        return str(self.args[0])
