"""What the kitchen refuses, in words."""

from preau.kernel.errors import Refusal


class KitchenRefused(Refusal):
    message = "Cette demande à la cuisine n’est pas possible."
    code = "kitchen_refused"
