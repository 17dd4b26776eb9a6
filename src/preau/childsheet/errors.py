"""What the child's sheet refuses, in words."""

from preau.kernel.errors import Refusal


class SheetRefused(Refusal):
    message = "Cette fiche ne peut pas être changée ainsi."
    code = "sheet_refused"
